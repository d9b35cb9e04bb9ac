"""Networks on images as learners: small_cnn, resnet18, resnet50."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from projektor_ray.config import parse
from projektor_ray.errors import InputError
from projektor_ray.learners.architectures import SmallCNN, small_image_resnet
from projektor_ray.learners.metrics import class_metrics, regression_metrics
from projektor_ray.learners.reproducible import pick_device, reproducible
from projektor_ray.learners.settings import NetworkSettings
from projektor_ray.learners.training import Normalize, outputs_of, to_pixels, train
from projektor_ray.providers import Samples


class NetworkLearner:
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

    def __call__(self, train: Samples, validation: Samples, seed: int) -> dict[str, float]:
        check_images(self.name, train, validation)
        device = pick_device()
        if train.target == "regression":
            return self._regress(train, validation, seed, device)
        classes, targets = np.unique(np.asarray(train.labels), return_inverse=True)
        labels = np.asarray(validation.labels)
        if len(classes) == 1:
            certain = np.ones((len(labels), 1))
            return class_metrics(labels, np.repeat(classes, len(labels)), certain, classes)
        with reproducible(seed, device):
            network = trained(
                self.name, train.inputs, targets, len(classes), self.settings, seed, device
            )
            logits = outputs_of(network, to_pixels(validation.inputs, device))
        probabilities = functional.softmax(torch.from_numpy(logits).double(), dim=1).numpy()
        return class_metrics(labels, classes[logits.argmax(axis=1)], probabilities, classes)

    def _regress(
        self, train: Samples, validation: Samples, seed: int, device: torch.device
    ) -> dict[str, float]:
        target = np.asarray(train.labels)
        mean, scale = target.mean(), target.std() or 1.0
        standard = ((target - mean) / scale).astype(np.float32)
        with reproducible(seed, device):
            network = trained(self.name, train.inputs, standard, 1, self.settings, seed, device)
            outputs = outputs_of(network, to_pixels(validation.inputs, device))[:, 0]
        return regression_metrics(
            np.asarray(validation.labels), outputs.astype(np.float64) * scale + mean
        )


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
