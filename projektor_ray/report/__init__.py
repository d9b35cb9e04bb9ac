"""The report: one HTML file that shows fit, projection and plan, and how sure they are."""

from projektor_ray.explain.content import Report
from projektor_ray.report.page import page

__all__ = ["Report", "page"]
