"""What `projektor` shows on the terminal."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from projektor_ray.observed import ScaleRegressor
from projektor_ray.projection import noise_gain
from projektor_ray.selection import Plan

console = Console(highlight=False)

SHOWN_MIXTURES = 8
SHOWN_SHARES = 3
PLAN_NAMES = {"single": "best single provider", "probe": "best training"}


def headline(stage: str, says: str) -> None:
    """One line as a stage begins or ends."""
    console.print(f"[bold cyan]{stage:<9}[/] {says}")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: the first column left, all others right-aligned."""
    shown = Table(header_style="dim", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, column in enumerate(columns):
        first = position == 0
        shown.add_column(escape(column), justify="left" if first else "right", no_wrap=not first)
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    console.print(f"\n[bold]{escape(title)}[/]")
    console.print(shown)


def number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}g}"


def projections(projected: pa.Table, model: ScaleRegressor, metric: str) -> None:
    """The best mixtures at each size, the chosen model beside the others."""
    names = list(model.models_)
    chosen = next(name for name in names if model.models_[name] is model.model_)
    for size in dict.fromkeys(projected["size"].to_pylist()):
        at = projected.filter(pc.equal(projected["size"], size))
        by = {n: at.filter(pc.equal(at["model"], n)).to_pylist() for n in names}
        order = np.argsort([row["value"] for row in by[chosen]], kind="stable")
        order = order if model.direction == "minimize" else order[::-1]
        rows = [
            [
                mixture(by[chosen][i], model.providers_),
                number(by[chosen][i]["value"]),
                f"{number(by[chosen][i]['low'])} … {number(by[chosen][i]['high'])}",
                *(number(by[name][i]["value"]) for name in names if name != chosen),
            ]
            for i in order[:SHOWN_MIXTURES]
        ]
        others = [name for name in names if name != chosen]
        table(
            f"{metric} at {size:,}, best {len(rows)} of {len(order)} mixtures",
            ["mixture", chosen, "90 % interval", *others],
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


def plans(found: Mapping[str, Plan], metric: str) -> None:
    """The selected plan, then all plans side by side."""
    best = found["selected"]
    rows = [
        [
            name,
            f"{best.mixture[i]:.1%}",
            f"{best.samples[i]:,}",
            f"{best.prices[i]:g}",
            f"{best.costs[i]:,.2f}",
            f"{best.marginal_value[i]:+.2g}",
        ]
        for i, name in enumerate(best.names)
    ]
    columns = ["provider", "share", "samples", "price", "cost", "1,000 more"]
    table(f"Buy {best.size:,} samples for {best.cost:,.2f}", columns, rows)
    rows = [
        [
            PLAN_NAMES.get(name, name),
            number(plan.predicted),
            "–" if plan.interval is None else " … ".join(map(number, plan.interval)),
            f"{plan.cost:,.2f}",
        ]
        for name, plan in found.items()
    ]
    table(
        "Beside other plans that keep the same constraints", ["plan", metric, "90 %", "cost"], rows
    )
    headline("select", best.search)
