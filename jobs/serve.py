"""Serve finished studies with Ray Serve: the service of `projektor serve` in several replicas.

python -m jobs.serve FOLDER… [--pilots STUDY.yaml] [--host HOST] [--port PORT] [--replicas N]
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("serve")

import logging
import threading
from collections.abc import Sequence
from typing import Literal

from ray import serve
from ray.serve.config import HTTPOptions

from actors.served import NAME, ServedStudies, deployed, folders_of
from jobs.cluster import connected
from projektor_ray.cli import screen
from projektor_ray.cli.options import ServiceOptions
from projektor_ray.cli.serve_command import address_of
from projektor_ray.service import Catalogue, ServiceSettings, check_address, read_token
from projektor_ray.storage.settings import absolute_path
from projektor_ray.study import read_study

QUEUE_SECONDS = 30.0
"""How long a request may wait for a replica, beyond the time limit of computing it."""
EVERY_ADDRESS = ("0.0.0.0", "::")
LOGGING = {"log_level": "WARNING", "enable_access_log": False}
"""Requests are not logged, so that no token is."""


def proxy_location(host: str, *, local: bool) -> Literal["HeadOnly", "EveryNode"]:
    """Where requests arrive: at the head node, or at every node that has a replica.

    A service that listens on every address has a proxy on each node of a cluster, as `serve.yaml`
    says; each asks the replicas of its own node first. One address is that of one node.

    Parameters
    ----------
    host : address to listen on.
    local : whether Ray is of this machine alone.
    """
    return "EveryNode" if host in EVERY_ADDRESS and not local else "HeadOnly"


def serve_studies(
    options: ServiceOptions, pilots: Sequence[str], *, replicas: int, address: str | None
) -> None:
    """Serve until the process is told to stop.

    Parameters
    ----------
    pilots : study files whose pilots are loaded, so that new providers can be examined.

    Raises
    ------
    InputError
        If a study cannot be opened, a token is needed, or no cluster answers.
    """
    token = read_token(options.token_file)
    check_address(options.host, token)
    limits = ServiceSettings(token=token, threads=options.threads, seconds=options.seconds)
    folders = [absolute_path(folder) for folder in options.studies]
    _ = Catalogue(folders)  # which refuses, in words, what no replica could open
    configs = [read_study(file).absolute() for file in pilots]
    folders_of(folders, configs)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    with connected(address, ", ".join(options.studies)) as local:
        arguments = ServedStudies(
            studies=folders,
            replicas=replicas,
            cpus=0.0 if local else 1.0,
            threads=options.threads,
            seconds=options.seconds,
        )
        http = HTTPOptions(
            host=options.host,
            port=options.port,
            request_timeout_s=limits.seconds + limits.body_seconds + QUEUE_SECONDS,
        )
        try:
            location = proxy_location(options.host, local=local)
            serve.start(proxy_location=location, http_options=http, logging_config=LOGGING)
            serve.run(deployed(arguments, token, configs), name=NAME, logging_config=LOGGING)
            screen.status("Serving", f"{address_of(options)} (Ctrl-C stops)")
            threading.Event().wait()
        finally:
            serve.delete(NAME)  # other applications of a cluster go on
