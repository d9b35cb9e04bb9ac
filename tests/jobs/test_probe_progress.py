"""The progress of probes says what is going on before anything has ended."""

import pytest

from jobs.probe_progress import probe_progress


def test_it_says_at_once_that_workers_start(capsys: pytest.CaptureFixture[str]) -> None:
    with probe_progress(1400):
        assert capsys.readouterr().err == "Probes: 0 of 1,400, starting workers\n"
