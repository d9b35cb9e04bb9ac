"""Leaving mixtures out, against fitting without each of them by hand."""

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import (
    SCALE_MODELS,
    Grouped,
    Joint,
    JointPower,
    LogLinear,
    ScaleModel,
)
from projektor_ray.projection.cross_validation import (
    cross_validate,
    predict_left_out,
    predict_probes,
)


@pytest.mark.parametrize("model", [LogLinear("linear"), Joint((0.0, 1.0))], ids=["eq3", "joint"])
def test_it_is_what_a_fit_without_the_mixture_predicts(model: ScaleModel) -> None:
    """Eight mixtures, so that each is a fold of its own; two seeds, which stay together."""
    random = np.random.default_rng(0)
    mixtures = np.tile(random.dirichlet(np.ones(3), size=8), (4, 1))
    sizes = np.repeat([50.0, 200.0], 16)
    distances = mixtures @ [1.0, 2.0, 3.0]
    values = 0.9 - 0.2 * distances + 0.04 * np.log(sizes) + random.normal(0, 0.02, 32)
    found = cross_validate(model, ProbeArrays.check(mixtures, distances, values, sizes))
    for i in range(8):
        out = (mixtures == mixtures[i]).all(axis=1)
        kept = (mixtures[~out], distances[~out], sizes[~out], values[~out])
        for size in (50.0, 200.0):
            at = out & (sizes == size)
            fresh = model.unfitted().fit(*kept)
            expected = fresh.predict(mixtures[at], distances[at], size)
            np.testing.assert_allclose(found[at], expected, atol=1e-9)


@pytest.mark.parametrize(
    "model",
    [Joint((0.0, 1.0)), JointPower((0.0, 1.0)), Grouped([0, 0, 1], (0.0, 1.0))],
    ids=["joint", "joint_power", "grouped"],
)
def test_the_errors_of_a_fit_are_close_to_those_of_fitting_again(model: ScaleModel) -> None:
    """They differ by the candidates' weights, which the fit keeps while a mixture is left out."""
    random = np.random.default_rng(3)
    mixtures = np.tile(random.dirichlet(np.ones(3), size=20), (2, 1))
    sizes = np.repeat([50.0, 200.0], 20)
    distances = mixtures @ [1.0, 2.0, 3.0]
    values = 0.9 - 0.2 * distances + 0.04 * np.log(sizes) + random.normal(0, 0.02, 40)
    values += 0.1 * mixtures[:, 0] ** 2
    probes = ProbeArrays.check(mixtures, distances, values, sizes)
    errors = predict_left_out(model.fit_arrays(probes), probes) - values
    again = cross_validate(model, probes) - values
    assert np.corrcoef(errors, again)[0, 1] > 0.9
    assert np.abs(errors).mean() == pytest.approx(np.abs(again).mean(), rel=0.2)
    fitted = predict_probes(model, probes) - values
    assert np.abs(errors).mean() > 1.1 * np.abs(fitted).mean()


def test_without_such_errors_a_model_is_fitted_again() -> None:
    random = np.random.default_rng(4)
    mixtures = np.tile(random.dirichlet(np.ones(3), size=8), (2, 1))
    values = mixtures @ [0.1, 0.5, 0.9]
    probes = ProbeArrays.check(mixtures, None, values, np.repeat([50.0, 200.0], 8))
    model = LogLinear("linear").fit_arrays(probes)
    np.testing.assert_array_equal(predict_left_out(model, probes), cross_validate(model, probes))


def test_too_few_mixtures_are_refused() -> None:
    model = LogLinear("linear")
    probes = ProbeArrays.check(np.eye(2).repeat(2, 0), None, np.arange(4.0), [5, 9, 5, 9])
    with pytest.raises(InputError):
        cross_validate(model, probes)


def test_each_mixture_is_predicted_at_its_own_size() -> None:
    mixtures = np.random.default_rng(1).dirichlet(np.ones(3), size=6)
    sizes = np.array([10.0, 40.0] * 3)
    values = mixtures @ [1.0, 2.0, 3.0] + np.log(sizes)
    model = SCALE_MODELS["eq3"]("linear").fit(
        np.tile(mixtures, (2, 1)),
        None,
        np.repeat([10.0, 40.0], 6),
        np.concatenate([mixtures @ [1.0, 2.0, 3.0] + np.log(s) for s in (10.0, 40.0)]),
    )
    found = predict_probes(model, ProbeArrays.check(mixtures, None, values, sizes))
    np.testing.assert_allclose(found, values, atol=1e-6)
