"""Figures as inline SVG whose colours are those of the page, in the light and in the dark."""

import re
import warnings
from collections.abc import Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.figure import Figure

INK, MUTED, GRID, SURFACE = "#0000f0", "#0000f1", "#0000f2", "#0000f3"
ACCENT, SECOND, BAD = "#0000f4", "#0000f5", "#0000f6"
STEPS = tuple(f"#0000e{step:x}" for step in range(10))
"""Of a sequential scale, from the least to the most."""
SERIES = tuple(f"#0000d{step:x}" for step in range(8))
"""Of categories, distinct for colour-blind people as well."""
NAMES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    SURFACE: "surface",
    ACCENT: "accent",
    SECOND: "second",
    BAD: "bad",
    **{colour: f"step-{step}" for step, colour in enumerate(STEPS)},
    **{colour: f"series-{step}" for step, colour in enumerate(SERIES)},
}
"""Stand-ins that are drawn with, each the name of a custom property of the page's style."""

WIDTH = 4.3
"""Inches, for a phone as for a column of a wide page; figures scale with the page."""

SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9.5,
    "axes.titlesize": 9.0,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
}


REFERENCE = re.compile(r'(?:url\(|href=")#([A-Za-z][\w-]*)')
"""To an identifier of the same picture."""


def new_figure(height: float) -> tuple[Figure, Any]:
    """A figure of the page's width and its axes; to be drawn within `drawing`."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    return figure, figure.subplots()


def drawing() -> Any:
    """The settings under which every figure of the page is drawn."""
    return mpl.rc_context(SETTINGS)


def inline(figure: Figure, name: str, title: str, describes: str) -> Markup:
    """The figure as an `<svg>` element for a page.

    Parameters
    ----------
    name : unique on the page; identifiers within the picture begin with it.
    title, describes : what those hear who do not see the picture.
    """
    drawn = _saved(figure, name)
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"font: (\d+(?:\.\d+)?)px [^;\"]*", r"font-size: \1px", drawn)
    drawn = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), drawn)
    drawn = _own_identifiers(drawn, name)
    for colour, called in NAMES.items():
        drawn = drawn.replace(colour, f"var(--{called})")
    width, height = 72 * figure.get_size_inches()
    head = (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-says" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-says">{escape(describes)}</desc>'
    )
    return Markup(head + drawn[drawn.index(">") + 1 :])


def _saved(figure: Figure, name: str) -> str:
    """The figure as matplotlib writes it."""
    text = StringIO()
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}), warnings.catch_warnings():
        # A letter that matplotlib cannot measure is drawn all the same, by the browser's fonts.
        warnings.filterwarnings("ignore", r"Glyph \d+")
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def _own_identifiers(drawn: str, name: str) -> str:
    """Identifiers that are referred to begin with the figure's name; the others are dropped."""
    used = {reference[1] for reference in REFERENCE.finditer(drawn)}

    def renamed(match: "re.Match[str]") -> str:
        return f' id="{name}-{match.group(1)}"' if match.group(1) in used else ""

    drawn = re.sub(r' id="([^"]*)"', renamed, drawn)
    return REFERENCE.sub(lambda reference: reference[0].replace("#", f"#{name}-"), drawn)


def share_of_steps(levels: int) -> Sequence[str]:
    """Stand-ins for so many bands of a sequential scale."""
    return [STEPS[round(i * (len(STEPS) - 1) / max(levels - 1, 1))] for i in range(levels)]
