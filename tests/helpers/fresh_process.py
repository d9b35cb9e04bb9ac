"""Code that runs in a process of its own, and the slow modules that it imports."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("ray", "sklearn", "torch", "torchvision")


@dataclass(frozen=True)
class FreshRun:
    """What the process printed, and which of `SLOW` it imported."""

    stdout: str
    stderr: str
    imported: set[str]


def run_fresh(code: str) -> FreshRun:
    """Run code that must end without an error."""
    named = f"import sys\nprint(*sorted({set(SLOW)!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{named}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    *printed, imported = result.stdout.split("\n")[:-1]
    return FreshRun("\n".join(printed), result.stderr, set(imported.split()))


def job(name: str, *arguments: str, status: int = 0) -> str:
    """Code that runs a job's command line, which must end with a status."""
    return (
        "import sys\n"
        "from jobs.command_line import main\n"
        f"sys.argv = {[f'jobs.{name}', *arguments]!r}\n"
        f"try:\n    main({name!r})\n"
        f"except SystemExit as end:\n    assert (end.code or 0) == {status}, end.code\n"
    )
