"""Which models are fitted to finished probes, and which of them projects and selects."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import PREDICTORS, ProbeArrays
from projektor_ray.projection import (
    FittedModels,
    Grouped,
    JointPower,
    LogLinear,
    choose_model,
    noise_gain,
    project,
)
from projektor_ray.projection.choose import check_options
from projektor_ray.projection.cross_validation import errs_less
from projektor_ray.projection.per_scale import CARRIED, carried_error
from projektor_ray.runs.result_tables import predictor_rows
from tests.helpers.predictor_data import accuracy, distance

SIZE = 4000
ACCURACY = (0.0, 1.0)


def probes(*scales: int, count: int = 21, seed: int = 0, measured: bool = True) -> ProbeArrays:
    """Accuracies that grow by 0.04 for each unit of ln N, with noise."""
    rng = np.random.default_rng(seed)
    grid = simplex_lattice(3, 10)
    mixtures = np.concatenate([grid[rng.choice(66, count, replace=False)] for _ in scales])
    sizes = np.repeat(np.array(scales), count)
    values = accuracy(mixtures) + 0.04 * np.log(sizes / 1000)
    values = values + 0.004 * rng.normal(size=len(sizes))
    return ProbeArrays.check(mixtures, distance(mixtures) if measured else None, values, sizes)


LAWS = ("joint_power", "joint", "gp", "none")


def fitted(given: ProbeArrays, **options: str) -> FittedModels:
    return choose_model(given, ACCURACY, **options)


def test_cs_pq_gp_joint_and_no_projection_are_always_there() -> None:
    fit = fitted(probes(250, 1000))
    assert set(fit.models) == {"cs", "pq", "gp", "joint_power", "joint", "none"}
    assert set(fit.refused) == {"saturating", "grouped", "box_cox"}
    assert (fit.chosen, fit.predictor) == ("joint_power", "gp")
    assert (fit.reason.rule, fit.reason.predictor_rule) == ("default", "default")
    assert list(fit.by_projection) == ["joint_power", "joint", "eq3", "none"]
    assert fit.by_projection["eq3"] is fit.models["gp"]
    assert fit.decides("joint_power")
    assert not fit.decides("joint")
    assert not fit.decides("gp")


def test_without_distances_predictors_of_mixtures_are_compared() -> None:
    fit = fitted(probes(250, 1000, measured=False))
    compared = {"gp", "linear", "pseudo_quadratic", "quadratic", "log_linear_law"}
    assert set(fit.predictors) == compared
    assert fit.chosen == "joint_power"


@pytest.mark.parametrize("name", PREDICTORS)
def test_any_predictor_can_be_asked_for_and_is_joined_by_eq3(name: str) -> None:
    given = probes(250, 1000)
    fit = fitted(given, predictor=name)
    assert {"cs", "pq", "gp", "joint_power", "joint", "none", name} == set(fit.models)
    assert fit.chosen == fit.predictor == name
    assert fit.reason.predictor_rule == "requested"
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
@pytest.mark.parametrize("compare", [True, False])
def test_the_projection_asked_for_is_taken(asked: str, chosen: str, compare: bool) -> None:
    fit = choose_model(probes(250, 1000, 2000), ACCURACY, projection=asked, compare=compare)
    assert fit.chosen == chosen
    assert fit.reason.rule == "requested"
    assert ({"cs", "pq"} <= set(fit.models)) == compare
    assert set(fit.models) >= {"gp", chosen}


def test_of_three_scales_every_law_is_judged_at_the_last() -> None:
    fit = fitted(probes(250, 1000, 4000))
    missed = {name: fit.models[name].held_out_rms for name in LAWS}
    known = {name: error for name, error in missed.items() if error is not None}
    assert set(known) == set(LAWS)
    assert known["none"] > 0.03, "each unit of ln N is worth 0.04"
    assert fit.reason.errors == {
        ("eq3" if name == "gp" else name): error for name, error in known.items()
    }
    assert list(fit.reason.errors.values()) == sorted(fit.reason.errors.values())


def test_of_three_scales_a_law_that_the_data_support_is_chosen() -> None:
    """Accuracies that are linear in ln N up to nearly 1, where log-odds bend upwards."""
    given = probes(250, 1000, 4000)
    grown = 0.6 + 0.12 * given.mixtures[:, 0] + 0.08 * np.log(given.sizes / 250)
    noise = 0.002 * np.random.default_rng(1).normal(size=len(given))
    fit = fitted(replace(given, values=grown + noise))
    assert fit.reason.errors["joint"] < 0.5 * fit.reason.errors["joint_power"]
    assert (fit.chosen, fit.reason.rule) == ("joint", "held_out")


def test_a_scale_of_few_probes_is_fitted_but_judges_nothing() -> None:
    """As of the plans of a second stage: the joint models learn from it; nothing is held out there,
    and the intervals keep the discrepancy of the law, now beyond the larger size."""
    full = probes(250, 1000, count=12)
    rng = np.random.default_rng(5)
    plans = simplex_lattice(3, 10)[[3, 17, 40]]
    higher = accuracy(plans) + 0.04 * np.log(4) + 0.08 + 0.004 * rng.normal(size=3)
    given = ProbeArrays.check(
        np.vstack([full.mixtures, plans]),
        np.append(full.distances, distance(plans)),
        np.append(full.values, higher),
        np.append(full.sizes, 3 * [4000.0]),
    )
    fit, before = fitted(given), fitted(full)
    assert (fit.chosen, fit.reason.rule, fit.reason.errors) == ("joint_power", "default", {})
    assert fit.model.scales == (250, 1000, 4000)
    assert fit.model.held_out_rms is None
    assert fit.model.freedom == before.model.freedom == 10
    where = (full.mixtures, full.distances, 4000)
    rise = fit.model.predict(*where) - before.model.predict(*where)
    assert rise.mean() == pytest.approx(0.08, abs=0.03), "what the plans show holds for all"
    far = (full.mixtures, full.distances, 16_000)
    assert np.diff(fit.model.interval(*far)).mean() < np.diff(before.model.interval(*far)).mean()
    for name in ("gp", "none"):
        assert fit.models[name].scales == (250, 1000)
        now, then = (of.models[name].predict(*where) for of in (fit, before))
        np.testing.assert_allclose(now, then)


def test_a_small_noisy_scale_seldom_chooses_the_law() -> None:
    """Of few noisy probes some law errs least by chance; the default stays unless by more."""
    chosen, least = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mixtures = np.tile(simplex_lattice(3, 3), (3, 1))
        sizes = np.repeat([40.0, 160.0, 640.0], 10)
        straight = -0.6 + 0.5 * mixtures[:, 0] + 0.3 * np.log(sizes / 40)
        noise = 0.08 * (sizes / 40) ** -0.35 * rng.normal(size=len(sizes))
        fit = fitted(ProbeArrays.check(mixtures, None, expit(straight) + noise, sizes))
        chosen.append(fit.projection)
        least.append(next(iter(fit.reason.errors)))
    assert chosen.count("joint_power") >= 6
    assert least.count("joint_power") < chosen.count("joint_power"), "or the least error would do"


def test_errors_are_lower_only_by_more_than_the_noise_of_mixtures() -> None:
    rng = np.random.default_rng(0)
    mixtures = [np.array([2 * i, 2 * i + 1]) for i in range(10)]
    errors = np.repeat(rng.normal(size=10), 2)
    others = np.sqrt(errors**2 + np.repeat(rng.normal(0.3, 1.0, 10) + 1.0, 2).clip(0))
    saved = (others**2 - errors**2)[::2]
    assert saved.mean() > saved.std(ddof=1) / np.sqrt(10)
    assert errs_less(errors, others, mixtures)
    assert not errs_less(others, errors, mixtures)
    assert not errs_less(errors, errors, mixtures)
    one = np.sqrt(errors**2 + np.where(np.arange(20) < 2, 5.0, 0.0))
    assert not errs_less(errors, one, mixtures), "one mixture of ten is noise"
    assert not errs_less(errors[:2], others[:2] + 9, mixtures[:1])


@pytest.mark.parametrize("predictor", ["auto", "cs"])
def test_a_law_without_growth_is_compared_and_never_chosen(predictor: str) -> None:
    """It could not choose an open size, and a fitted study is asked for one at any time."""
    given = probes(250, 1000, 4000)
    rng = np.random.default_rng(0)
    flat = accuracy(given.mixtures) + 0.02 * rng.normal(size=len(given))
    fit = fitted(replace(given, values=flat), predictor=predictor)
    assert "none" in fit.reason.errors
    assert fit.projection != "none"
    assert next(iter(fitted(replace(given, values=flat), predictor="cs").reason.errors)) == "none"


def test_least_error_is_carried_as_eq3_amplifies() -> None:
    fit = fitted(probes(250, 1000), predictor="least_error")
    gain = noise_gain(CARRIED * 1000, (250, 1000))
    errors = {
        name: float(np.mean([one.report.mae_cv for one in at.values()])) * gain
        for name, at in fit.predictors.items()
    }
    assert fit.predictor == min(errors, key=lambda name: errors[name])
    assert fit.reason.predictor_rule == "least_error"
    assert fit.reason.predictor_errors == pytest.approx(errors, rel=0.3)


def test_what_fits_its_own_probes_best_is_not_chosen_for_that() -> None:
    """Of five providers, 14 probes: Eq. 2 follows the noise that Eq. 1 cannot."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        mixtures, distances = rng.dirichlet(np.ones(5), size=14), rng.uniform(1, 2, 14)
        values = 1 - 0.3 * distances + 0.03 * rng.normal(size=14)
        fit = choose_model(ProbeArrays.check(mixtures, distances, values), predictor="least_error")
        by_name = {name: at[1].report for name, at in fit.predictors.items()}
        assert by_name["pq"].mae < by_name["cs"].mae
        assert fit.predictor != "pq"


