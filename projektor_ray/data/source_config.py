"""Where samples are read from, and which view of them is taken."""

from typing import Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from projektor_ray.data.samples import ImageSize, Target
from projektor_ray.errors import listed, redacted
from projektor_ray.storage.settings import Config, absolute_path, expand_path

TargetSetting = Target | Literal["auto"]

ORIGINS = ("path", "sklearn", "torchvision")


class SourceDefaults(Config):
    """What holds for every source of a study with a `path` that does not say it itself."""

    label: str | None = Field(default=None, description="As `label` of a source.")
    features: str | tuple[str, ...] | None = Field(
        default=None, description="As `features` of a source."
    )
    image_size: int | tuple[int, int] | None = Field(
        default=None, description="As `image_size` of a source."
    )


class SourceConfig(Config):
    """Samples: exactly one origin (`path`, `sklearn` or `torchvision`) and a view of it.

    The view is applied in the order `shuffle`, `rows`, `classes`, `limit`, `wrong_labels`.
    """

    path: str | None = Field(
        default=None,
        description="A table (Parquet, Arrow, ORC, CSV, JSON lines or Excel), a folder of them, a "
        ".npz file, or a folder of images by class (FOLDER/CLASS/IMAGE); a local path, or a URI "
        "such as s3://… or gs://…. Environment variables ($NAME, ${NAME}) are expanded.",
    )
    sklearn: str | None = Field(
        default=None, description="A data set bundled with scikit-learn: digits, iris, wine, …"
    )
    torchvision: str | None = Field(
        default=None, description="A torchvision classification data set by name: CIFAR10, MNIST, …"
    )
    root: str | None = Field(
        default=None,
        description="Folder of a torchvision data set; downloaded into it where absent. "
        "Environment variables are expanded.",
    )
    split: str | None = Field(
        default=None,
        description="Part of a torchvision data set: train or test, or a split that it names "
        "itself; absent: train.",
    )
    features: str | tuple[str, ...] | None = Field(
        default=None,
        description="Column of feature lists or of encoded images, or a list of numeric columns; "
        "absent: the validation set's columns, else `features` or `image`, else all numeric "
        "columns but the label, an index, and identifiers. Columns of features that are listed "
        "must be called and ordered as the validation set's are.",
    )
    label: str | None = Field(
        default=None,
        description="Column of the labels; absent: the validation set's, else the one that is "
        "called label, labels, target, targets, class or y. Of several, the study asks.",
    )
    image_size: int | tuple[int, int] | None = Field(
        default=None,
        description="Height and width in pixels that images are resized to when they are read, or "
        "one number for both; absent: the most frequent size in the validation set.",
    )
    encoding: str | None = Field(
        default=None,
        description="Encoding of a CSV file that is not UTF-8, such as latin-1 or cp1252.",
    )
    memory_limit_gb: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Most memory in GiB that the file's content may take; absent: 0.5, or 32 times "
        "the file's size where that is more. Larger contents are usually broken files.",
    )
    target: TargetSetting = Field(
        default="auto",
        description="What the labels are: classes, regression or none; auto: classes if they "
        "are whole numbers, names or booleans, regression if they are real numbers.",
    )
    shuffle: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        description="Seed of a shuffle of all rows; absent: file order.",
    )
    rows: tuple[int, int] | None = Field(
        default=None,
        description="[start, stop] of the rows that are kept: disjoint parts of one file.",
    )
    classes: tuple[int | str, ...] | None = Field(
        default=None, min_length=1, description="Classes that are kept, by number or by name."
    )
    limit: int | None = Field(
        default=None, ge=1, description="Most samples, the first of those that remain."
    )
    wrong_labels: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Simulation aid: share of the labels that is replaced by a uniformly drawn "
        "different class of the source.",
    )
    _by_default: frozenset[str] = PrivateAttr(default=frozenset())
    wrong_labels_seed: int = Field(default=0, ge=0, description="Seed of the wrong labels.")

    @field_validator("path", "root")
    @classmethod
    def _expanded(cls, path: str | None) -> str | None:
        return None if path is None else expand_path(path)

    @field_validator("features")
    @classmethod
    def _some(cls, features: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if features == ():
            raise ValueError("expected at least one column of features; got an empty list")
        return features

    @field_validator("image_size")
    @classmethod
    def _positive(cls, size: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
        if size is not None and min(size if isinstance(size, tuple) else (size,)) < 1:
            raise ValueError(f"expected pixels, 1 or more; got {size}")
        return size

    @field_validator("rows")
    @classmethod
    def _ascending(cls, rows: tuple[int, int] | None) -> tuple[int, int] | None:
        if rows is not None and not 0 <= rows[0] < rows[1]:
            raise ValueError(f"expected [start, stop] with 0 ≤ start < stop; got {list(rows)}")
        return rows

    @model_validator(mode="after")
    def _one_origin(self) -> "SourceConfig":
        given = [name for name in ORIGINS if getattr(self, name) is not None]
        if len(given) != 1:
            came = listed(given) or "none of them"
            raise ValueError(f"a source needs exactly one of {', '.join(ORIGINS)}; got {came}")
        _refuse_without("torchvision", self.torchvision, root=self.root, split=self.split)
        _refuse_without(
            "path",
            self.path,
            features=self.features,
            label=self.label,
            encoding=self.encoding,
            memory_limit_gb=self.memory_limit_gb,
        )
        if self.torchvision is not None and self.root is None:
            raise ValueError("a torchvision data set needs `root`, the folder that it is kept in")
        return self

    def with_defaults(self, defaults: SourceDefaults) -> "SourceConfig":
        """The source with a study's defaults where it says nothing itself."""
        given = defaults.model_dump(exclude_none=True)
        names = [name for name in given if getattr(self, name) is None]
        if self.path is None:
            names = [name for name in names if name == "image_size"]
        completed = self.model_copy(update={name: given[name] for name in names})
        completed._by_default = frozenset(names)
        return completed

    def absolute(self) -> "SourceConfig":
        """The source as processes with another current folder find it, such as Ray's workers."""
        given = {"path": self.path, "root": self.root}
        return self.model_copy(
            update={name: absolute_path(path) for name, path in given.items() if path is not None}
        )

    @property
    def column_options(self) -> list[str]:
        """Options that only a table has a use for, of those that the source itself gives."""
        given = [name for name in ("features", "label") if getattr(self, name) is not None]
        return [name for name in given if name not in self._by_default]

    @property
    def image_shape(self) -> ImageSize | None:
        """Height and width that images are resized to; None: as the validation set's are."""
        if isinstance(self.image_size, int):
            return (self.image_size, self.image_size)
        return self.image_size

    def __str__(self) -> str:
        """The origin, as messages name it."""
        if self.path is not None:
            return redacted(self.path)
        if self.sklearn is not None:
            return f"scikit-learn's {self.sklearn}"
        return f"torchvision's {self.torchvision} in {self.root}"


def _refuse_without(origin: str, given: str | None, **options: Any) -> None:
    for name, value in options.items():
        if value is not None and given is None:
            raise ValueError(f"`{name}` applies to `{origin}` sources only; remove it")
