"""The main job on a cluster that has the dependencies and nothing of ours, sent there by Ray."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ray.job_submission import JobStatus, JobSubmissionClient

from jobs.cluster import ROOT
from projektor_ray.storage.schemas import SCHEMAS
from tests.helpers.job_studies import OF_SEVERAL, PROBES, rows, table, values

pytestmark = pytest.mark.ray

START_SECONDS = 60
JOB_SECONDS = 180


@dataclass(frozen=True)
class Head:
    """A head node on loopback: its addresses, and the environment that a client speaks to it in."""

    home: Path
    gcs: str
    dashboard: str
    python: str
    environment: dict[str, str]


def bare_environment(folder: Path) -> dict[str, str]:
    """An environment whose `python` sees this one's site-packages, but not what is installed there
    in editable form: `.pth` files count only in a site folder, not in one that such a file names.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV") and not name.startswith("RAY_")
    }
    path = os.pathsep.join([str(folder / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "RAY_AUTH_MODE": "disabled", "PYTHONDONTWRITEBYTECODE": "1"}


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    home = Path(tempfile.mkdtemp(prefix="pr-"))
    environment = bare_environment(home / "venv")
    python = str(home / "venv" / "bin" / "python")
    names = (
        "port",
        "dashboard-port",
        "dashboard-agent-listen-port",
        "dashboard-agent-grpc-port",
        "metrics-export-port",
        "runtime-env-agent-port",
        "ray-client-server-port",
    )
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [
        *(python, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
        *(f"--{name}={port}" for name, port in ports.items()),
        *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", f"--temp-dir={home}/ray"),
        *("--num-cpus=2", "--object-store-memory=100000000", "--disable-usage-stats"),
    ]
    with (home / "head.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log)
    try:
        dashboard = f"http://127.0.0.1:{ports['dashboard-port']}"
        wait_for(dashboard, process, home / "head.log")
        yield Head(home, f"127.0.0.1:{ports['port']}", dashboard, python, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def wait_for(dashboard: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            JobSubmissionClient(dashboard).list_jobs()
        except Exception:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the head node did not start:\n{log.read_text(errors='replace')}")


def submit(head: Head, *entrypoint: str) -> tuple[JobSubmissionClient, str, str]:
    """`ray job submit --working-dir . -- …` as a person types it; waits for its end."""
    job = f"job-{time.monotonic_ns()}"
    submitted = subprocess.run(
        [
            *(head.python, "-m", "ray.scripts.scripts", "job", "submit"),
            *("--address", head.dashboard, "--submission-id", job, "--working-dir", "."),
            *("--", *entrypoint),
        ],
        cwd=ROOT,
        env=head.environment,
        capture_output=True,
        text=True,
        timeout=JOB_SECONDS,
        check=False,
    )
    return JobSubmissionClient(head.dashboard), job, submitted.stdout + submitted.stderr


def written(folder: Path, **changes: object) -> str:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(values(**changes)), encoding="utf-8")
    return str(path)


def test_nothing_of_ours_is_installed_there(head: Head) -> None:
    for name, status in [("ray", 0), ("torch", 0), ("projektor_ray", 1), ("jobs", 1)]:
        found = f"import importlib.util as u, sys; sys.exit(u.find_spec({name!r}) is None)"
        ended = subprocess.run(
            [head.python, "-c", found], env=head.environment, cwd="/", check=False
        )
        assert ended.returncode == status, name


def test_a_submitted_study(head: Head, tmp_path: Path) -> None:
    out = tmp_path / "out"
    client, job, said = submit(
        head, "python", "-m", "jobs.study", written(tmp_path), "--out", str(out)
    )
    info = client.get_job_info(job)
    assert info.status == JobStatus.SUCCEEDED, said + client.get_job_logs(job)
    assert info.driver_exit_code == 0
    assert table(out, "probes").num_rows == PROBES
    assert {row["status"] for row in rows(out, "probes")} == {"done"}
    made = set(SCHEMAS) - {"adaptive_design", "base_design", OF_SEVERAL, "thumbnails"}
    others = "adaptive study; several validation sets; images"
    assert all(table(out, name).num_rows for name in made), others
    travelled = next(
        (head.home / "ray").glob("session_2*/runtime_resources/working_dir_files/*/jobs")
    ).parent
    names = {path.name for path in travelled.iterdir() if path.is_dir()}
    assert {"projektor_ray", "actors", "jobs"} <= names
    assert not names & {".venv", ".git", "out", ".mypy_cache"}
    assert sum(path.stat().st_size for path in travelled.rglob("*.*")) < 10 * 2**20


def test_a_submitted_mistake_ends_the_job_with_status_2(head: Head, tmp_path: Path) -> None:
    study = written(tmp_path, learner={"name": "small_cn"})
    client, job, said = submit(head, "python", "-m", "jobs.study", study, "--out", str(tmp_path))
    info = client.get_job_info(job)
    assert info.status == JobStatus.FAILED
    assert info.driver_exit_code == 2
    assert "unknown learner 'small_cn'" in " ".join(said.split())


def test_a_driver_beside_the_cluster_needs_an_absolute_folder(head: Head, tmp_path: Path) -> None:
    """The workers' current folder is not the driver's: a relative output folder is refused."""
    out = tmp_path / "out"
    for folder, status in ((os.path.relpath(out, ROOT), 2), (str(out), 0)):
        ended = subprocess.run(
            [
                *(head.python, "-m", "jobs.study", written(tmp_path), "--address", head.gcs),
                *("--out", folder),
            ],
            cwd=ROOT,
            env=head.environment,
            capture_output=True,
            text=True,
            timeout=JOB_SECONDS,
            check=False,
        )
        assert ended.returncode == status, ended.stdout + ended.stderr
        assert out.exists() is (status == 0)
    assert table(out, "probes").num_rows == PROBES
