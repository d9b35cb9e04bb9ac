"""The service under Ray Serve: the same answers, in replicas of which one may be killed."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import yaml
from ray import serve
from ray.core.generated.common_pb2 import Address
from ray.exceptions import (
    ActorDiedError,
    GetTimeoutError,
    ObjectLostError,
    OutOfMemoryError,
    RayTaskError,
)
from ray.serve.config import HTTPOptions
from ray.serve.schema import ServeDeploySchema
from starlette.testclient import TestClient

from actors import served
from actors.served import KEEPER, NAME, SERVICE, RemotePilots, ServedStudies, application, deployed
from actors.shard import PilotShard
from projektor_ray.errors import InputError, StorageError
from projektor_ray.explain.new_provider_facts import FORGOTTEN, PILOTS_LOST
from projektor_ray.service import ServiceSettings, create_app
from tests.helpers import job_studies
from tests.helpers.free_port import free_port
from tests.helpers.local_ray import share_ray
from tests.helpers.preloaded_workers import serving_process
from tests.helpers.study_folders import small_study, write_study

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-of-many-letters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BODY: dict[str, Any] = {"mixtures": [{"ada": 0.25, "bob": 0.75}], "size": 200}
IRISES = job_studies.config()
WAIT_SECONDS = 60.0
of_ray = pytest.mark.ray


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_study(tmp_path_factory.mktemp("served"), small_study()))


@pytest.fixture(scope="module")
def irises(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A study whose pilots can be read, with planted probes and distances."""
    return str(write_study(tmp_path_factory.mktemp("irises"), job_studies.resolved(IRISES)))


@pytest.fixture(scope="module")
def address(folder: str, irises: str) -> Iterator[str]:
    """Two replicas on the Ray that modules share, and the pilots of one study."""
    share_ray(cpus=2)
    port = free_port()
    serve.start(proxy_location="HeadOnly", http_options=HTTPOptions(host="127.0.0.1", port=port))
    arguments = ServedStudies(studies=[folder, irises], replicas=2, cpus=0)
    serve.run(deployed(arguments, TOKEN, [IRISES]), name=NAME)
    yield f"http://127.0.0.1:{port}"
    serve.shutdown()


@of_ray
def test_answers_are_those_of_the_application(
    local_ray: None, folder: str, irises: str, address: str
) -> None:
    app = create_app([folder, irises], ServiceSettings(token=TOKEN))
    with TestClient(app, base_url=address) as plain:
        for method, path, body in (
            ("POST", "/v1/studies/test/predict", BODY),
            ("POST", "/v1/studies/test/select", {"size": 80}),
            ("POST", "/v1/studies/test/select", {"size": -1}),
            ("GET", "/v1/studies/nobody", None),
            ("GET", "/openapi.json", None),
        ):
            expected = plain.request(method, path, json=body, headers=BEARER)
            found = httpx.request(method, address + path, json=body, headers=BEARER)
            assert found.status_code == expected.status_code, path
            assert found.json() == expected.json(), path
            assert found.headers["content-security-policy"].startswith("default-src 'none'")
    assert httpx.get(f"{address}/v1/studies").status_code == 401
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}


@of_ray
def test_a_new_provider_is_examined_by_the_pilots(local_ray: None, address: str) -> None:
    with httpx.Client(base_url=address, headers=BEARER, timeout=WAIT_SECONDS) as client:

        def ask(content: bytes, **query: Any) -> httpx.Response:
            params = {"name": "dan", **query}
            return client.post("/v1/studies/iris/providers", params=params, content=content)

        answer = ask(pilot_of_irises(), price=0.1)
        assert answer.status_code == 200, answer.text
        profile = answer.json()["profiles"]["validation"]
        assert (profile["samples"], profile["closest_provider"]) == (35, "cyd")
        assert set(answer.json()["distances"]["validation"]) == {"ada", "bob", "cyd", "dan"}
        refused = ask(b"sepal,label\n1,0\n")
        assert (refused.status_code, "shape" in refused.json()["detail"]) == (422, True)
        assert ask(pilot_of_irises(), name="ada").status_code == 422
        other = client.post("/v1/studies/test/providers", params={"name": "dan"}, content=b"x")
        assert other.status_code == 501


def pilot_of_irises() -> bytes:
    """The pilot of the provider cyd, as CSV."""
    pilot = job_studies.arrays()[0]["cyd"]
    assert pilot.labels is not None
    rows = zip(pilot.inputs.tolist(), pilot.labels.tolist(), strict=True)
    header = ",".join([*(pilot.feature_names or "abcd"), "label"])
    return "\n".join([header, *(",".join(map(repr, [*row, one])) for row, one in rows)]).encode()


@of_ray
def test_a_killed_replica_loses_the_requests_that_it_held(local_ray: None, address: str) -> None:
    statuses: list[tuple[float, int]] = []
    over = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=address, headers=BEARER, timeout=WAIT_SECONDS) as client:
            while not over.is_set():
                answer = client.post("/v1/studies/test/predict", json=BODY)
                statuses.append((time.monotonic(), answer.status_code))

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: len(statuses) > 20)
        before = replicas()
        assert len(before) == 2
        killed_at = time.monotonic()
        before[0].kill()
        wait_until(lambda: len(replicas()) == 2 and before[0] not in replicas())
        count = len(statuses)
        wait_until(lambda: len(statuses) > count + 50)
    finally:
        over.set()
        for client in clients:
            client.join()
    failed = [at for at, status in statuses if status != 200]
    assert len(failed) <= len(clients), Counter(status for _, status in statuses)
    assert all(killed_at <= at <= killed_at + 5 for at in failed)


