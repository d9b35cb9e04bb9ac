"""A report as one HTML file: no network; its only script reads out the marks of charts."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from projektor_ray.explain import text_tables
from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.headline import heading, tiles
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.page_text import page_environment
from projektor_ray.explain.plan_reasons import plan_reasons
from projektor_ray.explain.results import Results
from projektor_ray.report import charts
from projektor_ray.report.evidence_charts import distance_chart, fit_chart
from projektor_ray.report.html_tables import page_table
from projektor_ray.report.mixture_chart import mixture_chart
from projektor_ray.report.provider_profiles import shown_profiles


def render_page(report: Results) -> str:
    """The HTML of a report: the plan, warnings and next steps, then the evidence."""
    return _environment().get_template("page.html").render(_context(report))


@cache
def _environment() -> Environment:
    environment = page_environment("projektor_ray.report")
    environment.globals["style"] = Markup(style_sheet())
    environment.globals["script"] = Markup(chart_script())
    return environment


def style_sheet() -> str:
    """The style of pages and of charts."""
    return _file("style.css") + _file("charts.css")


def chart_script() -> str:
    """The script that reads out the marks of charts, of this page and of the service's."""
    return _file("charts.js")


def _file(name: str) -> str:
    return files("projektor_ray.report").joinpath(f"templates/{name}").read_text(encoding="utf-8")


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
        "budget_chart": charts.frontier_chart(report),
        "budget_steps_table": page_table(text_tables.budget_steps_table(report)),
        "comparison_chart": charts.comparison_chart(report),
        "baselines_table": page_table(text_tables.comparison_table(report)),
        "sets_table": page_table(text_tables.validation_sets_table(report)),
        "mixture_chart": mixture_chart(report, report.surface),
        "mixture_caption": text_tables.mixture_caption(report),
        "marginal_value_chart": charts.marginal_value_chart(report),
        "marginal_value_caption": text_tables.marginal_value_caption(report),
        "growth_chart": projections and _growth_chart(report),
        "models_table": projections,
        "fit_chart": fit_chart(report),
        "fit_caption": text_tables.fit_caption(report),
        "distance_chart": distance_chart(report),
        "distance_caption": text_tables.distance_caption(report),
        "errors_table": page_table(text_tables.errors_table(report.predictors, of)),
        "reasons": plan_reasons(report),
        "profiles": shown_profiles(report),
        "profiles_caption": text_tables.PROFILES_CAPTION,
    }


def _growth_chart(report: Results) -> Markup | None:
    drawn = [one for one in report.curves if one.name in report.plans]
    return charts.growth_chart(report, drawn, report.other_models)
