"""Embedders by name."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.embedder_config import EmbedderConfig
from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError, nearest

VERSION = 1
"""Version of the embedders' code; a change that alters features raises it."""
SHOWN = 5
ROUNDING = 1e-12
"""A column whose standard deviation is below this share of its size holds rounding errors only."""


@dataclass(frozen=True, eq=False)
class Embedder:
    """Inputs → features, the same for equal inputs; from `build_embedder`."""

    name: str
    embed: Callable[[NDArray[Any]], Any]

    def __call__(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Features of `n` inputs, shape (n, d).

        Raises
        ------
        InputError
            If the features have another shape, or are NaN or infinite, or an embedder of one's own
            fails.
        """
        with _own_mistakes(self.name):
            features = np.asarray(self.embed(inputs), dtype=np.float32)
        if features.ndim != 2 or len(features) != len(inputs) or not features.shape[1]:
            raise InputError(
                f"the embedder {self.name} must give features of shape ({len(inputs)}, d); got "
                f"{features.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
        if bad.size:
            raise InputError(
                f"the embedder {self.name} gives NaN or infinite features for {bad.size} of "
                f"{len(inputs)} samples, first for {(bad[:SHOWN] + 1).tolist()}, counted from 1; "
                "check its weights and the scale of the inputs"
            )
        return features


def build_embedder(config: EmbedderConfig, validation: Samples) -> Embedder:
    """The embedder that a configuration names; `validation_cnn` is trained here.

    Parameters
    ----------
    validation : the validation set, which some embedders are fitted to.

    Raises
    ------
    InputError
        If the embedder is unknown, does not suit the samples, or its weights cannot be had.
    """
    _check_options(config)
    if ":" in config.name:
        from projektor_ray.learners.imports import load_callable

        factory = load_callable(config.name)
        with _own_mistakes(config.name):
            return Embedder(config.name, factory(validation, dict(config.settings)))
    if config.name == "identity":
        return Embedder(config.name, flat)
    if config.name == "standardize":
        return Embedder(config.name, _standardizer(validation))
    if config.name == "validation_cnn":
        from projektor_ray.data.validation_cnn import validation_cnn

        return Embedder(config.name, validation_cnn(validation, config.settings, config.seed))
    from projektor_ray.data.backbone import backbone

    return Embedder(config.name, backbone(config))


@contextmanager
def _own_mistakes(name: str) -> Iterator[None]:
    """Name the file and the line of a mistake in an embedder of one's own, `module:callable`.

    Raises
    ------
    InputError
        In place of the mistake. Errors of memory and of other embedders stay as they are.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as mistake:
        if ":" not in name:
            raise
        places = traceback.extract_tb(mistake.__traceback__)[1:]
        own = [one for one in places if "site-packages" not in one.filename]
        at = (
            f" ({Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line})"
            if own
            else ""
        )
        raise InputError(
            f"the embedder {name} failed with {type(mistake).__name__}: {mistake}{at}. Correct it "
            "and run the same command again"
        ) from mistake


def embedder_identity(config: EmbedderConfig) -> dict[str, Any]:
    """What determines the features, besides the samples: configuration and version of the code.

    Raises
    ------
    InputError
        If the embedder is unknown, or its weights cannot be read.
    """
    _check_options(config)
    return {**config.model_dump(mode="json"), "code": _code_version(config)}


def _code_version(config: EmbedderConfig) -> str:
    """The version of an embedder's code, with the hash of its weights where they are a file."""
    if ":" in config.name:
        from projektor_ray.learners.imports import source_digest

        return source_digest(config.name)
    if config.weights is None:
        return str(VERSION)
    from projektor_ray.data.backbone import weights_version

    return f"{VERSION}, {weights_version(config)}"


def _check_options(config: EmbedderConfig) -> None:
    """Refuse options that the embedder of that name has no use for, and unknown names."""
    built_in = config.name in ("identity", "standardize", "validation_cnn")
    custom = ":" in config.name
    if (built_in or custom) and (config.weights or config.image_size):
        raise InputError(
            f"the embedder {config.name} takes no weights and no image_size; these are for "
            "torchvision models"
        )
    if config.settings and not custom and config.name != "validation_cnn":
        raise InputError(
            f"the embedder {config.name} takes no settings; got {', '.join(config.settings)}"
        )
    if not (built_in or custom):
        import torchvision

        known = torchvision.models.list_models(module=torchvision.models)
        if config.name not in known:
            names = ["identity", "standardize", "validation_cnn", *known]
            raise InputError(f"unknown embedder {config.name!r}; {nearest(config.name, names)}")


def flat(inputs: NDArray[Any]) -> NDArray[Any]:
    """Inputs as vectors, shape (n, d), features as they are; images in [0, 1]."""
    vectors = inputs.reshape(len(inputs), -1)
    return vectors / np.float32(255) if inputs.ndim == 4 else vectors


def _standardizer(validation: Samples) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """(x − mean) / std of the validation set; a column that is constant there is only centred."""
    reference = flat(validation.inputs).astype(np.float64)
    mean, std = reference.mean(axis=0), reference.std(axis=0)
    constant = std <= ROUNDING * np.abs(reference).max(axis=0)
    scale = np.where(constant, 1.0, std)

    def standardize(inputs: NDArray[Any]) -> NDArray[np.float32]:
        vectors = flat(inputs)
        if vectors.shape[1] != len(mean):
            raise InputError(
                f"expected samples of {len(mean)} features, as the validation set has; got "
                f"{vectors.shape[1]}"
            )
        return np.asarray((vectors - mean) / scale, dtype=np.float32)

    return standardize
