"""Fingerprints of sources: equal as long as the samples are."""

import os
from pathlib import Path

import pytest

from projektor_ray.data import SourceConfig
from projektor_ray.data import fingerprints as module
from projektor_ray.data.fingerprints import fingerprint
from projektor_ray.errors import InputError


def test_content_counts_and_the_time_of_change_does_not(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,label\n1,a\n")
    source = SourceConfig(path=str(file))
    before = fingerprint(source)
    os.utime(file, (1, 1))
    assert fingerprint(source) == before
    file.write_text("x,label\n2,a\n")
    assert fingerprint(source) != before


def test_of_large_files_size_and_time_of_change_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHEAP", 3)
    file = tmp_path / "a.csv"
    file.write_text("x,label\n1,a\n")
    source = SourceConfig(path=str(file))
    before = fingerprint(source)
    assert fingerprint(source) == before
    os.utime(file, (1, 1))
    assert fingerprint(source) != before


def test_a_file_that_is_added_to_a_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,label\n1,a\n")
    before = fingerprint(SourceConfig(path=str(tmp_path)))
    (tmp_path / "b.csv").write_text("x,label\n1,a\n")
    assert fingerprint(SourceConfig(path=str(tmp_path))) != before


def test_options_count() -> None:
    digits = fingerprint(SourceConfig(sklearn="digits", limit=10))
    assert fingerprint(SourceConfig(sklearn="digits", limit=10)) == digits
    assert fingerprint(SourceConfig(sklearn="digits", limit=11)) != digits
    assert fingerprint(SourceConfig(sklearn="iris", limit=10)) != digits


def test_a_file_that_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        fingerprint(SourceConfig(path=str(tmp_path / "none.csv")))
