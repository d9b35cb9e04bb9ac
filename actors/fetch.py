"""Results of remote calls, and the project's own errors as they were raised there."""

from typing import Any

import ray
from ray.exceptions import RayTaskError

from projektor_ray.errors import ProjektorError


def fetch(references: Any) -> Any:
    """What references point to.

    Raises
    ------
    ProjektorError
        That a remote call raised: its message alone, without the trace of the process it ran in.
    """
    try:
        return ray.get(references)
    except RayTaskError as error:
        if isinstance(error.cause, ProjektorError):
            raise error.cause from None
        raise
