"""How column names are compared: without case, outer spaces and the prefixes that tools add."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from projektor_ray.errors import InputError, nearest


def vocabulary(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


CONTAINERS = vocabulary(
    "config configs params param parameters hparams hyperparameters summary metrics metric "
    "results user attrs attributes system data dataset train training cfg conf args arguments opts "
    "options flags settings general hp tags inputs"
)
"""Words that tools put before the name of a setting or of a result."""
INPUTS = vocabulary(
    "config configs params param parameters hparams hyperparameters cfg conf args arguments opts "
    "options flags settings hp inputs"
)
"""Those of them that stand before settings only."""
MIXTURE_WORDS = vocabulary(
    "mix mixes mixture mixtures weight weights proportion proportions prop props ratio ratios "
    "share shares frac fraction fractions domain domains source sources provider providers "
    "pct percent count counts"
)
"""Words that stand before or after the name of a provider."""
SEPARATORS = "/._:- "
MOST_NAMES = 10_000
"""Names whose words are remembered."""


@lru_cache(maxsize=MOST_NAMES)
def words(name: str) -> tuple[str, ...]:
    """Lower-case words of a name, split at what is no letter or digit, and at camelCase."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple("".join(c if c.isalnum() else " " for c in spaced.lower()).split())


@lru_cache(maxsize=MOST_NAMES)
def bare(name: str) -> str:
    """The last part of a path such as `config/train.num_samples`, without `params_` and the like.

    Its words are joined by `_`: `Train Size` is `train_size`.
    """
    last = [part for part in re.split(r"[/.]", name) if words(part)]
    own_words = words(last[-1]) if last else ()
    while len(own_words) > 1 and own_words[0] in CONTAINERS - {
        "train",
        "training",
        "data",
        "dataset",
    }:
        own_words = own_words[1:]
    return "_".join(own_words)


def is_input(name: str) -> bool:
    """Whether a tool's prefix marks the column as a setting: `config.lr`, `params_lr`."""
    first = words(name)[:1]
    return len(words(name)) > 1 and bool(set(first) & INPUTS)


def find_name(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` that is meant: the same, or the only one alike; None if there is none.

    Alike are names with the same words, and then names whose last part has the same words.
    """
    if name in names:
        return name
    for alike in (words, bare):
        alike_names = [other for other in names if alike(other) == alike(name)]
        if len(alike_names) == 1:
            return alike_names[0]
    return None


def require(name: str, names: Sequence[str], absent: str = "the table has no column") -> str:
    """The one of `names` that is meant (see `find_name`).

    Parameters
    ----------
    absent : what to say before the name where there is none.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    known = find_name(name, names)
    if known is None:
        raise InputError(f"{absent} {name!r}; {nearest(name, names)}")
    return known


def provider_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of the providers: the columns without the prefix and suffix that all of them share.

    `config/mixture/web` is `web`, and `web_share` too, if all columns are alike. What is shared is
    left out only as far as it is made of words that tools add; `early_web` stays.
    """
    short = [re.sub(r"\s*\(?%\)?$", "", name.strip()) for name in columns]
    path = re.match(r".*[/.]", _common_start(short))
    if path and set(words(path[0])) & (CONTAINERS | MIXTURE_WORDS):
        short = [name[path.end() :] for name in short]
    while start := _shared_word(short):
        short = [name[len(start) :] for name in short]
    while end := _shared_word([name[::-1] for name in short]):
        short = [name[: -len(end)] for name in short]
    usable = len(set(short)) == len(short) and all(re.search(r"[^\W\d]", name) for name in short)
    return tuple(short) if usable and not _reserved(short) else tuple(columns)


def known_words_shared(columns: Sequence[str]) -> int:
    """How many words that tools add all names have in common, before and after the provider."""
    ends = _common_start([name[::-1] for name in columns])[::-1]
    shared = [*words(_common_start(columns)), *words(ends)]
    return sum(word in CONTAINERS | MIXTURE_WORDS for word in shared)


def _reserved(names: Iterable[str]) -> set[str]:
    """Names that a table of features has for something else."""
    return {"size", "distance"} & set(names)


def _common_start(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = next((i for i, c in enumerate(first) if i >= len(last) or c != last[i]), len(first))
    return first[:same]


def _shared_word(names: Sequence[str]) -> str:
    """The known word and its separators at the start of all names, spelt either way round."""
    match = re.match(rf"([^\W_]+)[{re.escape(SEPARATORS)}]+(?=\w|$)", _common_start(names))
    if match is None or min(map(len, names)) <= match.end():
        return ""
    known = CONTAINERS | MIXTURE_WORDS
    return match[0] if {match[1].lower(), match[1][::-1].lower()} & known else ""
