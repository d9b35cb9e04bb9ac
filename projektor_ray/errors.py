"""The project's family of errors.

Every message says what was expected, what came, and what to do. All take one message, so that they
survive pickling on their way out of a Ray worker.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

SHORT = 3
"""Letters of a name that may well resemble one it is no misspelling of, as `foo` does `loo`."""

SURE = 0.8
"""Similarity from which on the nearest name alone is shown; below, all names as well."""
NEARLY_EQUAL = 0.1
"""A second name is shown too where it is nearly as similar as the first."""

SHOWN = 5
HOW = "(counted from 1, without the header)"

CREDENTIALS = re.compile(
    r"(?P<scheme>\w[\w+.-]*://)(?:[^\s/@'\"]*:[^\s@'\"]*|[^\s/@'\"]*)@"
    r"|(?P<option>[?&](?:\w*(?:secret|token|password|access_key|sig)\w*)=)[^\s&'\"]+",
    re.IGNORECASE,
)
"""In URIs: `KEY:SECRET@`, and options of the query such as `secret_key=…`."""


ALLOWED = "\n\t"
JOINERS = "\u200c\u200d"
"""Format characters that belong to words of some scripts and to emoji."""
INVISIBLE = ("Cc", "Cf", "Cs")
"""Unicode categories: control, format (also those that reorder text), lone surrogates."""
REPLACED = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n"}
LINE_ENDS = re.compile("|".join(REPLACED))


def printable(text: str, *, lines: bool = True) -> str:
    """A text from outside without control characters: no escape sequence, no reordering, no lone
    surrogate.

    Parameters
    ----------
    lines : whether line breaks stay; else each becomes a space.
    """
    broken = LINE_ENDS.sub(lambda match: REPLACED[match[0]], text)
    dropped = {letter for letter in set(broken) if is_invisible(letter) and letter not in ALLOWED}
    clean = broken.translate(dict.fromkeys(map(ord, dropped)))
    return clean if lines else " ".join(clean.split("\n"))


def is_invisible(letter: str) -> bool:
    """Whether a character is a control or format character, which no name needs."""
    return unicodedata.category(letter) in INVISIBLE and letter not in JOINERS


def redacted(text: str) -> str:
    """A text without the credentials of the URIs in it: `s3://***@bucket/folder`."""
    return CREDENTIALS.sub(
        lambda match: f"{match['scheme']}***@" if match["scheme"] else f"{match['option']}***", text
    )


class ProjektorError(Exception):
    """Base of every error this project raises on purpose; shows no credentials of URIs."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*(redacted(a) if isinstance(a, str) else a for a in arguments))


class InputError(ProjektorError, ValueError):
    """A user's input cannot be used: configuration, data, table or argument."""


class TooFewProbesError(InputError):
    """There are fewer probes than a predictor needs."""


class InfeasibleError(InputError):
    """No purchase plan keeps every constraint; the message names the one that cannot be kept."""


class LearnerError(ProjektorError):
    """A learner broke its contract: no such metric, a value that is not a finite number."""


class StorageError(ProjektorError):
    """The study's folder cannot be written: full, read-only, or failing for too long."""


class DamagedError(InputError):
    """A file of a study's folder is not what this project wrote: its checksum differs."""


class BusyError(ProjektorError):
    """Another driver works on the study's folder."""


class UnfinishedError(ProjektorError):
    """A run ended before all its trainings did; the same command goes on with them."""


class HeadLostError(UnfinishedError):
    """Ray's head process died, without which nothing can be trained or measured."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known one or two, and all where that is unsure."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    every = f"known: {', '.join(known)}"
    if not close:
        return every
    likeness = [difflib.SequenceMatcher(None, one, name).ratio() for one in close]
    close = close[: 1 + (likeness[-1] > likeness[0] - NEARLY_EQUAL and len(close) > 1)]
    hint = f"did you mean {' or '.join(map(repr, close))}?"
    return hint if likeness[0] >= SURE and len(name) > SHORT else f"{hint} {every}"


def listed(words: Sequence[str], most: int | None = None) -> str:
    """Words as a list: `a, b and c`; the first `most` and how many others, where these are three or
    more.
    """
    words = list(words)
    if most is not None and len(words) > most + 2:
        words = [*words[:most], f"{len(words) - most:,} others"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def row_named(index: int) -> str:
    """The row at an index that counts from 0."""
    return f"row {index + 1} {HOW}"


def rows_named(indices: Sequence[int] | NDArray[Any]) -> str:
    """The rows at some indices, the first few by number."""
    if len(indices) == 1:
        return row_named(int(indices[0]))
    return f"rows {listed([str(int(index) + 1) for index in indices], SHOWN)} {HOW}"
