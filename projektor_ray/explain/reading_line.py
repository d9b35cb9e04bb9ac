"""What was read of a table of trainings, a part for each role."""

import math
from collections.abc import Iterable

from projektor_ray.errors import InputError, listed
from projektor_ray.explain.formatting import count
from projektor_ray.explain.reading_notes import note_text
from projektor_ray.runs.metric_direction import guess_direction
from projektor_ray.runs.reading import Reading

SHOWN = 8
REASONS = {
    "failed": ("failed run", "failed runs"),
    "unfinished": ("unfinished run", "unfinished runs"),
    "no state": ("run without a state", "runs without a state"),
    "no value": ("run without a value", "runs without a value"),
    "no mixture": ("row without a mixture", "rows without a mixture"),
    "earlier step": ("earlier step", "earlier steps"),
    "duplicate": ("exact duplicate", "exact duplicates"),
}


def table_parts(count: int, readings: Iterable[Reading | None]) -> list[str]:
    """The number of runs, and the parts of `reading_parts`; of several metrics each part once."""
    parts = [part for reading in readings if reading for part in reading_parts(reading)]
    return [f"{count:,} runs", *dict.fromkeys(parts)]


def reading_line(reading: Reading) -> str:
    """The parts of `reading_parts` as one line."""
    return " · ".join(reading_parts(reading))


def reading_parts(reading: Reading) -> list[str]:
    """What each role was read from: `mixture: web, code (2 columns)`, `size: n (500, 2,000)`."""
    parts = [f"mixture: {_mixture(reading)}"]
    if size := _size(reading):
        parts.append(f"size: {size}")
    if reading.metric is not None:
        parts.append(f"metric: {reading.metric} ({_direction(reading)})")
    if reading.distance is not None:
        parts.append(f"distance: {reading.distance}")
    if notes := [note_text(note) for note in reading.notes if note.kind != "mixed cells"]:
        parts.append(f"read as: {', '.join(notes)}")  # cells of text: the roles say what they are
    if reading.left_out:
        parts.append(f"left out: {', '.join(_left_out(*one) for one in reading.left_out.items())}")
    if reading.empty_shares:
        rows = "row" if reading.empty_shares == 1 else "rows"
        parts.append(f"read as 0: empty shares of {reading.empty_shares} {rows}")
    if reading.joined_sizes:
        parts.append(joined_sizes_text(reading.joined_sizes))
    return parts


def _mixture(reading: Reading) -> str:
    kind = {"shares": "columns", "per cent": "columns, in per cent", "counts": "columns of counts"}
    example = f", such as {reading.mixture[0]}" if reading.mixture != reading.providers else ""
    count = len(reading.providers)
    return f"{listed(reading.providers, SHOWN)} ({count} {kind[reading.unit]}{example})"


def _size(reading: Reading) -> str:
    """The column of the sizes and the sizes; empty in a table of mixtures without any."""
    sizes = listed([f"{size:,}" for size in reading.sizes], SHOWN)
    if reading.size is not None:
        return f"{reading.size} ({sizes})"
    if not reading.sizes:
        return "" if reading.metric is None else "not given"
    if reading.other_size is not None:
        return f"{sizes} for all rows, as given; the column {reading.other_size!r} is not used"
    return f"sum of the counts ({sizes})" if reading.unit == "counts" else sizes


def _direction(reading: Reading) -> str:
    if reading.direction is None:
        return "direction not given"
    if "direction" in reading.guessed and not _known_by_name(reading):
        return f"{reading.direction}, because no value is above 0"
    never_below = reading.bounds == (0.0, math.inf)
    return f"{reading.direction}, never below 0" if never_below else reading.direction


def _known_by_name(reading: Reading) -> bool:
    try:
        return guess_direction(str(reading.metric)) == reading.direction
    except InputError:
        return False


def _left_out(reason: str, count: int) -> str:
    one, several = REASONS.get(
        reason, (f"run with state {reason!r}", f"runs with state {reason!r}")
    )
    return f"{count:,} {one if count == 1 else several}"


def joined_sizes_text(changed: int) -> str:
    """That sizes which are nearly the same count as one size.

    Parameters
    ----------
    changed : the number of runs whose size was replaced.
    """
    runs = count(changed, "run")
    return f"sizes less than 5% from a more frequent one count as that one: changed in {runs}"
