"""Workers of a local Ray that start at once: forks of a process that has imported PyTorch.

python -m jobs.fork_server, with the name of its socket in the environment

A worker that Ray starts imports PyTorch, scikit-learn and the project anew, two seconds of a core
each. Ray's command for a new worker is `jobs/forked_worker.py` instead, which asks the process that
serves here for a fork. The fork imports Ray and goes on as Ray's worker would. Whatever speaks
against a fork, a worker starts as Ray starts it.
"""

import atexit
import gc
import json
import logging
import os
import runpy
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from jobs.forked_worker import ADDRESS, is_own

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
WORKER = str(ROOT / "jobs" / "forked_worker.py")
"""What Ray runs as a new worker."""
IMPORTED = (
    *("numpy", "pandas", "pyarrow.dataset", "pyarrow.fs", "scipy.optimize", "scipy.stats"),
    *("torch", "sklearn.datasets", "sklearn.linear_model", "threadpoolctl", "psutil"),
    *("projektor_ray.probes.train_probe", "projektor_ray.probes.limits"),
    *("projektor_ray.learners.network", "projektor_ray.learners.estimator"),
    *("projektor_ray.profiles", "projektor_ray.study", "projektor_ray.storage.ledger"),
    *("projektor_ray.transport.transport_distances", "projektor_ray.transport.problem"),
    *("requests", "jsonschema", "yaml", "aiohttp", "fsspec", "filelock", "tensorboardX"),
    *("google.protobuf.json_format", "unittest.mock", "asyncio", "uuid", "pickletools"),
)
"""What workers need, in part through Ray, which itself draws random identities at its import."""
GPU_DEVICES = ("nvidia[0-9]*", "kfd")
READ_AT_START = (
    *("PYTHON", "LD_", "MALLOC_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "NUMEXPR_"),
    "TORCH_",
)
"""How variables begin that a process or a library reads once, when it starts."""
OOM_SCORE, OOM_VARIABLE = "1000", "RAY_worker_oom_score_adjustment"
"""The kernel ends a worker before Ray's own processes, as Ray asks of its workers."""


_running: list["ForkServer"] = []
"""The server of this process, if one runs."""


def worker_paths() -> str:
    """The PYTHONPATH of a local Ray's workers: the project, the current folder, and what is set."""
    paths = [str(ROOT), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, dict.fromkeys(paths)))


def can_fork() -> bool:
    """Whether workers of this machine may be forks: Linux, and no GPU that a fork could not use."""
    return sys.platform == "linux" and not any(
        any(Path("/dev").glob(pattern)) for pattern in GPU_DEVICES
    )


class ForkServer:
    """A process that imports what workers need, and forks one whenever Ray asks.

    It ends with `stop`, and where this process ends in any other way.
    """

    def __init__(self) -> None:
        self.name = f"projektor-{secrets.token_hex(16)}"
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        own = {"PYTHONPATH": worker_paths(), ADDRESS: self.name}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            cwd=ROOT,
            env={"OMP_NUM_THREADS": "1", **os.environ, **own},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Of the process, the parent of all forks."""
        return self._process.pid

    def stop(self) -> None:
        """End the process; its forks end with their Ray. Warns where it had ended by itself."""
        ended = self._process.poll()
        self._process.kill()
        self._process.communicate()
        with self._errors:
            self._errors.seek(0)
            errors = self._errors.read().decode(errors="replace").strip()
        if ended is not None:
            logger.warning(
                "the process that starts workers quickly ended with status %d; workers started "
                "slowly, as Ray starts them. %s",
                ended,
                errors,
            )


@contextmanager
def fork_server() -> Iterator[ForkServer | None]:
    """A server for the length of the context, or that of an outer one; None: no forks here."""
    if _running or not can_fork():
        yield _running[0] if _running else None
        return
    _running.append(ForkServer())
    try:
        yield _running[0]
    finally:
        _running.pop().stop()


def serve(name: str) -> None:
    """Fork a worker whenever one is asked for, until the input ends."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen(256)
        gc.disable()
        for module in IMPORTED:
            with suppress(ImportError):
                import_module(module)
        if "ray" in sys.modules:
            sys.exit("Ray was imported: forks would draw the same identities")
        gc.freeze()
        gc.enable()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        server.setblocking(False)
        _answer(server)


def _answer(server: socket.socket) -> None:
    while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
        try:
            asking, _ = server.accept()
        except OSError:
            continue
        with asking:
            if is_own(asking) and _fork() == 0:
                server.close()
                _answer_one(asking)


def _fork() -> int | None:
    """`os.fork`; None if the system starts no more processes. Ray then starts the worker itself."""
    try:
        return os.fork()
    except OSError:
        return None


def _answer_one(asking: socket.socket) -> NoReturn:
    """In the fork: become the worker, unless the request speaks against it.

    Its end is quick: that of the interpreter would copy what it shares with the server.
    """
    asking.setblocking(True)
    _, outputs, _, _ = socket.recv_fds(asking, 1, 2)
    request = json.loads(asking.makefile("rb").read() or b"{}")
    if len(outputs) < 2 or not request or not suits(request["command"]):
        os._exit(0)
    asking.sendall(b"!")
    asking.close()
    status: Any = 0
    try:
        become_worker(outputs, **request)
    except SystemExit as ended:
        status = ended.code
    atexit._run_exitfuncs()
    if isinstance(status, str):
        print(status, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def options(command: list[str]) -> dict[str, str]:
    """The options --NAME=VALUE of a worker's command, by name."""
    given = [each[2:].split("=", 1) for each in command if each.startswith("--") and "=" in each]
    return dict(given)


def variables(command: list[str]) -> dict[str, str]:
    """Environment variables that Ray gives to this worker alone, as Tune gives to its own."""
    context = json.loads(options(command).get("serialized-runtime-env-context", "{}"))
    own: dict[str, str] = context.get("env_vars") or {}
    return own


def suits(command: list[str]) -> bool:
    """Whether a fork may be this worker: this Python's, and of its own only plain variables."""
    given = options(command)
    context: Mapping[str, Any] = json.loads(given.get("serialized-runtime-env-context", "{}"))
    own = {name for name, value in context.items() if value} - {"env_vars", "py_executable"}
    is_plain = not any(
        "$" in value or (name.startswith(READ_AT_START) and os.environ.get(name) != value)
        for name, value in variables(command).items()
    )
    python = context.get("py_executable") or sys.executable
    return (
        given.get("language", "PYTHON") == "PYTHON"
        and python == sys.executable
        and is_plain
        and not own
    )


def become_worker(
    outputs: list[int], command: list[str], environment: dict[str, str], folder: str, niceness: int
) -> None:
    """Do what Ray's `setup_worker.py` and the worker after it do in a process of their own."""
    import numpy as np

    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for own, given in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
        os.dup2(given, own)
        os.close(given)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | variables(command))
    os.nice(niceness - os.nice(0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(os.environ.get(OOM_VARIABLE, OOM_SCORE))
    np.random.seed()  # noqa: NPY002  from the operating system: forks would share its state
    ours = ("--serialized-runtime-env-context=", "--language=")
    sys.argv[:] = [each for each in command if not each.startswith(ours)]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    serve(os.environ.pop(ADDRESS))
