"""Which column is the size of the trainings, and whether a table without one has several."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import fdtrc

from projektor_ray.errors import InputError, listed
from projektor_ray.runs.column_names import CONTAINERS, bare, vocabulary, words
from projektor_ray.runs.metric_direction import names_a_metric
from projektor_ray.runs.numeric_columns import column, is_numeric
from projektor_ray.runs.share_precision import SAME
from projektor_ray.storage.array_types import Floats

UNITS = vocabulary(
    "samples sample examples example tokens token rows documents docs points datapoints "
    "instances sequences images records"
)
COUNTING = vocabulary("n num number no of total count train training trained data dataset set size")
NOT_OF_TRAINING = vocabulary(
    "val valid validation test eval evaluation dev model models vocab batch image img patch "
    "step hidden context chunk block window beam population micro per max min embedding layer"
)
CHANCE = 1e-4
"""Probability of a difference between groups below which they are said to differ."""
EXPLAINED = 0.3
"""Least part of what the mixture leaves unexplained that a grouping must explain."""
GAP = 6.0
"""Standard deviations within clusters, and units of the last decimal, that lie between them."""
LEAST_PART = 0.01
"""Part of the metric's range below which a gap is one of rounding."""
FEWEST, FEWEST_ALIKE, MOST_SIZES = 16, 4, 6
"""Values of repeated mixtures that clusters show in, values of a cluster, and clusters."""
ROUNDS = 4
"""In which clusters and a linear function of the shares are fitted in turn."""
ROWS_PER_PROVIDER = 4
"""Least rows from which such clusters are told from chance."""
SHOWN = 5


@dataclass(frozen=True)
class Grouping:
    """A column by whose values the metric differs.

    Attributes
    ----------
    column : its name.
    values : its distinct values, as texts.
    """

    column: str
    values: tuple[str, ...]


def find_size(table: pa.Table, taken: set[str]) -> str | None:
    """The column whose name is that of a number of samples; None where there is none.

    Raises
    ------
    InputError
        If several differ; names them.
    """
    candidates = _candidates(table, taken)
    if not candidates:
        return None
    first = table[candidates[0]]
    others = [name for name in candidates[1:] if not table[name].equals(first)]
    if others:
        several = [candidates[0], *others]
        raise InputError(
            f"several columns could be the size of the trainings: {listed(several)}. Say which, "
            f"such as --size {candidates[0]}"
        )
    return candidates[0]


def _candidates(table: pa.Table, taken: set[str]) -> list[str]:
    """The columns whose name is that of a number of samples, and that hold no shares."""
    return [
        name
        for name in table.column_names
        if name not in taken and _names_a_size(name) and not _is_fraction(table, name)
    ]


def check_given_size(table: pa.Table, taken: set[str], size: float) -> str | None:
    """The column that the one size of all rows overrules; None where no column says otherwise.

    Raises
    ------
    InputError
        If a column holds several sizes, so that one size of all rows is hardly meant.
    """
    for name in _candidates(table, taken):
        cells = set(table[name].drop_null().to_pylist())
        if len(cells) > 1:
            texts = listed(_sorted([str(cell) for cell in cells]), SHOWN)
            raise InputError(
                f"--size {size:,.10g} is the one size of all rows, but the column {name!r} has "
                f"several ({texts}). Leave out --size to use the column; a size to buy or to "
                f"predict at is --at {size:.10g}. If {name!r} is no number of samples, rename it"
            )
        if cells and cells != {size}:
            return name
    return None


def _names_a_size(name: str) -> bool:
    """`size`, `n`, or words of counting with a unit: `config/train.num_samples`, `params_n`."""
    every, last = set(words(name)), set(words(bare(name)))
    if every & NOT_OF_TRAINING or not last <= COUNTING | UNITS:
        return False
    other_words = every - last - CONTAINERS - COUNTING
    return not other_words and bool(last & (UNITS | {"size", "n"}))


def _is_fraction(table: pa.Table, name: str) -> bool:
    """Whether the column holds no sizes but shares: numbers up to 1 that are not whole."""
    if not is_numeric(table[name].type):
        return False
    numbers = column(table, name)
    finite = numbers[np.isfinite(numbers)]
    return bool(len(finite)) and finite.max() <= 1 and bool((finite % 1 != 0).any())


