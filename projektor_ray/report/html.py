"""Pieces of an HTML page; every text is escaped here."""

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


def tile(value: str, says: str) -> str:
    """A large number and what it is."""
    return f"<li><b>{escape(value)}</b><span>{escape(says)}</span></li>"


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
    kind: str = "",
    shown: int | None = None,
) -> str:
    """A table: the first column left, all others right-aligned.

    Parameters
    ----------
    chosen : which rows are bold.
    kind : class of the element, for the style.
    shown : how many rows are open; the others unfold.
    """
    marks = [False] * len(rows) if chosen is None else chosen
    every = [_row(row, mark) for row, mark in zip(rows, marks, strict=True)]
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = (
        f"<thead><tr>{''.join(f'<th scope=col>{escape(name)}</th>' for name in head)}</tr></thead>"
    )
    names = f' class="{kind}"' if kind else ""
    whole = f"<table{names}>{said}{top}<tbody>{''.join(every[:shown])}</tbody></table>"
    rest = "" if shown is None else "".join(every[shown:])
    if rest:
        more = f"<table{names}>{top}<tbody>{rest}</tbody></table>"
        whole += unfolding(f"{len(every) - (shown or 0):,} more", more)
    return f'<div class="scroll">{whole}</div>'


def _row(cells: Sequence[str], chosen: bool) -> str:
    mark = ' class="chosen"' if chosen else ""
    return f"<tr{mark}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def unfolding(title: str, content: str) -> str:
    """What is shown on demand."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"
