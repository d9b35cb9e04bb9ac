"""Study files that are broken, huge or hostile: one clear error each, at once."""

import os
from pathlib import Path

import pytest
import yaml

from projektor_ray.errors import InputError
from projektor_ray.storage import yaml_files
from projektor_ray.storage.yaml_files import read_yaml
from projektor_ray.study import read_study
from tests.helpers.hostile_studies import HOSTILE_STUDIES, STUDY


@pytest.mark.parametrize("content", HOSTILE_STUDIES.values(), ids=HOSTILE_STUDIES)
def test_a_hostile_file_gets_one_short_error(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as failure:
        read_study(path)
    lines = str(failure.value).splitlines()
    assert len(lines) <= 8
    assert all(len(line) < 500 for line in lines)


def test_the_study_that_they_are_made_from_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    assert read_study(path).selection.size == 60
    anchors = STUDY.replace("{sklearn: iris}, capacity", "&iris {sklearn: iris}, capacity")
    path.write_text(anchors.replace("validation: {sklearn: iris}", "validation: {<<: *iris}"))
    assert read_study(path).validation == read_study(path).providers[0].source
    path.write_text(STUDY.replace("name: demo", "name: 2024-01-31"))
    assert read_study(path).name == "2024-01-31", "a date is a text"


def test_no_fifo_is_waited_for_and_no_device_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero"), tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=path.name):
            read_yaml(path)
    with pytest.raises(InputError, match="null"):
        read_yaml("a\x00null")


def test_a_file_of_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_files, "MOST_BYTES", 100)
    path = tmp_path / "study.yaml"
    path.write_text("a: " + "x" * 200)
    with pytest.raises(InputError, match="100 bytes; got 203"):
        read_yaml(path)


def test_it_reads_what_pyyaml_reads(tmp_path: Path) -> None:
    root = Path(__file__).parents[2] / "examples"
    for path in root.glob("*.yaml"):
        assert read_yaml(path) == yaml.safe_load(path.read_text())
