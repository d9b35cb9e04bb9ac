"""How samples become feature vectors."""

from typing import Any

from pydantic import Field, field_validator

from projektor_ray.storage.settings import Config, absolute_path, expand_path


class EmbedderConfig(Config):
    """Samples → features, for the distance."""

    name: str = Field(
        default="identity",
        min_length=1,
        description="identity (flattened; images in [0, 1]), standardize (mean 0 and standard "
        "deviation 1 on the validation set), validation_cnn (penultimate features of a small "
        "network trained on the validation set), a torchvision classification model (penultimate "
        "features), or module:callable with the signature (validation, settings) → embed, where "
        "embed(inputs) → features (n, d).",
    )
    weights: str | None = Field(
        default=None,
        description="Of a torchvision model: weights by torchvision's name (DEFAULT, "
        "IMAGENET1K_V1), or a state dict's path or URI; absent: random weights.",
    )
    image_size: int | None = Field(
        default=None,
        ge=8,
        description="Height and width that images are resized to for a torchvision model; absent: "
        "as its named weights were trained, else the images' own.",
    )
    seed: int = Field(
        default=0, ge=0, description="Of random weights and of the training of validation_cnn."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Of validation_cnn: as the learner small_cnn has; of module:callable: its own.",
    )

    @field_validator("weights")
    @classmethod
    def _expanded(cls, weights: str | None) -> str | None:
        return None if weights is None else expand_path(weights)

    @property
    def weights_in_a_file(self) -> bool:
        """Whether `weights` is the path or URI of a state dict, not a name of torchvision's."""
        return self.weights is not None and ("/" in self.weights or "." in self.weights)

    def absolute(self) -> "EmbedderConfig":
        """The embedder as processes with another current folder find its weights."""
        if not self.weights_in_a_file:
            return self
        return self.model_copy(update={"weights": absolute_path(str(self.weights))})

    @property
    def may_learn_labels(self) -> bool:
        """Whether features may be trained on the validation set's labels."""
        return self.name == "validation_cnn" or ":" in self.name
