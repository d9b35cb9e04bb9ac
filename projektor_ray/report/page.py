"""A report as one HTML file that needs nothing else: no script, no network."""

from html import escape
from importlib.resources import files

import numpy as np

from projektor_ray.formats import aligned
from projektor_ray.report.card import cards_section
from projektor_ray.report.content import Report
from projektor_ray.report.figures import (
    fit_figure,
    growth_figure,
    plans_figure,
    worth_figure,
)
from projektor_ray.report.html import (
    columns,
    figure,
    items,
    paragraph,
    section,
    sentence,
    table,
    tile,
)
from projektor_ray.report.mixtures import mixture_figure
from projektor_ray.report.names import model_name
from projektor_ray.report.purchase import frontier_section, parts_section
from projektor_ray.report.words import few_agree, next_steps, warnings
from projektor_ray.selection.agreement import WORLDS_LEVEL

OPEN_ROWS = 20
"""Providers that the table of the plan shows; the others unfold."""
NAMED = 3
"""Providers that the page's heading names."""


def page(report: Report) -> str:
    """The HTML of a report: the plan, why, and what to do next."""
    style = files("projektor_ray.report").joinpath("style.css").read_text(encoding="utf-8")
    body = "".join(
        [
            _head(report),
            _plan_section(report),
            frontier_section(report),
            _beside_section(report),
            parts_section(report),
            columns(_mixture_section(report), _worth_section(report)),
            _growth_section(report),
            columns(_fit_section(report), _predictors_section(report)),
            cards_section(report),
            columns(_why_section(report), _next_section(report)),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _head(report: Report) -> str:
    best = report.selected
    gain = report.gain
    compared = "better than" if gain.value >= 0 else "worse than"
    likely = f"{compared} as much from everybody; 90 %: {report.show_span((gain.low, gain.high))}"
    tiles = [
        tile(report.show(best.predicted), _predicted(report)),
        tile(report.show(abs(gain.value)), likely),
        tile(f"{best.cost:,.2f}", "to pay"),
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
    return f"{answer.target:.10g} cannot be reached. The best there is are {says}"


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


def _trainings(report: Report) -> str:
    sizes = " and ".join(f"{scale:,}" for scale in report.trained.scales)
    return f"trainings of {len(report.providers)} providers’ samples, at {sizes} samples"


def _plan_section(report: Report) -> str:
    best = report.selected
    worlds = ["–"] * len(best.names)
    if report.bought.agreement is not None:
        shares = 100 * report.bought.agreement.shares
        worlds = [f"{low:.0f}–{high:.0f} %" for low, high in shares]
    rows = []
    for i in np.argsort(-best.samples, kind="stable"):
        capacity = report.providers[i].capacity
        rows.append(
            [
                best.names[i],
                f"{best.samples[i]:,}",
                "–" if capacity is None else f"{capacity:,}",
                f"{best.mixture[i]:.1%}",
                worlds[i],
                f"{best.prices[i]:,g}",
                f"{best.costs[i]:,.2f}",
                report.show_without(best.names[i]),
                report.show_change(report.worth[i]),
            ]
        )
    more = f"{report.step:,} more"
    head = ["provider", "samples", "for sale", "share", "worlds", "price", "cost", "without", more]
    said = (
        f"Worlds: between which shares the best plan is in {WORLDS_LEVEL:.0%} of the worlds that "
        f"agree with the trainings. Without, {more}: by how much {report.metric_label} changes if "
        "the best plan without the provider is bought, or so many samples of it on top."
    )
    return section("What to buy", table(head, rows, kind="plan", shown=OPEN_ROWS, caption=said))


def _beside_section(report: Report) -> str:
    rows = []
    for name, plan in report.plans.items():
        gain = report.bought.gains.get(name)
        rows.append(
            [
                report.bought.called(name),
                report.show(plan.predicted),
                "" if gain is None else report.show_change(gain.value),
                "" if gain is None else report.show_span((gain.low, gain.high)),
                f"{plan.cost:,.2f}",
            ]
        )
    chosen = [plan is report.selected for plan in report.plans.values()]
    head = ["plan", "predicted", "gain", "90 %", "cost"]
    kept = "the same constraints" if report.bought.answer is None else "capacities and terms"
    says = (
        f"All keep {kept}. A bar is where nine of ten trainings on such a purchase "
        "would lie. Gain: by how much the selected plan is better, where errors that both plans "
        "share do not matter."
    )
    if report.bought.filled_up:
        says += f" {sentence(report.bought.filled_up)}"
    return section(
        "Beside other plans",
        columns(
            figure(plans_figure(report), says), table(head, rows, chosen=chosen, kind="beside")
        ),
    )


def _mixture_section(report: Report) -> str:
    says = (
        f"Predicted {report.metric_label} at {report.selected.size:,} samples of every mixture; "
        "dots are mixtures that were trained: what is far from them is a guess."
        if report.surface is not None
        else "Shares of the providers in each plan, largest of the selected one first."
    )
    return section("Which mixture", figure(mixture_figure(report), says))


def _worth_section(report: Report) -> str:
    says = (
        "On top of the plan, to first order. It may make things worse where a provider’s samples "
        "would dilute better ones."
    )
    return section(f"What {report.step:,} more are worth", figure(worth_figure(report), says))


def _growth_section(report: Report) -> str:
    """How the metric grows, and what each model makes of it; nothing where there is one size."""
    if not report.curves:
        return ""
    rows = [
        [
            model_name(one.model),
            report.show(one.value),
            report.show_span((one.low, one.high)),
            report.show_change(one.gain),
        ]
        for one in report.opinions
    ]
    head = ["model", "the plan", "90 %", "gain on uniform"]
    said = (
        f"What every model of the sizes says of the plan at {report.selected.size:,} samples; "
        "in bold, the one that decides. Where they differ, nobody knows the law, whatever the "
        "interval."
    )
    chosen = [one.decides for one in report.opinions]
    says = "Bands are 90 % intervals, dots trainings; dashed, the selected mixture by other models."
    return section(
        "How it grows",
        columns(
            figure(growth_figure(report), says), table(head, rows, chosen=chosen, caption=said)
        ),
    )


def _fit_section(report: Report) -> str:
    return section(
        "How well it fits",
        figure(
            fit_figure(report),
            f"Mean absolute error {report.trained.error:.3g}; a perfect model would lie on the "
            "line up to the noise of the trainings.",
        ),
    )


def _predictors_section(report: Report) -> str:
    """A row for each predictor, a column for each size, least error at the largest size first."""
    scales = report.trained.scales
    errors: dict[str, dict[int, float | None]] = {}
    decide: set[str] = set()
    for row in report.predictors:
        name = f"{model_name(row['predictor'])}{row['on']}"
        errors.setdefault(name, {})[row["size"]] = row["mae_cv"]
        decide |= {name} if row["chosen"] else set()
    last = {name: of.get(scales[-1]) for name, of in errors.items()}
    order = sorted(errors, key=lambda name: np.inf if (error := last[name]) is None else error)
    shown = [aligned([errors[name].get(scale) for name in order], 3) for scale in scales]
    rows = [[name, *cells] for name, *cells in zip(order, *shown, strict=True)]
    said = (
        f"Mean absolute errors of {report.errors_of}, of mixtures that were not fitted. In bold: "
        "what the plan depends on."
    )
    head = ["predictor", *(f"at {scale:,}" for scale in scales)]
    chosen = [name in decide for name in order]
    return section("Error by predictor", table(head, rows, chosen=chosen, caption=said))


def _why_section(report: Report) -> str:
    search = [] if few_agree(report) else [report.selected.search]
    worlds = [] if report.bought.agreement is None else [str(report.bought.agreement)]
    answer = [] if report.bought.answer is None else [str(report.bought.answer)]
    unspent = [report.bought.unspent] if report.bought.unspent else []
    told = items([*answer, *report.reasons, *unspent, *search, *worlds])
    careful = warnings(report)
    more = items(careful) if careful else paragraph("Nothing was found that would make it wrong.")
    return section("Why this plan", told, "<h2>What to be careful about</h2>", more)


def _next_section(report: Report) -> str:
    steps = next_steps(report)
    told = items(steps) if steps else paragraph("Nothing would tell much more: buy.")
    return section("What to do next", told)
