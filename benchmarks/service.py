"""The service under load: seconds of each endpoint, memory, hostile requests, cold start.

python -m benchmarks.service STUDY [--minutes 10] [--seconds 20]

STUDY is the folder of a finished study. Two more studies, of 5 and of 20 providers with made-up
metrics, are written for the page and for the search. `projektor serve`, and `python -m jobs.serve`
for its cold start, run as processes of their own, on this machine, with one thread of BLAS. Writes
`benchmarks/results/service.md`.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.commit import commit_line
from benchmarks.outcomes import RESULTS
from projektor_ray.study import FittedStudy, open_study
from tests.helpers.hostile_requests import hostile_requests
from tests.helpers.studies import VALUES, resolved, samples
from tests.helpers.study_folders import write_study

RATE = 50
"""Requests per second."""
FEW, MANY = 5, 20
"""Providers of the studies with made-up metrics."""
CHANGES = 60
"""Changes on the page, and views of it."""
STARTS = 3
"""Cold starts of each command."""
MEGABYTE = 2**20
SERVE = ("-c", "import sys; from projektor_ray.cli import main; sys.exit(main())", "serve")
RAY_SERVE = ("-m", "jobs.serve")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--minutes", type=float, default=10.0, help="of mixed requests")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each single endpoint")
    wanted = parser.parse_args()
    study, load = open_study(wanted.study), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        few = write_made_up(Path(folder), "few", FEW, 30, "maximin")
        many = write_made_up(Path(folder), "many", MANY, 60, "sobol")
        lines = [
            row(f"cold start of `{name}` (limit {limit} s)", cold_starts(command, wanted.study))
            for name, limit, command in (
                ("projektor serve", 5, SERVE),
                ("python -m jobs.serve", 20, RAY_SERVE),
            )
        ]
        with served(SERVE, wanted.study, str(few), str(many)) as (address, process, _):
            view, change = shown(views(address)), shown(changes(address))
            lines.append(row(f"the page's first view, {FEW} providers (limit 1 s)", view))
            lines.append(row(f"a change on the page, {FEW} providers (limit 200 ms)", change))
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
            lines += hostile(address, study.name)
            lines += mixed(address, study.name, bodies, process, wanted.minutes)
    text = "\n".join(
        [HEAD.format(cores=os.cpu_count(), load=load, commit=commit_line()), *lines, ""]
    )
    (RESULTS / "service.md").write_text(text, encoding="utf-8")
    print(text)


HEAD = """# The service under load

`python -m benchmarks.service STUDY`; the service is a process of its own on loopback, on {cores}
cores with a load of {load:.1f} before the run. Times are median / 99th percentile / maximum, from
the sending of a request to the last byte of its answer; a cold start ends with the first answer.
Requests to one endpoint all differ. A change on the page is the two requests that its script sends
at once. A first view is the page with its style sheet and script, and the requests for what the
page does not hold yet.
{commit}
| measure | result |
|---|---|"""


def row(name: str, result: str) -> str:
    return f"| {name} | {result} |"


def shown(seconds: Sequence[float], of: str = "requests") -> str:
    if not seconds:
        return "none answered"
    middle, late = np.quantile(seconds, [0.5, 0.99])
    return (
        f"{1000 * middle:.0f} / {1000 * late:.0f} / {1000 * max(seconds):.0f} ms "
        f"({len(seconds):,} {of})"
    )


def write_made_up(folder: Path, name: str, providers: int, mixtures: int, design: str) -> Path:
    """A finished study whose metrics are made up."""
    names = [f"provider-{i:02d}" for i in range(providers)]
    values = {**VALUES, "name": name, "selection": {"size": 300}}
    values["providers"] = [
        {"name": name, "source": {"sklearn": "iris"}, "capacity": 1200 // providers}
        | {"price": 1 + i % 5}
        for i, name in enumerate(names)
    ]
    values["probes"] = {"scales": [10, 40], "n_mixtures": mixtures, "design": design, "seeds": 1}
    pilots = {name: samples(seed=i) for i, name in enumerate(names)}
    return write_study(folder / name, resolved(values, pilots), merged)


def merged(mixture: Any) -> Any:
    """Every third provider together: what 20 providers count as."""
    return np.array([mixture[first::3].sum() for first in range(3)])


def cold_starts(command: Sequence[str], *folders: str) -> str:
    """Seconds to the first answer, of some starts."""
    seconds = []
    for _ in range(STARTS):
        with served(command, *folders) as (_, _, cold):
            seconds.append(cold)
    return shown(seconds, "starts")


@contextmanager
def served(command: Sequence[str], *folders: str) -> Iterator[tuple[str, psutil.Process, float]]:
    """Address, process and seconds to the first answer of a command that serves studies."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command, *folders, "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while not answers(address):
            time.sleep(0.02)
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended")
        yield address, psutil.Process(process.pid), time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=60)


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


def views(address: str) -> list[float]:
    """The page as a browser sees it first; each view asks for another plan."""
    took = []
    with httpx.Client(base_url=address, timeout=60) as client:
        for i in range(CHANGES):
            query = {"study": "few", "ask": "size", "size": 100 + i}
            started = time.perf_counter()
            page = client.get("/", params=query).raise_for_status()
            for path in ("/static/page.css", "/static/page.js"):
                client.get(path).raise_for_status()
            if 'id="plan-heading"' not in page.text:
                fetch_parts(client, {**query, "form": 1})
            took.append(time.perf_counter() - started)
    return took


def changes(address: str) -> list[float]:
    """Changes of the size, the budget and a price, as the page's script asks for their answer."""
    took = []
    fields = ({}, {"budget": 900}, {"price.provider-00": 1.5}, {"exclude": "provider-01"})
    with httpx.Client(base_url=address, timeout=60) as client:
        for i in range(CHANGES):
            query = {"study": "few", "ask": "size", "size": 300 + i, "form": 1}
            started = time.perf_counter()
            fetch_parts(client, {**query, **fields[i % len(fields)]})
            took.append(time.perf_counter() - started)
    return took


def fetch_parts(client: httpx.Client, query: dict[str, Any]) -> None:
    """The two parts of the page that its script fetches at once.

    Raises
    ------
    SystemExit
        If a part holds no plan.
    """
    with ThreadPoolExecutor(2) as both:
        parts = list(
            both.map(lambda part: client.get(f"/parts/{part}", params=query), ("answer", "by-hand"))
        )
    if any(part.status_code != 200 for part in parts) or "plan-heading" not in parts[0].text:
        raise SystemExit(f"the page has no plan for {query}: {parts[0].text[:500]}")


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
