"""Threads of a training."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest
import torch
from threadpoolctl import threadpool_info

from projektor_ray.probes.threads import VARIABLE, cpu_threads


def seen() -> tuple[int, list[int]]:
    return torch.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]


@pytest.mark.parametrize("before", [None, "7"])
def test_a_training_has_as_many_threads_as_asked_and_others_as_before(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(VARIABLE, before)
    outside = seen()
    for count in (1, 2):
        with suppress(ValueError), cpu_threads(count):
            assert seen() == (count, [count] * len(outside[1]))
            assert os.environ[VARIABLE] == str(count)
            raise ValueError
        assert seen() == outside
        assert os.environ.get(VARIABLE) == before


def test_a_library_that_is_loaded_inside_has_as_many() -> None:
    code = """
from projektor_ray.probes.threads import cpu_threads
with cpu_threads(1):
    import torch
    print(torch.get_num_threads())
"""
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, VARIABLE: "2"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert said.stdout.split() == ["1"]
