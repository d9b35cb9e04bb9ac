"""The fenced blocks of a Markdown file."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"(^|\s+)#\s.*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its file, the line it begins at, its language and its text."""

    path: Path
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands of a block of the shell: continued lines joined, comments dropped."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [command for line in lines if (command := COMMENT.sub("", line).strip())]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file, in their order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(path, text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in FENCE.finditer(text)
    ]
