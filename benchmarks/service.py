"""The service under load: seconds of each endpoint, memory, hostile requests, cold start.

python -m benchmarks.service STUDY [--minutes 10] [--seconds 20]

STUDY is the folder of a finished study. A second study, of 20 providers with made-up metrics, is
written for the search. `projektor serve` runs as a process of its own, on this machine, with one
thread of BLAS. Writes `benchmarks/results/service.md`.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.outcomes import RESULTS
from projektor_ray.study import FittedStudy, open_study
from tests.helpers.hostile_requests import hostile_requests
from tests.helpers.studies import VALUES, resolved, samples
from tests.helpers.study_folders import write_study

RATE = 50
"""Requests per second."""
MANY = 20
"""Providers of the second study."""
MEGABYTE = 2**20
START = "import sys; from projektor_ray.cli import main; sys.exit(main())"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--minutes", type=float, default=10.0, help="of mixed requests")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each single endpoint")
    wanted = parser.parse_args()
    study = open_study(wanted.study)
    with tempfile.TemporaryDirectory() as folder:
        many = write_many(Path(folder))
        with served(wanted.study, str(many)) as (address, process, cold):
            lines = [row("cold start to the first answer (limit 5 s)", f"{cold:.1f} s")]
            bodies = questions(study)
            for endpoint in ("predict", "project"):
                took, refused = at_rate(
                    address, study.name, endpoint, bodies[endpoint], wanted.seconds
                )
                lines.append(
                    row(
                        f"{endpoint} at {RATE} requests/s (limit of p99 50 ms)",
                        f"{shown(took)}, {refused:,} turned away",
                    )
                )
            took = one_by_one(address, study.name, bodies["select"], 12)
            lines.append(row(f"select, {len(study.providers)} providers", shown(took)))
            took = one_by_one(address, "many", [{"size": size} for size in range(300, 312)], 12)
            lines.append(row(f"select, {MANY} providers (limit of p99 1 s)", shown(took)))
            lines.append(row("the page (limit 1 s)", shown(page(address))))
            lines += hostile(address, study.name)
            lines += mixed(address, study.name, bodies, process, wanted.minutes)
    text = "\n".join([HEAD.format(cores=os.cpu_count()), *lines, ""])
    (RESULTS / "service.md").write_text(text, encoding="utf-8")
    print(text)


HEAD = """# The service under load

`python -m benchmarks.service STUDY`; the service is a process of its own on loopback, on {cores}
cores that other work shares. Times are median / 99th percentile / maximum, from the sending of a
request to the last byte of its answer. Requests to one endpoint all differ.

