"""What a study fits, what it chooses, and what it says of that."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.designs.drawing import simplex_lattice
from projektor_ray.errors import TooFewProbesError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import LogLinear, noise_gain, project, reach
from projektor_ray.projection.choose import Fit, Sample, carried_error, fit_models
from projektor_ray.storage.settings import parse
from projektor_ray.study import SelectionConfig
from projektor_ray.study.fitting import predictor_rows
from tests.helpers.predictor_data import accuracy, distance

SIZE = 4000


def sample(*scales: int, count: int = 21, seed: int = 0) -> Sample:
    """Accuracies that grow by 0.04 for each unit of ln N, with noise."""
    rng = np.random.default_rng(seed)
    grid = simplex_lattice(3, 10)
    mixtures = np.concatenate([grid[rng.choice(66, count, replace=False)] for _ in scales])
    sizes = np.repeat(np.array(scales), count)
    values = accuracy(mixtures) + 0.04 * np.log(sizes / 1000)
    values = values + 0.004 * rng.normal(size=len(sizes))
    flat = np.zeros(mixtures.shape)
    return Sample(mixtures, distance(mixtures), flat, sizes, values, (0.0, 1.0))


LAWS = ("joint_power", "joint", "gp", "none")


def fitted(given: Sample, **asked: str) -> Fit:
    return fit_models(given, parse(SelectionConfig, {"size": SIZE, **asked}), SIZE)


def test_cs_pq_gp_joint_and_no_projection_are_always_there() -> None:
    fit = fitted(sample(250, 1000))
    assert set(fit.models) == {"cs", "pq", "gp", "joint_power", "joint", "none"}
    assert "3 or more scales" in fit.refused["saturating"]
    assert (fit.chosen, fit.predictor) == ("joint_power", "gp")
    assert fit.reason.startswith("joint_power, the default with two scales")
    assert fit.decides("joint_power")
    assert not fit.decides("joint")
    assert not fit.decides("gp")


@pytest.mark.parametrize("name", PREDICTORS)
def test_any_predictor_can_be_asked_for_and_is_joined_by_eq3(name: str) -> None:
    given = sample(250, 1000)
    fit = fitted(given, predictor=name)
    assert {"cs", "pq", "gp", "joint_power", "joint", "none", name} == set(fit.models)
    assert fit.chosen == fit.predictor == name
    assert f"{name} was asked for" in fit.reason
    at = [
        PREDICTORS[name]()
        .fit(*(part[given.sizes == s] for part in (given.mixtures, given.distances, given.values)))
        .predict(given.mixtures, given.distances)
        for s in (250, 1000)
    ]
    np.testing.assert_allclose(
        fit.model.predict(given.mixtures, given.distances, SIZE),
        np.clip(project(SIZE, (250, 1000), at), 0, 1),
    )


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("joint_power", "joint_power"),
        ("joint", "joint"),
        ("eq3", "gp"),
        ("saturating", "saturating"),
        ("none", "none"),
    ],
)
def test_the_projection_asked_for_is_taken(asked: str, chosen: str) -> None:
    fit = fitted(sample(250, 1000, 2000), projection=asked)
    assert fit.chosen == chosen
    assert f"the projection {asked} was asked for" in fit.reason


def test_of_three_scales_the_least_error_at_the_last_is_chosen() -> None:
    fit = fitted(sample(250, 1000, 4000))
    missed = {name: fit.models[name].held_out_rms for name in LAWS}
    known = {name: error for name, error in missed.items() if error is not None}
    assert set(known) == set(LAWS)
    assert known[fit.chosen] == min(known.values())
    assert known["none"] > 0.03, "each unit of ln N is worth 0.04"
    for name, error in known.items():
        assert f"{'eq3' if name == 'gp' else name} {error:.3g}" in fit.reason


def test_least_error_is_carried_to_the_size_as_eq3_amplifies() -> None:
    fit = fitted(sample(250, 1000), predictor="least_error")
    gain = noise_gain(SIZE, (250, 1000))
    errors = {
        name: float(np.mean([one.report.mae_cv for one in at.values()])) * gain
        for name, at in fit.predictors.items()
    }
    assert fit.predictor == min(errors, key=lambda name: errors[name])
    assert "has the least error" in fit.reason


def test_an_error_is_carried_over_three_scales_by_the_weights_of_the_model() -> None:
    """The weights of Eq. 3: the line through 1 at one scale, 0 at the others, noise ∝ N^−0.35."""
    scales = np.array([250.0, 500.0, 1000.0])
    lines = [np.polyfit(np.log(scales), unit, 1, w=scales**0.35) for unit in np.eye(3)]
    gain = np.linalg.norm([np.polyval(line, np.log(SIZE)) for line in lines])
    model = fitted(sample(250, 500, 1000)).models["gp"]
    assert isinstance(model, LogLinear)
    for predictor in model.predictors.values():
        predictor.report = replace(predictor.report, mae_cv=0.02)
    assert carried_error(model, SIZE) == pytest.approx(0.02 * gain)


def test_a_metric_without_bounds_has_no_power_law() -> None:
    given = sample(250, 1000)
    fit = fitted(replace(given, bounds=(-np.inf, np.inf)))
    assert fit.chosen == "joint"
    assert "joint_power" not in fit.models | fit.refused
    loss = replace(given, values=1 - given.values, bounds=(0.0, np.inf))
    assert fitted(loss).chosen == "joint_power"


def test_where_joint_cannot_be_fitted_eq3_is_taken_and_the_reason_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projektor_ray.projection.joint.FEWEST_PROBES", 43)
    fit = fitted(sample(250, 1000))
    assert fit.chosen == "gp"
    assert "joint cannot be fitted: " in fit.reason
    assert "at least 43 probes; got 42" in fit.reason
    with pytest.raises(TooFewProbesError, match="at least 43 probes"):
        fitted(sample(250, 1000), projection="joint")


def test_too_few_probes() -> None:
    with pytest.raises(TooFewProbesError, match=r"2 at 250, 2 at 1000.*at least 3"):
        fitted(sample(250, 1000, count=2))
    fit = fitted(sample(250, 1000, count=3), projection="eq3")
    assert {"pq", "gp"} <= set(fit.refused)
    assert fit.chosen == "cs", "gp, the default, needs 4"
    with pytest.raises(TooFewProbesError, match=r"'gp' needs at least 4 probes.*got 3.*'cs'"):
        fitted(sample(250, 1000, count=3), predictor="gp")


def test_fewer_mixtures_than_providers_are_fitted_by_groups_and_the_reason_says_so() -> None:
    rng, kinds = np.random.default_rng(0), np.arange(20) % 3
    mixtures = np.tile(rng.dirichlet(np.full(20, 0.3), 12), (2, 1))
    pulls = np.array([0.1, 0.4, 0.9])[kinds] + 0.01 * rng.normal(size=20)
    sizes, distances = np.repeat([250, 1000], 12), mixtures @ pulls
    values = 0.7 - 0.2 * distances + 0.03 * np.log(sizes / 1000) + 0.004 * rng.normal(size=24)
    flat = np.tile(pulls, (24, 1))
    given = Sample(mixtures, distances, flat, sizes, values, (0.0, 1.0))
    fit = fitted(given)
    assert fit.chosen == "grouped"
    assert fit.decides("grouped")
    assert "20 providers as 3 groups" in fit.reason
    by_name = {row["predictor"]: row["chosen"] for row in predictor_rows(fit)}
    assert by_name["grouped"]
    assert not by_name["joint_power"]
    assert fitted(given, projection="joint").chosen == "joint"
    with pytest.raises(TooFewProbesError, match=r"fewer mixtures than providers.*got 37 mixtures"):
        fitted(sample(250, 1000), projection="grouped")


def test_one_scale_is_fitted_and_not_projected() -> None:
    given = sample(1000)
    fit = fitted(given)
    assert fit.chosen == "none"
    assert "one scale only" in fit.reason
    assert "2 or more scales" in fit.refused["joint"]
    assert fit.predictor == "ensemble", "of an accuracy"
    alone = PREDICTORS["ensemble"]().fit(given.mixtures, given.distances, given.values)
    np.testing.assert_allclose(
        fit.model.predict(given.mixtures, given.distances, 1000),
        np.clip(alone.predict(given.mixtures, given.distances), 0, 1),
    )


def test_one_scale_of_a_metric_without_bounds_is_fitted_by_gp() -> None:
    given = replace(sample(1000), bounds=(-np.inf, np.inf))
    fit = fitted(given)
    assert fit.predictor == "gp"
    assert "ensemble" not in fit.models


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (1000, "1,000 is a scale that was trained"),
        (4000, "4,000 is 4× the largest scale"),
        (500, "500 lies between the scales: interpolated"),
        (100, "100 lies below the smallest scale, 250: extrapolated downwards"),
    ],
)
def test_where_the_size_lies_is_said(size: int, says: str) -> None:
    assert reach(size, (250, 1000)).startswith(says)
