"""Names short enough for a figure."""

import itertools
import re
from collections.abc import Sequence

LONGEST = 24
SHORTEST_CUT = 4
HEADS = (3 / 5, 1.0, 0.0)
"""Parts of a long name's letters that are of its beginning: the first that tells all apart."""


def labels(names: Sequence[str]) -> tuple[str, ...]:
    """Names without what all of them begin or end with, each no longer than `LONGEST`.

    `train_the_pile_arxiv, train_the_pile_github, …` are `arxiv, github, …`; so are
    `arxiv_val_loss, …`. What is cut ends, or begins, with a separator; where a beginning is
    followed by nothing or by a number, it stays. Names that differ do so when they are short.
    """
    cut = _without_end(_without_beginning(names))
    for head in HEADS:
        labels = tuple(short(name, head=head) for name in cut)
        if len(set(labels)) == len(set(names)):
            return labels
    return tuple(cut)


def _common(names: Sequence[str]) -> str:
    """The letters with which all of them begin."""
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _without_beginning(names: Sequence[str]) -> list[str]:
    common = re.match(r".*[_\-/.: ]", _common(names))
    cut = common.end() if common and len(names) > 1 else 0
    if cut < SHORTEST_CUT or not all(name[cut:][:1].isalpha() for name in names):
        cut = 0
    return [name[cut:] for name in names]


def _without_end(names: Sequence[str]) -> list[str]:
    both = _common([name[::-1] for name in names])[::-1]
    common = re.search(r"[_\-/.: ].*", both)
    cut = len(both) - common.start() if common and len(names) > 1 else 0
    if cut < SHORTEST_CUT or not all(len(name) > cut for name in names):
        cut = 0
    return [name[: len(name) - cut] for name in names]


def short(name: str, longest: int = LONGEST, head: float = HEADS[0]) -> str:
    """A name with its middle left out where it is long; or its end, or its beginning."""
    if len(name) <= longest:
        return name
    first = min(int(longest * head), longest - 1)
    last = longest - 1 - first
    return f"{name[:first]}…{name[len(name) - last :]}"
