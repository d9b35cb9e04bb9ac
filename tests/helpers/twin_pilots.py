"""Pilots of a planted study as the service holds them: a new provider is the twin of one of three.

No Ray and no transport: the distance of a mixture that holds the new provider is that of the
mixture in which its twin has its share, times a factor.
"""

from dataclasses import dataclass, field

import numpy as np

from projektor_ray.data import SampleSchema, read_upload
from projektor_ray.profiles import ProviderProfile
from projektor_ray.service import ReceivedPilot
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import SetSummary
from projektor_ray.study.checks import check_sets
from projektor_ray.transport import Distances
from tests.helpers.predictor_data import distance
from tests.helpers.report_content import profile
from tests.helpers.studies import PILOTS, VALIDATION, samples


@dataclass
class TwinPilots:
    """A new provider like the provider `twin`, whose distances are `factor` times as large.

    Attributes
    ----------
    measured : how many mixtures were measured.
    forgets : whether received pilots are forgotten.
    """

    twin: int = 1
    factor: float = 1.0
    forgets: bool = False
    measured: int = 0
    known: set[str] = field(default_factory=set)

    def receive(
        self, content: bytes, name: str, label: str | None, *, deadline: float
    ) -> ReceivedPilot:
        read = read_upload(content, SampleSchema(), "classes", label)
        summary = SetSummary.of(name, read)
        pilots = [SetSummary.of(one, its) for one, its in PILOTS.items()]
        validation = SetSummary.of("validation", VALIDATION)
        from projektor_ray.learners import METRICS

        check_sets([*pilots, summary], [validation], METRICS["accuracy"])
        self.known.add(summary.content_hash)
        return ReceivedPilot(summary, {"validation": self._profile(name)})

    def _profile(self, name: str) -> ProviderProfile:
        return profile(name, samples=40)

    def measure(
        self, pilot: str, validation_set: str, mixtures: Floats, *, deadline: float
    ) -> Distances:
        if self.forgets or pilot not in self.known:
            raise KeyError(pilot)
        return self(mixtures)

    def __call__(self, mixtures: Floats) -> Distances:
        self.measured += len(mixtures)
        merged = mixtures[:, :-1].copy()
        merged[:, self.twin] += mixtures[:, -1]
        value = distance(merged) * (1 + (self.factor - 1) * mixtures[:, -1])
        return Distances.closed_form(value, np.zeros(mixtures.shape))


def pilot_csv(rows: int = 40, seed: int = 5, width: int = 4, classes: int = 3) -> bytes:
    """A pilot of the kind of the planted study's, as CSV."""
    found = samples(rows, seed, width, classes)
    names = [f"x{i}" for i in range(width)]
    lines = [",".join([*names, "label"])]
    assert found.labels is not None
    for row, label in zip(found.inputs.tolist(), found.labels.tolist(), strict=True):
        lines.append(",".join([*map(repr, row), str(label)]))
    return "\n".join(lines).encode()
