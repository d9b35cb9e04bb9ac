"""Make text from outside safe to show: names, labels, paths and errors that others wrote."""

import re
import unicodedata

ALLOWED = "\n\t"
REPLACED = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n"}
LINE_ENDS = re.compile("|".join(REPLACED))
INVISIBLE = ("Cc", "Cf", "Cs")
"""Unicode categories: control, format (also those that reorder text), lone surrogates."""
JOINERS = "\u200c\u200d"
"""Format characters that belong to words of some scripts and to emoji."""


def printable(text: str, *, lines: bool = True) -> str:
    """A text without control characters: no escape sequence, no reordering, no lone surrogate.

    Parameters
    ----------
    lines : whether line breaks stay; else each becomes a space.
    """
    broken = LINE_ENDS.sub(lambda match: REPLACED[match[0]], text)
    clean = "".join(
        letter
        for letter in broken
        if letter in ALLOWED or letter in JOINERS or unicodedata.category(letter) not in INVISIBLE
    )
    return clean if lines else " ".join(clean.split("\n"))
