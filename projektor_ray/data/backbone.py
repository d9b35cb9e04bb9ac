"""Penultimate features of torchvision's classification models."""

import hashlib
import io
import logging
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from projektor_ray.data.embedder_config import EmbedderConfig
from projektor_ray.errors import InputError, nearest
from projektor_ray.learners.reproducible import on_device, reproducible
from projektor_ray.storage.locations import locate

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TRIAL_SIZES = (64, 224, 299)
BATCH = 64
LONGEST_CAUSE = 300

Preprocess = Callable[[torch.Tensor], torch.Tensor]

log = logging.getLogger(__name__)


def backbone(config: EmbedderConfig) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """A model's embedding: uint8 images (n, h, w, c) → penultimate features (n, d).

    Penultimate features are the input of the layer that gives the logits, averaged over space
    where that layer is a convolution.

    Raises
    ------
    InputError
        If the weights cannot be had or do not fit, or the images do not suit the model.
    """
    with reproducible(config.seed, torch.device("cpu")):
        network, preprocess = _network(config)
    network.eval()
    head = classification_head(network)

    def embed(inputs: NDArray[Any]) -> NDArray[np.float32]:
        if inputs.ndim != 4:
            raise InputError(
                f"the embedder {config.name} needs images of shape (n, h, w, c); got features of "
                f"shape {inputs.shape}. Use the embedder identity or standardize"
            )
        with on_device(network) as device, reproducible(config.seed, device):
            batches = [
                _features(network, head, preprocess(_rgb(inputs[start : start + BATCH], device)))
                for start in range(0, len(inputs), BATCH)
            ]
        return np.concatenate(batches)

    return embed


def classification_head(network: nn.Module) -> nn.Module:
    """The layer that gives the logits: the last linear or convolutional one that runs."""
    ran: list[nn.Module] = []
    layers = [module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    handles = [layer.register_forward_hook(lambda layer, *_: ran.append(layer)) for layer in layers]
    try:
        _try_sizes(network)
    finally:
        for handle in handles:
            handle.remove()
    return ran[-1]


@torch.no_grad()
def _try_sizes(network: nn.Module) -> None:
    """Run the model on an image of the first size that it takes."""
    device = next(network.parameters()).device
    for size in TRIAL_SIZES:
        try:
            network(torch.zeros(1, 3, size, size, device=device))
        except (RuntimeError, AssertionError):
            if size == TRIAL_SIZES[-1]:
                raise
        else:
            return


@torch.no_grad()
def _features(network: nn.Module, head: nn.Module, images: torch.Tensor) -> NDArray[np.float32]:
    seen: list[torch.Tensor] = []
    handle = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        network(images)
    except (RuntimeError, AssertionError) as failure:
        size = "×".join(map(str, images.shape[2:]))
        raise InputError(
            f"the model does not take images of {size}: {failure}. Set image_size, for example 224"
        ) from None
    finally:
        handle.remove()
    features = seen[-1]
    features = features.mean(dim=(2, 3)) if features.ndim == 4 else features
    return np.asarray(features.float().cpu().numpy())


def _rgb(images: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    pixels = torch.tensor(images, device=device).permute(0, 3, 1, 2)
    if pixels.shape[1] not in (1, 3):
        raise InputError(f"torchvision's models need 1 or 3 channels; got {pixels.shape[1]}")
    return pixels.expand(-1, 3, -1, -1).contiguous()


def _network(config: EmbedderConfig) -> tuple[nn.Module, Preprocess]:
    get = torchvision.models.get_model
    if config.weights is None:
        log.warning(
            "the embedder %s has random weights: its features know nothing of images. Give "
            "`weights`, or use validation_cnn",
            config.name,
        )
        return get(config.name, weights=None), _imagenet_normal(config.image_size)
    if not config.weights_in_a_file:
        weights = _named_weights(config)
        try:
            network = get(config.name, weights=weights)
        except (OSError, RuntimeError) as failure:
            raise InputError(
                f"the weights {config.weights} of {config.name} cannot be downloaded: {failure}. "
                "Give the path of a state dict as `weights`, or run where there is a network"
            ) from None
        if config.image_size is None:
            return network, weights.transforms(antialias=True)
        return network, _imagenet_normal(config.image_size)
    return _loaded(config), _imagenet_normal(config.image_size)


def _loaded(config: EmbedderConfig) -> nn.Module:
    """The model with the state dict of a file, its head as wide as the file's."""
    network: nn.Module = torchvision.models.get_model(config.name, weights=None)
    try:
        content = io.BytesIO(_file_content(config))
        state = torch.load(content, map_location="cpu", weights_only=True)
        head = classification_head(network.eval())
        name = next(name for name, module in network.named_modules() if module is head)
        outputs = len(state[f"{name}.weight"])
        network = torchvision.models.get_model(config.name, weights=None, num_classes=outputs)
        network.load_state_dict(state)
    except (RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as failure:
        raise InputError(
            f"{config.weights} is no state dict of torchvision's {config.name}: "
            f"{str(failure)[:LONGEST_CAUSE]}"
        ) from None
    return network


def weights_version(config: EmbedderConfig) -> str:
    """What identifies the weights: torchvision's full name, or the hash of the file."""
    if config.weights_in_a_file:
        return hashlib.sha256(_file_content(config)).hexdigest()
    return str(_named_weights(config))


def _file_content(config: EmbedderConfig) -> bytes:
    return locate(str(config.weights)).read()


def _named_weights(config: EmbedderConfig) -> Any:
    known = torchvision.models.get_model_weights(config.name).__members__
    if config.weights not in known:
        raise InputError(
            f"torchvision has no weights {config.weights!r} of {config.name}; "
            f"{nearest(str(config.weights), known)}, or a path or URI of a state dict"
        )
    return known[config.weights]


def _imagenet_normal(size: int | None) -> Preprocess:
    """uint8 images → resized where a size is given, ImageNet's mean 0 and standard deviation 1."""

    def preprocess(pixels: torch.Tensor) -> torch.Tensor:
        images = pixels.float() / 255
        if size is not None:
            images = functional.interpolate(
                images, size=(size, size), mode="bilinear", antialias=True
            )
        mean = torch.tensor(IMAGENET_MEAN, device=pixels.device)[:, None, None]
        std = torch.tensor(IMAGENET_STD, device=pixels.device)[:, None, None]
        return (images - mean) / std

    return preprocess
