"""Workers of a local Ray that are forks of a process which has imported PyTorch."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
import ray

from jobs import fork_server as forks
from jobs import forked_worker
from jobs.cluster import connected
from jobs.fork_server import ForkServer, can_fork, fork_server, suits, variables

COMMAND = ["default_worker.py", "--node-id=1", "--language=PYTHON"]
CONTEXT = {"command_prefix": [], "env_vars": {}, "py_executable": sys.executable, "java_jars": []}
needs_forks = pytest.mark.skipif(not can_fork(), reason="workers of this machine are no forks")


def command(**changes: Any) -> list[str]:
    context = json.dumps(CONTEXT | changes)
    return [*COMMAND, f"--serialized-runtime-env-context={context}"]


def test_a_worker_of_this_python_may_be_a_fork_whatever_its_variables() -> None:
    assert suits(COMMAND)
    assert suits(command())
    assert suits(command(env_vars={"PL_DISABLE_FORK": "1"}))
    assert variables(command(env_vars={"PL_DISABLE_FORK": "1"})) == {"PL_DISABLE_FORK": "1"}
    assert variables(COMMAND) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"command_prefix": ["nice"]},
        {"py_executable": "/usr/bin/other"},
        {"override_worker_entrypoint": "/other/worker.py"},
        {"env_vars": {"PATH": "/here:${PATH}"}},
        {"env_vars": {"LD_PRELOAD": "/here.so"}},
        {"env_vars": {"OMP_NUM_THREADS": "77"}},
        {"of_another_version": ["unknown"]},
    ],
)
def test_a_worker_that_is_to_run_otherwise_is_none(changes: dict[str, Any]) -> None:
    assert not suits(command(**changes))
    assert not suits([*command(), "--language=JAVA"])


def test_a_machine_with_a_gpu_has_no_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "GPU_DEVICES", ("null",))
    with fork_server() as server:
        assert server is None


@needs_forks
def test_a_server_is_one_and_ends_with_its_context() -> None:
    with fork_server() as outer, fork_server() as inner:
        assert outer is not None
        assert inner is outer
        assert psutil.pid_exists(outer.pid)
    assert not psutil.pid_exists(outer.pid)


@needs_forks
def test_a_server_ends_where_its_process_was_killed() -> None:
    code = """
import os, signal
from jobs.fork_server import ForkServer
print(ForkServer().pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert said.returncode == -signal.SIGKILL
    gone, left = psutil.wait_procs(living(int(said.stdout)), timeout=60)
    assert not left, gone


@needs_forks
def test_nothing_is_told_to_a_socket_of_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"of-another-{os.getpid()}"
    monkeypatch.setenv(forked_worker.ADDRESS, name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen(1)
        monkeypatch.setattr(os, "getuid", lambda: 2**31)
        assert not forked_worker.is_forked()
        with server.accept()[0] as asking:
            assert asking.recv(1) == b""


@needs_forks
def test_a_server_that_cannot_fork_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise BlockingIOError("no more processes")

    name = f"server-without-forks-{os.getpid()}"
    monkeypatch.setattr(os, "fork", none)
    monkeypatch.setenv(forked_worker.ADDRESS, name)
    asked, end = os.pipe()
    with socket.socket(socket.AF_UNIX) as server, os.fdopen(asked) as standard_input:
        server.bind(f"\0{name}")
        server.listen(2)
        server.setblocking(False)
        monkeypatch.setattr(sys, "stdin", standard_input)
        serving = threading.Thread(target=forks._answer, args=(server,))
        serving.start()
        refused = [not forked_worker.is_forked() for _ in range(2)]
        os.close(end)
        serving.join(timeout=30)
    assert refused == [True, True]
    assert not serving.is_alive()


@needs_forks
def test_a_server_that_ended_by_itself_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with fork_server() as server:
        assert server is not None
        server._process.kill()
        server._process.wait()
    assert "workers started slowly" in caplog.text
    caplog.clear()
    with fork_server():
        pass
    assert not caplog.text


def living(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid)] if psutil.pid_exists(pid) else []


class Worker:
    """What an actor sees of its process."""

    def seen(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "modules": {*sys.modules} & {"torch", "sklearn.linear_model"},
            "state": np.random.get_state()[1][:4].tolist(),  # type: ignore[index]  # noqa: NPY002
            "identity": ray.ObjectID.from_random().hex(),
            "variable": os.environ.get("OF_THIS_WORKER"),
            "nice": os.nice(0),
        }


@pytest.mark.ray
@needs_forks
def test_workers_are_forks_that_share_no_random_state_and_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_worker_niceness", "3")
    earlier = psutil.Process().children(recursive=True)
    options = {"num_cpus": 0, "runtime_env": {"env_vars": {"OF_THIS_WORKER": "yes"}}}
    with fork_server() as server, connected(None, "out"):
        assert server is not None
        actors = [ray.remote(**options)(Worker).remote() for _ in range(2)]
        seen: list[dict[str, Any]] = ray.get([actor.seen.remote() for actor in actors])
        running = psutil.Process().children(recursive=True)
        started = [one for one in running if one not in earlier]
        commands = [" ".join(one.cmdline()) for one in started]
    for one in seen:
        assert one["parent"] == server.pid
        assert one["modules"] == {"torch", "sklearn.linear_model"}
        assert one["variable"] == "yes"
        assert one["nice"] == 3 + os.nice(0)
    assert seen[0]["state"] != seen[1]["state"]
    assert seen[0]["identity"] != seen[1]["identity"]
    assert any("raylet" in each for each in commands)
    for absent in ("monitor.py", "dashboard.py"):
        assert not any(absent in each for each in commands), absent
    _, left = psutil.wait_procs(started, timeout=30)
    assert not left


@pytest.mark.ray
@needs_forks
def test_without_a_server_workers_start_as_ray_starts_them(
    dead_server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with connected(None, "out"):
        (seen,) = ray.get([ray.remote(num_cpus=0)(Worker).remote().seen.remote()])
    assert seen["parent"] != dead_server.pid
    assert not seen["modules"]


@pytest.fixture
def dead_server() -> Iterator[ForkServer]:
    with fork_server() as server:
        assert server is not None
        server._process.kill()
        server._process.wait()
        yield server
