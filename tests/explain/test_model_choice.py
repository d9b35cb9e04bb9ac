"""Why a model was chosen, in words."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import ClassShares, FittedModels, choose_model


def fitted(*scales: int, **options: Any) -> FittedModels:
    rng = np.random.default_rng(0)
    mixtures = np.tile(rng.dirichlet(np.ones(3), size=10), (len(scales), 1))
    sizes = np.repeat(scales, 10)
    values = (
        0.4 + mixtures @ [0.2, 0.1, -0.1] + 0.03 * np.log(sizes) + rng.normal(0, 0.01, len(sizes))
    )
    probes = ProbeArrays.check(mixtures, None, values, sizes)
    return choose_model(probes, (0.0, 1.0), **options)


@pytest.mark.parametrize(
    ("scales", "options", "says"),
    [
        ((100,), {}, "one scale only: the value there, predicted by ensemble, the default"),
        ((100, 400), {}, "joint_power, the default with two scales"),
        ((100, 400), {"projection": "joint"}, "joint, as requested"),
        (
            (100, 400),
            {"projection": "eq3"},
            "eq3 over gp, as requested; predictor: gp, the default",
        ),
        ((100, 400), {"predictor": "linear"}, "eq3 over linear; predictor: linear, as requested"),
        ((100, 400), {"predictor": "least_error"}, ", of least error (cross-validated error"),
        (
            (100, 400, 1600),
            {},
            "the default, with the least error at 1,600 when held out",
        ),
    ],
)
def test_the_rule_is_said(scales: tuple[int, ...], options: dict[str, str], says: str) -> None:
    assert says in describe_choice(fitted(*scales, **options))


def test_sizes_of_few_probes_are_no_scale() -> None:
    """The plans of a second stage have a column of errors, which "two scales" did not explain."""
    mixtures = np.tile(np.random.default_rng(0).dirichlet(np.ones(3), size=10), (2, 1))
    sizes = np.concatenate([np.repeat([100, 400], 10), [900, 900]])
    mixtures = np.vstack([mixtures, mixtures[:2]])
    values = 0.4 + mixtures @ [0.2, 0.1, -0.1] + 0.03 * np.log(sizes)
    said = describe_choice(choose_model(ProbeArrays.check(mixtures, None, values, sizes), (0, 1)))
    assert "two scales (the few probes at 900 samples count, but are no scale)" in said


def test_errors_are_listed_with_three_digits() -> None:
    found = fitted(100, 400, 1600)
    said = describe_choice(found)
    for law, error in found.reason.errors.items():
        assert f"{law} {error:.3g}" in said


def test_a_further_scale_is_not_advised() -> None:
    """One below the largest made predictions worse at equal cost."""
    assert "third" not in describe_choice(fitted(100, 400))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("held_out", "joint_power, whose error at 1,600 when held out is lower than the default's"),
        ("default", "joint_power, the default; no other model predicted the runs at 1,600 better"),
    ],
)
def test_a_comparison_says_what_it_decided(rule: Literal["held_out", "default"], says: str) -> None:
    found = fitted(100, 400, 1600)
    reason = replace(found.reason, rule=rule, errors={"joint": 0.01, "joint_power": 0.02})
    assert says in describe_choice(replace(found, reason=reason))


def test_the_family_of_the_learner_and_ceilings_are_named() -> None:
    found = fitted(100, 400)
    assert describe_choice(found).endswith("; learner family: unknown")
    shares = ClassShares(np.eye(3), np.full(3, 1 / 3))
    lacking = fitted(100, 400, classes=shares, family="network")
    said = describe_choice(lacking)
    assert said.endswith("; learner family: network; classes that a mixture lacks stay wrong")
    flat = describe_choice(fitted(100, 400, family="saturating"))
    assert flat.endswith("; learner family: saturating (growth flattens)")
