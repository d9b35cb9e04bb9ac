"""Distances between the mixtures that a study has measured, and how exact they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection.choose import FittedModels
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import Key, Row, make_table
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study.study import Study
from projektor_ray.transport import InterpolatedDistances

TABLE = "interpolation"
WANTED = 0.1
"""Largest error of interpolation, as a share of the metric's error."""
MOST_FURTHER = 200
"""Mixtures that are measured for the interpolation at most."""
MOST_PROVIDERS = 32
"""With more providers no number of mixtures that could be measured fills the simplex."""
CANDIDATES = 512
STEP = 0.01
"""Of the spread of the distances: the step of a difference quotient."""


@dataclass(frozen=True)
class InterpolationError:
    """How exactly distances to a validation set are interpolated.

    Attributes
    ----------
    error : root mean square error of held-out distances.
    bound : the largest that is wanted: `WANTED · metric_error / sensitivity`.
    metric_error : root mean square error of the metric of left-out mixtures.
    sensitivity : largest |∂L̂/∂distance| over the probes' mixtures, at the largest scale.
    measured : mixtures between which distances are interpolated.
    further : mixtures among them that the study's design does not contain.
    """

    error: float
    bound: float
    metric_error: float
    sensitivity: float
    measured: int
    further: int

    @property
    def suffices(self) -> bool:
        """Whether plans may be searched by interpolated distances."""
        return self.error <= self.bound


def interpolated(study: Study, distances: Mapping[Key, Row]) -> InterpolatedDistances:
    """Distances to a study's one validation set, interpolated between all measured mixtures.

    In the order of their identities, so that the order of measuring does not matter.
    """
    rows = [distances[key] for key in sorted(distances)]
    own = [row for row in rows if tuple(row["providers"]) == study.names]
    return InterpolatedDistances.fit(
        np.array([row["mixture"] for row in own]), np.array([row["value"] for row in own])
    )


def error_bound(models: FittedModels, probes: ProbeArrays) -> tuple[float, float, float]:
    """The largest error of interpolation that is wanted, the metric's error, the sensitivity.

    A metric that does not depend on the distance allows any error.
    """
    validated = CrossValidation.of(models.model, probes)
    error = float(np.sqrt(np.mean((probes.values - validated.predicted) ** 2)))
    step = STEP * float(np.std(probes.distances))
    if step == 0:
        return np.inf, error, 0.0
    size = max(models.scales)
    above, below = (
        models.model.predict(probes.mixtures, probes.distances + sign * step, size)
        for sign in (1, -1)
    )
    sensitivity = float(np.abs(above - below).max() / (2 * step))
    bound = WANTED * error / sensitivity if sensitivity else np.inf
    return bound, error, sensitivity


def candidate_mixtures(providers: int) -> Floats:
    """Mixtures of all kinds that may be measured for the interpolation, shape (B, m).

    Half of them uniform on the simplex, half of them near its faces, where plans lie.
    """
    stream = np.random.default_rng(0)
    half = CANDIDATES // 2
    even = stream.dirichlet(np.ones(providers), half)
    near_faces = stream.dirichlet(np.full(providers, 1 / providers), half)
    return np.vstack([even, near_faces])


def table_of(study: Study) -> str:
    """Name of the table of a study of one validation set."""
    return "-".join(filter(None, (TABLE, study.set_name)))


def write_error(folder: Folder, study: Study, error: InterpolationError) -> None:
    """Write the table `interpolation` of a study of one validation set."""
    folder.write_table(table_of(study), make_table(TABLE, [vars(error)], _metadata(study)))


def read_error(folder: Folder, study: Study) -> InterpolationError | None:
    """The recorded error of a study of one validation set; None where there is none."""
    try:
        table = folder.read_table(table_of(study))
    except InputError:
        return None
    if TableMetadata.of(table.schema, TABLE) != _metadata(study):
        return None
    (row,) = table.to_pylist()
    return InterpolationError(**row)


def _metadata(study: Study) -> TableMetadata:
    """What distances and the metric's error depend on."""
    depends = study.probes_metadata.input_hash, study.distances_metadata.input_hash
    return TableMetadata(study.config.name, study.names, digest(TABLE, *depends), study.set_name)
