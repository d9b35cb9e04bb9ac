"""Networks on images as learners: small_cnn, resnet18, resnet50."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners.architectures import SmallCNN, small_image_resnet
from projektor_ray.learners.learner import Learner, Metrics
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.learners.reproducible import pick_device, reproducible
from projektor_ray.learners.task import Task
from projektor_ray.learners.training import Normalize, outputs_of, to_pixels, train
from projektor_ray.storage.settings import parse


class NetworkLearner(Learner):
    """A network trained from scratch on images, for classes or a regression target.

    A drawn set of one class predicts that class.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        self.name = name
        self.settings = parse(NetworkSettings, settings)

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        check_images(self.name, train, *validations)
        task = Task.of(train)
        if task.settled:
            return [task.metrics(np.ones((len(one), 1)), one) for one in validations]
        device = pick_device()
        with reproducible(seed, device):
            network = trained(
                self.name, task.images, task.targets, task.outputs, self.settings, seed, device
            )
            outputs = [outputs_of(network, to_pixels(one.inputs, device)) for one in validations]
        return task.metrics_on(validations, outputs)


def check_images(name: str, *parts: Samples) -> None:
    """Refuse samples that a network cannot be trained on with an InputError."""
    for samples in parts:
        if samples.inputs.ndim != 4:
            raise InputError(
                f"{name} needs images of shape (n, h, w, c); got features of shape "
                f"{samples.inputs.shape}. Use a learner for features, such as "
                "sklearn.linear_model.LogisticRegression"
            )
        if samples.target == "none":
            raise InputError(f"{name} needs labels; got samples without")


def trained(
    name: str,
    images: NDArray[np.uint8],
    targets: NDArray[Any],
    outputs: int,
    settings: NetworkSettings,
    seed: int,
    device: torch.device,
) -> nn.Sequential:
    """The network of that name, trained: a normalisation and the body; takes uint8 pixels.

    Call it within `reproducible`.
    """
    pixels = to_pixels(images, device)
    _, channels, height, _ = pixels.shape
    if name == "small_cnn":
        body: nn.Module = SmallCNN(channels, outputs, settings.width)
    else:
        body = small_image_resnet(name, channels, outputs, height)
    network = nn.Sequential(Normalize(pixels), body.to(device))
    train(
        network.to(memory_format=torch.channels_last),
        pixels,
        torch.tensor(targets, device=device),
        settings,
        seed,
    )
    return network
