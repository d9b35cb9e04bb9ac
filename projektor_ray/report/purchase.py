"""What the money buys, and what the plans have of each validation set, as parts of the page."""

import itertools

from projektor_ray.explain.content import Report
from projektor_ray.explain.words import in_shares
from projektor_ray.report.figures import frontier_figure
from projektor_ray.report.html import columns, figure, section, table
from projektor_ray.selection.comparison import SELECTED


def frontier_section(report: Report) -> str:
    """The best plan for each budget; nothing where no budgets were asked for."""
    if not report.bought.frontier:
        return ""
    rows = [
        [
            f"{budget:,.2f}",
            report.show(plan.predicted),
            report.show_span(plan.interval),
            f"{plan.cost:,.2f}",
            f"{plan.size:,}",
            in_shares(report, plan.mixture),
        ]
        for budget, plan in report.bought.frontier.items()
    ]
    chosen = [plan is report.selected for plan in report.bought.frontier.values()]
    head = ["budget", "predicted", "90%", "cost", "samples", "shares"]
    said = "The best plan of any size for each budget; in bold, the one that this page is about."
    shown = table(head, rows, chosen=chosen, caption=said, wide=("90%", "cost"))
    if len(rows) == 1:
        return section("Value against money", shown)
    says = "The band is where nine of ten trainings on such a purchase would lie."
    steps = [
        [f"{less:,.2f}", f"{more:,.2f}", report.show_change(plan.predicted - before.predicted)]
        for (less, before), (more, plan) in itertools.pairwise(
            sorted(report.bought.frontier.items())
        )
    ]
    added = table(["from", "to", f"changes {report.metric_label}"], steps)
    drawn = columns(figure(frontier_figure(report), says), added)
    return section("Value against money", shown, drawn)


def parts_section(report: Report) -> str:
    """What each plan has on each validation set; nothing where there is one."""
    parts = report.bought.parts
    if not parts:
        return ""
    rows = [
        [
            name,
            report.show(of[SELECTED].predicted),
            report.show_span(of[SELECTED].interval),
            *(report.show(of[plan].predicted) for plan in report.plans if plan != SELECTED),
        ]
        for name, of in parts.items()
    ]
    others = [report.bought.called(plan) for plan in report.plans if plan != SELECTED]
    said = f"Predicted of each plan on each validation set; the plan is for the {report.metric}."
    return section(
        "On each validation set",
        table(["set", SELECTED, "90%", *others], rows, caption=said, wide=("90%",)),
    )
