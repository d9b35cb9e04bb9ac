"""What a design makes of earlier probes, in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from projektor_ray.explain.design_facts import (
    cap_fact,
    other_scales_fact,
    repetition_facts,
    reuse_facts,
    unspent_fact,
)
from projektor_ray.explain.facts import Fact
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study.base_design import Reuse, continued, other_scales
from projektor_ray.study.fitting import missing_probes
from tests.helpers.provider_changes import NAMES, begun, study_of, train
from tests.helpers.studies import PILOTS, changed, resolved, samples


def facts_of(folder: Path, first: int, then: int, **probes: Any) -> dict[str, Fact]:
    """The facts of a study of the first so many providers that has then so many."""
    place = Folder(folder)
    begun(place, NAMES[:first], **probes)
    study, _ = begun(place, NAMES[:then], most=0, **probes)
    rows = Ledger(place, "probes").rows(study.probes_metadata.input_hash)
    missing = missing_probes(study, rows)
    return {one.kind: one for one in reuse_facts(study, Reuse.of(study, rows), missing, 12.4)}


def test_what_stays_and_what_a_new_provider_costs(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, 5, 6)
    assert {kind: str(one) for kind, one in facts.items()} == {
        "base_design": "Providers joined or left. The design continues from all 21 mixtures that "
        "were trained and can still be mixed; 42 finished probes are used.",
        "added_mixtures": "4 mixtures are new, for fay: 8 probes to train, 200 samples in all, "
        "about 12 s.",
    }
    assert dict(facts["added_mixtures"].values) == {
        "mixtures": 4,
        "probes": 8,
        "samples": 4 * (10 + 40),
        "seconds": 12.4,
        "fewest": 4,
    }


def test_a_design_that_cannot_be_nested_is_named_with_one_that_can(tmp_path: Path) -> None:
    assert str(facts_of(tmp_path / "sobol", 5, 6, design="sobol")["added_mixtures"]) == (
        "25 mixtures are new, for fay: 50 probes to train, 1,250 samples in all, about 12 s. A "
        "sobol design over other providers shares no mixture with an earlier one. probes.design: "
        "maximin would add 4 mixtures."
    )
    lattice = str(facts_of(tmp_path / "lattice", 3, 4, lattice=4)["added_mixtures"])
    assert lattice.endswith("about 12 s. probes.design: maximin would add 4 mixtures.")


def test_probes_of_a_provider_that_left(tmp_path: Path) -> None:
    facts = facts_of(tmp_path / "leaves", 6, 5)
    assert str(facts["obsolete_probes"]).startswith("32 finished probes cannot be used: their")
    assert str(facts["added_mixtures"]).startswith("12 mixtures are new: 24 probes to train")
    assert set(facts_of(tmp_path / "stays", 5, 5)) == set()


def test_probes_that_a_list_of_mixtures_leaves_out(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    begun(place, NAMES[:3], lattice=2)
    for names, says in [
        (NAMES[:3], "List their mixtures in probes.mixtures to use them."),
        (NAMES[:4], "With probes.design: maximin besides the list, the study uses them."),
    ]:
        study, _ = begun(place, names, most=0, mixtures=[{"ada": 1.0}, {"bob": 1.0}])
        rows = Ledger(place, "probes").rows(study.probes_metadata.input_hash)
        (only,) = reuse_facts(study, Reuse.of(study, rows), [], None)
        assert (only.kind, only.values["probes"]) == ("unused_probes", 8)
        assert str(only).startswith("8 finished probes are of mixtures that this design does not")
        assert str(only).endswith(says)


def test_a_pilot_that_probes_repeat_is_named() -> None:
    values = changed("probes", to={"scales": [10, 60], "lattice": 2, "replacement": True})
    pilots = {**PILOTS, "bob": samples(80, seed=5), "cyd": samples(60, seed=6)}
    (only,) = repetition_facts(resolved(values, pilots))
    assert (only.kind, only.values["provider"], only.values["drawn"]) == (
        "repeated_draws",
        "ada",
        60,
    )
    assert "up to 60 are drawn from its pilot of 40, about 31 different ones" in str(only)
    values["probes"]["scales"] = [10, 40]
    assert not [*repetition_facts(resolved(values, pilots))]


def test_plans_of_a_second_stage_that_repeat_samples_are_named() -> None:
    """A plan may have 500 samples of cyd, and the design draws 171; ada and bob sell fewer."""
    values = changed("probes", to={"budget": 4000, "replacement": True})
    values["selection"] = {"size": 500}
    study = resolved(values)
    of_plans = [one for one in repetition_facts(study) if one.values["scale"] > study.scales[-1]]
    (only,) = of_plans
    assert str(only).startswith(
        "Probes repeat samples of cyd: in the second stage, at 500 samples, up to 500 are drawn"
    )
    plans = replace(study, plans=np.array([[1.0, 0.0, 0.0]]), plan_sizes=(300,))
    chosen = [one for one in repetition_facts(plans) if one.values["scale"] == 300]
    assert [one.values["provider"] for one in chosen] == [study.names[0]]


def test_passes_of_a_network_over_a_probe_and_over_the_purchase_are_compared() -> None:
    """150 steps of 10 samples are 150 passes over 10 samples; 20 epochs are 20 over 2,000."""
    values = changed("probes", to={"scales": [10, 40], "lattice": 2})
    values["selection"] = {"size": 2000}
    values["learner"] = {"name": "small_cnn"}
    (only,) = repetition_facts(resolved(values))
    assert only.kind == "repeated_passes"
    assert only.values["passes"] == [150.0, 150.0]
    assert only.values["bought"] == pytest.approx(20, rel=0.02)
    values["learner"] = {"name": "small_cnn", "settings": {"min_steps": 1}}
    assert not [*repetition_facts(resolved(values))]
    assert not [*repetition_facts(resolved(changed("probes", "lattice", to=2)))]


def test_the_smallest_pilot_is_named_where_it_bounds_a_budget() -> None:
    values = changed("probes", to={"budget": 600, "stages": 1})
    pilots = {**PILOTS, "bob": samples(30, seed=5)}
    (only,) = cap_fact(resolved(values, pilots))
    assert str(only).startswith("The pilot of bob, with 30 samples the smallest one, bounds")
    for probes in (
        {"budget": 300, "stages": 1},
        {"budget": 600, "stages": 1, "replacement": True},
        {"scales": [5, 30], "lattice": 2},
    ):
        assert not [*cap_fact(resolved(changed("probes", to=probes), pilots))]
    values["selection"] = {"size": 30}
    assert not [*cap_fact(resolved(values, pilots))], "the size to buy is the bound as well"


def test_probes_at_the_scales_of_an_earlier_budget_are_named_and_can_be_kept(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    changes = {"probes": {"budget": 600, "stages": 1}, "selection": {"size": 60}}
    before = study_of(NAMES[:3], changes)
    trained = train(before, folder)
    rows = Ledger(folder, "probes").rows(before.probes_metadata.input_hash)
    assert other_scales(before, rows) is None
    after = continued(study_of(NAMES[:4], changes), folder)
    found = other_scales(after, rows)
    assert found is not None
    assert found.probes == {size: len(before.mixtures) for size in before.scales}
    at_last = [key for key in rows if key[1] == before.scales[-1]][:5]
    plans = {(key[0], 55, *key[2:]): {**rows[key], "size": 55} for key in at_last}
    assert other_scales(after, {**rows, **plans}) == found, "plans of a second stage are no scale"
    assert other_scales(after, plans) is None
    (only,) = other_scales_fact(after, found)
    assert only.values["probes"] == len(trained)
    assert f"scales: {list(before.scales)}" in str(only)
    assert only.values["samples"] == sum(probe.size for probe in after.wanted_probes())
    probes = {"scales": list(found.probes), "design": "maximin", "seeds": 1}
    kept = continued(study_of(NAMES[:4], {**changes, "probes": probes}), folder)
    assert Reuse.of(kept, rows) == Reuse(len(trained), 0, 0)
    new = missing_probes(kept, rows)
    assert only.values["continued_samples"] == sum(probe.size for probe in new)
    assert found.added == len({probe.mixture_id for probe in new})


def test_samples_that_a_budget_cannot_spend_are_explained() -> None:
    """Pilots of 40 samples: 21 mixtures at 6 and 40 are 966, the 12 largest plans 572."""
    values = changed("probes", to={"budget": 5000})
    values["selection"] = {"size": 500}
    (only,) = unspent_fact(resolved(values), advises=True)
    assert str(only) == (
        "At least 3,462 of the 5,000 samples in probes.budget stay unspent: no scale is larger "
        "than the smallest pilot (40 samples), a budget buys 7 mixtures per provider at most and "
        "of 12 plans at most, none has more samples than the purchase or its pilots allow. "
        "probes.budget: 1538 buys nearly the same."
    )
    (afterwards,) = unspent_fact(resolved(values), advises=False)
    assert str(only) == f"{afterwards} probes.budget: 1538 buys nearly the same."
    values["selection"] = {"size": 40}
    (bought,) = unspent_fact(resolved(values), advises=True)
    assert "no scale is larger than the purchase (40 samples)" in str(bought)
    assert not [*unspent_fact(resolved(changed("probes", "lattice", to=2)), advises=True)]
