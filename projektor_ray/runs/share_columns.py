"""Which columns are the mixture: groups of columns whose rows sum to 1, or to 100."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, listed
from projektor_ray.runs.column_names import (
    MIXTURE_WORDS,
    bare,
    known_words_shared,
    vocabulary,
    words,
)
from projektor_ray.runs.metric_direction import names_a_metric
from projektor_ray.runs.numeric_columns import MIN_MATCH_RATE, column, is_numeric, refuse_texts
from projektor_ray.runs.share_precision import (
    SIMPLEX_TOLERANCE,
    decimals_of,
    is_biased,
    without_noise,
)
from projektor_ray.runs.tidy_columns import PER_CENT
from projektor_ray.storage.array_types import Floats

SETTINGS = vocabulary(
    "index row rows id unnamed_0 level_0 number rank lr learning_rate weight_decay wd "
    "momentum beta beta1 beta2 dropout seed fold epoch epochs step steps global_step "
    "iteration iterations training_iteration batch_size warmup warmup_ratio warmup_steps "
    "label_smoothing temperature gamma alpha eps epsilon patience gpu gpus pid runtime "
    "duration time timestamp loss_scale grad_clip clip"
)
"""Names of settings and of counters, which are shares only below a name such as `mixture/`."""
GREEK = vocabulary("alpha beta gamma")
"""Names that are as likely those of providers."""
CLOSE, COARSEST = 1e-2, 0.15
"""How far most rows may miss the total: at least, and for the coarsest shares."""
AMBIGUOUS_MATCH_RATE = 0.9
LOOKED_AT = 64
"""Rows by which most groups of columns are ruled out."""
SHOWN = 8
COUNTED = "Numbers of samples or tokens in place of shares are read with --counts. "


@dataclass(frozen=True)
class ShareGroup:
    """Columns whose rows sum to a total, 1 or 100, in a share of the rows.

    Attributes
    ----------
    columns : in the table's order.
    total : what the rows sum to.
    match_rate : the share of rows that do.
    fits : whether rounding explains the mean of the sums.
    used : the columns with a share in some row.
    varies : whether two rows differ.
    named : how many words that tools add before or after providers all names share.
    """

    columns: tuple[str, ...]
    total: float
    match_rate: float
    fits: bool
    used: frozenset[str]
    varies: bool
    named: int

    @property
    def rank(self) -> tuple[bool, bool, bool, float, int, int]:
        """What the group is chosen by, ascending."""
        agrees = self.match_rate >= AMBIGUOUS_MATCH_RATE
        return (self.varies, agrees, self.fits, self.match_rate, self.named, len(self.columns))


def find_shares(table: pa.Table, taken: set[str]) -> ShareGroup:
    """The group of columns that sum to 1 or 100 in most rows.

    Groups are neighbouring columns, or columns with the same prefix or suffix, so that the table
    needs no naming convention.

    Parameters
    ----------
    taken : columns that are something else.

    Raises
    ------
    InputError
        If there is none, or there are several; names them.
    """
    runs = neighbours(table, taken)
    numbers = {name: column(table, name) for run in runs for name in run}
    groups = [group for run in runs for group in _windows(run, numbers)]
    groups += _named_groups(numbers)
    groups = [one for one in groups if not all(names_a_metric(name) for name in one.columns)]
    if not groups:
        refuse_texts(table, [name for name in table.column_names if name not in taken])
        short = next((text for run in runs if (text := _falls_short(run, numbers))), COUNTED)
        raise InputError(
            "cannot tell which columns are the providers' shares: no neighbouring columns sum to 1 "
            f"in most rows. {short}Name them (--providers a,b,c); the columns are "
            f"{listed(table.column_names, SHOWN)}"
        )
    best = max(groups, key=lambda one: one.rank)
    same = _copies(numbers)
    ambiguous = [one for one in groups if _is_ambiguous(one, best, same)]
    if not ambiguous:
        return best
    distinct = {one.used: one for one in sorted([best, *ambiguous], key=lambda one: one.rank)}
    shown = sorted(
        (one.columns for one in distinct.values()), key=lambda names: list(numbers).index(names[0])
    )
    columns = "; ".join(listed(names, SHOWN) for names in shown)
    raise InputError(
        f"{len(shown)} groups of columns sum to 1: {columns}. "
        f"Say which is the mixture, such as --providers {','.join(shown[0])}"
    )


def neighbours(table: pa.Table, taken: set[str]) -> list[list[str]]:
    """Runs of columns that may be shares: neither taken nor settings, divided by other columns."""
    runs: list[list[str]] = [[]]
    for field in table.schema:
        if field.name in taken or _is_setting(field.name):
            continue
        if is_numeric(field.type):
            runs[-1].append(field.name)
        else:
            runs.append([])
    return [run for run in runs if run]


def _is_setting(name: str) -> bool:
    last = bare(name)
    mixed = set(words(name)[:-1]) & MIXTURE_WORDS
    return not last or (last in SETTINGS and not mixed and not (last in GREEK and last == name))


def _windows(run: Sequence[str], numbers: dict[str, Floats]) -> list[ShareGroup]:
    """The longest groups of neighbours that sum to a total in most rows."""
    if len(run) < 2:
        return []
    shares = _as_shares(np.column_stack([numbers[name] for name in run]))
    windows: list[tuple[float, int, list[int], float]] = []
    spare: list[ShareGroup] = []
    for total in (1.0, PER_CENT):
        units = _units(shares / total)
        totals = np.cumsum(np.column_stack([np.zeros(len(shares)), shares / total]), axis=1)
        some = totals[np.linspace(0, len(totals) - 1, min(len(totals), LOOKED_AT)).astype(int)]
        for first in range(len(run) - 1):
            close = _closeness(units[first:])
            likely = np.flatnonzero(_match_rate(some, first, close) >= MIN_MATCH_RATE / 2)
            if not len(likely):
                continue
            lasts = first + 2 + likely
            match_rate = _match_rate(totals[:, [first, *lasts]], 0, close[likely], nearest=1)
            most = float(match_rate.max())
            if most >= MIN_MATCH_RATE:
                windows.append((most, first, lasts[match_rate == most][::-1].tolist(), total))
    groups: list[tuple[float, int, int, ShareGroup]] = []
    for most, first, ends, total in sorted(windows, key=lambda one: one[1] - one[2][0]):
        inside = (f <= first and last >= ends[0] and m >= most for m, f, last, _ in groups)
        if not any(inside):
            made = [_group(run[first:last], total, numbers) for last in ends[:SHOWN]]
            best = next((one for one in made if one.fits), None)
            if best is not None:
                groups.append((most, first, first + len(best.columns), best))
            elif not groups:
                spare.append(made[0])
    return [one for *_, one in groups] or spare[:1]


def _match_rate(totals: Floats, first: int, close: Floats, nearest: int = 2) -> Floats:
    """The share of rows whose sums from a column on are close to 1, for each last column.

    Parameters
    ----------
    totals : sums of the columns before each, (k, c + 1).
    nearest : how far the first last column is from the first column.
    """
    with np.errstate(invalid="ignore"):  # infinity less infinity, which is close to nothing
        sums = totals[:, first + nearest :] - totals[:, [first]]
    return np.asarray((np.abs(sums - 1) <= close).mean(axis=0))


def _units(shares: Floats) -> Floats:
    """The unit of the decimals that each column (k, m) is printed in, (m,); 0 where it has none."""
    places = [decimals_of(column[np.isfinite(column)]) for column in shares.T]
    return np.array([0.0 if decimals is None else 10.0**-decimals for decimals in places])


def _closeness(units: Floats) -> Floats:
    """How far the sums of the first two, three, … columns may miss 1: more for coarse shares.

    Whole numbers are no coarse shares: flags are whole, too.
    """
    finest = np.minimum.accumulate(units)
    rounding = 0.5 * finest * np.arange(1, len(units) + 1)
    return np.asarray(np.where(finest < 1, np.clip(rounding, CLOSE, COARSEST), CLOSE)[1:])


def with_one_affix(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Groups of two or more names with the same beginning, or end, up to a separator."""
    alike: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for name in names:
        for at in (match.end() for match in re.finditer(r"[/._:\- ]", name)):
            alike[True, name[:at]].append(name)
            alike[False, name[at - 1 :]].append(name)
    return sorted({tuple(group) for group in alike.values() if len(group) > 1})


