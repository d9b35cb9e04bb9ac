"""A study's folder opened without pilots and without Ray, against the study itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.projection import JointPower
from projektor_ray.runs import Offers
from projektor_ray.selection import buy
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study import FittedStudy, Study, open_study
from projektor_ray.study.adaptive import design_metadata, design_rows, plans_to_train
from projektor_ray.study.fitting import fit_study, join_ledgers
from projektor_ray.study.purchasing import SetFit, purchase_problem
from projektor_ray.study.record import write_record
from projektor_ray.transport import InterpolatedDistances
from tests.helpers.fresh_process import run_fresh
from tests.helpers.predictor_data import distance
from tests.helpers.studies import (
    OF_BOTH,
    VALUES,
    adaptive,
    changed,
    measured,
    resolved,
    resolved_on,
    samples,
    several,
    trained,
)
from tests.helpers.study_folders import small_study, write_ledgers, write_study

NO_COUNTS: list[Any] = [float("nan"), float("inf"), "3", None, 100.9]


@pytest.fixture(scope="module")
def study() -> Study:
    return small_study()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, study: Study) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), study)


@pytest.fixture(scope="module")
def opened(place: Path) -> FittedStudy:
    return open_study(place)


def problem_of(study: Study) -> Any:
    """The purchase problem of the study itself, fitted from its ledgers' rows."""
    runs = join_ledgers(study, trained(study), measured(study))
    known = InterpolatedDistances.fit(study.mixtures, distance(study.mixtures))
    return purchase_problem(study, [SetFit(study, fit_study(study, runs), runs, known)])


def test_the_plan_is_that_of_the_study(study: Study, opened: FittedStudy) -> None:
    expected = buy(problem_of(study), study.config.selection.request)
    found = opened.select()
    assert found.selected.samples.tolist() == expected.selected.samples.tolist()
    assert found.selected.predicted == pytest.approx(expected.selected.predicted, abs=1e-12)
    assert found.selected.interval == pytest.approx(expected.selected.interval, abs=1e-12)
    assert {n: p.samples.tolist() for n, p in found.plans.items()} == {
        n: p.samples.tolist() for n, p in expected.plans.items()
    }
    assert opened.unfinished == 0


def test_predictions_are_those_of_the_models(study: Study, opened: FittedStudy) -> None:
    mixtures = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    objective = problem_of(study).objective_at(200)
    found = opened.predict(mixtures, 200)
    np.testing.assert_allclose(found.value, objective.predict(mixtures))
    np.testing.assert_allclose(
        np.stack([found.low, found.high], axis=1), objective.interval(mixtures, 0.9)
    )
    by_name = opened.predict({"bob": 0.3, "cyd": 0.5, "ada": 0.2}, 200)
    assert by_name.value[0] == opened.predict(mixtures[:1], 200).value[0]
    curve = opened.project({"ada": 1.0}, [10, 40, 200])
    assert curve.value[2] == pytest.approx(found.value[1], abs=1e-12)
    assert len(curve.low) == 3


def test_offers_can_be_changed_at_will(opened: FittedStudy) -> None:
    usual = opened.select().selected
    without = opened.select(size=100, providers={"ada": {"excluded": True}}).selected
    assert usual.samples[0] > 0
    assert without.samples[0] == 0
    capped = opened.select(size=100, providers={"ada": {"capacity": 5}}).selected
    assert capped.samples[0] <= 5
    dear = opened.select(size=100, budget=30.0, providers={"ada": {"price": 50.0}}).selected
    assert dear.samples[0] == 0
    required = opened.select(size=100, providers={"cyd": {"minimum_order": 40, "required": True}})
    assert required.selected.samples[2] >= 40
    assert opened.select().selected.samples.tolist() == usual.samples.tolist(), "nothing is kept"


def test_a_new_price_drops_the_tiers_of_the_old_one(opened: FittedStudy) -> None:
    tiers = [{"above_quantity": 10, "price": 1.0}]
    tiered = opened.offering({"ada": {"price": 3.0, "tiers": tiers}})
    assert tiered.study.providers[0].schedule == ((0, 3.0), (10, 1.0))
    for one in (tiered.offering({"ada": {"price": 0.5}}), tiered.offering({"bob": {"price": 2.0}})):
        offers = Offers(tiered.study.providers, {}).changed({"ada": 0.5})
        assert offers.providers[0].schedule == ((0, 0.5),)
        kept = one.study.providers[0].price == 3.0
        assert one.study.providers[0].schedule == (
            tiered.study.providers[0].schedule if kept else offers.providers[0].schedule
        )


