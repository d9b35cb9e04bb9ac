"""Why an adaptive design ended, in words."""

import pytest

from projektor_ray.designs.adaptive import Step
from projektor_ray.explain.design_end import design_end
from tests.helpers.studies import adaptive


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step("stop", reason="most_mixtures"), "5 mixtures, as many as the study allows."),
        (Step("stop", reason="all_candidates"), "candidates are in the design."),
        (Step("stop", reason="too_few_probes", failure="no probe"), "be chosen: no probe."),
        (
            Step("stop", reason="small_gain", gain=0.00123),
            "would gain 0.0012 in accuracy on average, less than probes.min_expected_gain: 0.01.",
        ),
    ],
)
def test_each_reason_has_a_sentence(step: Step, text: str) -> None:
    study = adaptive(initial_mixtures=5, n_mixtures=20, min_expected_gain=0.01)
    fact = design_end(study, step, chosen=1)
    assert str(fact).startswith("1 mixture chosen; ")
    assert str(fact).endswith(text)
    assert fact.values["reason"] == step.reason