def _named_groups(numbers: dict[str, Floats]) -> list[ShareGroup]:
    """Groups of columns that are named alike and sum to a total in most rows."""
    groups = with_one_affix(list(numbers))
    made = [_group(group, total, numbers) for group in groups for total in (1.0, PER_CENT)]
    return [one for one in made if one.match_rate >= MIN_MATCH_RATE]


def _group(columns: Sequence[str], total: float, numbers: dict[str, Floats]) -> ShareGroup:
    shares = _as_shares(np.column_stack([numbers[name] for name in columns])) / total
    close = np.abs(shares.sum(axis=1) - 1) <= _closeness(_units(shares))[-1]
    usable = shares[close]
    return ShareGroup(
        tuple(columns),
        total,
        float(close.mean()),
        bool(close.any()) and not is_biased(usable),
        frozenset(name for at, name in enumerate(columns) if (shares[:, at] > 0).any()),
        bool(len(usable)) and bool((np.ptp(usable, axis=0) > SIMPLEX_TOLERANCE).sum() > 1),
        known_words_shared(columns),
    )


def _as_shares(numbers: Floats) -> Floats:
    """Empty cells as 0; what is no share as infinite, so that its row sums to nothing."""
    shares = without_noise(np.where(np.isnan(numbers), 0.0, numbers))
    return np.asarray(np.where(shares >= 0, shares, np.inf))


def _is_ambiguous(one: ShareGroup, best: ShareGroup, same: dict[str, str]) -> bool:
    """Whether a group could be the mixture as well, and would be another one.

    Parameters
    ----------
    same : for each column the first of its copies.
    """
    ours, theirs = {same[name] for name in one.used}, {same[name] for name in best.used}
    other = not (ours <= theirs or ours >= theirs)
    return other and one.match_rate >= AMBIGUOUS_MATCH_RATE and (one.varies or not best.varies)


def _copies(numbers: dict[str, Floats]) -> dict[str, str]:
    """For each column the first that has the same numbers and the same last part of its name."""
    first: dict[tuple[str, bytes], str] = {}
    return {
        name: first.setdefault((bare(name), column.tobytes()), name)
        for name, column in numbers.items()
    }


def _falls_short(run: Sequence[str], numbers: dict[str, Floats]) -> str:
    """What to say of neighbouring columns that would be shares if one more were there."""
    shares = _as_shares(np.column_stack([numbers[name] for name in run]))
    first = next((i for i in range(len(run)) if shares[:, i].max() <= 1), len(run))
    last = next((i for i in range(first, len(run)) if shares[:, i].max() > 1), len(run))
    sums = shares[:, first:last].sum(axis=1)
    if last - first < 2 or sums.max() > 1 + SIMPLEX_TOLERANCE:
        return ""
    return (
        f"The columns {', '.join(run[first:last])} look like shares, but sum to "
        f"{sums.min():.2g} … {sums.max():.2g}: a provider's column may be missing; add it. "
    )
