"""The commit that results were measured at, as a line of their files."""

import subprocess
from pathlib import Path

CODE = (".", ":(top,exclude)benchmarks/results", ":(top,exclude)docs")
"""What numbers hang on: all files but results and documentation."""


def commit_line() -> str:
    """`Measured at commit …`, with `-dirty` where the code differs from it; nothing without Git."""
    commit, changes = _git("rev-parse", "--short", "HEAD"), _git("status", "-s", "--", *CODE)
    if commit is None:
        return ""
    return f"\nMeasured at commit {commit}{'-dirty' if changes else ''}.\n"


def _git(*arguments: str) -> str | None:
    """What a command of Git prints; None if it fails."""
    command = ["git", "-C", str(Path(__file__).parents[1]), *arguments]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() if found.returncode == 0 else None
