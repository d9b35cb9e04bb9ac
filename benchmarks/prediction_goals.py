"""The goals of `benchmarks.prediction`, what stood before them, and the table of both."""

from collections.abc import Iterable, Sequence

SCALE_GOALS = (3.0, 2.4, 2.1, 1.7, 1.5, 2.7)
"""In scale, for each of `COUNTS` and for 21 in an unseen region: most error of what the system
would take by itself, in multiples of the noise floor."""
GOALS = {
    ((250, 1000), 12): 6.7,
    ((250, 1000), 21): 6.0,
    ((500, 1000, 2000), 12): 3.3,
    ((500, 1000, 2000), 21): 2.1,
}
"""Scales and trainings at each → most error at the last target, in multiples of the noise floor."""
SCORE_GOALS = {
    "250, 1,000; 12 trainings each": 21.0,
    "250, 1,000; 21 trainings each": 18.0,
    "500, 1,000, 2,000; 12 trainings each": 10.5,
    "500, 1,000, 2,000; 21 trainings each": 7.8,
}
"""The same of the mean interval score, in points."""
IN_SCALE_SCORE_GOAL = 11.8
COVERAGE_GOAL = (0.87, 0.95)
"""Averaged over tables."""
PAPER = (
    "| cs, as the paper's figure has it for its own sources | – | 3.8 | 2.2 | 1.65 | 1.5 | – |",
    "| pq, the same | – | 7.4 | 3.0 | 1.4 | 1.1 | – |",
)
"""Errors in points, by the paper's figure."""
EARLIER = "d382dda"
BEFORE = {
    ((250, 1000), 12): (7.09, 26.46, 0.93, 1.94),
    ((250, 1000), 21): (6.07, 23.21, 0.93, 1.78),
    ((500, 1000, 2000), 12): (3.82, 14.25, 0.99, 0.65),
    ((500, 1000, 2000), 21): (2.28, 8.63, 1.00, 0.87),
}
"""What the study chose at commit `EARLIER`, before families, ceilings and narrower intervals: error
in multiples of the floor, mean interval score, coverage and regret, on the same 40 splits."""
IN_SCALE_BEFORE = (13.29, 0.93)
"""The same of `SYSTEM`: mean interval score and coverage."""
REGRET_GOAL = 0.9
"""Points, of the first of them."""


def in_scale_goal_rows(
    predictor: str, designs: Sequence[str], ratios: Sequence[float], score: float, covered: float
) -> Iterable[str]:
    """Rows of the table of goals of what the system takes at one size."""
    for design, ratio, goal in zip(designs, ratios, SCALE_GOALS, strict=True):
        name, kept = f"in scale, `{predictor}`, {design}", within(ratio, 0, goal)
        yield f"| {name} | error, × noise floor | | {ratio:.2f} | | ≤ {goal} | {kept} |"
    limits = (("mean interval score", (0, IN_SCALE_SCORE_GOAL)), ("coverage", COVERAGE_GOAL))
    for (what, range_), now, was in zip(limits, (score, covered), IN_SCALE_BEFORE, strict=True):
        limit = f"{range_[0]}–{range_[1]}" if range_[0] else f"≤ {range_[1]}"
        kept = within(now, *range_)
        yield f"| in scale, `{predictor}` | {what} | {was:.2f} | {now:.2f} | | {limit} | {kept} |"


def goal_rows(
    name: str,
    measured: Sequence[float],
    earlier: Sequence[float],
    parts: Sequence[str],
    goal: float,
) -> Iterable[str]:
    """Rows of the table of goals of one design: error, interval score, coverage, regret."""
    limits = {
        "error, × noise floor": goal,
        "mean interval score": SCORE_GOALS[name],
        "coverage": None,
        "regret": REGRET_GOAL if name == next(iter(SCORE_GOALS)) else None,
    }
    for (what, most), now, was, part in zip(limits.items(), measured, earlier, parts, strict=True):
        if what == "coverage":
            limit, kept = f"{COVERAGE_GOAL[0]}–{COVERAGE_GOAL[1]}", within(now, *COVERAGE_GOAL)
        elif most is None:
            continue
        else:
            limit, kept = f"≤ {most}", within(now, 0, most)
        yield f"| {name} | {what} | {was:.2f} | {now:.2f} | {part} | {limit} | {kept} |"


def within(number: float, low: float, high: float) -> str:
    """Whether a figure, rounded as it is shown, keeps its goal."""
    return "kept" if low <= round(number, 2) <= high else "missed"
