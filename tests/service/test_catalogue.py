"""Studies by name: opened once, opened anew when their tables change, never half."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from projektor_ray.errors import InputError
from projektor_ray.service.catalogue import Answers, Catalogue
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import leased
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study.record import write_record
from tests.helpers.study_folders import small_study, write_ledgers, write_study


@pytest.fixture
def own(place: Path, tmp_path: Path) -> Path:
    """A copy of the study's folder, which the test changes."""
    return Path(shutil.copytree(place, tmp_path / "own"))


def look_twice(catalogue: Catalogue) -> None:
    """Two looks at the folders, after which what has changed and settled is opened."""
    catalogue.refresh()
    catalogue.refresh()


def test_names_are_looked_up_in_what_was_given(place: Path) -> None:
    catalogue = Catalogue([str(place), str(place)])
    assert catalogue.names == ("test",)
    assert catalogue["test"].study.providers == ("ada", "bob", "cyd")
    for name in ("tset", str(place), "../served", ""):
        with pytest.raises(RefusedError, match="test"):
            catalogue[name]


def test_two_studies_of_one_name_are_refused(place: Path, own: Path) -> None:
    with pytest.raises(InputError, match="both called 'test'"):
        Catalogue([str(place), str(own)])


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study\.parquet"):
        Catalogue([str(tmp_path)])
    with pytest.raises(InputError, match="no study to serve"):
        Catalogue([])


def test_a_study_whose_tables_change_is_opened_anew(own: Path) -> None:
    catalogue = Catalogue([str(own)])
    before = catalogue["test"]
    look_twice(catalogue)
    assert catalogue["test"] is before, "nothing has changed"
    write_record(Folder(own), small_study(size=60, restarts=4))
    catalogue.refresh()
    assert catalogue["test"] is before, "it may still be changing"
    catalogue.refresh()
    after = catalogue["test"]
    assert after.study.select().selected.size == 60
    assert before.study.select().selected.size == 100


def test_a_folder_that_a_driver_writes_to_stays_as_it_was(own: Path) -> None:
    catalogue = Catalogue([str(own)])
    before = catalogue["test"]
    with leased(Folder(own)):
        write_record(Folder(own), small_study(size=60, restarts=4))
        look_twice(catalogue)
        look_twice(catalogue)
        assert catalogue["test"] is before
    look_twice(catalogue)
    assert catalogue["test"] is not before


def test_a_study_that_is_not_finished_any_more_stays_as_it_was(own: Path) -> None:
    catalogue = Catalogue([str(own)])
    before = catalogue["test"]
    grown = small_study(size=60, restarts=4, seeds=3)
    write_record(Folder(own), grown)
    look_twice(catalogue)
    assert catalogue["test"] is before
    assert catalogue.failures == 1
    look_twice(catalogue)
    assert catalogue.failures == 1, "the same state is not tried again"
    shutil.rmtree(own / "probes")
    shutil.rmtree(own / "distances")
    write_ledgers(Folder(own), grown)
    look_twice(catalogue)
    assert len(catalogue["test"].study.fits[0].runs) > len(before.study.fits[0].runs)


def test_a_damaged_folder_stays_as_it_was(own: Path) -> None:
    catalogue = Catalogue([str(own)])
    before = catalogue["test"]
    (own / "study.parquet").write_bytes(b"half")
    look_twice(catalogue)
    assert catalogue["test"] is before
    assert catalogue.failures == 1


def test_a_study_without_profiles_is_served(tmp_path: Path) -> None:
    write_study(tmp_path, small_study())
    (tmp_path / "provider_profiles.parquet").unlink()
    assert Catalogue([str(tmp_path)])["test"].profiles == {}


def test_the_last_answers_are_remembered() -> None:
    answers, computed = Answers(most=2), list[str]()

    def ask(key: str) -> str:
        return str(answers.get(key, soon(), lambda: computed.append(key) or key))

    for key in ("a", "b", "a", "c", "a", "b"):
        assert ask(key) == key
    assert computed == ["a", "b", "c", "b"]


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def test_an_answer_is_computed_once_however_many_ask() -> None:
    answers, computed, begun, go = Answers(), list[str](), threading.Event(), threading.Event()

    def compute() -> str:
        computed.append("once")
        begun.set()
        assert go.wait(30)
        return "answer"

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(answers.get, "key", soon(), compute)
        assert begun.wait(30)
        others = [threads.submit(answers.get, "key", soon(), compute) for _ in range(3)]
        with pytest.raises(TimeoutError):
            answers.get("key", soon(0.05), compute)
        assert answers.get("other", soon(), lambda: 3) == 3, "other questions do not wait"
        go.set()
        assert [one.result() for one in (first, *others)] == ["answer"] * 4
    assert computed == ["once"]


def test_where_a_computation_fails_the_next_one_that_waits_computes() -> None:
    answers, begun, go = Answers(), threading.Event(), threading.Event()

    def fail() -> str:
        begun.set()
        assert go.wait(30)
        raise TimeoutError

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answers.get, "key", soon(), fail)
        assert begun.wait(30)
        second = threads.submit(answers.get, "key", soon(), lambda: "answer")
        go.set()
        assert second.result() == "answer"
        with pytest.raises(TimeoutError):
            first.result()
    assert answers.get("key", soon(), fail) == "answer"


def test_ledgers_that_only_grow_count_as_a_change(own: Path) -> None:
    catalogue = Catalogue([str(own)])
    before = catalogue["test"]
    study = small_study()
    rows = list(Ledger(Folder(own), "probes").rows(study.probes_metadata.input_hash).values())
    again = [{k: v for k, v in row.items() if k != "providers"} for row in rows[:2]]
    Ledger(Folder(own), "probes").append(again, study.probes_metadata)
    look_twice(catalogue)
    assert catalogue["test"] is not before
