"""Penultimate features of the small CNN, trained on the validation set."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners.architectures import SmallCNN
from projektor_ray.learners.network import check_images, trained
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.reproducible import on_device, pick_device, reproducible
from projektor_ray.learners.training import outputs_of, to_pixels
from projektor_ray.storage.settings import parse


def validation_cnn(
    validation: Samples, settings: dict[str, Any], seed: int
) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """Train on the validation set's classes; what is returned gives penultimate features.

    Augmentation and label smoothing, the learner's defaults, keep the network from memorising the
    set that it later embeds.

    Raises
    ------
    InputError
        If the validation set has no images, or fewer than two classes.
    """
    check_images("validation_cnn", validation)
    classes, targets = np.unique(np.asarray(validation.labels), return_inverse=True)
    if validation.target != "classes" or len(classes) < 2:
        raise InputError(
            "validation_cnn needs a validation set of two or more classes; use a torchvision "
            "model or identity instead"
        )
    device = pick_device()
    with reproducible(seed, device):
        network = trained(
            "small_cnn",
            validation.inputs,
            targets,
            len(classes),
            parse(NetworkSettings, settings),
            seed,
            device,
        ).cpu()
    normalize, body = network[0], network[1]
    assert isinstance(body, SmallCNN)
    shape = validation.inputs.shape[1:]

    def embed(inputs: NDArray[Any]) -> NDArray[np.float32]:
        if inputs.shape[1:] != shape:
            raise InputError(
                f"expected images of shape {shape}, as the validation set has; got "
                f"{inputs.shape[1:]}"
            )
        with on_device(network) as device, reproducible(seed, device):
            return outputs_of(
                lambda pixels: body.embed(normalize(pixels)), to_pixels(inputs, device)
            )

    return embed
