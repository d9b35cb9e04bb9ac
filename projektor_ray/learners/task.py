"""What a network learns from a drawn set, and how its outputs are measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from projektor_ray.data.samples import Samples
from projektor_ray.learners.learner import Metrics
from projektor_ray.learners.metrics import class_metrics, regression_metrics


@dataclass(frozen=True, eq=False)
class Task:
    """Images and what to say of them.

    Attributes
    ----------
    images : shape (n, h, w, c), uint8.
    targets : shape (n,): the place of each label among `classes`, int64, or the target less its
        mean over its standard deviation, float32.
    classes : shape (k,), ascending; None for a regression.
    mean, scale : of a regression's target.
    """

    images: NDArray[np.uint8]
    targets: NDArray[Any]
    classes: NDArray[np.int64] | None = None
    mean: float = 0.0
    scale: float = 1.0

    @staticmethod
    def of(train: Samples) -> "Task":
        labels = np.asarray(train.labels)
        if train.target == "regression":
            mean, scale = labels.mean(), labels.std() or 1.0
            return Task(
                train.inputs, ((labels - mean) / scale).astype(np.float32), None, mean, scale
            )
        classes, places = np.unique(labels, return_inverse=True)
        return Task(train.inputs, places, classes)

    @property
    def outputs(self) -> int:
        """Outputs of a network: one for each class, or one."""
        return 1 if self.classes is None else len(self.classes)

    @property
    def settled(self) -> bool:
        """Whether there is one class only, and nothing to learn."""
        return self.classes is not None and len(self.classes) == 1

    def metrics_on(
        self, validations: Sequence[Samples], outputs: Sequence[NDArray[Any]]
    ) -> list[Metrics]:
        """Metrics of a network's outputs on each of several validation sets."""
        return [self.metrics(of, one) for of, one in zip(outputs, validations, strict=True)]

    def metrics(self, outputs: NDArray[Any], validation: Samples) -> Metrics:
        """Metrics of a network's outputs on the validation set, shape (v, outputs)."""
        labels = np.asarray(validation.labels)
        if self.classes is None:
            return regression_metrics(
                labels, outputs[:, 0].astype(np.float64) * self.scale + self.mean
            )
        probabilities = functional.softmax(torch.from_numpy(outputs).double(), dim=1).numpy()
        return class_metrics(
            labels, self.classes[outputs.argmax(axis=1)], probabilities, self.classes
        )
