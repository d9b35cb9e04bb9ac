"""Embedders of a user's own, as the tests import them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from projektor_ray.data import Samples


def centred(validation: Samples, settings: dict[str, Any]) -> Callable[[Any], Any]:
    mean = validation.inputs.mean(axis=0)
    return lambda inputs: (inputs - mean) * settings.get("scale", 1.0)


def repeated(validation: Samples, settings: dict[str, Any]) -> Callable[[Any], Any]:
    """Features `times` as wide as the inputs."""
    return lambda inputs: np.tile(inputs, settings["times"])


def transposed(validation: Samples, settings: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda inputs: inputs.T


def spoiled(validation: Samples, settings: dict[str, Any]) -> Callable[[Any], Any]:
    def embed(inputs: Any) -> Any:
        features = np.array(inputs)
        features[[1, 3], 0] = settings["value"]
        return features

    return embed


def misspelt(validation: Samples, settings: dict[str, Any]) -> Callable[[Any], Any]:
    """Fails as it is built, or on the first inputs."""
    weights = {"scale": 1.0}
    if settings.get("at_once"):
        return weights["skale"]  # type: ignore[return-value]
    return lambda inputs: np.dot(inputs, weights["skale"])
