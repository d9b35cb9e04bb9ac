"""How learners' families bend predictions and intervals beyond the largest scale."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import norm, t

from projektor_ray.errors import InputError
from projektor_ray.projection import JointPower
from projektor_ray.projection.law_error import LAW_ERRORS, law_error
from projektor_ray.storage.array_types import Floats
from tests.helpers.derivatives import check_derivatives
from tests.helpers.joint_tables import table
from tests.helpers.predictor_data import distance

FAR = 8000.0
BOUNDS = (0.0, 1.0)
Models = Mapping[str, JointPower]


@pytest.fixture(scope="module")
def models() -> Models:
    """Of the same probes at 250 and 1,000, one for each family."""
    rows = table(np.random.default_rng(3), 14)
    return {family: JointPower(BOUNDS, family).fit(*rows) for family in LAW_ERRORS}


@pytest.fixture
def at() -> Floats:
    return np.asarray(np.random.default_rng(4).dirichlet(np.ones(3), 6))


def predicted(model: JointPower, at: Floats, size: float) -> Floats:
    """Log-odds of the prediction."""
    return np.asarray(logit(model.predict(at, distance(at), size)))


@pytest.mark.parametrize("family", LAW_ERRORS)
def test_log_odds_grow_by_the_familys_share_of_the_line(
    models: Models, family: str, at: Floats
) -> None:
    straight, model = models["network"], models[family]
    last = predicted(straight, at, 1000)
    np.testing.assert_allclose(predicted(model, at, 1000), last)
    np.testing.assert_allclose(predicted(model, at, 400), predicted(straight, at, 400))
    line = np.log(FAR / 1000) * (last - predicted(straight, at, 1000 / np.e))
    np.testing.assert_allclose(
        predicted(model, at, FAR) - last, LAW_ERRORS[family].factor * line, rtol=1e-6
    )


def test_gradient_and_slope_of_a_bent_law_are_derivatives(models: Models) -> None:
    check_derivatives(models["saturating"])


@pytest.mark.parametrize("family", LAW_ERRORS)
def test_from_two_scales_the_interval_is_that_of_the_fit_and_of_the_family(
    models: Models, family: str, at: Floats
) -> None:
    model = models[family]
    low, high = logit(model.interval(at, distance(at), FAR)).T
    fit = t.ppf(0.95, 12) * model._joint._spread(at, distance(at), FAR)
    last, before = predicted(model, at, 1000), predicted(model, at, 1000 / np.e)
    law = norm.ppf(0.95) * LAW_ERRORS[family].deviation * np.log(FAR / 1000) * (last - before)
    np.testing.assert_allclose((high - low) / 2, np.hypot(fit, law), rtol=1e-6)


def test_less_is_known_of_unknown_learners(models: Models, at: Floats) -> None:
    width = {
        family: float(np.mean(np.diff(model.interval(at, distance(at), FAR))))
        for family, model in models.items()
    }
    assert width["network"] < width["flexible"] < width["unknown"]


def test_with_three_scales_it_is_what_was_missed_beyond_noise_and_half_of_the_law_s_error(
    at: Floats,
) -> None:
    rows = table(np.random.default_rng(5), 14, (250, 1000, 4000), bend=0.01)
    joint = JointPower(BOUNDS, "network").fit(*rows)._joint
    assert joint.held_out_rms is not None
    missed = joint.held_out_rms**2 - 2 * joint.noise**2
    assert missed > 0.2 * joint.held_out_rms**2, "or there is nothing to see"
    drift = 0.5 * np.sqrt(missed) * np.log(FAR / 4000) / np.log(4)
    of_law = 0.5 * LAW_ERRORS["network"].deviation * joint._growth(at, distance(at), FAR)
    expected = np.sqrt(drift**2 + of_law**2)
    np.testing.assert_allclose(joint._model_discrepancy(at, distance(at), FAR), expected)
    joint.noise = joint.held_out_rms
    found = joint._model_discrepancy(at, distance(at), FAR)
    np.testing.assert_allclose(found, np.abs(of_law))


def test_of_a_gain_the_common_part_cancels_and_a_share_of_each_growth_is_added(
    models: Models, at: Floats
) -> None:
    """For one mixture beside another that grows as much; their posterior's part taken out."""
    joint, other = models["network"]._joint, np.roll(at, 1, axis=0)
    both = np.vstack([at, other])
    spread = joint._gain_spread(both, distance(both), np.full(len(both), float(FAR)))
    width = np.diff(joint.gain_interval(at, distance(at), other, distance(other), FAR))[:, 0] / 2
    one, two = (joint._growth(p, distance(p), FAR) for p in (at, other))
    law = LAW_ERRORS["network"]
    apart = 0.5 * np.abs(at - other).sum(axis=1)
    own = one**2 + two**2 - 2 * np.exp(-((apart / 0.05) ** 2)) * one * two
    variance = law.deviation**2 * (one - two) ** 2 + law.own**2 * own
    expected = np.hypot(t.ppf(0.95, 12) * spread, norm.ppf(0.95) * np.sqrt(variance))
    np.testing.assert_allclose(width, expected)


def test_with_three_scales_too_the_law_s_part_of_a_gain_keeps_the_sign_of_the_growth(
    at: Floats,
) -> None:
    """Of two mixtures whose growths are opposite the law errs by twice its part, and what the
    held-out scale missed cancels, since it is the same for both."""
    joint = (
        JointPower(BOUNDS, "network")
        .fit(*table(np.random.default_rng(5), 14, (250, 1000, 4000), bend=0.01))
        ._joint
    )
    other = np.roll(at, 1, axis=0)
    growth = {at.tobytes(): np.full(len(at), 0.3), other.tobytes(): np.full(len(at), -0.3)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joint, "_growth", lambda mixtures, *_: growth[mixtures.tobytes()])
        both = np.vstack([at, other])
        spread = joint._gain_spread(both, distance(both), np.full(len(both), FAR))
        bounds = joint.gain_interval(at, distance(at), other, distance(other), FAR)
    law = 0.5 * LAW_ERRORS["network"].deviation * 0.6
    apart = 0.5 * np.abs(at - other).sum(axis=1)
    own = 0.075 * 0.3 * np.sqrt(2 * (1 - np.exp(-((apart / 0.05) ** 2))))
    expected = np.hypot(t.ppf(0.95, 12) * spread, norm.ppf(0.95) * np.hypot(law, own))
    np.testing.assert_allclose(np.diff(bounds)[:, 0] / 2, expected)


def test_families_are_those_of_accuracies() -> None:
    assert law_error("saturating", (0.0, 1.0)) == LAW_ERRORS["saturating"]
    assert law_error("saturating", (0.0, np.inf)) == law_error("network", (0.0, np.inf))
    with pytest.raises(InputError, match="did you mean 'network'"):
        law_error("netwrok", (0.0, 1.0))
