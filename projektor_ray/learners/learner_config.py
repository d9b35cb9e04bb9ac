"""Which learner is trained, and with which settings."""

import json
from typing import Any

from pydantic import Field, field_validator

from projektor_ray.storage.settings import Config


class LearnerConfig(Config):
    """What is trained on a drawn set."""

    name: str = Field(
        min_length=1,
        description="small_cnn, resnet18, resnet50, a scikit-learn estimator by import path "
        "(sklearn.linear_model.LogisticRegression), or module:callable with the signature "
        "(train, validation, seed, settings) → {metric: value}, or → a function "
        "validation → {metric: value}, which several validation sets ask after one training.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description="The learner's own settings, by name."
    )

    @field_validator("settings")
    @classmethod
    def _plain(cls, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(settings, allow_nan=False)
        except (TypeError, ValueError) as failure:
            raise ValueError(f"settings must be plain finite values: {failure}") from None
        return settings

    def identity(self) -> dict[str, Any]:
        """What determines a training beside its data and seed: name, settings, code version.

        Raises
        ------
        InputError
            If the learner is unknown.
        """
        from projektor_ray.learners.registry import code_version

        return {"name": self.name, "settings": self.settings, "code": code_version(self.name)}