@pytest.mark.slow
@of_ray
def test_a_pilot_actor_that_dies_again_and_again_is_made_anew_with_its_keeper(
    local_ray: None, address: str
) -> None:
    """It may be made anew five times; its sixth death makes the keeper unhealthy, and Serve starts
    that and all actors anew. Until then requests wait or are answered 503.
    """
    url, query = f"{address}/v1/studies/iris/providers", {"name": "dan"}
    answers: list[tuple[int, str]] = []
    over = threading.Event()

    def ask() -> httpx.Response:
        return httpx.post(
            url, params=query, content=pilot_of_irises(), headers=BEARER, timeout=WAIT_SECONDS
        )

    def ask_on() -> None:
        while not over.is_set():
            answer = ask()
            detail = answer.json().get("detail", "")
            answers.append((answer.status_code, detail))

    before = ask()
    assert before.status_code == 200, before.text
    (keeper,) = processes(KEEPER)
    client = threading.Thread(target=ask_on)
    client.start()
    try:
        while keeper.is_running() and keeper.status() != psutil.STATUS_ZOMBIE:
            for shard in processes(PilotShard.__name__):
                with suppress(psutil.Error):
                    shard.kill()
            time.sleep(0.2)
        wait_until(lambda: answers[-1][0] == 200)
    finally:
        over.set()
        client.join()
    lost = [detail for status, detail in answers if status == 503]
    assert lost
    assert set(lost) <= {PILOTS_LOST, FORGOTTEN}
    assert {status for status, _ in answers} <= {200, 503}
    assert ask().json() == before.json()


@dataclass
class Keeper:
    """A handle of the keeper whose answer is a failure, and which remembers how long it had."""

    failure: Exception
    given: list[float] = field(default_factory=list)

    def __getattr__(self, method: str) -> Any:
        return SimpleNamespace(remote=lambda *_: SimpleNamespace(result=self._result))

    def _result(self, timeout_s: float) -> Any:
        self.given.append(timeout_s)
        raise self.failure


def raised_there(cause: Exception) -> RayTaskError:
    return RayTaskError("measure", "traceback", cause)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (GetTimeoutError("slow"), TimeoutError),
        (TimeoutError(), TimeoutError),
        (ActorDiedError(), StorageError),
        (raised_there(ActorDiedError()), StorageError),
        (raised_there(raised_there(ActorDiedError()).as_instanceof_cause()), StorageError),
        (raised_there(ObjectLostError("ab", Address(), "stack")), StorageError),
        (raised_there(OutOfMemoryError("killed")), StorageError),
        (raised_there(InputError("no table")), InputError),
        (raised_there(raised_there(InputError("no table")).as_instanceof_cause()), InputError),
        (raised_there(KeyError("pilot")), KeyError),
        (raised_there(ValueError("a defect")), RayTaskError),
        (raised_there(raised_there(ValueError("a defect")).as_instanceof_cause()), RayTaskError),
    ],
)
def test_a_failure_of_the_keeper_is_told_as_what_it_is(
    failure: Exception, expected: type[Exception]
) -> None:
    keeper = Keeper(failure)
    pilots = RemotePilots(keeper, "iris")
    with pytest.raises(expected):
        pilots.measure("hash", "validation", np.eye(4), deadline=time.monotonic() + 30)
    with pytest.raises(expected):
        pilots.receive(b"x,label", "dan", None, deadline=time.monotonic() + 20)
    assert 25 < keeper.given[0] <= 30, "what is left to the deadline"
    assert 15 < keeper.given[1] <= 20
    with pytest.raises(TimeoutError):
        pilots.measure("hash", "validation", np.eye(4), deadline=time.monotonic())
    assert len(keeper.given) == 2, "the keeper is not asked after the deadline"


def test_the_keeper_is_unhealthy_where_a_shard_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    class Holder:
        is_lost = False

        def __init__(self, config: Any, folder: str) -> None:
            pass

        def warm(self) -> None:
            pass

        def check_shards(self) -> None:
            if self.is_lost:
                raise ActorDiedError

    monkeypatch.setattr(served, "PilotHolder", Holder)
    keeper = served.PilotKeeper([(IRISES, "folder")])
    asyncio.run(keeper.check_health())
    Holder.is_lost = True
    with pytest.raises(ActorDiedError):
        asyncio.run(keeper.check_health())


def test_a_config_file_needs_a_token(
    tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROJEKTOR_TOKEN", raising=False)
    with pytest.raises(InputError, match="token"):
        application(ServedStudies(studies=[folder]))
    file = tmp_path / "token"
    file.write_text("short")
    with pytest.raises(InputError, match="letters"):
        application(ServedStudies(studies=[folder], token_file=str(file)))


def test_serve_yaml_passes_the_validation_of_ray_and_of_the_application() -> None:
    written = yaml.safe_load((ROOT / "serve.yaml").read_text(encoding="utf-8"))
    (only,) = ServeDeploySchema.model_validate(written).applications
    assert only.import_path == f"{application.__module__}:{application.__name__}"
    asked = ServedStudies.model_validate(only.args)
    limits = ServiceSettings(seconds=asked.seconds)
    assert written["http_options"]["request_timeout_s"] >= limits.seconds + limits.body_seconds


def replicas() -> list[psutil.Process]:
    """Processes of the shared Ray that answer requests."""
    return processes(SERVICE)


def processes(actor: str) -> list[psutil.Process]:
    """Processes of the shared Ray in which an actor or a replica of this name runs."""
    return [one for one in psutil.Process(serving_process()).children() if actor in command(one)]


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended
        return ""


def wait_until(reached: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)
