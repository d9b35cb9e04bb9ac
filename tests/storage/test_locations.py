"""Local paths and URIs: what is there, what is near, and whose memory its bytes are."""

from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from projektor_ray.errors import InputError
from projektor_ray.storage.locations import locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name in ("b.csv", "a.csv", "deep/c.csv", ".hidden"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_folder_lists_its_files_sorted_and_no_hidden_ones(folder: Path) -> None:
    found = locate(str(folder))
    assert found.is_folder
    assert found.files == tuple(f"{folder}/{name}" for name in ("a.csv", "b.csv", "deep/c.csv"))


def test_a_path_a_uri_and_a_given_file_system_reach_the_same_file(folder: Path) -> None:
    within = pafs.SubTreeFileSystem(str(folder), pafs.LocalFileSystem())
    places = [locate(f"{folder}/a.csv"), locate(f"file://{folder}/a.csv"), locate("a.csv", within)]
    assert [place.read() for place in places] == [b"a.csv"] * 3
    assert not any(place.is_folder for place in places)


@pytest.mark.parametrize("name", ["a.cvs", "absent/a.csv"])
def test_a_missing_file_says_what_is_near(name: str, folder: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv"):
        locate(str(folder / name))


def test_bytes_are_no_memory_of_python_s(tmp_path: Path) -> None:
    """Threads of Arrow's reader may drop them as the interpreter ends, which aborts the process."""
    (tmp_path / "runs.csv").write_text("ada,bob\n0.5,0.5\n")
    before = pa.total_allocated_bytes()
    path = str(tmp_path / "runs.csv")
    with locate(path).open(path) as stream:
        buffer = stream.read_buffer()
    assert pa.total_allocated_bytes() - before >= buffer.size > 0
    assert bytes(buffer) == b"ada,bob\n0.5,0.5\n"
