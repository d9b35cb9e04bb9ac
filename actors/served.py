"""The service over finished studies as a Ray Serve deployment: the application of `projektor serve`
in several replicas.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve import Application, Deployment
from starlette.types import ASGIApp

from actors.pilot_holder import PilotHolder
from projektor_ray.errors import InputError, ProjektorError, StorageError, nearest
from projektor_ray.explain.new_provider_facts import PILOTS_LOST
from projektor_ray.service import (
    TOKEN_VARIABLE,
    PilotStore,
    ReceivedPilot,
    ServiceSettings,
    create_app,
    read_token,
)
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.study import StudyConfig, read_study
from projektor_ray.study.record import read_record
from projektor_ray.transport import Distances

NAME = "projektor"
"""Of the application among those of a cluster."""
SERVICE, KEEPER = "StudyService", "PilotKeeper"
HEALTH_SECONDS = 2.0
"""How often a replica is asked whether it lives; a dead one is replaced."""
LIVENESS_REQUESTS = 16
"""Requests to `/healthz` and its like that a replica takes besides computing."""
MOST_KEEPER_REQUESTS = 2
"""Requests that the keeper of the pilots takes at once: each may take memory for an upload."""
MOST_QUEUED = 256
"""Requests that may wait at a proxy; Ray Serve answers further ones with status 503."""


class ServedStudies(BaseModel):
    """What `serve.yaml` says of the application: the arguments of `application`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    studies: list[str] = Field(min_length=1, description="Folders or URIs of finished studies.")
    pilots: list[str] = Field(
        default=[],
        description="Study files whose pilots are loaded, to examine new providers.",
    )
    token_file: str | None = Field(
        default=None, description="File with the token of requests; absent: PROJEKTOR_TOKEN."
    )
    replicas: int = Field(default=2, ge=1, le=1000, description="Processes that answer requests.")
    cpus: float = Field(default=1.0, ge=0, description="CPUs that a replica reserves.")
    threads: int = Field(default=2, ge=1, le=64, description="Requests a replica computes at once.")
    seconds: float = Field(default=60.0, ge=1, le=3600, description="Time limit of one request.")


def application(arguments: ServedStudies) -> Application:
    """The application that a config file of Ray Serve names, as `actors.served:application`.

    A config file chooses the address elsewhere, so that a token is needed whatever it is.

    Raises
    ------
    InputError
        If there is no token.
    """
    file = arguments.token_file
    token = read_token(Path(file) if file else None)
    if token is None:
        raise InputError(
            "a service that is deployed by a config file needs a token. Put one into a file that "
            f"every node has and name it as token_file, or set {TOKEN_VARIABLE}"
        )
    return deployed(arguments, token, [read_study(file) for file in arguments.pilots])


def deployed(
    arguments: ServedStudies, token: str | None, pilots: Sequence[StudyConfig] = ()
) -> Application:
    """The application with a token, or with none where only this machine can connect.

    Parameters
    ----------
    pilots : configurations of the studies whose pilots are loaded, in place of their files.

    Raises
    ------
    InputError
        If the pilots are of a study that is not served.
    """
    settings = ServiceSettings(token=token, threads=arguments.threads, seconds=arguments.seconds)
    folders = folders_of(arguments.studies, pilots)
    service = _service(arguments.studies, settings, tuple(folders))
    options: dict[str, Any] = {
        "name": SERVICE,
        "num_replicas": arguments.replicas,
        "ray_actor_options": {"num_cpus": arguments.cpus},
        "max_ongoing_requests": settings.threads + settings.waiting + LIVENESS_REQUESTS,
        "max_queued_requests": MOST_QUEUED,
        "health_check_period_s": HEALTH_SECONDS,
    }
    replicas: Deployment = serve.deployment(**options)(service)
    if not pilots:
        return replicas.bind()
    keeper: Deployment = serve.deployment(
        name=KEEPER,
        ray_actor_options={"num_cpus": 0},
        max_ongoing_requests=MOST_KEEPER_REQUESTS,
        health_check_period_s=HEALTH_SECONDS,
    )(PilotKeeper)
    return replicas.bind(keeper.bind([(one, folders[one.name]) for one in pilots]))


