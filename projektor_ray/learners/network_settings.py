"""Settings of the networks that are built in."""

import math

from pydantic import Field

from projektor_ray.storage.settings import Config

VERSION = 1
"""Version of the networks' code; a change that alters trainings raises it."""


class NetworkSettings(Config):
    """How a network is trained; the defaults suit a CPU and some hundred to thousand samples."""

    epochs: float = Field(default=20.0, gt=0, description="Passes over the training set.")
    min_steps: int = Field(
        default=150, ge=1, description="Least optimiser steps, for sets that epochs make short."
    )
    batch: int = Field(default=64, ge=1, description="Samples in a step.")
    learning_rate: float = Field(
        default=0.01, gt=0, description="Peak of the one-cycle learning rate of AdamW."
    )
    weight_decay: float = Field(default=0.05, ge=0, description="Of AdamW.")
    label_smoothing: float = Field(
        default=0.1, ge=0, lt=1, description="Share of each label spread over all classes."
    )
    flip: bool = Field(default=True, description="Mirror half of the images left to right.")
    shift: int | None = Field(
        default=None, ge=0, description="Most pixels of a random shift; absent: an eighth."
    )
    width: int = Field(default=32, ge=1, description="Channels of small_cnn's first layer.")

    def length(self, count: int) -> tuple[int, int]:
        """Samples in a step, and steps, of a training on `count` samples."""
        batch = min(self.batch, count)
        return batch, max(self.min_steps, math.ceil(self.epochs * count / batch))