def test_an_error_is_carried_over_three_scales_by_the_weights_of_the_model() -> None:
    """The weights of Eq. 3: the line through 1 at one scale, 0 at the others, noise ∝ N^−0.35."""
    scales = np.array([250.0, 500.0, 1000.0])
    lines = [np.polyfit(np.log(scales), unit, 1, w=scales**0.35) for unit in np.eye(3)]
    gain = np.linalg.norm([np.polyval(line, np.log(CARRIED * 1000)) for line in lines])
    model = fitted(probes(250, 500, 1000)).models["gp"]
    assert isinstance(model, LogLinear)
    for predictor in model.predictors.values():
        predictor.report = replace(predictor.report, mae_cv=0.02)
    assert carried_error(model) == pytest.approx(0.02 * gain)


def test_a_metric_without_bounds_has_no_power_law() -> None:
    given = probes(250, 1000)
    fit = choose_model(given, (-np.inf, np.inf))
    assert fit.chosen == choose_model(given).chosen == "joint"
    assert "joint_power" in fit.refused
    loss = replace(given, values=1 - given.values)
    assert choose_model(loss, (0.0, np.inf)).chosen == "box_cox"


def test_where_no_joint_model_can_be_fitted_eq3_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projektor_ray.projection.joint.FEWEST_PROBES", 43)
    fit = fitted(probes(250, 1000))
    assert fit.chosen == "gp"
    assert isinstance(fit.refused["joint"], TooFewProbesError)
    with pytest.raises(TooFewProbesError, match="43 probes; got 42"):
        fitted(probes(250, 1000), projection="joint")


