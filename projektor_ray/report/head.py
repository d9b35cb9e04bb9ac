"""The top of the page: what to buy, and the four numbers that a buyer asks for first."""

from html import escape

import numpy as np

from projektor_ray.explain.content import Report
from projektor_ray.explain.words import listed
from projektor_ray.report.html import tile
from projektor_ray.selection.comparison import UNIFORM

NAMED = 3
"""Providers that the page's heading names."""


def head(report: Report) -> str:
    """The heading and its tiles."""
    tiles = [
        tile(report.show(report.selected.predicted), _predicted(report)),
        _gain(report) if report.bought.answer is None else _target(report),
        _cost(report),
        tile(f"{len(report.trained.values):,}", _trainings(report)),
    ]
    return (
        f'<header><div class="kind">{escape(report.title)}</div>'
        f"<h1>{escape(_heading(report))}</h1>"
        f'<ul class="tiles">{"".join(tiles)}</ul></header>'
    )


def _heading(report: Report) -> str:
    says = f"{report.selected.size:,} samples: {_bought(report)}."
    answer = report.bought.answer
    if answer is None or answer.reached:
        return f"Buy {says}"
    within = (
        ""
        if report.bought.budget is None
        else f" within the budget of {report.bought.budget:,.10g}"
    )
    best = report.show(report.selected.predicted)
    return f"{answer.target:.10g} cannot be reached{within}. The best is {best}, with {says}"


def _bought(report: Report) -> str:
    samples = report.selected.samples
    order = [i for i in np.argsort(-samples, kind="stable") if samples[i]]
    shown = len(order) if len(order) <= NAMED + 1 else NAMED
    said = [f"{samples[i]:,} of {report.labels[i]}" for i in order[:shown]]
    if order[shown:]:
        said.append(f"{samples[order[shown:]].sum():,} of {len(order) - shown} others")
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _predicted(report: Report) -> str:
    told = f"predicted {report.metric_label}"
    interval = report.selected.interval
    return (
        told if interval is None else f"{told}; nine in ten trainings: {report.show_span(interval)}"
    )


def _gain(report: Report) -> str:
    """On the best clearly different plan, and where that is another on the uniform one."""
    name = report.bought.nearest
    if name is None:
        return tile("no choice", "all plans that were compared buy nearly the same")
    gain, called = report.gains[name], report.bought.called(name)
    over = []
    if name != UNIFORM and UNIFORM in report.gains:
        over = [f"over {UNIFORM}: {report.show_gain(report.gains[UNIFORM])}"]
    if not report.measurable(gain):
        says = f"over {called}, the best clearly different plan: {report.show_gain(gain)}"
        return tile("no measurable gain", says, *over)
    between = report.show_span((gain.low, gain.high))
    says = f"better than {called}, the best clearly different plan; 90%: {between}"
    return tile(report.show(gain.value), says, *over)


def _target(report: Report) -> str:
    """How surely the target is reached, or how far it is missed."""
    answer, best = report.bought.answer, report.selected
    assert answer is not None
    target = f"{answer.target:.10g}"
    if not answer.reached:
        return tile(
            report.show(abs(answer.target - best.predicted)), f"short of the {target} asked for"
        )
    said = "asked for, and reached in the mean of trainings"
    if best.interval is not None:
        worst, beyond = (
            (best.interval[0], "below") if report.sign > 0 else (best.interval[1], "above")
        )
        said += f"; one in twenty would be {beyond} {report.show(worst)}"
    return tile(target, said)


def _cost(report: Report) -> str:
    """What is to pay, beside the budget."""
    budget, cost = report.bought.budget, f"{report.selected.cost:,.2f}"
    if budget is not None:
        return tile(cost, f"to pay, of a budget of {budget:,.2f}")
    if not report.bought.priced:
        return tile("no cost", "nothing that is for sale has a price")
    return tile(cost, "to pay; no budget was set")


def _trainings(report: Report) -> str:
    sizes = listed([f"{scale:,}" for scale in report.trained.scales])
    return f"trainings of {len(report.providers)} providers’ samples, at {sizes} samples"
