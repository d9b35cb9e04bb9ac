"""Pieces of an HTML page; every text is escaped here."""

import re
from collections.abc import Sequence
from html import escape


def section(title: str, *parts: str) -> str:
    """A titled block."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def columns(*parts: str) -> str:
    """Parts side by side where there is room."""
    return f'<div class="columns">{"".join(parts)}</div>'


def figure(picture: str, caption: str) -> str:
    """An inline picture and what it shows."""
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def tile(value: str, *says: str) -> str:
    """A large number, or a few words in its place, and what it is, a line each."""
    kind = "" if any(letter.isdigit() for letter in value) else ' class="says"'
    told = "".join(f"<span>{_unbroken(line)}</span>" for line in says)
    return f"<li><b{kind}>{escape(value)}</b>{told}</li>"


def _unbroken(text: str) -> str:
    """A text whose intervals, `0.81…0.97`, stay on one line."""
    return re.sub(r"[^\s(]+…[^\s)]+", r"<em>\g<0></em>", escape(text))


def items(sentences: Sequence[str]) -> str:
    """Sentences as a list, each with a capital and a full stop."""
    told = "".join(f"<li>{escape(sentence(one))}</li>" for one in sentences)
    return f'<ul class="notes">{told}</ul>'


def sentence(text: str) -> str:
    """A capital at its beginning and a full stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    chosen: Sequence[bool] | None = None,
    caption: str = "",
    wide: Sequence[str] = (),
    shown: int | None = None,
) -> str:
    """A table: the first column left, all others right-aligned.

    Parameters
    ----------
    chosen : which rows are bold.
    caption : what the columns are, below them.
    wide : columns that a narrow screen does without.
    shown : how many rows are open; the others unfold.
    """
    marks = [False] * len(rows) if chosen is None else chosen
    kinds = ["wide" if name in wide else "" for name in head]
    every = [_row("td", row, kinds, mark) for row, mark in zip(rows, marks, strict=True)]
    top = f"<thead>{_row('th', head, kinds)}</thead>"
    whole = f"<table>{top}<tbody>{''.join(every[:shown])}</tbody></table>"
    rest = "" if shown is None else "".join(every[shown:])
    if rest:
        more = f"<table>{top}<tbody>{rest}</tbody></table>"
        whole += unfolding(f"{len(every) - (shown or 0):,} more", more)
    said = f'<p class="small">{escape(caption)}</p>' if caption else ""
    return f'<div class="told"><div class="scroll">{whole}</div>{said}</div>'


def _row(tag: str, cells: Sequence[str], kinds: Sequence[str], chosen: bool = False) -> str:
    mark = ' class="chosen"' if chosen else ""
    shown = [
        f"<{tag}{' scope=col' if tag == 'th' else ''}{f' class={kind}' if kind else ''}>"
        f"{escape(cell)}</{tag}>"
        for cell, kind in zip(cells, kinds, strict=True)
    ]
    return f"<tr{mark}>{''.join(shown)}</tr>"


def unfolding(title: str, content: str) -> str:
    """What is shown on demand."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"
