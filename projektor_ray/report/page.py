"""A report as one HTML file that needs nothing else: no script, no network."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from projektor_ray.explain import text_tables
from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.headline import heading, tiles
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.page_text import sentence
from projektor_ray.explain.plan_reasons import plan_reasons
from projektor_ray.explain.results import Results
from projektor_ray.report import figures
from projektor_ray.report.html_tables import page_table
from projektor_ray.report.mixture_figure import mixture_figure
from projektor_ray.report.provider_profiles import shown_profiles


def render_page(report: Results) -> str:
    """The HTML of a report: the plan, warnings and next steps, then the evidence."""
    return _environment().get_template("page.html").render(_context(report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("projektor_ray.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(sentence=sentence, unbroken=unbroken)
    style = files("projektor_ray.report").joinpath("templates/style.css")
    environment.globals["style"] = Markup(style.read_text(encoding="utf-8"))
    return environment


def unbroken(text: str) -> Markup:
    """A text whose intervals, such as `(90%: 0.81…0.97)`, stay on one line."""
    marked = re.sub(r"\(?(?:90%: )?[^\s(]+…[^\s)]+\)?", r"<em>\g<0></em>", str(escape(text)))
    return Markup(marked)


def _context(report: Results) -> dict[str, Any]:
    """What the templates show."""
    projections = page_table(text_tables.projections_table(report))
    of = report.errors_of.replace(report.metric, report.metric_label)
    return {
        "report": report,
        "heading": heading(report),
        "tiles": tiles(report),
        "plan_table": page_table(text_tables.plan_table(report)),
        "warnings": [str(fact) for fact in warnings(report)],
        "next_steps": [str(fact) for fact in next_steps(report)],
        "budget_table": page_table(text_tables.budget_table(report)),
        "budget_figure": len(report.bought.frontier) > 1 and figures.budget_figure(report),
        "budget_steps_table": page_table(text_tables.budget_steps_table(report)),
        "baselines_figure": figures.baselines_figure(report),
        "baselines_table": page_table(text_tables.comparison_table(report)),
        "sets_table": page_table(text_tables.validation_sets_table(report)),
        "mixture_figure": mixture_figure(report),
        "mixture_caption": text_tables.mixture_caption(report),
        "marginal_value_figure": figures.marginal_value_figure(report),
        "marginal_value_caption": text_tables.marginal_value_caption(report),
        "growth_figure": projections and figures.growth_figure(report),
        "models_table": projections,
        "fit_figure": figures.fit_figure(report),
        "fit_caption": text_tables.fit_caption(report),
        "errors_table": page_table(text_tables.errors_table(report.predictors, of)),
        "reasons": plan_reasons(report),
        "profiles": shown_profiles(report),
        "profiles_caption": text_tables.PROFILES_CAPTION,
    }
