"""The commit that results were measured at, as a line of their files."""

import subprocess
from pathlib import Path


def measured() -> str:
    """`Measured at commit …`, with `-dirty` where files differ from it; nothing without Git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return f"\nMeasured at commit {found.stdout.strip()}.\n" if found.returncode == 0 else ""
