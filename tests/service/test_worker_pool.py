"""A bounded pool: who waits, who is turned away, and what takes too long."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from projektor_ray.service import ServiceSettings, create_app
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.worker_pool import WorkerPool, until
from projektor_ray.study import open_study


def test_results_and_errors_come_back() -> None:
    pool = WorkerPool(ServiceSettings())

    async def ask() -> None:
        assert await pool.run(lambda deadline: deadline > time.monotonic())
        with pytest.raises(ValueError, match="mine"):
            await pool.run(lambda _: _raise(ValueError("mine")))
        await asyncio.sleep(0.05)
        assert pool.busy == 0

    asyncio.run(ask())


def _raise(failure: Exception) -> None:
    raise failure


def test_requests_beyond_those_that_may_wait_are_turned_away() -> None:
    pool, go = WorkerPool(ServiceSettings(threads=1, waiting=1)), threading.Event()

    async def ask() -> None:
        first = asyncio.create_task(pool.run(lambda _: go.wait(10)))
        second = asyncio.create_task(pool.run(lambda _: "second"))
        await asyncio.sleep(0.01)
        assert pool.is_full
        with pytest.raises(RefusedError) as refused:
            await pool.run(lambda _: "third")
        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"]
        go.set()
        assert await first
        assert await second == "second"
        await asyncio.sleep(0.05)
        assert await pool.run(lambda _: "fourth") == "fourth"

    asyncio.run(ask())


def test_a_search_ends_by_itself_at_its_deadline(place: Path) -> None:
    study = open_study(place)
    with pytest.raises(TimeoutError):
        until(study, time.monotonic() - 1).select(size=80)
    late = until(study, time.monotonic() + 60)
    expected = study.select(size=80).selected.samples.tolist()
    assert late.select(size=80).selected.samples.tolist() == expected


def test_a_request_that_takes_too_long_is_cut_off(place: Path) -> None:
    app = create_app([str(place)], ServiceSettings(seconds=0.001))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/v1/studies/test/select", json={"size": 90})
        assert answer.status_code == 504
        assert answer.json()["type"] == "urn:projektor:time-limit"
        time.sleep(0.05)
        assert client.get("/readyz").json()["status"] == "ready"
