"""Hostile sources: each is read or refused in words, without a wait."""

from pathlib import Path
from typing import Any

import pytest

from projektor_ray.data import read_source
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import InputError
from projektor_ray.storage.settings import parse
from tests.helpers.hostile_sources import hostile_sources

SLOW = ("million", "20,000", "20 MB", "100 MB", "XML", "bomb", "grows", "storage", "'/'", "://")
"""Parts of names of sources that take a second and more; `benchmarks.hostile_inputs` reads all."""
READ = {
    "npz: a broken member that is not used",
    "npz: a path for a name",
    "npz: LZMA",
}
"""Some that are sound but for what is not used."""


@pytest.mark.slow
def test_each_is_read_or_refused_in_words(tmp_path: Path) -> None:
    read, refused = set(), set()
    for name, values in hostile_sources(tmp_path):
        if any(part in name for part in SLOW):
            continue
        try:
            read_source(parse(SourceConfig, values))
            read.add(name)
        except InputError:
            refused.add(name)
    assert read >= READ
    assert len(refused) > 100
    pipes = {name for name in refused if "pipe" in name}
    assert len(pipes) == 5


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/random"])
def test_a_device_is_not_read(path: str) -> None:
    values: dict[str, Any] = {"path": path}
    with pytest.raises(InputError, match=path):
        read_source(parse(SourceConfig, values))
