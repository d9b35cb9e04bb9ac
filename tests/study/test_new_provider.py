"""A provider without probes: the carried-over model, and how far such predictions are off."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student_t

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import JointPower
from projektor_ray.selection import Plan
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.settings import parse
from projektor_ray.study import FittedStudy, ProviderConfig, SetSummary, open_study
from projektor_ray.study.fitting import class_shares
from projektor_ray.study.new_provider import (
    MOST_ROUNDS,
    LeftOutProvider,
    WithNewProvider,
    confirmed,
    left_out_providers,
    purchase_of,
    with_new_provider,
)
from projektor_ray.transport import Distances
from tests.helpers.predictor_data import distance
from tests.helpers.studies import changed, resolved, samples
from tests.helpers.study_folders import small_study, write_study
from tests.helpers.twin_pilots import TwinPilots

PILOT = SetSummary.of("new", samples(seed=7))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> FittedStudy:
    return open_study(write_study(tmp_path_factory.mktemp("study"), small_study()))


def offer(**terms: Any) -> ProviderConfig:
    return parse(ProviderConfig, {"name": "new", **terms})


@pytest.fixture(scope="module")
def extended(study: FittedStudy) -> WithNewProvider:
    return with_new_provider(study, PILOT, offer(), {"validation": TwinPilots()})


def test_mixtures_without_the_new_provider_are_predicted_as_before(
    study: FittedStudy, extended: WithNewProvider
) -> None:
    mixtures = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    before = study.predict(mixtures, 100)
    after = extended.study.predict(np.column_stack([mixtures, np.zeros(20)]), 100)
    np.testing.assert_allclose(after.value, before.value, atol=0.004)
    assert extended.study.providers == ("ada", "bob", "cyd", "new")
    assert extended.models == {"validation": study.fits[0].fitted.chosen}


def test_a_twin_is_predicted_like_its_twin_and_less_surely(extended: WithNewProvider) -> None:
    twin = float(extended.study.predict([0, 1, 0, 0], 40).value[0])
    low, high = (end[1] for end in _ends(extended, [[0, 1, 0, 0], [0, 0, 0, 1]]))
    assert low < twin < high
    widths = [high - low for low, high in zip(*_ends(extended, HALVES), strict=True)]
    assert sorted(widths) == widths, "the more of the new provider, the less sure"


HALVES = [[0, 1 - share, 0, share] for share in (0.0, 0.1, 0.4, 1.0)]


def _ends(extended: WithNewProvider, mixtures: Any) -> tuple[Any, Any]:
    found = extended.study.predict(mixtures, 40)
    return found.low, found.high


def test_distances_of_mixtures_with_it_are_interpolated_between_measured_ones(
    study: FittedStudy,
) -> None:
    twin = TwinPilots(twin=2, factor=1.3)
    extended = with_new_provider(study, PILOT, offer(), {"validation": twin})
    mixtures = np.random.default_rng(1).dirichlet(np.ones(4), 50)
    found = extended.study.fits[0].distances(mixtures).value
    np.testing.assert_allclose(found, twin(mixtures).value, rtol=0.03)
    known = np.column_stack([study.fits[0].runs.mixtures, np.zeros(len(study.fits[0].runs))])
    np.testing.assert_allclose(
        extended.study.fits[0].distances(known).value, distance(known[:, :3])
    )


def test_a_cheap_and_near_newcomer_is_bought_and_a_dear_one_is_not(study: FittedStudy) -> None:
    near = {"validation": TwinPilots(twin=0, factor=0.6)}
    plans = []
    for price in (0.5, 1000.0):
        added = with_new_provider(study, PILOT, offer(price=price, capacity=60), near)
        added, plan = confirmed(added, near, lambda one: one.select().selected)
        assert plan.samples[-1] <= 60
        measured = near["validation"](plan.mixture[None]).value
        found = added.study.fits[0].distances(plan.mixture[None]).value
        np.testing.assert_allclose(found, measured, rtol=0.02)
        plans.append(plan)
    assert plans[0].samples[-1] > 20
    assert plans[1].samples[-1] == 0
    before = purchase_of(added.study, study.select().selected)
    assert before.samples.tolist()[-1] == 0
    assert added.study.gain(plans[1], before)[0] == pytest.approx(0, abs=0.01)


def test_a_plan_whose_distances_stay_wrong_says_so(study: FittedStudy) -> None:
    """Each time that the plan is measured, its distance is another one than was interpolated."""
    twin, calls = TwinPilots(twin=0, factor=0.6), [0]

    def restless(mixtures: Floats, /) -> Distances:
        calls[0] += 1
        known = twin(mixtures)
        return replace(known, value=known.value * (1 + calls[0]))

    by_set = {"validation": twin}
    added = with_new_provider(study, PILOT, offer(price=0.5, capacity=60), by_set)

    def select(one: FittedStudy) -> Plan:
        return one.select().selected

    assert confirmed(added, by_set, select)[0].distances_confirmed
    wrong, plan = confirmed(added, {"validation": restless}, select)
    assert calls == [MOST_ROUNDS]
    assert not wrong.distances_confirmed
    measured = twin(plan.mixture[None]).value * (1 + MOST_ROUNDS)
    np.testing.assert_allclose(wrong.study.fits[0].distances(plan.mixture[None]).value, measured)


def test_left_out_providers_are_predicted_from_the_mixtures_without_them(
    study: FittedStudy,
) -> None:
    (fit,) = study.fits
    found = {one.name: one for one in left_out_providers(fit)}
    assert set(found) == {"ada", "bob", "cyd"}
    probes = fit.fitted.probes
    without = probes.take(probes.mixtures[:, 1] == 0)
    model = JointPower((0.0, 1.0), fit.study.learner_family, class_shares(fit.study)).fit(
        without.mixtures, without.distances, without.sizes, without.values
    )
    held = probes.take((probes.mixtures[:, 1] > 0) & (probes.sizes == 40))
    errors, ratios = [], []
    for mixture, far, value in zip(held.mixtures, held.distances, held.values, strict=True):
        predicted = float(model.predict(mixture[None], far[None], 40)[0])
        low, high = model.interval(mixture[None], far[None], 40)[0]
        errors.append(value - predicted)
        half = high - predicted if value > predicted else predicted - low
        ratios.append((value - predicted) / (half / norm.ppf(0.95)))
    assert found["bob"].error == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert found["bob"].ratio == pytest.approx(np.sqrt(np.mean(np.square(ratios))))


def test_plans_of_a_second_stage_do_not_decide_who_is_left_out_nor_where(
    study: FittedStudy,
) -> None:
    (fit,) = study.fits
    probes, plan = fit.fitted.probes, np.array([[0.4, 0.3, 0.3], [0.2, 0.8, 0.0]])
    staged = ProbeArrays(
        np.vstack([probes.mixtures, plan]),
        np.append(probes.distances, distance(plan)),
        np.append(probes.sizes, [90, 90]),
        np.append(probes.values, [0.9, 0.9]),
        measured=True,
    )
    later = replace(fit, fitted=replace(fit.fitted, probes=staged))
    found, before = left_out_providers(later), left_out_providers(fit)
    assert [one.name for one in found] == ["ada", "bob", "cyd"]
    (ada, known) = found[0], before[0]
    assert ada.error == pytest.approx(known.error), "no plan is without ada: the same model"


@pytest.mark.parametrize("ratios", [(1.0, 2.0, 3.0), (0.1, 0.2), (4.0,)])
def test_intervals_are_widened_as_providers_left_out_ask_for(
    extended: WithNewProvider, ratios: tuple[float, ...]
) -> None:
    each = tuple(LeftOutProvider(str(i), 0.1, ratio) for i, ratio in enumerate(ratios))
    wide = WithNewProvider(extended.study, {"validation": each})
    k = len(ratios)
    spread = (sum(one**2 for one in ratios) / k) ** 0.5
    expected = max(1.0, student_t.ppf(0.95, k) / norm.ppf(0.95) * spread)
    assert wide.widening == pytest.approx(expected)
    assert wide.widened(0.5, (0.4, 0.7)) == pytest.approx(
        (0.5 - 0.1 * expected, 0.5 + 0.2 * expected)
    )


def test_two_providers_cannot_tell_how_sure_it_is(tmp_path: Path) -> None:
    values = changed("probes", "lattice", to=4)
    del values["providers"][2]
    pilots = {name: samples(seed=seed) for seed, name in enumerate(["ada", "bob"])}
    study = open_study(write_study(tmp_path, resolved(values, pilots)))
    added = with_new_provider(study, PILOT, offer(), {"validation": TwinPilots()})
    assert added.left_out == {"validation": ()}
    assert added.widening is None
    assert added.widened(0.5, (0.4, 0.6)) is None


@pytest.mark.parametrize(
    ("selection", "scales", "model"),
    [
        ({"predictor": "quadratic", "projection": "eq3"}, [10, 40], "joint_power"),
        ({"predictor": "cs", "projection": "eq3"}, [10, 40], "cs"),
        ({"projection": "joint"}, [10, 40], "joint"),
        ({"predictor": "quadratic"}, [40], "none"),
    ],
)
def test_models_that_know_nothing_of_a_new_share_are_replaced(
    tmp_path: Path, selection: dict[str, Any], scales: list[int], model: str
) -> None:
    values = changed("probes", "lattice", to=3)
    values["probes"]["scales"] = scales
    values["selection"] = {"size": 40, **selection}
    study = open_study(write_study(tmp_path, resolved(values)))
    added = with_new_provider(study, PILOT, offer(), {"validation": TwinPilots()})
    assert added.models == {"validation": model}
    assert np.isfinite(added.study.predict([[0.25, 0.25, 0.25, 0.25]], 40).value).all()


def test_a_name_that_is_taken_is_refused(study: FittedStudy) -> None:
    taken = parse(ProviderConfig, {"name": "ada"})
    with pytest.raises(InputError, match="'ada' already"):
        with_new_provider(study, PILOT, taken, {"validation": TwinPilots()})
