"""The report: one HTML page of plan, warnings, next steps and evidence, from templates."""

from projektor_ray.report.page import render_page
from projektor_ray.report.write import write_report

__all__ = ["render_page", "write_report"]
