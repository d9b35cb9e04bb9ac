"""The searcher of an adaptive design, asked by a loop as Tune asks it; no Ray is started."""

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.tune.search import Searcher

from actors.adaptive import NextMixtures
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study
from projektor_ray.study.base_design import continued
from projektor_ray.study.fitting import missing_probes
from tests.helpers.provider_changes import study_of
from tests.helpers.studies import adaptive, measured, value

SLOTS = 5


class DriverDiedError(Exception):
    """The driver dies."""


def trained(probe: Probe) -> Outcome:
    then = datetime(2026, 1, 2, tzinfo=timezone.utc)
    return Outcome(probe, (value(probe.mixture, probe.size),), "", 1.0, then)


def run(
    folder: Path,
    rows: dict[Key, Row],
    dies_after: int = 10**9,
    names: Sequence[str] = (),
    **asked: Any,
) -> Study:
    """A run that keeps SLOTS trials busy, the youngest ending first, and dies after some.

    Parameters
    ----------
    names : of the providers; absent: the usual three.
    """
    asked = {"initial_mixtures": 4, "n_mixtures": 9, "batch": 2, **asked}
    study = study_of(names, design="adaptive", **asked) if names else adaptive(**asked)
    study = continued(study, Folder(folder), records=True)
    searcher = NextMixtures(
        study, Folder(folder), missing_probes(study, rows), rows, measured(study)
    )
    running: list[tuple[str, int]] = []
    for ended in itertools.count():
        while len(running) < SLOTS:
            name = f"trial {ended} {len(running)}"
            found = searcher.suggest(name)
            if found in (None, Searcher.FINISHED):
                break
            running.append((name, found["index"]))
        if not running:
            assert found == Searcher.FINISHED
            return searcher.study
        if ended == dies_after:
            raise DriverDiedError
        name, index = running.pop()
        searcher.on_trial_complete(name)
        probe = searcher.probes[index]
        assert probe.key not in rows, "trained twice"
        rows[probe.key] = trained(probe).row()
        Ledger(Folder(folder), "probes").append([rows[probe.key]], study.probes_metadata)
        searcher.finished(trained(probe))
    raise AssertionError


def test_a_run_ends_where_what_failed_must_be_tried_again_and_another_goes_on(
    tmp_path: Path,
) -> None:
    study = adaptive(initial_mixtures=4, n_mixtures=6)
    missing = study.wanted_probes()
    searcher = NextMixtures(study, Folder(tmp_path), missing, {}, measured(study))
    names = [f"trial {i}" for i in range(len(missing))]
    assert [searcher.suggest(name)["index"] for name in names] == list(range(len(missing)))
    assert searcher.suggest("one more") is None
    for name, probe in zip(names[1:], missing[1:], strict=True):
        searcher.on_trial_complete(name)
        searcher.finished(trained(probe))
    assert searcher.suggest("one more") is None
    searcher.on_trial_complete(names[0], error=True)
    assert searcher.suggest("one more") == Searcher.FINISHED
    assert searcher.ended is None
    assert not searcher.has_more()
    searcher.finished(trained(missing[0]))
    assert searcher.has_more()
    assert searcher.suggest("one more")["index"] >= len(missing)


def test_it_trains_what_it_chooses_and_no_more(tmp_path: Path) -> None:
    rows: dict[Key, Row] = {}
    study = run(tmp_path, rows)
    assert len(study.mixtures) == 9
    assert set(rows) == {probe.key for probe in study.wanted_probes()}


@pytest.mark.parametrize("dies_after", [3, 9, 13])
def test_a_run_that_died_goes_on_as_if_it_had_not(tmp_path: Path, dies_after: int) -> None:
    undisturbed: dict[Key, Row] = {}
    expected = run(tmp_path / "whole", undisturbed)
    rows: dict[Key, Row] = {}
    with pytest.raises(DriverDiedError):
        run(tmp_path / "cut", rows, dies_after)
    assert len(rows) == dies_after
    resumed = run(tmp_path / "cut", rows)
    assert resumed.mixture_ids == expected.mixture_ids
    assert rows == undisturbed


def test_a_finished_design_is_left_alone_and_a_longer_one_begins_with_it(tmp_path: Path) -> None:
    rows: dict[Key, Row] = {}
    short = run(tmp_path, rows)
    trained = dict(rows)
    assert run(tmp_path, rows).mixture_ids == short.mixture_ids
    assert rows == trained
    longer = run(tmp_path, rows, n_mixtures=11)
    assert longer.mixture_ids[:9] == short.mixture_ids
    assert longer.mixture_ids == run(tmp_path / "whole", {}, n_mixtures=11).mixture_ids
    more_seeds = run(tmp_path, rows, n_mixtures=11, seeds=2)
    assert more_seeds.mixture_ids == longer.mixture_ids
    assert len(rows) == 11 * 2 * 2


def test_what_an_earlier_design_trained_is_not_trained_again(tmp_path: Path) -> None:
    rows: dict[Key, Row] = {}
    chosen = run(tmp_path / "one", rows)
    study = adaptive(initial_mixtures=4, n_mixtures=9, batch=2)
    last = replace(study, mixtures=chosen.mixtures[-1:])
    kept = {probe.key: rows[probe.key] for probe in last.wanted_probes()}
    assert run(tmp_path / "two", dict(kept)).mixture_ids == chosen.mixture_ids


@pytest.mark.parametrize(
    ("first", "then"),
    [(("ada", "bob"), ("ada", "bob", "cyd")), (("ada", "bob", "cyd"), ("bob", "cyd"))],
)
@pytest.mark.parametrize("left_over", [9, 14])
@pytest.mark.parametrize("dies_after", [2, 9])
def test_providers_that_join_or_leave_keep_what_was_trained_and_chosen(
    tmp_path: Path, first: tuple[str, ...], then: tuple[str, ...], left_over: int, dies_after: int
) -> None:
    """Also where the first run died, so that mixtures are chosen that nobody has trained."""
    rows: dict[Key, Row] = {}
    with pytest.raises(DriverDiedError):
        run(tmp_path / "whole", rows, left_over, first)
    study, mixture = study_of(first), np.array([0.0] * (len(first) - 2) + [0.4, 0.6])
    chosen = {"mixture_id": study.identify(mixture), "mixture": mixture.tolist(), "position": 30}
    design = Ledger(Folder(tmp_path / "whole"), "adaptive_design")
    design.append([{**chosen, "gain": 0.1}], study.probes_metadata)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    cut = dict(rows)
    before = set(rows)
    expected = run(tmp_path / "whole", rows, names=then, n_mixtures=13)
    usable = {key for key, row in rows.items() if key in before and key[0] in expected.mixture_ids}
    assert len(usable) == (len(before) if len(then) > len(first) else usable_of(before, rows))
    with pytest.raises(DriverDiedError):
        run(tmp_path / "cut", cut, dies_after, then, n_mixtures=13)
    assert run(tmp_path / "cut", cut, names=then, n_mixtures=13).mixture_ids == expected.mixture_ids
    assert {key: row["value"] for key, row in cut.items()} == {
        key: row["value"] for key, row in rows.items()
    }


def usable_of(keys: set[Key], rows: dict[Key, Row]) -> int:
    """How many probes of three providers have no share of the first."""
    return sum(rows[key]["mixture"][0] == 0 for key in keys)
