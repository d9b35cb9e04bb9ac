"""Torchvision's models: penultimate features, weights, and sizes."""

import logging
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from projektor_ray.data import EmbedderConfig, build_embedder, embedder_identity
from projektor_ray.data.backbone import classification_head
from projektor_ray.errors import InputError
from tests.helpers.learner_data import blobs, stripes

IMAGES = stripes(3, size=64).inputs
HEADS = {
    "resnet18": "fc",
    "resnet50": "fc",
    "densenet121": "classifier",
    "mobilenet_v3_small": "classifier.3",
    "efficientnet_b0": "classifier.1",
    "convnext_tiny": "classifier.2",
    "shufflenet_v2_x0_5": "fc",
    "squeezenet1_1": "classifier.1",
    "vit_b_16": "heads.head",
}


def embed(name: str, images: np.ndarray = IMAGES, **options: Any) -> np.ndarray:
    return build_embedder(EmbedderConfig(name=name, **options), stripes(size=64))(images)


@pytest.mark.parametrize("name", HEADS)
def test_the_head_is_the_layer_that_gives_the_logits(name: str) -> None:
    with torch.random.fork_rng(devices=[]):
        network = torchvision.models.get_model(name, weights=None).eval()
    assert classification_head(network) is network.get_submodule(HEADS[name])


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "efficientnet_b0"])
def test_the_head_on_the_features_gives_the_models_logits(name: str, tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        network = torchvision.models.get_model(name, weights=None, num_classes=7).eval()
    path = tmp_path / "weights.pt"
    torch.save(network.state_dict(), path)
    features = embed(name, weights=str(path))
    pixels = torch.tensor(IMAGES).permute(0, 3, 1, 2).float() / 255
    normal = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    head = network.get_submodule(HEADS[name])
    with torch.no_grad():
        expected = network(normal(pixels))
        found = head(torch.tensor(features))
    assert found.shape == (3, 7)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_random_weights_are_seeded_and_loud(caplog: pytest.LogCaptureFixture) -> None:
    state = torch.get_rng_state()
    with caplog.at_level(logging.WARNING):
        first = embed("resnet18")
    assert "random weights" in caplog.text
    assert first.shape == (3, 512)
    np.testing.assert_array_equal(first, embed("resnet18"))
    assert not np.array_equal(first, embed("resnet18", seed=1))
    assert torch.equal(torch.get_rng_state(), state)


def test_features_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = embed("resnet18")
    monkeypatch.setattr("projektor_ray.data.backbone.BATCH", 2)
    np.testing.assert_allclose(embed("resnet18"), whole, rtol=1e-4, atol=1e-5)


def test_grey_images_and_resizing() -> None:
    grey = IMAGES[..., :1]
    np.testing.assert_array_equal(embed("resnet18", grey), embed("resnet18", np.repeat(grey, 3, 3)))
    assert not np.array_equal(embed("resnet18", image_size=32), embed("resnet18"))
    with pytest.raises(InputError, match=r"64×64.*image_size"):
        embed("vit_b_16")


def test_named_weights_come_with_their_own_transforms(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_model(name: str, weights: Any = None, **options: Any) -> nn.Module:
        return torchvision.models.resnet18(weights=None, **options)

    monkeypatch.setattr("torchvision.models.get_model", get_model)
    sizes: list[torch.Size] = []
    monkeypatch.setattr(
        "projektor_ray.data.backbone._features",
        lambda network, head, images: sizes.append(images.shape) or np.zeros((len(images), 2)),
    )
    embed("resnet18", weights="IMAGENET1K_V1")
    embed("resnet18", weights="IMAGENET1K_V1", image_size=48)
    assert sizes == [(3, 3, 224, 224), (3, 3, 48, 48)]


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", offline)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(InputError, match="IMAGENET1K_V1 of resnet18"):
        embed("resnet18", weights="IMAGENET1K_V1")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("DEFAUL", None, "did you mean 'DEFAULT'"),
        ("a.pt", None, "no file or folder"),
        ("a.pt", b"no weights", "is no state dict"),
        ("a.pt", {"fc.weight": torch.zeros(2, 512)}, "is no state dict.*Missing key"),
        ("a.pt", {"other": torch.zeros(2)}, "is no state dict"),
    ],
)
def test_bad_weights(name: str, content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    weights = name if name == "DEFAUL" else str(path)
    with pytest.raises(InputError, match=f"(?s){message}"):
        embed("resnet18", weights=weights)


def test_a_files_weights_are_identified_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    codes = set()
    for content in (b"one", b"two"):
        path.write_bytes(content)
        codes.add(embedder_identity(EmbedderConfig(name="resnet18", weights=str(path)))["code"])
    assert len(codes) == 2


def test_features_are_refused() -> None:
    with pytest.raises(InputError, match="resnet18 needs images"):
        embed("resnet18", blobs().inputs)
    with pytest.raises(InputError, match="channels; got 2"):
        embed("resnet18", IMAGES[..., :2])
