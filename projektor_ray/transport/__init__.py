"""The distance of mixtures to the validation set: batched entropic optimal transport.

Importing this room loads no numerics; its names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projektor_ray.transport.settings import TransportSettings as TransportSettings
    from projektor_ray.transport.sinkhorn import SinkhornOutput as SinkhornOutput
    from projektor_ray.transport.sinkhorn import sinkhorn as sinkhorn

_HOMES = {
    "TransportSettings": "settings",
    "SinkhornOutput": "sinkhorn",
    "sinkhorn": "sinkhorn",
}

__all__ = ["SinkhornOutput", "TransportSettings", "sinkhorn"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
