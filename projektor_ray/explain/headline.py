"""The top of the page: what to buy, and the four numbers that a buyer needs first."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.errors import listed
from projektor_ray.explain.formatting import count
from projektor_ray.explain.plan_summary import plan_heading
from projektor_ray.explain.results import Results
from projektor_ray.selection.comparison import UNIFORM

NAMED = 3
"""Providers that the page's heading names."""


@dataclass(frozen=True)
class Tile:
    """A number, or a few words in its place, and lines that say what it is."""

    value: str
    lines: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        return any(letter.isdigit() for letter in self.value)


def heading(report: Results) -> str:
    """The purchase in one sentence: `plan_heading`, and the samples of each provider."""
    return f"{plan_heading(report.bought)}: {_purchase(report)}."


def _purchase(report: Results) -> str:
    samples = report.selected.samples
    order = [i for i in np.argsort(-samples, kind="stable") if samples[i]]
    shown = len(order) if len(order) <= NAMED + 1 else NAMED
    parts = [f"{samples[i]:,} from {report.labels[i]}" for i in order[:shown]]
    if order[shown:]:
        parts.append(f"{samples[order[shown:]].sum():,} from {len(order) - shown} others")
    return listed(parts)


def tiles(report: Results) -> tuple[Tile, ...]:
    """Prediction, gain (or target), cost, and trainings."""
    return (
        _prediction(report),
        _gain(report) if report.bought.target_result is None else _target(report),
        _cost(report),
        _trainings(report),
    )


def _prediction(report: Results) -> Tile:
    lines = [f"predicted {report.metric_label}"]
    if report.selected.interval is not None:
        span = report.metric_text.interval(report.selected.interval)
        lines.append(f"90% interval for one training: {span}")
    smaller = report.bought.smaller
    if smaller is not None:
        value = report.metric_text.value(smaller.predicted)
        lines.append(f"a plan of only {count(smaller.size, 'sample')}: {value}")
    return Tile(report.metric_text.value(report.selected.predicted), tuple(lines))


def _gain(report: Results) -> Tile:
    """Over the best clearly different plan; if that is not `uniform`, over `uniform` as well."""
    name = report.bought.nearest
    if name is None:
        return Tile("no choice", ("all compared plans buy nearly the same samples",))
    gain, called = report.gains[name], report.bought.label(name)
    over: tuple[str, ...] = ()
    if name != UNIFORM and UNIFORM in report.gains:
        over = (f"over {UNIFORM}: {report.metric_text.gain(report.gains[UNIFORM])}",)
    if not report.measurable(gain):
        line = f"over {called}, the best clearly different plan: {report.metric_text.gain(gain)}"
        return Tile("no measurable gain", (line, *over))
    span = report.metric_text.interval((gain.low, gain.high))
    line = f"gain over {called}, the best clearly different plan (90%: {span})"
    return Tile(report.metric_text.change(gain.value), (line, *over))


def _target(report: Results) -> Tile:
    """How surely the target is reached, or by how much it is missed."""
    answer, best = report.bought.target_result, report.selected
    assert answer is not None
    target = f"{answer.target:.10g}"
    if not answer.reached:
        return Tile(
            report.metric_text.value(abs(answer.target - best.predicted)),
            (f"short of the target {target}",),
        )
    lines = ["target, reached on average over trainings"]
    if best.interval is not None:
        edge, side = (best.interval[0], "below") if report.sign > 0 else (best.interval[1], "above")
        lines.append(f"one training in twenty is predicted {side} {report.metric_text.value(edge)}")
    return Tile(target, tuple(lines))


def _cost(report: Results) -> Tile:
    """The cost, and the budget."""
    budget, cost = report.bought.budget, f"{report.selected.cost:,.2f}"
    if budget is not None:
        return Tile(cost, (f"cost, of a budget of {budget:,.2f}",))
    if not report.bought.priced:
        return Tile("no cost", ("no provider has a price",))
    return Tile(cost, ("cost; no budget is set",))


def _trainings(report: Results) -> Tile:
    sizes = listed([f"{scale:,}" for scale in report.probes.scales])
    line = f"trainings on samples of {len(report.providers)} providers, at {sizes} samples"
    return Tile(f"{len(report.probes):,}", (line,))
