"""Why an adaptive design ended."""

from projektor_ray.designs.adaptive import Step
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count
from projektor_ray.study import Study


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
