"""Networks for small images. Each gives features, and a linear head on them: `network.head`."""

import torch
from torch import nn

SMALL_IMAGE = 64
"""Images up to this height keep their resolution in the first layer of a ResNet."""


class SmallCNN(nn.Module):
    """Three convolutions: images (b, c, h, w) → features (b, 4·width) → outputs (b, k)."""

    def __init__(self, channels: int, outputs: int, width: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(channels, width, kernel=4, stride=2),
            nn.MaxPool2d(2, ceil_mode=True),
            _convolution(width, 2 * width, kernel=3),
            nn.MaxPool2d(2, ceil_mode=True),
            _convolution(2 * width, 4 * width, kernel=3),
        )
        self.head = nn.Linear(4 * width, outputs)

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        """Penultimate features, shape (b, 4·width)."""
        features: torch.Tensor = self.features(images).mean(dim=(2, 3))
        return features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.head(self.embed(images))
        return outputs


def _convolution(channels: int, width: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.GELU(),
    )


def small_image_resnet(name: str, channels: int, outputs: int, height: int) -> nn.Module:
    """A torchvision ResNet; for small images its stem is one 3×3 convolution without pooling."""
    import torchvision

    network: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=outputs)
    small = height <= SMALL_IMAGE
    if small:
        network.conv1 = nn.Conv2d(channels, 64, 3, stride=1, padding=1, bias=False)
        network.maxpool = nn.Identity()
    elif channels != 3:
        network.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
    return network
