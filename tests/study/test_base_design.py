"""Providers join and leave: trained mixtures stay in the design, and it is continued from them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.designs.candidates import candidates
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import SetSummary, Study
from projektor_ray.study.base_design import Reuse, continued, trained_mixtures
from projektor_ray.study.fitting import missing_probes
from projektor_ray.study.record import read_record, write_record
from tests.helpers.provider_changes import NAMES, begun, study_of, train
from tests.helpers.studies import samples

FIVE, SIX = NAMES[:5], NAMES[:6]
DESIGNS: dict[str, dict[str, Any]] = {
    "default": {},
    "maximin": {"design": "maximin", "n_mixtures": 30},
    "d_optimal": {"design": "d_optimal"},
    "simplex_centroid": {"design": "simplex_centroid"},
    "sobol": {"design": "sobol"},
    "adaptive": {"design": "adaptive"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def ledger(study: Study, folder: Folder) -> dict[Key, Row]:
    return dict(Ledger(folder, "probes").rows(study.probes_metadata.input_hash))


def shares_by_name(study: Study) -> set[frozenset[tuple[str, float]]]:
    """Each mixture as its positive shares by provider, independent of code that is tested."""
    return {
        frozenset((name, round(s, 9)) for name, s in zip(study.names, mixture, strict=True) if s)
        for mixture in study.mixtures.tolist()
    }


@pytest.mark.parametrize("probes", DESIGNS.values(), ids=DESIGNS)
def test_every_probe_stays_when_a_provider_joins(folder: Folder, probes: dict[str, Any]) -> None:
    before, trained = begun(folder, FIVE, **probes)
    after, _ = begun(folder, SIX, most=0, **probes)
    assert shares_by_name(before) <= shares_by_name(after)
    assert Reuse.of(after, ledger(after, folder)) == Reuse(len(trained), 0, 0)
    assert after.mixtures[:, SIX.index("fay")].any()


@pytest.mark.parametrize("probes", DESIGNS.values(), ids=DESIGNS)
def test_every_probe_without_the_provider_that_leaves_stays(
    folder: Folder, probes: dict[str, Any]
) -> None:
    before, trained = begun(folder, SIX, **probes)
    after, _ = begun(folder, FIVE, most=0, **probes)
    applies = {one for one in shares_by_name(before) if "fay" not in dict(one)}
    assert applies <= shares_by_name(after)
    assert {one.mixture_id for one in before.wanted_probes() if not one.mixture[5]} <= {
        *after.mixture_ids
    }
    used = 2 * len(applies)
    assert Reuse.of(after, ledger(after, folder)) == Reuse(used, 0, len(trained) - used)
    fresh = study_of(FIVE, **probes)
    assert len(fresh.mixtures) <= len(after.mixtures) <= len(fresh.mixtures) + len(applies)


@pytest.mark.parametrize(
    ("first", "then", "probes", "new"),
    [
        (FIVE, SIX, {}, 4),
        (FIVE, SIX, {"design": "maximin", "n_mixtures": 40}, 6),
        (FIVE, SIX, {"design": "maximin", "n_mixtures": 3}, 1),
        (FIVE, NAMES, {}, 8),
        (NAMES[:3], NAMES[:4], {}, 4),
        (NAMES[:4], FIVE, {}, 4),
        (NAMES[:4], NAMES[:3], {}, 0),
        (NAMES[:3], NAMES[:4], {"lattice": 4}, 20),
        (NAMES[:4], NAMES[:3], {"lattice": 4}, 0),
        (NAMES[:3], NAMES[:4], {"design": "simplex_centroid"}, 9),
        (FIVE, SIX, {"design": "sobol"}, 25),
        (FIVE, SIX, {"design": "d_optimal"}, 4),
    ],
)
def test_what_a_change_of_providers_costs(
    folder: Folder, first: tuple[str, ...], then: tuple[str, ...], probes: dict[str, Any], new: int
) -> None:
    begun(folder, first, **probes)
    _, trained = begun(folder, then, **probes)
    assert len(trained) == 2 * new


def test_a_lattice_is_nested_by_itself_and_a_screening_design_is_not(folder: Folder) -> None:
    """The faces of a lattice are lattices; the screening design has other halfway points."""
    small, large = (study_of(NAMES[:m], lattice=4) for m in (3, 4))
    assert shares_by_name(small) <= shares_by_name(large)
    small, large = (study_of(NAMES[:m], design="simplex_centroid") for m in (5, 6))
    assert len(shares_by_name(small) & shares_by_name(large)) == 6
    small, large = (study_of(NAMES[:m], design="sobol") for m in (5, 6))
    assert not shares_by_name(small) & shares_by_name(large)


def test_each_new_mixture_is_the_candidate_farthest_from_all_before(folder: Folder) -> None:
    begun(folder, FIVE)
    after, _ = begun(folder, SIX)
    grid, base = candidates(6), len(after.base)
    assert (base, len(after.mixtures)) == (21, 25)
    for place in range(base, len(after.mixtures)):
        radius = hellinger(grid, after.mixtures[:place]).min(axis=1)
        own = hellinger(after.mixtures[place][None], after.mixtures[:place]).min()
        assert own == pytest.approx(radius.max(), abs=1e-7)


def hellinger(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """√(2 − 2 Σ √(p q)), which is the distance of √p and √q."""
    return np.sqrt(np.maximum(2 - 2 * np.sqrt(some) @ np.sqrt(others).T, 0.0))


def test_what_was_not_trained_does_not_stay(folder: Folder) -> None:
    begun(folder, FIVE, most=3)
    after, _ = begun(folder, SIX, most=0)
    assert len(after.base) == 3
    assert len(after.mixtures) == 25


def test_an_empty_folder_has_the_fresh_design(folder: Folder) -> None:
    for probes in DESIGNS.values():
        fresh = study_of(FIVE, **probes)
        np.testing.assert_array_equal(continued(fresh, folder).mixtures, fresh.mixtures)
    assert not folder.names("base_design")


@pytest.mark.parametrize("probes", DESIGNS.values(), ids=DESIGNS)
def test_the_design_does_not_depend_on_when_a_run_ended(
    tmp_path: Path, probes: dict[str, Any]
) -> None:
    begun(Folder(tmp_path / "0"), FIVE, **probes)
    looked = continued(study_of(SIX, **probes), Folder(tmp_path / "0"))
    assert not (tmp_path / "0" / "base_design").exists()
    for number in range(2):
        place, more = tmp_path / str(number), Folder(tmp_path / str(number + 1))
        now, _ = begun(Folder(place), SIX, most=3, **probes)
        assert now.mixture_ids == looked.mixture_ids
        shutil.copytree(place, tmp_path / str(number + 1))
        assert continued(study_of(SIX, **probes), more).mixture_ids == looked.mixture_ids


def test_who_joins_again_costs_nothing(folder: Folder) -> None:
    begun(folder, FIVE)
    assert len(begun(folder, SIX)[1]) == 8
    assert begun(folder, FIVE)[1] == []
    assert begun(folder, SIX)[1] == []
    assert begun(folder, SIX[::-1])[1] == []


def test_a_larger_design_later_continues_the_same_base(folder: Folder) -> None:
    begun(folder, FIVE)
    before, _ = begun(folder, SIX)
    after, trained = begun(folder, SIX, n_mixtures=30)
    assert shares_by_name(before) <= shares_by_name(after)
    assert len(trained) == 2 * 5


def test_a_changed_design_of_the_same_providers_is_fresh(folder: Folder) -> None:
    begun(folder, NAMES[:3], lattice=2)
    after, _ = begun(folder, NAMES[:3], most=0, lattice=3)
    np.testing.assert_array_equal(after.mixtures, study_of(NAMES[:3], lattice=3).mixtures)
    assert Reuse.of(after, ledger(after, folder)) == Reuse(6, 6, 0)


def test_nothing_stays_where_nothing_applies(folder: Folder) -> None:
    """Its own probes are then no base of it, whenever its run ends."""
    begun(folder, NAMES[:2], lattice=2)
    begun(folder, NAMES[:3], lattice=2)
    fresh = study_of(NAMES[4:6], lattice=3)
    for _ in range(3):
        after, _ = begun(folder, NAMES[4:6], most=1, lattice=3)
        np.testing.assert_array_equal(after.mixtures, fresh.mixtures)


@pytest.mark.parametrize(
    "changes",
    [
        {"learner": {"name": "sklearn.linear_model.LogisticRegression"}},
        {"probes": {"scales": [12, 48], "seeds": 1}},
        {"probes": {"scales": [10, 40], "seeds": [5]}},
        {"metric": "f1_macro"},
    ],
)
def test_only_probes_that_the_study_could_ask_for_are_a_base(
    folder: Folder, changes: dict[str, Any]
) -> None:
    begun(folder, FIVE)
    fresh = study_of(SIX, changes)
    assert len(trained_mixtures(fresh, ledger(fresh, folder))) == 0
    np.testing.assert_array_equal(continued(fresh, folder).mixtures, fresh.mixtures)


def test_a_listed_design_is_what_the_file_lists(folder: Folder) -> None:
    listed = [{"ada": 1.0}, {"bob": 0.5, "cyd": 0.5}, {"cyd": 0.3, "dan": 0.7}]
    begun(folder, FIVE, mixtures=listed)
    more = [*listed, {"ada": 0.5, "fay": 0.5}]
    after, trained = begun(folder, SIX, mixtures=more)
    np.testing.assert_array_equal(after.mixtures, study_of(SIX, mixtures=more).mixtures)
    assert len(trained) == 2
    fewer, _ = begun(folder, SIX, mixtures=more[1:])
    assert Reuse.of(fewer, ledger(fewer, folder)) == Reuse(6, 2, 0)
    with_a_design, _ = begun(folder, SIX, design="maximin", mixtures=more[1:])
    assert Reuse.of(with_a_design, ledger(with_a_design, folder)).unused == 0


def test_the_recorded_study_is_opened_with_its_base(folder: Folder) -> None:
    begun(folder, FIVE)
    after, _ = begun(folder, SIX)
    write_record(folder, after)
    opened = read_record(folder).study
    assert opened.mixture_ids == after.mixture_ids
    begun(folder, NAMES)
    assert read_record(folder).study.mixture_ids == after.mixture_ids
    assert after.results_metadata.input_hash != study_of(SIX).results_metadata.input_hash


def test_a_changed_pilot_keeps_the_mixtures_without_it(folder: Folder) -> None:
    begun(folder, FIVE)
    changed = {"eve": SetSummary.of("eve", samples(60, 99))}
    after = continued(study_of(FIVE, pilots=changed), folder)
    np.testing.assert_array_equal(after.mixtures, study_of(FIVE).mixtures)
    without = int((after.mixtures[:, 4] == 0).sum())
    assert Reuse.of(after, ledger(after, folder)) == Reuse(2 * without, 0, 2 * (21 - without))


@pytest.mark.parametrize("left", ["everyday", "rare"])
def test_one_of_several_validation_sets_keeps_the_base(folder: Folder, left: str) -> None:
    both = ("everyday", "rare")
    train(continued(study_of(FIVE, sets=both), folder, records=True), folder)
    after = continued(study_of(SIX, sets=both), folder, records=True)
    assert len(after.base) == 21
    train(after, folder)
    alone = continued(study_of(SIX, sets=(left,)), folder)
    assert alone.mixture_ids == after.mixture_ids
    assert missing_probes(alone, ledger(alone, folder)) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(NAMES), min_size=2, max_size=6),
            st.integers(0, 60),
            st.sampled_from(["maximin", "simplex_centroid", "sobol", "default"]),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_whatever_joins_and_leaves_no_probe_that_applies_is_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[set[str], int, str]]
) -> None:
    folder = Folder(tmp_path_factory.mktemp("study"))
    done: list[frozenset[str]] = []
    last: frozenset[str] = frozenset()
    for names, most, design in steps:
        if names == last:
            continue
        last = frozenset(names)
        study, trained = begun(folder, sorted(names), most=most, **DESIGNS.get(design, {}))
        reuse = Reuse.of(study, {**ledger(study, folder)})
        done += [used_by(study, one.mixture) for one in trained]
        assert reuse.unused == 0
        assert reuse.used == sum(one <= names for one in done)
        assert reuse.obsolete == len(done) - reuse.used
        assert len(set(study.mixture_ids)) == len(study.mixtures)
        np.testing.assert_allclose(study.mixtures.sum(axis=1), 1)
        again = continued(study_of(sorted(names), **DESIGNS.get(design, {})), folder)
        assert again.mixture_ids == study.mixture_ids


def used_by(study: Study, mixture: tuple[float, ...]) -> frozenset[str]:
    return frozenset(n for n, share in zip(study.names, mixture, strict=True) if share)