def test_a_frontier_is_better_for_more_money(opened: FittedStudy) -> None:
    offers = {"bob": {"price": 1.0}, "cyd": {"price": 0.5}}
    plans = opened.frontier([20.0, 60.0, 180.0], offers)
    values = [plan.predicted for plan in plans.values()]
    assert values == sorted(values)
    assert all(plan.cost <= budget + 1e-9 for budget, plan in plans.items())


def test_two_plans_are_compared_with_an_interval(opened: FittedStudy) -> None:
    plans = opened.select(size=100).plans
    gain, low, high = opened.gain(plans["selected"], plans["uniform"])
    assert low < gain < high
    assert gain == pytest.approx(plans["selected"].predicted - plans["uniform"].predicted)
    same, *bounds = opened.gain(plans["selected"], plans["selected"])
    assert same == 0
    assert bounds == [0, 0]


def test_two_purchases_given_by_hand_are_compared(opened: FittedStudy) -> None:
    plans = opened.select(size=100).plans
    bought = dict(zip(opened.providers, plans["selected"].samples.tolist(), strict=True))
    first, other = opened.purchase(bought), opened.purchase({"cyd": 40})
    assert first.predicted == pytest.approx(plans["selected"].predicted, abs=1e-12)
    assert first.cost == plans["selected"].cost
    assert other.size == 40
    gain, low, high = opened.gain(first, other)
    assert low < gain < high
    assert gain == pytest.approx(first.predicted - other.predicted)


def test_a_sample_more_changes_the_interval_of_a_gain_by_little(opened: FittedStudy) -> None:
    counts = {"ada": 20_000, "bob": 10_000, "cyd": 10_000}
    other = opened.purchase({**counts, "bob": 20_000, "cyd": 0})
    alike = opened.gain(opened.purchase(counts), other)
    larger = opened.gain(opened.purchase({**counts, "ada": 20_001}), other)
    assert larger == pytest.approx(alike, abs=1e-4)
    assert alike[2] - alike[1] > 0.01


def test_runs_are_a_table_that_can_be_fitted_again(opened: FittedStudy, study: Study) -> None:
    from projektor_ray.runs import Runs

    table = opened.runs()
    assert table.num_rows == len(study.wanted_probes())
    runs = Runs.read(table)
    assert runs.providers == study.names
    assert runs.scales == study.scales


