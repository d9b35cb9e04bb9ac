"""A report as one HTML file that needs nothing else: no script, no network."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files

import numpy as np

from projektor_ray.explain.advice import next_steps
from projektor_ray.explain.content import NEEDED, Report
from projektor_ray.explain.model_names import model_name, named
from projektor_ray.explain.numbers import aligned, as_written, plain
from projektor_ray.explain.words import about_plans, few_agree, warnings
from projektor_ray.report.card import cards_section
from projektor_ray.report.figures import fit_figure, growth_figure, plans_figure, worth_figure
from projektor_ray.report.head import head
from projektor_ray.report.html import columns, figure, items, paragraph, section, sentence, table
from projektor_ray.report.mixtures import mixture_figure
from projektor_ray.report.purchase import frontier_section, parts_section
from projektor_ray.selection.robustness import WORLDS_LEVEL

OPEN_ROWS = 20
"""Providers that the table of the plan shows; the others unfold."""


def page(report: Report) -> str:
    """The HTML of a report: the plan, why, and what to do next."""
    style = files("projektor_ray.report").joinpath("style.css").read_text(encoding="utf-8")
    body = "".join(
        [
            head(report),
            _plan_section(report),
            columns(_careful_section(report), _next_section(report)),
            frontier_section(report),
            _beside_section(report),
            parts_section(report),
            columns(_mixture_section(report), _worth_section(report)),
            _growth_section(report),
            columns(_fit_section(report), _predictors_section(report)),
            _why_section(report),
            cards_section(report),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _plan_section(report: Report) -> str:
    best, more = report.selected, f"{report.step:,} more"
    columns = {
        "provider": best.names,
        "samples": [f"{count:,}" for count in best.samples],
        "for sale": ["–" if p.capacity is None else f"{p.capacity:,}" for p in report.providers],
        "share": [f"{share:.1%}" for share in best.mixture],
    }
    said = (
        f"Without: how {report.metric_label} changes if the best plan that leaves the provider out "
        f"is bought; {NEEDED}, where there is none. {more}: how it changes if so many samples of "
        f"the provider are bought {report.instead}.{_minus(report, ' in both')}"
    )
    if report.bought.agreement is not None:
        columns["worlds"] = [_share_between(*one) for one in report.bought.agreement.shares]
        said += (
            f" Worlds: between which shares the provider is in the best plans of "
            f"{WORLDS_LEVEL:.0%} of the worlds that agree with the trainings; what is wide is "
            "not settled by them."
        )
    if report.bought.priced:
        columns["price"] = as_written(best.prices)
        columns["cost"] = [f"{cost:,.2f}" for cost in best.costs]
    columns["without"] = [report.show_without(name) for name in best.names]
    columns[more] = report.show_worth
    rows = list(zip(*columns.values(), strict=True))
    ordered = [rows[i] for i in np.argsort(-best.samples, kind="stable")]
    wide = ("for sale", "share", "worlds", "price")
    return section(
        "What to buy", table([*columns], ordered, shown=OPEN_ROWS, caption=said, wide=wide)
    )


def _minus(report: Report, where: str = "") -> str:
    """That a minus is better, where it is."""
    if report.direction == "maximize":
        return ""
    return f" Less {report.metric_label} is better: a minus{where} is an improvement."


def _share_between(low: float, high: float) -> str:
    least, most = f"{100 * low:.0f}", f"{100 * high:.0f}"
    return f"{least}%" if least == most else f"{least}–{most}%"


def _beside_section(report: Report) -> str:
    rows = []
    for name, plan in report.plans.items():
        gain = report.gains.get(name)
        rows.append(
            [
                report.bought.called(name),
                report.show(plan.predicted),
                "" if gain is None else report.show_change(gain.value),
                "" if gain is None else report.show_span((gain.low, gain.high)),
                *([f"{plan.cost:,.2f}"] if report.bought.priced else []),
            ]
        )
    chosen = [plan is report.selected for plan in report.plans.values()]
    head = ["plan", "predicted", "gain", "90%", *(["cost"] * report.bought.priced)]
    kept = "the same constraints" if report.bought.answer is None else "capacities and terms"
    says = (
        f"All keep {kept}. A bar is where nine of ten trainings on such a purchase "
        "would lie. Gain: by how much the selected plan is better, where errors that both plans "
        "share do not matter."
    )
    says = " ".join([says, *map(sentence, about_plans(report))])
    return section(
        "Beside other plans",
        columns(
            figure(plans_figure(report), says),
            table(head, rows, chosen=chosen, wide=("predicted",)),
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
        f"Bought {report.instead}, to first order. It may make things worse where a provider’s "
        f"samples would dilute better ones.{_minus(report)}"
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
    head = ["model", "the plan", "90%", "gain on uniform"]
    said = (
        f"What every model of the sizes says of the plan at {report.selected.size:,} samples; "
        "in bold, the one that decides. Where they differ, nobody knows the law, whatever the "
        "interval."
    )
    chosen = [one.decides for one in report.opinions]
    says = "Bands are 90% intervals, dots trainings; dashed, the selected mixture by other models."
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
            f"Mean absolute error {plain(report.trained.error)}; a perfect model would lie on the "
            "line up to the noise of the trainings.",
        ),
    )


def _predictors_section(report: Report) -> str:
    """A row for each predictor of each set, a column for each size, least error at the largest
    size first."""
    scales = report.trained.scales
    errors: dict[str, dict[int, float | None]] = {}
    decide: set[str] = set()
    of_set: dict[str, str] = {}
    for row in report.predictors:
        name = f"{model_name(row['predictor'])}{row['on']}"
        errors.setdefault(name, {})[row["size"]] = row["mae_cv"]
        of_set[name] = row["on"]
        decide |= {name} if row["chosen"] else set()
    order = sorted(errors, key=lambda name: _last_error(errors[name], scales[-1]))
    sets = list(dict.fromkeys(of_set.values()))
    order.sort(key=lambda name: sets.index(of_set[name]))
    shown = [aligned([errors[name].get(scale) for name in order], 3) for scale in scales]
    rows = [[name, *cells] for name, *cells in zip(order, *shown, strict=True)]
    of = report.errors_of.replace(report.metric, report.metric_label)
    said = (
        f"Mean absolute errors of {of}, of mixtures that were not fitted. In bold: what the plan "
        "depends on."
    )
    head = ["predictor", *(f"at {scale:,}" for scale in scales)]
    chosen = [name in decide for name in order]
    return section("Error by predictor", table(head, rows, chosen=chosen, caption=said))


def _last_error(errors: Mapping[int, float | None], size: int) -> float:
    """The error at the largest size; infinite where there is none."""
    error = errors.get(size)
    return np.inf if error is None else error


def _why_section(report: Report) -> str:
    search = [] if few_agree(report) else [report.selected.search]
    answer = [] if report.bought.answer is None else [str(report.bought.answer)]
    unspent = [report.bought.unspent] if report.bought.unspent else []
    reasons = map(named, report.reasons)
    worlds = [] if report.bought.agreement is None else [str(report.bought.agreement)]
    return section("Why this plan", items([*answer, *reasons, *unspent, *search, *worlds]))


def _careful_section(report: Report) -> str:
    careful = warnings(report)
    told = items(careful) if careful else paragraph("Nothing was found that would make it wrong.")
    return section("What to be careful about", told)


def _next_section(report: Report) -> str:
    steps = next_steps(report)
    told = items(steps) if steps else paragraph("Nothing would tell much more: buy.")
    return section("What to do next", told)
