"""Sentences about finished probes: what they tell of the learner, why a design needs no more."""

from collections.abc import Iterable

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count
from projektor_ray.probes.findings import ProbeFinding
from projektor_ray.study import Study
from projektor_ray.study.adaptive import Step

REMEDIES = {
    "ConvergenceWarning": "raise max_iter in learner.settings, or set learner.input: standardized",
}
"""What helps against a warning, by its category."""


def probe_facts(findings: Iterable[ProbeFinding], metric: str) -> list[Fact]:
    """A sentence for each finding, with the field to change.

    The value `topic` is the same for sentences that give the same advice.
    """
    return [fact(one.kind, _text(one, metric), topic=_topic(one), **one.values) for one in findings]


def _topic(finding: ProbeFinding) -> str:
    """The kind; of a warning its category where that has a remedy, else its whole text."""
    if finding.kind != "warning":
        return finding.kind
    category = finding.values["warning"].partition(": ")[0]
    return category if category in REMEDIES else str(finding.values["warning"])


def _text(finding: ProbeFinding, metric: str) -> str:
    values = finding.values
    if finding.kind == "warning":
        category, _, says = values["warning"].partition(": ")
        remedy = REMEDIES.get(category)
        advice = f": {remedy}" if remedy else f" ({says})"
        return f"{category} in {values['probes']:,} of {values['of']:,} probes{advice}."
    if finding.kind == "perfect":
        return (
            f"All {values['probes']:,} probes reach the best {metric}, {values['metric']:g}. The "
            "task is too easy to compare providers, or a feature gives the label away."
        )
    if finding.kind == "near_constant":
        return (
            f"The best probe has {metric} {values['metric']:.4g}; always predicting the most "
            f"frequent class or the mean has {values['constant']:.4g}. The learner has learned "
            "next to nothing: check its settings, learner.input and the features."
        )
    return (
        f"The {metric} does not improve from {values['smallest']:,} samples "
        f"({values['metric_smallest']:.4g}) to {values['largest']:,} "
        f"({values['metric_largest']:.4g}). A projection to larger sizes has nothing to build on: "
        "check the learner's settings, or train at larger scales (probes.scales)."
    )


def design_end(study: Study, step: Step, chosen: int) -> Fact:
    """How many mixtures were chosen, and why no further one is.

    Parameters
    ----------
    study : as it ended.
    step : the last one, which stops.
    """
    assert step.reason is not None
    placed, config = len(study.mixtures), study.config
    reason = {
        "most_mixtures": f"the design has {count(placed, 'mixture')}, as many as the study allows",
        "all_candidates": f"all {len(study.candidate_ids):,} candidates are in the design",
        "too_few_probes": f"the next mixture cannot be chosen: {step.failure}",
        "small_gain": f"further probes would gain {step.gain or 0.0:.2g} in {config.metric} on "
        f"average, less than probes.min_expected_gain: {config.probes.min_expected_gain:g}",
    }[step.reason]
    text = f"{count(chosen, 'mixture')} chosen; {reason}."
    return fact("design_end", text, reason=step.reason, mixtures=placed, gain=step.gain)


def second_stage(step: Step) -> Fact:
    """How many plans are trained in a second stage, and at which sizes."""
    sizes = sorted(step.sizes)
    at = " to ".join(dict.fromkeys(f"{size:,}" for size in (sizes[0], sizes[-1])))
    text = (
        f"{count(len(sizes), 'plan')} predicted best are trained at {at} samples "
        f"(second stage, {sum(sizes):,} samples in all)."
    )
    return fact("second_stage", text, plans=len(sizes), sizes=step.sizes)
