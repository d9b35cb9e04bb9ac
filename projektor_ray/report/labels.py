"""Names short enough for a figure."""

import itertools
import re
from collections.abc import Sequence

LONGEST = 24
SHORTEST_PREFIX = 4


def labels(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the beginning that all of them share, each no longer than `LONGEST`.

    `train_the_pile_arxiv, train_the_pile_github, …` are `arxiv, github, …`. A beginning ends with
    a separator; where what follows is nothing or a number, names stay whole.
    """
    first, last = min(names), max(names)
    both = itertools.takewhile(lambda i: first[i] == last[i], range(min(len(first), len(last))))
    common = re.match(r".*[_\-/.: ]", "".join(first[i] for i in both))
    cut = common.end() if common else 0
    if (
        len(names) == 1
        or cut < SHORTEST_PREFIX
        or not all(name[cut:][:1].isalpha() for name in names)
    ):
        cut = 0
    return tuple(short(name[cut:]) for name in names)


def short(name: str, longest: int = LONGEST) -> str:
    """A name with its middle left out where it is long."""
    if len(name) <= longest:
        return name
    head = longest * 3 // 5
    return f"{name[:head]}…{name[head + 1 - longest :]}"
