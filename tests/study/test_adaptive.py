"""The adaptive design: closed forms for what sampled surfaces say, and its steps without Ray."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.projection import Joint
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Study
from projektor_ray.study.adaptive import (
    Step,
    as_stored,
    chosen_before,
    design_metadata,
    design_rows,
    next_step,
    outlook,
    plans_to_train,
)
from tests.helpers.predictor_data import accuracy, distance
from tests.helpers.studies import PILOTS, adaptive, changed, measured, resolved, samples, trained

GRID = simplex_lattice(3, 6)


def sampled(count: int, scales: tuple[int, ...] = (100, 400), seed: int = 0) -> ProbeArrays:
    """Probes of random mixtures of the lattice, one of each at every scale."""
    rng = np.random.default_rng(seed)
    mixtures = np.tile(GRID[rng.choice(len(GRID), count, replace=False)], (len(scales), 1))
    sizes = np.repeat(scales, count)
    grown = 0.05 * np.log(sizes / 400)
    values = accuracy(mixtures) + grown + 0.01 * rng.normal(size=len(sizes))
    return ProbeArrays.check(mixtures, distance(mixtures), values, sizes)


def moments(seen: ProbeArrays, candidates: Any, size: float) -> tuple[Any, Any]:
    if len(set(seen.sizes)) == 1:
        process = GaussianProcess().fit(seen.mixtures, seen.distances, seen.values)
        at = (candidates, distance(candidates))
        return process.predict(*at), process.covariance(*at)
    model = Joint().fit(seen.mixtures, seen.distances, seen.sizes, seen.values)
    where = (candidates, distance(candidates), size)
    return model.predict(*where), model.covariance(*where)


@pytest.mark.parametrize("scales", [(400,), (100, 400)])
def test_the_gain_of_two_candidates_is_clarks_expected_maximum(scales: tuple[int, ...]) -> None:
    """E max(f, g) − max(E f, E g) = s φ(d/s) − d Φ(−d/s): d the means' difference, s² the
    variance of f − g (Clark, Operations Research 9, 1961)."""
    seen = sampled(6, scales, seed=3)
    two = GRID[np.argsort(-moments(seen, GRID, 4000)[0])[:2]]
    mean, covariance = moments(seen, two, 4000)
    apart = abs(mean[0] - mean[1])
    deviation = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    exact = deviation * norm.pdf(apart / deviation) - apart * norm.cdf(-apart / deviation)
    assert exact > 0.1 * deviation, "or the tolerance below hides it"
    found = outlook(seen, two, distance(two), np.zeros(2, dtype=bool), 4000, 1)
    assert found.gain == pytest.approx(exact, abs=0.03 * deviation)


def test_the_mixture_chosen_is_the_best_one_most_often() -> None:
    """Beside samples of the same normal distribution that numpy draws."""
    seen, probed = sampled(6), np.arange(len(GRID)) % 4 == 0
    mean, covariance = moments(seen, GRID, 4000)
    drawn = np.random.default_rng(3).multivariate_normal(mean, covariance, 20_000, method="eigh")
    drawn[:, probed] = -np.inf
    shares = np.bincount(drawn.argmax(axis=1), minlength=len(GRID)) / len(drawn)
    assert np.sort(shares)[-2] > 0.2, "or there is nothing to choose between"
    (chosen,) = outlook(seen, GRID, distance(GRID), probed, 4000, 1).best
    assert shares[chosen] > 0.85 * shares.max()


def test_it_chooses_each_unprobed_candidate_once_and_no_other() -> None:
    seen, probed = sampled(8), np.arange(len(GRID)) % 3 == 0
    found = outlook(seen, GRID, distance(GRID), probed, 4000, 100)
    assert sorted(found.best) == np.flatnonzero(~probed).tolist()
    few = outlook(seen, GRID, distance(GRID), probed, 4000, 3)
    np.testing.assert_array_equal(few.best, found.best[:3])


def test_a_loss_is_minimised() -> None:
    seen, nothing = sampled(8), np.zeros(len(GRID), dtype=bool)
    loss = replace(seen, values=-seen.values)
    up = outlook(seen, GRID, distance(GRID), nothing, 4000, 4)
    down = outlook(loss, GRID, distance(GRID), nothing, 4000, 4, maximize=False)
    assert down.gain == pytest.approx(up.gain)
    np.testing.assert_array_equal(down.best, up.best)


def test_a_metric_with_bounds_is_weighed_on_the_scale_where_it_is_a_power_law() -> None:
    seen, nothing = sampled(8), np.zeros(len(GRID), dtype=bool)
    error, bounds = replace(seen, values=1 - seen.values), (0.0, 1.0)
    up = outlook(seen, GRID, distance(GRID), nothing, 4000, 4, bounds=bounds)
    down = outlook(error, GRID, distance(GRID), nothing, 4000, 4, bounds=bounds, maximize=False)
    assert down.gain == pytest.approx(up.gain)
    np.testing.assert_array_equal(down.best, up.best)
    straight = outlook(seen, GRID, distance(GRID), nothing, 4000, 4)
    assert up.gain != pytest.approx(straight.gain, rel=1e-3)


def test_of_many_candidates_those_that_may_be_the_best_contend() -> None:
    seen, many = sampled(8), simplex_lattice(3, 30)
    probed = np.zeros(len(many), dtype=bool)
    found = outlook(seen, many, distance(many), probed, 4000, 50)
    mean, covariance = moments(seen, many, 4000)
    reach = mean + 2 * np.sqrt(np.diag(covariance))
    assert reach[found.best].min() > np.quantile(reach, 0.5)


def test_what_is_known_gains_nothing_and_probes_bring_that_about() -> None:
    every = [outlook(sampled(k), GRID, distance(GRID), GRID[:, 0] > 2, 400, 1) for k in (4, 12, 28)]
    gains = [one.gain for one in every]
    assert gains[0] > 2 * gains[2]
    assert gains[2] < 0.01


def steps(study: Study, distances: dict[Key, Row]) -> tuple[Study, list[Step]]:
    """All steps to the end, each mixture trained before the next step; and the study then."""
    taken = []
    while True:
        step = next_step(study, trained(study), distances)
        taken.append(step)
        if step.mixtures is None:
            return study, taken
        study = study.grown(step.mixtures)


def test_a_study_grows_in_batches_to_its_most_mixtures() -> None:
    study = adaptive(initial_mixtures=5, n_mixtures=10, batch=2)
    end, taken = steps(study, measured(study))
    assert [step.action for step in taken] == ["train", "train", "train", "stop"]
    assert [len(step.mixtures) for step in taken[:-1] if step.mixtures is not None] == [2, 2, 1]
    assert len(end.mixtures) == len(set(end.mixture_ids)) == 10
    assert set(end.mixture_ids[5:]) <= set(study.candidate_ids)
    assert taken[-1].reason == "most_mixtures"
    assert study.open_probes == 5 * 2
    assert end.open_probes == 0


def test_it_stops_when_knowledge_would_gain_too_little() -> None:
    study = adaptive(initial_mixtures=5, n_mixtures=20)
    distances = measured(study)
    gains = [step.gain for step in steps(study, distances)[1]]
    least = sorted(gain for gain in gains if gain is not None)[1]
    end, taken = steps(
        adaptive(initial_mixtures=5, n_mixtures=20, min_expected_gain=least), distances
    )
    assert len(end.mixtures) < 20
    assert taken[-1].gain is not None
    assert taken[-1].gain < least
    assert taken[-1].reason == "small_gain"


def test_it_waits_for_all_but_the_last_batch_and_does_not_look_at_that() -> None:
    begun = adaptive(initial_mixtures=4, batch=2)
    first = next_step(begun, trained(begun), measured(begun)).mixtures
    assert first is not None
    study = begun.grown(first)
    distances, rows = measured(study), trained(study)
    needed = {probe.key: rows[probe.key] for probe in begun.wanted_probes()}
    step = next_step(study, needed, distances)
    assert step.action == "train"
    for key in needed:
        without = {other: row for other, row in rows.items() if other != key}
        assert next_step(study, without, distances).action == "wait"
    wild = {key: row if key in needed else {**row, "value": 9.0} for key, row in rows.items()}
    other = next_step(study, wild, distances)
    assert other.gain == step.gain
    np.testing.assert_array_equal(other.mixtures, step.mixtures)


def test_failed_probes_are_done_with_but_teach_nothing() -> None:
    study = adaptive(initial_mixtures=6)
    distances, rows = measured(study), trained(study)
    failed = {"status": "failed", "value": None, "error": "RuntimeError: no"}
    one = next(iter(rows))
    assert next_step(study, {**rows, one: failed}, distances).action == "train"
    small = {key: failed if key[1] == 10 else row for key, row in rows.items()}
    step = next_step(study, small, distances)
    assert step.action == "stop"
    assert step.reason == "too_few_probes"
    assert "scale 10" in step.failure


def test_candidates_without_a_distance() -> None:
    study = adaptive(initial_mixtures=6)
    distances = measured(study)
    del distances[(study.candidate_ids[-1],)]
    with pytest.raises(InputError, match=r"1 candidates .*no distance"):
        next_step(study, trained(study), distances)


def test_candidates_may_be_bought_and_drawn() -> None:
    """ada sells 50 and bob 80 of 60 samples; each has revealed 40, cyd 20."""
    study = resolved(
        changed("probes", to={"scales": [10, 40], "design": "adaptive"}),
        {**PILOTS, "cyd": samples(20)},
    )
    assert study.adaptive is not None
    shares = study.adaptive.candidates[:, 0]
    assert (shares <= 50 / 60 + 1e-9).all()
    assert np.isclose(shares, 50 / 60).any()
    assert (study.measured[:, 2] <= 0.51).all()
    with pytest.raises(InputError, match=r"8 mixtures.*3 of 231"):
        resolved(
            changed("probes", to={"scales": [10, 113], "design": "adaptive"}),
            {name: samples(40) for name in PILOTS},
        )


def kept(study: Study, step: Step) -> dict[Key, Row]:
    rows = design_rows(study, step, {})
    return {(row["mixture_id"],): {**row, "providers": study.names} for row in rows}


def test_what_was_chosen_is_found_again_in_its_order() -> None:
    study = adaptive(initial_mixtures=5, batch=3)
    distances, design, grown = measured(study), {}, study
    for _ in range(2):
        step = next_step(grown, trained(grown), distances)
        assert step.mixtures is not None
        design = {**kept(grown, step), **design}
        grown = grown.grown(step.mixtures)
    again = adaptive(initial_mixtures=5, batch=3)
    found = again.grown(chosen_before(again, design))
    assert found.mixture_ids == grown.mixture_ids
    more = adaptive(initial_mixtures=5, batch=3, seeds=2)
    assert more.grown(chosen_before(more, design)).mixture_ids == grown.mixture_ids


def test_of_what_was_chosen_that_which_other_pilots_can_mix_is_kept() -> None:
    study = adaptive()
    chosen = np.array([[0.2, 0.3, 0.5], [0.7, 0.3, 0.0]])
    design = kept(study, Step("train", chosen, 0.1))
    values = changed("probes", to={"scales": [10, 40], "design": "adaptive"})
    values["providers"].insert(0, {"name": "aaa"})
    wider = resolved(values, {**PILOTS, "aaa": samples(seed=7)})
    np.testing.assert_allclose(chosen_before(wider, design), np.pad(chosen, ((0, 0), (1, 0))))
    changed_pilot = resolved(values, {**PILOTS, "aaa": samples(), "cyd": samples(seed=8)})
    np.testing.assert_allclose(chosen_before(changed_pilot, design), [[0, 0.7, 0.3, 0]])
    del values["providers"][3]
    narrower = resolved(values, {"aaa": samples(), "ada": PILOTS["ada"], "bob": PILOTS["bob"]})
    np.testing.assert_allclose(chosen_before(narrower, design), [[0, 0.7, 0.3]])
    assert chosen_before(study, {}).shape == (0, 3)


def in_two_stages(budget: int = 600, **probes: Any) -> Study:
    values = changed("probes", to={"budget": budget, **probes})
    values["selection"] = {"size": 60}
    return resolved(values)


def test_a_second_stage_trains_the_plans_that_are_best_most_often_at_larger_sizes() -> None:
    study = in_two_stages()
    distances, rows = measured(study), trained(study)
    step = plans_to_train(study, rows, distances)
    assert step.mixtures is not None
    stage = study.second_stage
    assert stage is not None
    assert len(step.mixtures) == len(step.sizes) == 5, "three leave 106 of 252 samples, four 56"
    for plan, size in zip(step.mixtures, step.sizes, strict=True):
        assert stage.smallest < size <= stage.size_of(plan)
        assert size >= stage.size_of(plan) / 1.25, "only near sizes become one"
    runs = ProbeArrays.check(
        [p.mixture for p in study.wanted_probes()],
        [distances[(p.mixture_id,)]["value"] for p in study.wanted_probes()],
        [rows[p.key]["value"] for p in study.wanted_probes()],
        [p.size for p in study.wanted_probes()],
    )
    at = distance(stage.candidates)
    nothing = np.zeros(len(at), dtype=bool)
    best = outlook(runs, stage.candidates, at, nothing, 60, 5, bounds=(0.0, 1.0)).best
    np.testing.assert_allclose(step.mixtures, stage.candidates[best])
    grown = study.grown(step.mixtures, step.sizes)
    new = [probe for probe in grown.wanted_probes() if probe.key not in rows]
    assert sorted(probe.size for probe in new) == sorted(step.sizes)
    assert grown.wanted_probes()[: len(new)] == new, "the largest are trained first"
    assert sum(probe.size for probe in grown.wanted_probes()) <= 600
    assert (study.open_probes, grown.open_probes) == (6, 0)


def test_a_second_stage_waits_for_every_other_probe_and_ends_without_enough_of_them() -> None:
    study = in_two_stages()
    distances, rows = measured(study), trained(study)
    for key in rows:
        without = {other: row for other, row in rows.items() if other != key}
        assert plans_to_train(study, without, distances).action == "wait"
    failed = {"status": "failed", "value": None, "error": "RuntimeError: no"}
    one, *_ = rows
    assert plans_to_train(study, {**rows, one: failed}, distances).action == "train"
    small = {key: failed if key[1] == 4 else row for key, row in rows.items()}
    ended = plans_to_train(study, small, distances)
    assert (ended.action, ended.reason) == ("stop", "too_few_probes")


def test_no_plan_is_a_probe_that_is_trained_already() -> None:
    """The first stage reaches the size to buy, so that no plan can be trained at a larger one."""
    study = in_two_stages(20_000, replacement=True)
    assert study.scales[-1] == study.max_size == 60
    step = plans_to_train(study, trained(study), measured(study))
    assert step.mixtures is not None
    assert set(step.sizes) == {60}
    assert not {study.identify(plan) for plan in step.mixtures} & set(study.mixture_ids)


def test_the_plans_of_a_first_stage_are_found_again_and_those_of_another_one_are_not(
    tmp_path: Path,
) -> None:
    study, folder = in_two_stages(), Folder(tmp_path)
    step = plans_to_train(study, trained(study), measured(study))
    assert step.mixtures is not None
    Ledger(folder, "adaptive_design").append(design_rows(study, step, {}), design_metadata(study))
    grown = study.grown(step.mixtures, step.sizes)
    again = as_stored(in_two_stages(), folder)
    assert again.wanted_probes() == grown.wanted_probes()
    assert as_stored(in_two_stages(700), folder).plans is None, "another first stage"
    more = as_stored(adaptive(initial_mixtures=4), folder)
    assert len(more.mixtures) == 4, "an adaptive design in the same folder"
    cheaper = changed("probes", to={"budget": 600})
    cheaper["providers"][0]["capacity"] = 20
    cheaper["selection"] = {"size": 50}
    kept = as_stored(resolved(cheaper), folder)
    assert kept.plan_sizes == step.sizes, "what is trained stays when the purchase changes"
