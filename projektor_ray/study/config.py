"""One study, as written in its YAML file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from projektor_ray.data import EmbedderConfig, SourceConfig, SourceDefaults
from projektor_ray.errors import InputError, nearest
from projektor_ray.learners import LearnerConfig
from projektor_ray.learners.metrics import METRICS
from projektor_ray.projection import SCALE_MODELS
from projektor_ray.selection import Terms
from projektor_ray.storage.settings import MAX_SAMPLES, Config, parse, read_config
from projektor_ray.study.probes_config import ProbesConfig
from projektor_ray.study.provider_config import ProviderConfig, like_names
from projektor_ray.study.selection_config import SelectionConfig
from projektor_ray.study.validation_sets import UNNAMED
from projektor_ray.transport.transport_settings import TransportSettings

FILE_NAME = re.compile(r"\w(?:[\w .-]{0,98}\w)?")


def _file_name(name: str) -> str:
    if not FILE_NAME.fullmatch(name):
        raise ValueError(
            "expected a name of at most 100 letters, digits, spaces and . - _ that begins and "
            "ends with a letter or a digit: it is part of file names"
        )
    return name


FileName = Annotated[str, AfterValidator(_file_name)]
"""Name of a study or of a validation set: a part of file names, never a path."""
MOST_PROVIDERS = 10_000


class StudyConfig(Config):
    """One study, as written in its YAML file.

    Examples
    --------
    >>> import projektor_ray as pr
    >>> study = pr.read_study(
    ...     {
    ...         "name": "demo",
    ...         "providers": [{"name": "alpha", "capacity": 500, "price": 0.02}, {"name": "beta"}],
    ...         "learner": {"name": "sklearn.linear_model.LogisticRegression"},
    ...         "probes": {"scales": [50, 200]},
    ...         "selection": {"size": 1000, "budget": 15},
    ...     }
    ... )
    >>> isinstance(study, pr.StudyConfig), study.probes.scales
    (True, (50, 200))
    """

    former_keys: ClassVar = {"project": "projection_sizes"}
    name: FileName = Field(
        description="Name of the study: letters, digits, spaces and . - _, at most 100. It names "
        "the default folder out/NAME and is in every table.",
    )
    providers: tuple[ProviderConfig, ...] = Field(
        min_length=1, max_length=MOST_PROVIDERS, description="The providers, in any order."
    )
    validation: SourceConfig | None = Field(
        None, description="The collector's validation set. Absent when a driver passes arrays."
    )
    validations: dict[FileName, SourceConfig] = Field(
        default_factory=dict,
        description="Several validation sets by name, instead of `validation`. Each probe is "
        "measured on all of them. The class names of the first set number the classes.",
    )
    defaults: SourceDefaults = Field(
        default_factory=SourceDefaults,
        description="`label`, `features` and `image_size` of every source that does not say them.",
    )
    embedder: EmbedderConfig = Field(
        default_factory=EmbedderConfig, description="Samples → features, for the distance."
    )
    transport: TransportSettings = Field(
        default_factory=TransportSettings, description="Ground cost and optimal transport."
    )
    learner: LearnerConfig = Field(description="What is trained on a drawn set.")
    metric: str = Field("accuracy", description="The metric of a probe on the validation set.")
    probes: ProbesConfig = Field(description="Which probes are trained.")
    projection_sizes: tuple[int, ...] = Field(
        (),
        description="Sizes at which the metric of every mixture is predicted, in addition to the "
        "scales and the size to buy.",
    )
    selection: SelectionConfig = Field(description="What to buy.")

    @model_validator(mode="after")
    def _names_agree(self) -> "StudyConfig":
        names = [provider.name for provider in self.providers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"providers need different names; listed more than once: {twice}")
        if alike := like_names(names):
            raise ValueError(
                "providers need names that differ by more than spaces and upper or lower case; "
                f"got {alike[0]!r} and {alike[1]!r}. Rename one"
            )
        for mixture in self.probes.mixtures:
            for name in mixture:
                if name not in names:
                    raise ValueError(
                        f"a mixture names the provider {name!r}: {nearest(name, names)}"
                    )
        if self.validation is not None and self.validations:
            raise ValueError(
                f"validation is one set, validations are several; drop one of them, or list "
                f"validation among {sorted(self.validations)}"
            )
        if any(not 1 <= size <= MAX_SAMPLES for size in self.projection_sizes):
            raise ValueError(
                f"projection_sizes must be from 1 to {MAX_SAMPLES:,}; got "
                f"{list(self.projection_sizes)}"
            )
        if self.probes.scales:
            self.check_law()
        if self.metric not in METRICS:
            raise ValueError(f"unknown metric {self.metric!r}; {nearest(self.metric, METRICS)}")
        return self

    def check_law(self) -> None:
        """Refuse a scaling model that needs more scales than there are.

        Raises
        ------
        InputError
            If it does.
        """
        law, scales = SCALE_MODELS.get(self.selection.projection), self.probes.scales
        if law is not None and len(scales) < law.fewest_scales:
            raise InputError(
                f"the projection {law.name!r} needs {law.fewest_scales} or more scales; "
                f"got {list(scales)}. Train another, a factor of 4 away, or set "
                "selection.projection to another"
            )

    @property
    def validation_sources(self) -> Mapping[str, SourceConfig]:
        """The validation sets that the file says, by name."""
        given = self.validations if self.validation is None else {UNNAMED: self.validation}
        return {name: source.with_defaults(self.defaults) for name, source in given.items()}

    @property
    def pilot_sources(self) -> Mapping[str, SourceConfig | None]:
        """Where each provider's pilot is read, by the provider's name; None: a driver passes it."""
        return {
            one.name: None if one.source is None else one.source.with_defaults(self.defaults)
            for one in self.providers
        }

    def absolute(self) -> "StudyConfig":
        """The study whose sources processes with another current folder find."""
        moved = [
            one if one.source is None else one.model_copy(update={"source": one.source.absolute()})
            for one in self.providers
        ]
        changed: dict[str, Any] = {"providers": tuple(moved)}
        if self.validation is not None:
            changed["validation"] = self.validation.absolute()
        if self.validations:
            sets = {name: source.absolute() for name, source in self.validations.items()}
            changed["validations"] = sets
        return self.model_copy(update=changed)

    @property
    def terms(self) -> dict[str, Terms]:
        """Terms beyond capacity and price, by provider's name."""
        return {provider.name: provider.terms for provider in self.providers}


def read_study(source: str | Path | Mapping[str, Any]) -> StudyConfig:
    """Read and check a study.

    Parameters
    ----------
    source : the path of a YAML file, or the values that such a file holds.

    Raises
    ------
    InputError
        If the file cannot be read, or a key or a value cannot be used; names each of them.

    Examples
    --------
    >>> import projektor_ray as pr
    >>> study = pr.read_study(
    ...     {
    ...         "name": "demo",
    ...         "providers": [{"name": "alpha", "capacity": 500, "price": 0.02}, {"name": "beta"}],
    ...         "learner": {"name": "sklearn.linear_model.LogisticRegression"},
    ...         "probes": {"scales": [50, 200]},
    ...         "selection": {"size": 1000, "budget": 15},
    ...     }
    ... )
    >>> study.metric
    'accuracy'
    """
    if isinstance(source, str | Path):
        return read_config(StudyConfig, source)
    return parse(StudyConfig, source)
