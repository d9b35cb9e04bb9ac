"""Words that this project has retired stay out of everything that a user reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RETIRED = (
    r"agreement",
    r"alien",
    r"asked",
    r"beside",
    r"belief",
    r"cards?",
    r"deals?",
    r"doubts?|doubted",
    r"drifts?",
    r"filled up",
    r"found",
    r"held",
    r"markets?",
    r"nearly this one",
    r"one first",
    r"pools?|pooled",
    r"rivals?",
    r"rooms?",
    r"said|says",
    r"sellers?",
    r"starts",
    r"thousandths?",
    r"told",
    r"wanted",
    r"worlds?",
    r"worth",
    r"amiss",
    r"\d %",
)
IN_DOCUMENTS = (r"rooms?|starts|says|wanted|thousandth|worth",)
"""Ordinary in longer texts, such as on the rooms of the package."""
ORDINARY = (
    r"at least",
    r"held[- ]out",
    r"hold(s|ing)? out",
    r"least[_ ](error|squares|valuable)",
    r"not found|found (by|in|no|at|nothing)|none (was|were) found|(was|were|is|are) found",
    r"starts (at|with|from|on|the|a|an|Ray|one)|(it|that|they|processes it) starts",
    r"; found|plausible worlds",
    r"pooled cost",
    r"thread pools?",
)
"""What the words mean everywhere, or in a term of the field."""
WORDS = re.compile(rf"\b(?:{'|'.join(RETIRED)})\b", re.IGNORECASE)
USUAL = re.compile("|".join(ORDINARY), re.IGNORECASE)
CODE = re.compile(r"```.*?```|`[^`]*`|<[^>]*>|\{[{%#].*?[}%#]\}|https?://\S+", re.DOTALL)
ROOMS = sorted(
    path.name for path in (ROOT / "projektor_ray").iterdir() if (path / "__init__.py").exists()
)


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """String literals of a module that hold words, without docstrings; f-strings by their parts."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = " " in node.value.strip()
            if words and id(node) not in docstrings and "xmlns" not in node.value:
                yield node.lineno, node.value


def violations(name: str, texts: Iterator[tuple[int, str]]) -> list[str]:
    """Where a text uses a retired word."""
    return [
        f"{name}:{line}: {word[0]!r} in {text.strip()[:90]!r}"
        for line, text in texts
        for word in WORDS.finditer(USUAL.sub("", CODE.sub("", text)))
    ]


@pytest.mark.parametrize("room", [*ROOMS, "errors.py", "../actors", "../jobs"])
def test_no_retired_word_reaches_a_user(room: str) -> None:
    place = ROOT / "projektor_ray" / room
    modules = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert modules
    wrong = [one for path in modules for one in violations(path.name, texts_of(path))]
    assert not wrong, "\n".join(wrong)


def pages() -> list[Path]:
    return [
        *sorted((ROOT / "projektor_ray/report/templates").glob("*.html")),
        *sorted((ROOT / "projektor_ray/service/templates").glob("*.html")),
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_retired_word_is_on_a_page(path: Path) -> None:
    lines = CODE.sub(lambda code: "\n" * code[0].count("\n"), path.read_text(encoding="utf-8"))
    ordinary = re.compile("|".join(IN_DOCUMENTS), re.IGNORECASE)
    texts = ((line, ordinary.sub("", text)) for line, text in enumerate(lines.splitlines(), 1))
    wrong = violations(path.name, texts)
    assert not wrong, "\n".join(wrong)


RETIRED_NAMES = {
    *("agreement", "alien", "asked", "belief", "beside", "card", "cards", "deal", "deals"),
    *("doubt", "drift", "drifts", "found", "kept", "market", "opinion", "reach", "rival"),
    *("rivals", "room", "rooms", "said", "seller", "sellers", "surfaces", "told", "tried"),
    *("world", "worlds", "worth"),
}
"""Refused as a word of any name."""
RETIRED_ALONE = {"held", "largest", "least", "worst"}
"""Refused as a whole name; `held_out` and `least_squares` are terms."""
TERMS = {"FileNotFoundError", "ModuleNotFoundError", "NotFound", "allow_not_found", "_ROOMS"}
"""Of other packages, or the folders of this package."""
FLOORS = ("projektor_ray", "actors", "jobs")


def names_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names that a module defines or uses, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg) or (isinstance(node, ast.keyword) and node.arg):
            yield node.lineno, str(node.arg)


def is_retired(name: str) -> bool:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").split("_")
    alone = len(words) == 1 and words[0] in RETIRED_ALONE
    return name not in TERMS and (alone or bool(RETIRED_NAMES & set(words)))


@pytest.mark.parametrize("floor", FLOORS)
def test_no_retired_word_is_a_name(floor: str) -> None:
    paths = sorted((ROOT / floor).rglob("*.py"))
    assert paths
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in paths
        for line, name in names_of(ast.parse(path.read_text(encoding="utf-8")))
        if is_retired(name)
    ]
    wrong += [str(path.relative_to(ROOT)) for path in paths if is_retired(path.stem)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["found", "_kept", "AskedTarget", "LEAST", "every_card", "worst"])
def test_retired_names_are_noticed(name: str) -> None:
    (defined,) = [one for _, one in names_of(ast.parse(f"{name} = 1"))]
    assert is_retired(defined)


@pytest.mark.parametrize("name", ["held_out", "least_squares", "worst_case", "NotFound"])
def test_terms_of_the_field_are_names(name: str) -> None:
    assert not is_retired(name)
