"""Files that the commands write: whole, or as they were."""

from pathlib import Path

import pytest

from projektor_ray.cli.output_files import save
from projektor_ray.errors import StorageError


def test_a_disk_that_fills_spares_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "plan.csv"
    save(out, b"earlier")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        save(out, b"later")
    assert out.read_bytes() == b"earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.csv"]


def full(handle: int) -> None:
    raise OSError(28, "No space left on device")