| measure | result |
|---|---|"""


def row(name: str, result: str) -> str:
    return f"| {name} | {result} |"


def shown(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none answered"
    middle, late = np.quantile(seconds, [0.5, 0.99])
    return (
        f"{1000 * middle:.0f} / {1000 * late:.0f} / {1000 * max(seconds):.0f} ms "
        f"({len(seconds):,} requests)"
    )


def write_many(folder: Path) -> Path:
    """A study of 20 providers."""
    names = [f"provider-{i:02d}" for i in range(MANY)]
    values = {**VALUES, "name": "many", "selection": {"size": 300}}
    values["providers"] = [
        {"name": name, "source": {"sklearn": "iris"}, "capacity": 60, "price": 1 + i % 5}
        for i, name in enumerate(names)
    ]
    values["probes"] = {"scales": [10, 40], "n_mixtures": 60, "design": "sobol", "seeds": 1}
    pilots = {name: samples(seed=i) for i, name in enumerate(names)}
    return write_study(folder, resolved(values, pilots), merged)


def merged(mixture: Any) -> Any:
    """Every third provider together: what 20 providers count as."""
    return np.array([mixture[first::3].sum() for first in range(3)])


@contextmanager
def served(*folders: str) -> Iterator[tuple[str, psutil.Process, float]]:
    """Address, process and seconds to the first answer of `projektor serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", START, "serve", *folders, "--port", str(port)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        while not answers(address):
            time.sleep(0.02)
            if process.poll() is not None:
                raise SystemExit("projektor serve ended")
        yield address, psutil.Process(process.pid), time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/v1/studies").status_code == 200
    except httpx.HTTPError:
        return False


def questions(study: FittedStudy) -> dict[str, list[dict[str, Any]]]:
    """Different bodies for each endpoint."""
    stream = np.random.default_rng(0)
    first = min(study.scales)
    bodies: dict[str, list[dict[str, Any]]] = {"predict": [], "project": [], "select": []}
    for i in range(400):
        shares = stream.dirichlet(np.ones(len(study.providers)))
        mixture = dict(zip(study.providers, (shares / shares.sum()).tolist(), strict=True))
        bodies["predict"].append({"mixtures": [mixture], "size": first + i})
        bodies["project"].append({"mixture": mixture, "sizes": [first + i, 2 * first + i]})
        bodies["select"].append({"size": 10 * first - i % (5 * first)})
    return bodies


def at_rate(
    address: str, study: str, endpoint: str, bodies: Sequence[Any], seconds: float
) -> tuple[list[float], int]:
    """Seconds of requests that are sent at a constant rate, whether or not earlier ones ended,
    and how many were turned away because too many waited.
    """
    took, refused = list[float](), list[int]()
    client = httpx.Client(base_url=address, timeout=60)

    def send(body: Any) -> None:
        started = time.perf_counter()
        answer = client.post(f"/v1/studies/{study}/{endpoint}", json=body)
        if answer.status_code == 200:
            took.append(time.perf_counter() - started)
        else:
            refused.append(answer.status_code)

    threads, begun = [], time.perf_counter()
    for i in range(int(seconds * RATE)):
        time.sleep(max(begun + i / RATE - time.perf_counter(), 0))
        threads.append(threading.Thread(target=send, args=(bodies[i % len(bodies)],)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return took, len(refused)


def one_by_one(address: str, study: str, bodies: Sequence[Any], count: int) -> list[float]:
    took = []
    for body in bodies[:count]:
        started = time.perf_counter()
        answer = httpx.post(f"{address}/v1/studies/{study}/select", json=body, timeout=60)
        answer.raise_for_status()
        took.append(time.perf_counter() - started)
    return took


def page(address: str) -> list[float]:
    """The page with its style sheet and script, as a browser asks for them."""
    took = []
    for _ in range(10):
        started = time.perf_counter()
        for path in ("/", "/static/page.css", "/static/page.js"):
            httpx.get(f"{address}{path}").raise_for_status()
        took.append(time.perf_counter() - started)
    return took


def hostile(address: str, study: str) -> list[str]:
    """Statuses of malformed requests; those that no client can send are left out."""
    statuses: Counter[int] = Counter()
    for one in hostile_requests(study):
        try:
            answer = httpx.request(
                one.method,
                f"{address}{one.path}",
                content=one.body,
                headers=one.headers,
                timeout=60,
            )
            statuses[answer.status_code] += 1
        except (httpx.InvalidURL, httpx.RemoteProtocolError, httpx.WriteError, ValueError):
            statuses[0] += 1
    named = ", ".join(f"{status or 'cut off'}: {n:,}" for status, n in sorted(statuses.items()))
    return [row(f"{sum(statuses.values()):,} hostile requests, by status", named)]


def mixed(
    address: str,
    study: str,
    bodies: dict[str, list[dict[str, Any]]],
    process: psutil.Process,
    minutes: float,
) -> list[str]:
    """Memory of the process over mixed requests, one after the other."""
    choose, end = random.Random(0), time.monotonic() + 60 * minutes
    memory, failed, count = [], 0, 0
    with httpx.Client(base_url=address, timeout=60) as client:
        while time.monotonic() < end:
            endpoint = choose.choice(["predict"] * 6 + ["project"] * 3 + ["select"])
            body = choose.choice(bodies[endpoint])
            answer = client.post(f"/v1/studies/{study}/{endpoint}", json=body)
            client.get("/", params={"form": "0"}) if count % 20 == 0 else None
            failed, count = failed + (answer.status_code != 200), count + 1
            memory.append(process.memory_info().rss / MEGABYTE)
    quarters = [float(np.median(part)) for part in np.array_split(memory, 4)]
    grown = ", ".join(f"{quarter:.0f}" for quarter in quarters)
    return [
        row(f"mixed requests over {minutes:g} minutes", f"{count:,} ({failed:,} failed)"),
        row("memory in each quarter of them (MB)", grown),
        row("connections left open", f"{len(process.net_connections())}"),
    ]


if __name__ == "__main__":
    main()