def test_too_few_probes() -> None:
    with pytest.raises(TooFewProbesError, match=r"2 at 250 and 2 at 1,000.* 3"):
        fitted(probes(250, 1000, count=2))
    fit = fitted(probes(250, 1000, count=3), projection="eq3")
    assert {"pq", "gp"} <= set(fit.refused)
    assert fit.chosen == "cs", "gp, the default, needs 4"
    with pytest.raises(TooFewProbesError, match=r"'gp'.* 4 probes.*got 3.*'cs'"):
        fitted(probes(250, 1000, count=3), predictor="gp")


@pytest.mark.parametrize("projection", ["auto", "joint_power", "joint"])
def test_a_joint_model_needs_no_predictor(projection: str) -> None:
    """Too few probes at the larger scale for any predictor, but enough in all."""
    every = probes(250, 1000, count=12, measured=False)
    few = every.take(np.arange(14))
    fit = fitted(few, projection=projection)
    assert fit.projection == fit.chosen == ("joint_power" if projection == "auto" else projection)
    assert fit.predictor is None
    assert isinstance(fit.refused["gp"], TooFewProbesError)
    assert set(fit.by_projection) == {"joint_power", "joint"}
    assert fit.predictors == {}
    assert np.isfinite(fit.model.predict(np.eye(3), None, 4000)).all()
    for options in ({"projection": "eq3"}, {"predictor": "least_error"}, {"predictor": "gp"}):
        with pytest.raises(TooFewProbesError, match="'gp' needs at least 4"):
            fitted(few, **options)


