"""Workers of Ray that start at once: copies of a process that has imported PyTorch and the project.

A worker of Ray's own imports them anew, which takes seconds of a core; a study has five workers.
With `preloaded_workers` Ray's command for a new worker is this file, which asks the process that
serves for a copy of itself; that imports Ray and goes on as the worker would. No copy imports
anything that reads the worker's environment before it has it.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS = "PRELOADED_WORKERS"
"""The environment variable that has the path of the serving process's socket."""
SERVE = "serve"
IMPORTED = (
    *("pandas", "pyarrow.dataset", "pyarrow.fs", "scipy.optimize", "scipy.stats", "torch"),
    *("requests", "jsonschema", "yaml", "aiohttp", "fsspec", "filelock", "tensorboardX"),
    *("google.protobuf.json_format", "unittest.mock", "sklearn.datasets"),
    *("projektor_ray.probes.train_probe", "projektor_ray.profiles", "projektor_ray.study"),
    *("projektor_ray.learners.network", "projektor_ray.transport.transport_distances"),
)

_serving: list["subprocess.Popen[bytes]"] = []
"""The process that serves the workers of this one's Ray, once one has been asked for."""


@contextmanager
def preloaded_workers() -> Iterator[None]:
    """Nodes of Ray that are started here have such workers."""
    from ray._private import ray_constants

    own = ray_constants.SETUP_WORKER_FILENAME
    if not _serving:
        folder = tempfile.TemporaryDirectory(prefix="pw-")
        os.environ[ADDRESS] = str(Path(folder.name) / "socket")
        root = Path(__file__).resolve().parents[2]
        _serving.append(
            subprocess.Popen(
                [sys.executable, "-m", __name__, SERVE, os.environ[ADDRESS]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            )
        )
        atexit.register(_stop, folder)
        output = _serving[0].stdout
        assert output is not None
        assert output.readline(), "the process that serves workers did not start"
    ray_constants.SETUP_WORKER_FILENAME = __file__
    try:
        yield
    finally:
        ray_constants.SETUP_WORKER_FILENAME = own


def serving_process() -> int:
    """The parent of all such workers."""
    return _serving[0].pid


def _stop(folder: "tempfile.TemporaryDirectory[str]") -> None:
    """The serving process ends with its input."""
    _serving[0].communicate()
    folder.cleanup()


def ask(path: str) -> None:
    """What Ray runs as a worker: pass the command, the environment and the outputs on."""
    told = {"command": sys.argv[1:], "environment": dict(os.environ), "folder": str(Path.cwd())}
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        socket.send_fds(asking, [b"!"], [1, 2])
        asking.sendall(json.dumps(told).encode())
        asking.shutdown(socket.SHUT_WR)
        asking.recv(1)


def serve(path: str) -> None:
    """Fork a worker whenever one is asked for, until the input ends."""
    for module in IMPORTED:
        importlib.import_module(module)
    assert "ray" not in sys.modules, "it reads the environment of the worker when it is imported"
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            asked, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _, outputs, _, _ = socket.recv_fds(asked, 1, 2)
                told = asked.makefile("rb").read()
                asked.close()
                if told:
                    become_worker(outputs, **json.loads(told))
                os._exit(0)
            asked.close()


def become_worker(
    outputs: list[int], command: list[str], environment: dict[str, str], folder: str
) -> None:
    """Do what Ray's `setup_worker.py` and the worker after it do in a process of their own."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for own, given in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
        os.dup2(given, own)
        os.close(given)
    os.chdir(folder)
    options = dict(each.split("=", 1) for each in command if each.startswith("--") and "=" in each)
    context = json.loads(options.get("--serialized-runtime-env-context", "{}"))
    assert not context.get("command_prefix"), "a folder or container of the job's own"
    os.environ.clear()
    os.environ.update(environment | (context.get("env_vars") or {}))
    ours = ("--serialized-runtime-env-context=", "--language=")
    sys.argv[:] = [each for each in command if not each.startswith(ours)]
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [str(Path(sys.argv[0]).parent), *paths, *sys.path[1:]]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    if sys.argv[1:2] == [SERVE]:
        serve(sys.argv[2])
    else:
        ask(os.environ[ADDRESS])
