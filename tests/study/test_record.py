"""The record of a study: what is written opens as the same study, without sources."""

from dataclasses import replace
from pathlib import Path

import pytest

from projektor_ray.errors import InputError
from projektor_ray.storage.folder import Folder
from projektor_ray.study.record import read_record, recorded_sets, write_record
from tests.helpers.study_folders import small_study


def test_a_record_opens_as_the_study_that_was_written(tmp_path: Path) -> None:
    study, folder = small_study(), Folder(tmp_path)
    write_record(folder, study)
    record = read_record(folder)
    assert record.study.names == study.names
    assert record.study.wanted_probes() == study.wanted_probes()
    assert record.study.config.selection == study.config.selection
    assert list(record.probe_hashes.values()) == [study.each[0].probes_metadata.input_hash]
    assert list(record.distance_hashes.values()) == [study.each[0].distances_metadata.input_hash]


def test_sources_are_not_recorded(tmp_path: Path) -> None:
    study, folder = small_study(), Folder(tmp_path)
    write_record(folder, study)
    (row,) = folder.read_table("study").to_pylist()
    assert "source" not in row["config"]
    assert "validation" not in row["config"]
    assert all(one.source is None for one in read_record(folder).study.config.providers)


def test_sets_are_read_again_unless_the_sources_are_as_they_were(tmp_path: Path) -> None:
    study, folder = small_study(), Folder(tmp_path)
    write_record(folder, study, "abc")
    found = recorded_sets(folder, "abc")
    assert found is not None
    assert [one.name for one in found[0]] == [one.name for one in study.pilots]
    assert recorded_sets(folder, "abd") is None
    assert recorded_sets(folder, "") is None
    assert recorded_sets(Folder(tmp_path / "empty"), "abc") is None


def test_a_record_of_broken_summaries_is_refused(tmp_path: Path) -> None:
    study, folder = small_study(), Folder(tmp_path)
    broken = replace(study.pilots[0], size="many")  # type: ignore[arg-type]
    write_record(folder, replace(study, pilots=[broken, *study.pilots[1:]]))
    with pytest.raises(InputError, match=r"study\.parquet"):
        read_record(folder)