@pytest.mark.parametrize(
    ("question", "named"),
    [
        (lambda s: s.predict([[0.5, 0.6, 0.2]], 100), "sum"),
        (lambda s: s.predict({"adda": 1.0}, 100), "ada"),
        (lambda s: s.predict([[1, 0, 0]], 5), "smallest scale"),
        (lambda s: s.select(size=5), "smallest scale"),
        (lambda s: s.select(size=100, budget=100.0, target=0.5), "different things"),
        (lambda s: s.select(providers={"adda": {"price": 1}}), "ada"),
        (lambda s: s.select(providers={"ada": {"prize": 1}}), "price"),
        (lambda s: s.select(providers={"ada": {"price": -1}}), "price"),
        (lambda s: s.purchase({"adda": 100}), "ada"),
        (lambda s: s.purchase({"ada": -1, "bob": 50}), "whole number"),
        (lambda s: s.purchase({"ada": 0}), "no samples"),
        *((lambda s, n=n: s.purchase({"ada": n}), "whole number") for n in NO_COUNTS),
        *((lambda s, n=n: s.predict({"ada": 1.0}, n), "whole number") for n in NO_COUNTS),
        *((lambda s, n=n: s.select(size=n), "whole number") for n in NO_COUNTS if n is not None),
        (lambda s: s.select(size=100, aggregate="worst"), "several validation sets"),
        (lambda s: s.select(size=100, aggregate={"nonsense": 1.0}), "several validation sets"),
        (lambda s: s.select(target=0.5, max_size=100, minimize="Money"), "'money'"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(
    opened: FittedStudy, question: Any, named: str
) -> None:
    with pytest.raises(InputError, match=named):
        question(opened)


def test_offers_that_allow_no_plan_name_the_constraint(opened: FittedStudy) -> None:
    nobody = {name: {"excluded": True} for name in opened.providers}
    with pytest.raises(InfeasibleError):
        opened.select(size=100, providers=nobody)


@pytest.mark.parametrize("table", ["provider_profiles", "study"])
def test_a_folder_of_a_newer_version_is_refused_on_opening(
    table: str, tmp_path: Path, study: Study
) -> None:
    """Such a column once ended in a TypeError about a keyword argument."""
    folder = Folder(write_study(tmp_path, study))
    known = folder.read_table(table)
    folder.write_table(table, known.append_column("shade", pa.array([1.0] * known.num_rows)))
    with pytest.raises(InputError, match=rf"{table}\.parquet.*column shade"):
        open_study(tmp_path)


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study\.parquet"):
        open_study(tmp_path)


def test_an_adaptive_design_is_opened_with_what_it_chose(tmp_path: Path) -> None:
    begun = adaptive()
    assert begun.adaptive is not None
    chosen = begun.adaptive.candidates[:2]
    grown = begun.grown(chosen)
    folder = Folder(tmp_path)
    write_record(folder, begun)
    write_ledgers(folder, grown)
    rows = [
        {"mixture_id": begun.identify(p), "mixture": p.tolist(), "position": i, "gain": 0.1}
        for i, p in enumerate(chosen)
    ]
    Ledger(folder, "adaptive_design").append(rows, begun.probes_metadata)
    found = open_study(tmp_path)
    assert len(found.study.mixtures) == len(grown.mixtures)
    assert found.unfinished == 0


def test_a_study_of_two_stages_is_opened_with_its_plans(tmp_path: Path) -> None:
    """The record has what the budget bought, so that another rule changes no finished study."""
    values = changed("probes", to={"budget": 600})
    values["selection"] = {"size": 60}
    begun, folder = resolved(values), Folder(tmp_path)
    write_record(folder, begun)
    step = plans_to_train(begun, trained(begun), measured(begun))
    assert step.mixtures is not None
    grown = begun.grown(step.mixtures, step.sizes)
    write_ledgers(folder, grown)
    Ledger(folder, "adaptive_design").append(design_rows(begun, step, {}), design_metadata(begun))
    found = open_study(tmp_path)
    assert found.study.wanted_probes() == grown.wanted_probes()
    assert found.study.config.probes.budget is None
    assert found.unfinished == 0
    (fit,) = found.fits
    assert fit.fitted.chosen == "joint_power"
    assert fit.fitted.models["gp"].scales == begun.scales, "those with enough probes"
    assert fit.fitted.model.scales == (*begun.scales, *sorted(set(step.sizes)))
    assert found.select().selected.samples.sum() == 60


def test_several_validation_sets_are_opened_together(tmp_path: Path) -> None:
    asked = several(OF_BOTH, size=60, aggregate="worst", restarts=4)
    both = resolved_on(asked, everyday=samples(30, seed=8), rare=samples(30, seed=9))
    folder = Folder(tmp_path)
    write_record(folder, both)
    write_ledgers(folder, both)
    found = open_study(tmp_path)
    plans = found.select()
    assert set(plans.parts) == {"everyday", "rare"}
    for name in ("everyday", "rare"):
        of_one = found.select(size=60, aggregate={"everyday": 0.0, "rare": 0.0, name: 1.0})
        own = of_one.parts[name]["selected"]
        assert of_one.selected.predicted == pytest.approx(own.predicted)
        assert of_one.selected.interval == pytest.approx(own.interval)


def test_opening_needs_neither_ray_nor_torch_nor_the_pilots(place: Path) -> None:
    result = run_fresh(
        "from projektor_ray.study import open_study\n"
        f"study = open_study({str(place)!r})\n"
        "study.select(size=100)\n"
        "study.profiles()"
    )
    assert result.imported <= {"sklearn"}


def test_the_record_holds_no_source(place: Path) -> None:
    text = str(Folder(place).read_table("study").to_pylist())
    assert VALUES["validation"]["sklearn"] not in text


def test_the_family_of_the_learner_is_recorded_and_fitted(study: Study, place: Path) -> None:
    """Opening a folder imports no learner, so that a callable could not be asked."""
    opened = open_study(place)
    assert opened.study.config.learner.family == study.learner_family == "saturating"
    model = opened.fits[0].fitted.model
    assert isinstance(model, JointPower)
    assert model.family == "saturating"
    assert opened.study.results_metadata == study.results_metadata
    other = resolved(changed("learner", "family", to="network"))
    assert other.probes_metadata == resolved(VALUES).probes_metadata
    assert other.results_metadata != resolved(VALUES).results_metadata


def test_a_study_and_its_plans_are_shown_in_short(opened: FittedStudy) -> None:
    assert "\n" not in repr(opened)
    assert all(name in repr(opened) for name in (opened.name, opened.metric, *opened.providers))
    plans = opened.select(size=100)
    lines = repr(plans).split("\n")
    assert [line.split(":")[0] for line in lines] == list(plans.plans)
    assert lines[0] == f"selected: {plans.selected}"
    assert (
        f"of 100 samples for {plans.selected.cost:.2f}, {plans.selected.predicted:.4g}" in lines[0]
    )


def test_plans_are_asked_for_by_name(opened: FittedStudy) -> None:
    plans = opened.select(size=100)
    assert plans["uniform"] is plans.plans["uniform"]
    with pytest.raises(InputError, match="did you mean 'uniform'"):
        plans["unifrm"]