@pytest.mark.parametrize(
    ("predictor", "projection", "says"),
    [
        ("quadratc", "auto", "did you mean 'quadratic'"),
        ("auto", "jiont", "did you mean 'joint'"),
        ("linear", "joint", "joins no predictor"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    predictor: str, projection: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        check_options(predictor, projection)
    with pytest.raises(InputError, match=says):
        fitted(probes(250, 1000), predictor=predictor, projection=projection)


def test_fewer_mixtures_than_providers_are_fitted_by_groups() -> None:
    rng, kinds = np.random.default_rng(0), np.arange(20) % 3
    mixtures = np.tile(rng.dirichlet(np.full(20, 0.3), 12), (2, 1))
    pulls = np.array([0.1, 0.4, 0.9])[kinds] + 0.01 * rng.normal(size=20)
    sizes, distances = np.repeat([250, 1000], 12), mixtures @ pulls
    values = 0.7 - 0.2 * distances + 0.03 * np.log(sizes / 1000) + 0.004 * rng.normal(size=24)
    given = ProbeArrays.check(mixtures, distances, values, sizes, gradients=np.tile(pulls, (24, 1)))
    fit = fitted(given)
    assert fit.chosen == "grouped"
    assert fit.decides("grouped")
    assert isinstance(fit.model, Grouped)
    assert fit.model.n_groups == 3
    by_name = {row["predictor"]: row["chosen"] for row in predictor_rows(fit)}
    assert by_name["grouped"]
    assert not by_name["joint_power"]
    assert fitted(given, projection="joint").chosen == "joint"
    assert fitted(replace(given, gradients=None)).chosen == "joint_power"
    with pytest.raises(InputError, match=r"providers.*got 37 mixtures"):
        fitted(probes(250, 1000), projection="grouped")


def test_one_scale_is_fitted_and_not_projected() -> None:
    given = probes(1000)
    fit = fitted(given)
    assert (fit.chosen, fit.reason.rule) == ("none", "one_scale")
    assert "2 or more scales" in str(fit.refused["joint"])
    assert fit.predictor == "ensemble", "of an accuracy"
    assert list(fit.by_projection) == ["none"]
    alone = PREDICTORS["ensemble"]().fit(given.mixtures, given.distances, given.values)
    np.testing.assert_allclose(
        fit.model.predict(given.mixtures, given.distances, 1000),
        np.clip(alone.predict(given.mixtures, given.distances), 0, 1),
    )


def test_one_scale_of_a_metric_without_bounds_is_fitted_by_gp() -> None:
    fit = choose_model(probes(1000), (-np.inf, np.inf))
    assert fit.predictor == "gp"
    assert "ensemble" not in fit.models


def test_the_family_reaches_the_models_on_log_odds() -> None:
    fit = choose_model(probes(250, 1000), ACCURACY, family="saturating")
    assert isinstance(fit.model, JointPower)
    assert fit.model.family == "saturating"
    with pytest.raises(InputError, match="did you mean 'network'"):
        choose_model(probes(250, 1000), ACCURACY, family="netwrok")


def test_with_very_many_probes_only_what_can_decide_is_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projektor_ray.projection.choose.MOST_COMPARED", 41)
    fit = fitted(probes(250, 1000), projection="eq3", predictor="linear")
    assert set(fit.models) == {"linear"}
