"""Links between files lead to files that exist, also where Sphinx does not look."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "generated"),
]
PATHS = re.compile(r"`((?:projektor_ray|actors|jobs|examples|benchmarks)/[\w./-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_linked_and_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [link for link in LINK.findall(text) if "://" not in link]
    for link in linked:
        assert (page.parent / link).exists(), link
    if page.name != "CHANGELOG.md":
        for path in PATHS.findall(text):
            assert (ROOT / path).exists(), path
