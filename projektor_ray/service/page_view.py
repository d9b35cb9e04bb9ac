"""The page and its parts, from a served study and the page's state: words come from `explain`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from projektor_ray.errors import ProjektorError
from projektor_ray.explain.assemble import curves_at, surface_at
from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.data_lines import data_parts
from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.headline import heading, tiles
from projektor_ray.explain.new_provider_facts import NEEDS_PILOTS
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.page_text import page_environment
from projektor_ray.explain.plan_reasons import plan_reasons
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.explain.purchase_comparison import compare_purchases, exceeded_limits
from projektor_ray.explain.results import Curve, Results, Surface
from projektor_ray.explain.text_tables import (
    budget_table,
    comparison_table,
    fit_caption,
    plan_table,
)
from projektor_ray.report.charts import (
    comparison_chart,
    frontier_chart,
    growth_chart,
    marginal_value_chart,
)
from projektor_ray.report.evidence_charts import distance_chart, fit_chart
from projektor_ray.report.mixture_chart import mixture_chart
from projektor_ray.report.page import chart_script
from projektor_ray.report.page import style_sheet as report_style
from projektor_ray.selection.comparison import SELECTED, UNIFORM
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.service import answers
from projektor_ray.service.catalogue import Catalogue, ServedStudy
from projektor_ray.service.new_providers import Examined
from projektor_ray.service.page_state import PageState, UnfinishedError
from projektor_ray.service.plan_files import FILE_GROUPS
from projektor_ray.service.request_bodies import SelectBody
from projektor_ray.service.worker_pool import until
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.largest_remainder import round_counts
from projektor_ray.study import FittedStudy

POINTS = 9
"""Sizes at which a curve is drawn."""
BEYOND = 2.0
"""A curve goes on to so many times the size to buy."""


@cache
def _environment() -> Environment:
    return page_environment("projektor_ray.service")


@cache
def style_sheet() -> bytes:
    """The style sheet of the report, and what the page needs beyond it."""
    return f"{report_style()}\n{_file('page.css')}".encode()


@cache
def script() -> bytes:
    """The page's one module, with what reads out the marks of charts."""
    return f"{chart_script()}\n{_file('page.js')}".encode()


def _file(name: str) -> str:
    return files("projektor_ray.service").joinpath(f"static/{name}").read_text(encoding="utf-8")


def render(template: str, **context: Any) -> str:
    """A template's HTML; all text is escaped."""
    return _environment().get_template(template).render(context)


def page(
    catalogue: Catalogue,
    served: ServedStudy,
    state: PageState,
    query: Sequence[tuple[str, str]],
    shown: dict[str, str],
    has_pilots: bool,
) -> str:
    """The whole page.

    Parameters
    ----------
    query : of the address, which the state was read from.
    shown : HTML of the parts that are shown at once; the others are fetched by the script.
    has_pilots : whether new providers can be compared with the study's pilots.
    """
    tables = [profile_table(each, name) for name, each in served.profiles.items()]
    if len(tables) == 1:
        tables = [profile_table(next(iter(served.profiles.values())), "")]
    return render(
        "page.html",
        names=catalogue.names,
        study=served.study,
        state=state,
        query=urlencode(query),
        fields=[(name, value) for name, value in query if name != "frontier"],
        profiles=tables,
        shown={name: Markup(html) for name, html in shown.items()},
        forms=FILE_GROUPS,
        read=data_parts(served.study.study.validations, served.study.study.pilots),
        needs_pilots="" if has_pilots else NEEDS_PILOTS,
    )


def answer(served: ServedStudy, state: PageState, deadline: float) -> str:
    """The plan, how sure it is, what it is compared with, and the charts."""
    results = replace(answers.results(served, state.body, deadline), interface="page")
    study = _offering(served, state.body, deadline)
    curves, surface = _drawn(served, study, results, state.body, deadline)
    by_hand = _by_hand(study, state)
    return render(
        "answer.html",
        heading=heading(results),
        tiles=tiles(results),
        results=results,
        shares=dict(zip(results.names, results.selected.mixture.tolist(), strict=True)),
        plan_table=plan_table(results),
        comparison_table=comparison_table(results),
        reasons=plan_reasons(results),
        warnings=list(map(str, warnings(results))),
        next_steps=list(map(str, next_steps(results))),
        comparison=comparison_chart(results),
        growth=growth_chart(results, curves),
        mixture=mixture_chart(results, surface, by_hand),
        is_map=surface is not None,
        marginal_values=marginal_value_chart(results),
        fit=fit_chart(results),
        fit_caption=fit_caption(results),
        distances=distance_chart(results),
    )


