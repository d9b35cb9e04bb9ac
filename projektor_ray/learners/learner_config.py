"""Which learner is trained, and with which settings."""

import json
from typing import Any, Literal

from pydantic import Field, field_validator

from projektor_ray.learners.inputs import LearnerInput
from projektor_ray.storage.settings import Config

LearnerFamily = Literal["network", "flexible", "saturating", "unknown"]


class LearnerConfig(Config):
    """What is trained on a drawn set."""

    name: str = Field(
        min_length=1,
        description="One of small_cnn, resnet18, resnet50; an estimator with scikit-learn's "
        "interface by import path (sklearn.linear_model.LogisticRegression, "
        "lightgbm.LGBMClassifier, mymodule.make_pipeline); or module:callable with the signature "
        "(train, validation, seed, settings) → {metric: value}, or → a function "
        "validation → {metric: value}, which is called for each of several validation sets.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The learner's own settings, by name."
    )
    input: LearnerInput = Field(
        "raw",
        description="What the learner sees. raw: the samples as read. standardized: each feature "
        "less its mean, divided by its standard deviation over the training set; suits linear "
        "models. embedded: the embedder's features. The embedder serves the distance alone unless "
        "this field is embedded.",
    )
    family: LearnerFamily | None = Field(
        None,
        description="How the learner's accuracy grows beyond the largest scale: network; flexible "
        "(trees, forests, neighbours, kernels, boosting); saturating (linear models, naive Bayes), "
        "which flatten early; or unknown. Absent: by the learner's name; a callable of your own "
        "may have an attribute learner_family; else unknown.",
    )

    @field_validator("settings")
    @classmethod
    def _plain(cls, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(settings, allow_nan=False)
        except (TypeError, ValueError) as failure:
            raise ValueError(f"settings must be plain finite values: {failure}") from None
        return settings