def check_one_size(table: pa.Table, taken: set[str], mixtures: Floats, values: Floats) -> None:
    """Refuse to read trainings of several sizes as ones of one size.

    Raises
    ------
    InputError
        If the metric (k,) differs by another column's values more than the mixtures (k, m) explain,
        or values of the same mixture, or what the shares leave unexplained, lie in clusters.
    """
    shown = (
        "--size COLUMN if a column is the number of samples, or --size N if all rows are of one "
        "size; else add a column of the sizes"
    )
    if grouping := _grouping(table, taken, mixtures, values):
        some = listed(grouping.values, SHOWN)
        raise InputError(
            f"no column is called size, but the metric differs by {grouping.column!r} ({some}). "
            f"Say --size {grouping.column} if that is the number of samples; --size N if all rows "
            "are of one size, and leave out rows that are not to be compared"
        )
    if _clusters(_from_mean(mixtures, values), values):
        raise InputError(
            "no column is called size, but the metric of the same mixture lies in clusters, as "
            f"that of several sizes does. Say {shown}"
        )
    enough = len(values) >= ROWS_PER_PROVIDER * mixtures.shape[1]
    if enough and _clusters(_from_line(mixtures, values), values):
        raise InputError(
            "no column is called size, but the metric lies in clusters that the mixtures do not "
            f"explain, as that of several sizes does. Say {shown}"
        )


def _grouping(
    table: pa.Table, taken: set[str], mixtures: Floats, values: Floats
) -> Grouping | None:
    """The column whose groups explain most of what a linear function of the shares leaves."""
    best, most = None, EXPLAINED
    for name in table.column_names:
        if name in taken or names_a_metric(name):
            continue
        texts = np.array([str(cell) for cell in table[name].to_pylist()])
        distinct, codes = np.unique(texts, return_inverse=True)
        if not 2 <= len(distinct) <= len(values) // 2:
            continue
        explained, chance = _explained(mixtures, values, codes)
        if chance < CHANCE and explained > most:
            best, most = Grouping(name, tuple(_sorted(distinct.tolist()))), explained
    return best


def _explained(mixtures: Floats, values: Floats, codes: NDArray[np.intp]) -> tuple[float, float]:
    """The part of the residual sum of squares that groups explain, and the F test's probability."""
    constant = np.ones((len(values), 1))
    groups = np.eye(int(codes.max()) + 1)[codes]
    plain, grouped = np.hstack([constant, mixtures]), np.hstack([groups, mixtures])
    before, rank = _residual(plain, values)
    after, more = _residual(grouped, values)
    freedom = len(values) - more
    if more <= rank or freedom < 1 or before <= 0:
        return 0.0, 1.0
    ratio = (before - after) / (more - rank) / max(after / freedom, 1e-300)
    return 1 - after / before, float(fdtrc(more - rank, freedom, max(ratio, 0.0)))


def _residual(design: Floats, values: Floats) -> tuple[float, int]:
    solution, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return float(((values - design @ solution) ** 2).sum()), int(rank)


def _from_mean(mixtures: Floats, values: Floats) -> Floats:
    """Values of repeated mixtures less their mean."""
    _, codes, counts = np.unique(
        np.round(mixtures, 9), axis=0, return_inverse=True, return_counts=True
    )
    codes = codes.reshape(-1)
    means = np.bincount(codes, values) / counts
    return np.asarray((values - means[codes])[counts[codes] > 1])


def _from_line(mixtures: Floats, values: Floats) -> Floats:
    """Values less a linear function of the shares, which is fitted within clusters."""
    clusters, shares = np.zeros(len(values), dtype=np.intp), mixtures[:, 1:]
    for _ in range(ROUNDS):
        design = np.hstack([np.eye(len(values))[clusters], shares])
        slopes = np.linalg.lstsq(design, values, rcond=None)[0][len(values) :]
        left = np.asarray(values - shares @ slopes)
        order = np.argsort(left)
        gaps = np.diff(left[order])
        clusters[order] = np.append(0, np.cumsum(gaps > gaps.max(initial=0.0) / 2))
    return left


def _clusters(deviations: Floats, values: Floats) -> bool:
    """Whether deviations, of at least half of the values, lie in two or more clusters.

    Values that are printed in few decimals, or are shares of few samples, lie at equal distances:
    a gap of a few of these distances is none.
    """
    deviations = np.sort(deviations)
    if len(deviations) < max(FEWEST, len(values) // 2):
        return False
    gaps = np.diff(deviations)
    clusters = np.split(deviations, np.flatnonzero(gaps > gaps.max() / 2) + 1)
    if min(map(len, clusters)) < max(FEWEST_ALIKE, len(deviations) // MOST_SIZES):
        return False
    within = sum(cluster.var() * len(cluster) for cluster in clusters) / len(deviations)
    spread = float(np.sqrt(within)) + _unit(values)
    gap = float(gaps.max())
    return len(clusters) > 1 and gap > max(GAP * spread, LEAST_PART * float(np.ptp(values)))


def _unit(values: Floats) -> float:
    """The least difference of two values that are not the same, beyond errors of arithmetic."""
    steps = np.diff(np.unique(values))
    steps = steps[steps > SAME * np.abs(values).max(initial=0.0)]
    return float(steps.min(initial=np.inf)) if len(steps) else 0.0


def _sorted(texts: Sequence[str]) -> list[str]:
    """Texts in the order of the numbers that they are, if they are some."""
    try:
        return [f"{float(text):,.10g}" for text in sorted(texts, key=float)]
    except ValueError:
        return sorted(texts)