def by_hand(served: ServedStudy, state: PageState, deadline: float) -> str:
    """What the mixture of the sliders is predicted to reach, compared with the plan."""
    study = _offering(served, state.body, deadline)
    mixture = _by_hand(study, state)
    if mixture is None:
        return render("by_hand.html", purchase=None)
    results = answers.results(served, state.body, deadline)
    samples = round_counts(mixture, results.selected.size, study.providers)
    own = study.purchase(dict(zip(study.providers, samples.tolist(), strict=True)))
    best = zip(results.names, results.selected.samples.tolist(), strict=True)
    plan = study.purchase(dict(best))
    return render(
        "by_hand.html",
        results=results,
        purchase=own,
        bought=[
            f"{name} {count:,}"
            for name, count in zip(study.providers, samples.tolist(), strict=True)
            if count
        ],
        fact=str(compare_purchases(study, own, plan, "your mixture", "the plan")),
        limits=list(map(str, exceeded_limits(own, state.body.budget))),
        beyond=str(extrapolation(own.size, study.scales)) if own.size > max(study.scales) else "",
    )


def frontier(served: ServedStudy, state: PageState, deadline: float) -> str:
    """The best plan for each budget, as a chart and a table."""
    if len(state.budgets) < 2:
        return render("frontier.html", chart=None, table=None)
    changes: dict[str, Any] = {"size": None, "budget": None, "target": None, "without_each": False}
    changes["frontier"] = list(state.budgets)
    body = SelectBody.model_validate({**state.body.model_dump(exclude_unset=True), **changes})
    results = answers.results(served, body, deadline)
    return render("frontier.html", chart=frontier_chart(results), table=budget_table(results))


def new_provider(examined: Examined) -> str:
    """What a new provider would change, how sure that is, and its profile."""
    return render(
        "new_provider.html",
        facts=list(map(str, examined.facts)),
        purchases=examined.purchases,
        tables=list(examined.tables.values()),
        name=examined.extended.name,
    )


def _by_hand(study: FittedStudy, state: PageState) -> Floats | None:
    weights = state.weights
    if not weights:
        return None
    return np.array([weights.get(name, 0.0) for name in study.providers])


def _offering(served: ServedStudy, body: SelectBody, deadline: float) -> FittedStudy:
    return until(served.study, deadline).offering(body.changed, body.aggregate)


def _drawn(
    served: ServedStudy, study: FittedStudy, results: Results, body: SelectBody, deadline: float
) -> tuple[tuple[Curve, ...], Surface | None]:
    """Curves of the plan and of the uniform plan, and the map of all mixtures; remembered."""

    def compute() -> tuple[tuple[Curve, ...], Surface | None]:
        size = results.selected.size
        objective = study.problem.objective_at(size)
        assert isinstance(objective, MetricObjective)
        return _curves(study, results), surface_at(objective, len(study.providers))

    drawn: tuple[tuple[Curve, ...], Surface | None] = served.answers.get(
        ("drawn", body.model_dump_json()), deadline, compute
    )
    return drawn


def _curves(study: FittedStudy, results: Results) -> tuple[Curve, ...]:
    if len(study.scales) == 1:
        return ()
    first, last = min(study.scales), BEYOND * max(results.selected.size, *study.scales)
    sizes = np.unique(np.append(np.rint(np.geomspace(first, last, POINTS)), results.selected.size))
    plans = {name: results.plans[name] for name in (SELECTED, UNIFORM) if name in results.plans}
    return curves_at(study.objective, plans, sizes)


def without_answer(failure: ProjektorError) -> str:
    """Why there is no answer, in words, in its place; an unfinished question is no error."""
    unfinished = isinstance(failure, UnfinishedError)
    return render("refusal.html", text=str(failure), unfinished=unfinished)


def no_file(text: str, query: str) -> str:
    """A page in place of a file that cannot be written, with a link back to the plan."""
    return render("no_file.html", text=text, query=query)


def sign_in(failed: bool) -> str:
    """The page that takes the token."""
    return render("sign_in.html", failed=failed)
