"""What was read of a table of trainings, and how: the value behind the line that is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from projektor_ray.data import Note
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.selection import Direction

Unit = Literal["shares", "per cent", "counts"]


@dataclass(frozen=True)
class Reading:
    """Which columns were taken for what, and which rows were left out.

    Attributes
    ----------
    providers : names of the providers, in the order of the mixtures' columns.
    mixture : the column of each.
    unit : what these columns hold.
    guessed : the roles that were found by names and values: of mixture, size, metric, distance,
        direction.
    rows : trainings that are used.
    left_out : how many rows are not, for each reason.
    metric : the column of the metric; None in a table of mixtures alone.
    direction : whether more of it is better; None where neither a name nor an option tells.
    size : the column of the sizes; None where there is none.
    sizes : the sizes that occur, ascending.
    distance : the column of the distances; None where there is none.
    empty_shares : rows whose other shares sum to 1, so that empty ones were read as 0.
    joined_sizes : rows whose size was less than 5% from a more frequent one, which they are given.
    bounds : range of the metric, as given or by its name; None where neither tells.
    other_size : a column of another size, which the one size given for all rows overrules.
    notes : how the file was read, where that was guessed.
    """

    providers: tuple[str, ...]
    mixture: tuple[str, ...]
    unit: Unit
    guessed: frozenset[str]
    rows: int
    left_out: Mapping[str, int]
    metric: str | None = None
    direction: Direction | None = None
    size: str | None = None
    sizes: tuple[int, ...] = ()
    distance: str | None = None
    empty_shares: int = 0
    joined_sizes: int = 0
    notes: tuple[Note, ...] = ()
    other_size: str | None = None
    bounds: Bounds | None = None