def folders_of(studies: Sequence[str], pilots: Sequence[StudyConfig]) -> dict[str, str]:
    """The folder of each study whose pilots are loaded, by its name.

    Raises
    ------
    InputError
        If none of the studies has the name.
    """
    if not pilots:
        return {}
    by_name = {read_record(Folder(one)).study.config.name: one for one in studies}
    for one in pilots:
        if one.name not in by_name:
            raise InputError(
                f"the pilots are of the study {one.name!r}, which is not served; "
                f"{nearest(one.name, by_name)}"
            )
    return {one.name: by_name[one.name] for one in pilots}


def _service(studies: Sequence[str], settings: ServiceSettings, with_pilots: Sequence[str]) -> Any:
    """The class of the replicas; each opens the studies where it runs."""

    def build() -> ASGIApp:
        pilots: dict[str, PilotStore] = {}
        if with_pilots:
            keeper = serve.get_deployment_handle(KEEPER, app_name=NAME)
            pilots = {name: RemotePilots(keeper, name) for name in with_pilots}
        return create_app(studies, settings, pilots)

    return serve.ingress(build)()


class PilotKeeper:
    """The one process that reaches the actors which hold pilots; replicas ask it.

    Serve starts it anew where it is killed, or an actor is lost for good: the actors are its own,
    and are made anew with it.
    """

    def __init__(self, studies: Sequence[tuple[StudyConfig, str]]) -> None:
        self._holders = {config.name: PilotHolder(config, folder) for config, folder in studies}
        for holder in self._holders.values():
            holder.warm()

    async def check_health(self) -> None:
        """Fail where a shard is lost for good; Serve asks regularly."""
        for holder in self._holders.values():
            await asyncio.to_thread(holder.check_shards)

    async def receive(
        self, study: str, content: bytes, name: str, label: str | None
    ) -> ReceivedPilot:
        holder = self._holders[study]
        return await asyncio.to_thread(holder.receive, content, name, label)

    async def measure(
        self, study: str, pilot: str, validation_set: str, mixtures: Floats
    ) -> Distances:
        holder = self._holders[study]
        return await asyncio.to_thread(holder.measure, pilot, validation_set, mixtures)


class RemotePilots:
    """The pilots of one study as replicas see them: the service's `PilotStore`."""

    def __init__(self, keeper: Any, study: str) -> None:
        self._keeper, self._study = keeper, study

    def receive(
        self, content: bytes, name: str, label: str | None, *, deadline: float
    ) -> ReceivedPilot:
        received: ReceivedPilot = self._ask(deadline, "receive", content, name, label)
        return received

    def measure(
        self, pilot: str, validation_set: str, mixtures: Floats, *, deadline: float
    ) -> Distances:
        measured: Distances = self._ask(deadline, "measure", pilot, validation_set, mixtures)
        return measured

    def _ask(self, deadline: float, method: str, *arguments: Any) -> Any:
        """The keeper's answer; called from a thread of its own, never from the event loop.

        Raises
        ------
        ProjektorError
            That the keeper raised; or a StorageError, if it, one of its actors or what they held
            was lost.
        KeyError
            If the keeper does not remember the pilot.
        TimeoutError
            If there is no answer by the deadline, of `time.monotonic`.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        response = getattr(self._keeper, method).remote(self._study, *arguments)
        try:
            return response.result(timeout_s=left)
        except TimeoutError:  # among them Ray's own, which is a RayError too
            raise
        except RayError as failure:
            cause = _first_cause(failure)
            if isinstance(cause, RayError):
                raise StorageError(PILOTS_LOST) from None
            if isinstance(cause, ProjektorError | KeyError):
                raise cause from None
            raise


def _first_cause(failure: BaseException) -> BaseException:
    """What failed where it was computed, below the errors of the tasks that asked for it."""
    while isinstance(failure, RayTaskError):
        failure = failure.cause
    return failure
