"""Every kind of finding has a sentence that names the field to change."""

from typing import get_args

import pytest

from projektor_ray.explain.probe_findings import design_end, probe_facts, second_stage
from projektor_ray.probes.findings import FindingKind, ProbeFinding
from projektor_ray.study.adaptive import Step
from tests.helpers.studies import adaptive

FINDINGS = {
    "warning": {"warning": "ConvergenceWarning: lbfgs failed", "probes": 84, "of": 84},
    "near_constant": {"metric": 0.41, "constant": 0.4},
    "flat_in_size": {
        "smallest": 40,
        "largest": 160,
        "metric_smallest": 0.61,
        "metric_largest": 0.6,
    },
    "perfect": {"metric": 1.0, "probes": 12},
}


def test_every_kind_has_a_sentence() -> None:
    assert set(FINDINGS) == set(get_args(FindingKind))
    facts = probe_facts([ProbeFinding(kind, of) for kind, of in FINDINGS.items()], "accuracy")
    texts = [fact.text for fact in facts]
    assert texts[0] == (
        "ConvergenceWarning in 84 of 84 probes: raise max_iter in learner.settings, or set "
        "learner.input: standardized."
    )
    assert "0.41" in texts[1]
    assert "from 40 samples (0.61) to 160 (0.6)" in texts[2]
    assert "All 12 probes" in texts[3]


def test_the_same_advice_has_the_same_topic() -> None:
    """Two texts of one category with a remedy are one advice; of another category they are two."""
    notes = [
        "ConvergenceWarning: lbfgs failed",
        "ConvergenceWarning: sag failed",
        "UserWarning: a",
        "UserWarning: b",
    ]
    findings = [ProbeFinding("warning", {"warning": one, "probes": 1, "of": 4}) for one in notes]
    topics = [one.values["topic"] for one in probe_facts(findings, "accuracy")]
    assert topics == [
        "ConvergenceWarning",
        "ConvergenceWarning",
        "UserWarning: a",
        "UserWarning: b",
    ]


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


def test_the_plans_of_a_second_stage() -> None:
    fact = second_stage(Step("train", sizes=(2000, 2000, 1500)))
    assert str(fact) == (
        "3 plans predicted best are trained at 1,500 to 2,000 samples (second stage, 5,500 samples "
        "in all)."
    )
    assert "trained at 60 samples" in str(second_stage(Step("train", sizes=(60, 60))))
