"""What a person sees on the terminal: of `projektor`, and of the jobs' fits and plans."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table

from projektor_ray.explain.formatting import (
    FINER,
    WORTH_DIGITS,
    MetricText,
    aligned,
    as_written,
    change,
    changes,
    decimals_from_intervals,
    interval_text,
    sample_step,
)
from projektor_ray.explain.plan_summary import (
    baseline_definitions,
    comparison_scope,
    search_result,
    target_result,
    unspent_money,
)
from projektor_ray.explain.reading_line import reading_parts
from projektor_ray.explain.sensitivity import shadow_prices
from projektor_ray.explain.uncertainty import gain_uncertainty, plan_stability
from projektor_ray.projection import noise_gain
from projektor_ray.runs import Runs, ScaleRegressor
from projektor_ray.selection import Plan, PurchasePlans
from projektor_ray.selection.comparison import SELECTED, UNIFORM, Gain
from projektor_ray.selection.plan import THOUSAND


class Screen(Console):
    """A console that puts one empty line between a table and what comes after it.

    Attributes
    ----------
    tabled : whether a table was the last that came.
    """

    tabled = False

    def print(self, *objects: Any, **settings: Any) -> None:
        if self.tabled:
            self.tabled = False
            super().print()
        super().print(*objects, **settings)


console = Screen(highlight=False, emoji=False)
messages = Console(stderr=True, highlight=False, emoji=False)

MIXTURE = "mixture"
SHOWN_MIXTURES = 8
SHOWN_SHARES = 3
SHOWN_PROVIDERS = 20
WIDEST = 1000
"""A table is as wide as it must be to cut no number, up to this."""
LONGEST_METRIC = 9
"""Of a column whose table fits 80 characters."""


def headline(stage: str, says: str, *, wrap: bool = True) -> None:
    """One line as a stage begins or ends, broken at the console's width unless told not to."""
    console.print(f"[bold cyan]{stage:<9}[/] {says}", soft_wrap=not wrap)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: numbers right-aligned; names and mixtures left, of which mixtures may wrap.

    One empty line is above its title, below it, and below the table. Of two columns the second may
    wrap, so that the first says what it is of.
    """
    inner = Table(header_style="dim", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    for position, column in enumerate(columns):
        text = position == 0 or column == MIXTURE
        wraps = column == MIXTURE or (position == 1 and len(columns) == 2)
        justify: Literal["left", "right"] = "left" if text else "right"
        least = None if wraps else max(cell_len(cell) for cell in (column, *cells[position]))
        inner.add_column(escape(column), justify=justify, no_wrap=not wraps, min_width=least)
    for row in rows:
        inner.add_row(*(escape(cell) for cell in row))
    if not console.tabled:
        console.print()
    console.print(f"[bold]{escape(title)}[/]")
    shown = Padding(inner, (1, 1, 0, 1), expand=False)
    widest = console.options.update(width=WIDEST)
    needed = Measurement.get(console, widest, shown).minimum
    wide = (
        console
        if needed <= console.width
        else Console(highlight=False, emoji=False, width=needed, quiet=console.quiet)
    )
    wide.print(shown)
    console.tabled = True


def read(found: Sequence[Runs]) -> None:
    """What was read of a table of trainings, by each metric."""
    first, *others = (runs.reading for runs in found if runs.reading is not None)
    said = [f"{len(found[0])} trainings", *reading_parts(first)]
    said += [part for other in others for part in reading_parts(other) if part not in said]
    messages.print(f"[bold cyan]{'read':<9}[/] {escape(' · '.join(said))}")


def predictors(rows: Sequence[Mapping[str, Any]], metric: str) -> None:
    """Fitted predictors side by side."""
    errors = [aligned([row[name] for row in rows], 3) for name in ("mae", "mae_cv")]
    shown = [
        [
            f"{row['predictor']}{' ←' if row['chosen'] else ''}",
            "–" if row["size"] is None else f"{row['size']:,}",
            error,
            left_out,
            f"{row['r2'] + 0.0:.3f}",
        ]
        for row, error, left_out in zip(rows, *errors, strict=True)
    ]
    columns = ["predictor", "size", "error", "cross-validated", "R²"]
    table(f"Predictors of {metric}", columns, shown)


def deciding(rows: Sequence[Mapping[str, Any]]) -> None:
    """What a purchase is decided by, and what has the least error at each size."""
    decides = next(row["predictor"] for row in rows if row["chosen"])
    least = [
        min((row for row in rows if row["size"] == size), key=lambda row: row["mae_cv"])
        for size in dict.fromkeys(row["size"] for row in rows)
    ]
    told = [
        row["predictor"] + ("" if row["size"] is None else f" at {row['size']:,}") for row in least
    ]
    says = f"select and report decide by {decides}"
    headline("fit", f"{says}; the least cross-validated error has {', '.join(told)}")


def projections(projected: pa.Table, model: ScaleRegressor, metric: str) -> None:
    """The best mixtures at each size, the chosen model beside the others."""
    names = list(dict.fromkeys(projected["model"].to_pylist()))
    chosen = model.fitted_.projection
    for size in dict.fromkeys(projected["size"].to_pylist()):
        at = projected.filter(pc.equal(projected["size"], size))
        by = {n: at.filter(pc.equal(at["model"], n)).to_pylist() for n in names}
        order = np.argsort([row["value"] for row in by[chosen]], kind="stable")
        order = order if model.goal == "minimize" else order[::-1]
        others = [name for name in names if name != chosen]
        values = {n: aligned([by[n][i]["value"] for i in order[:SHOWN_MIXTURES]]) for n in names}
        rows = [
            [
                mixture(by[chosen][i], model.providers_),
                values[chosen][row],
                " … ".join(aligned([by[chosen][i]["low"], by[chosen][i]["high"]])),
                *(values[name][row] for name in others),
            ]
            for row, i in enumerate(order[:SHOWN_MIXTURES])
        ]
        table(
            f"{metric} at {size:,}, best {len(rows)} of {len(order)} mixtures",
            [MIXTURE, chosen, "90 % interval", *others],
            rows,
        )
        if len(model.scales_) > 1 and size > model.scales_[-1]:
            gain = float(noise_gain(size, model.scales_))
            headline("gain", f"Eq. 3 to {size:,} amplifies errors of the sizes {gain:.2f}×")


def mixture(row: Mapping[str, float], providers: Sequence[str]) -> str:
    """The largest shares of a mixture: `alpha 70 %, beta 30 %`."""
    shares = sorted(((row[name], name) for name in providers if row[name] > 0), reverse=True)
    shown = ", ".join(f"{name} {share:.0%}" for share, name in shares[:SHOWN_SHARES])
    return shown + (f", {len(shares) - SHOWN_SHARES} more" if shares[SHOWN_SHARES:] else "")


def plans(found: PurchasePlans, metric: str) -> None:
    """The answer, the selected plan, all plans side by side, how far the choice can be trusted."""
    best = found.selected
    if found.target_result is not None:
        headline("target", str(target_result(found, MetricText(metric, found.direction, 4))))
    if found.frontier:
        frontier(found.frontier, metric)
    step = sample_step(best.size)
    decimals = decimals_from_intervals([plan.interval for plan in found.plans.values()])
    bought(found, step, decimals + FINER)
    beside(found, metric, decimals)
    if found.direction == "minimize":
        headline("note", escape(less_is_better(step)))
    text = MetricText(metric, found.direction, decimals)
    facts = [gain_uncertainty(found, text), *baseline_definitions(found)]
    facts += [comparison_scope(found), unspent_money(found)]
    for one in filter(None, facts):
        headline("note", escape(str(one)))
    if found.parts:
        parts(found)
    for told in [*shadow_prices(found, text), *search_result(best), plan_stability(found, text)]:
        if told is not None:
            headline("note", escape(str(told)))


def less_is_better(step: int) -> str:
    """How signs are to be read where less of the metric is better."""
    return (
        f"less is better: a minus under “{step:,} more”, which changes the metric, and a plus "
        "under “selected gains”"
    )


def beside(found: PurchasePlans, metric: str, decimals: int) -> None:
    """The selected plan and the others; costs where anything has a price."""
    rows = [
        [
            found.label(name),
            f"{plan.predicted:,.{decimals}f}",
            interval_text(plan.interval, decimals),
            *gained(found.gains.get(name), decimals),
            *([f"{plan.cost:,.2f}"] if found.priced else []),
        ]
        for name, plan in found.distinct.items()
    ]
    value = metric if len(metric) <= LONGEST_METRIC else "predicted"
    columns = ["plan", value, "90 %", "selected gains", "90 %", *(["cost"] * found.priced)]
    kept = (
        "the same constraints" if found.target_result is None else "the same capacities and terms"
    )
    table(f"Beside other plans that keep {kept}", columns, rows)
    if len(rows) == 1 < len(found.plans):
        headline("note", "every other plan that was compared buys the same")


def gained(gain: Gain | None, decimals: int) -> list[str]:
    """What the selected plan has more, and its interval; empty for the plan itself."""
    if gain is None:
        return ["", ""]
    return [change(gain.value, decimals), interval_text((gain.low, gain.high), decimals)]


def parts(found: PurchasePlans) -> None:
    """What the selected plan, and the uniform one, have of each of several metrics."""
    decimals = decimals_from_intervals([of[SELECTED].interval for of in found.parts.values()])
    rows = [
        [
            name,
            f"{of[SELECTED].predicted:,.{decimals}f}",
            interval_text(of[SELECTED].interval, decimals),
            f"{of[UNIFORM].predicted:,.{decimals}f}",
        ]
        for name, of in found.parts.items()
    ]
    table("What each of them has", ["of", SELECTED, "90 %", UNIFORM], rows)


def bought(found: PurchasePlans, step: int, most: int) -> None:
    """A row for each provider; of many, for those of which most is bought.

    Parameters
    ----------
    most : decimals of what `step` samples more are worth.
    """
    best, worlds = found.selected, []
    if found.stability is not None:
        worlds = [f"{low:.0f}–{high:.0f} %" for low, high in 100 * found.stability.shares]
    worth = changes((step / THOUSAND * best.marginal_value).tolist(), WORTH_DIGITS, most)
    prices = as_written(best.prices)
    order = np.argsort(-best.samples, kind="stable")
    buys = int(np.count_nonzero(best.samples))
    many = len(order) > SHOWN_PROVIDERS
    rows = [
        [
            best.names[i],
            f"{best.mixture[i]:.1%}",
            *worlds[i : i + 1],
            f"{best.samples[i]:,}",
            "–" if found.providers[i].capacity is None else f"{found.providers[i].capacity:,}",
            *([prices[i], f"{best.costs[i]:,.2f}"] if found.priced else []),
            worth[i],
        ]
        for i in (order[: min(buys, SHOWN_PROVIDERS)] if many else range(len(order)))
    ]
    told = ["worlds"] if worlds else []
    money = ["price", "cost"] if found.priced else []
    columns = ["provider", "share", *told, "samples", "of", *money, f"{step:,} more"]
    table(order_of(found), columns, rows)
    if len(rows) < len(order):
        headline("note", f"{buys} of {len(order)} providers are bought from")


def order_of(found: PurchasePlans) -> str:
    """What is bought, for how much of the budget."""
    best = found.selected
    says = "Buy" if found.reachable else "Short of the target, the best there is:"
    within = "" if found.budget is None else f" of {found.budget:,.10g}"
    money = f" for {best.cost:,.2f}{within}" if found.priced or within else ""
    return f"{says} {best.size:,} samples{money}"


def frontier(found: Mapping[float, Plan], metric: str) -> None:
    """The best plan for each budget."""
    decimals = decimals_from_intervals([plan.interval for plan in found.values()])
    rows = [
        [
            f"{budget:,.2f}",
            f"{plan.predicted:,.{decimals}f}",
            interval_text(plan.interval, decimals),
            f"{plan.cost:,.2f}",
            f"{plan.size:,}",
            mixture(dict(zip(plan.names, plan.mixture, strict=True)), plan.names),
        ]
        for budget, plan in found.items()
    ]
    columns = ["budget", metric, "90 %", "cost", "samples", MIXTURE]
    table("Value against money", columns, rows)
