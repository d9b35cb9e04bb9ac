"""`python -m jobs.serve`: from the command to the first answer, and to its end."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
import pytest

from jobs.cluster import ROOT
from jobs.command_line import main as command_line
from jobs.serve import proxy_location
from projektor_ray.cli.signals import SERVED
from tests.helpers.free_port import free_port
from tests.helpers.study_folders import small_study, write_study

WAIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("served"), small_study())


def command(*arguments: str, log: Path, temporary: str = "/tmp") -> subprocess.Popen[bytes]:
    environment = {n: value for n, value in os.environ.items() if "RAY_ADD" not in n}
    environment.pop("PROJEKTOR_TOKEN", None)
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs.serve", *arguments],
            cwd=ROOT,
            env={**environment, "TMPDIR": temporary, "RAY_TMPDIR": temporary},
            stdout=file,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.ray
def test_it_serves_until_it_is_told_to_stop(folder: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with tempfile.TemporaryDirectory(prefix="pr-", dir="/tmp") as temporary:
        process = command(str(folder), "--port", str(port), log=log, temporary=temporary)
        try:
            deadline = time.monotonic() + WAIT_SECONDS
            while f"Serving: http://127.0.0.1:{port}" not in log.read_text():
                assert time.monotonic() < deadline, log.read_text()
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
            studies = httpx.get(f"http://127.0.0.1:{port}/v1/studies").json()["studies"]
            assert [one["name"] for one in studies] == ["test"]
            children = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=WAIT_SECONDS) == 128 + signal.SIGTERM, log.read_text()
        finally:
            process.kill()
        assert f"Stopped: {SERVED}" in log.read_text()
        assert "Traceback" not in log.read_text()
        assert not psutil.wait_procs(children, timeout=10)[1]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.parametrize(
    ("host", "local", "location"),
    [
        ("0.0.0.0", False, "EveryNode"),
        ("::", False, "EveryNode"),
        ("10.0.0.5", False, "HeadOnly"),
        ("127.0.0.1", False, "HeadOnly"),
        ("0.0.0.0", True, "HeadOnly"),
    ],
)
def test_a_service_on_every_address_has_a_proxy_on_every_node(
    host: str, local: bool, location: str
) -> None:
    assert proxy_location(host, local=local) == location


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("FOLDER", "--host", "0.0.0.0"), "so that a token is needed"),
        (("EMPTY",), "there is no table study.parquet"),
        (("FOLDER", "FOLDER", "--address", "127.0.0.1:1"), "no Ray cluster answers"),
    ],
)
def test_what_cannot_be_served_is_refused_before_ray_starts(
    arguments: tuple[str, ...],
    words: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def started(*given: object, **named: object) -> None:
        pytest.fail("Ray was started")

    monkeypatch.setattr("ray.init", started)
    monkeypatch.delenv("PROJEKTOR_TOKEN", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    places = {"FOLDER": str(folder), "EMPTY": str(tmp_path)}
    monkeypatch.setattr(sys, "argv", ["jobs.serve", *(places.get(one, one) for one in arguments)])
    with pytest.raises(SystemExit) as ended:
        command_line("serve")
    assert ended.value.code == 2
    assert words in " ".join(capsys.readouterr().err.split())
