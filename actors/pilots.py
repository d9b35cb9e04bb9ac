"""Pilots on Ray: actors that hold the pilots of a shard of providers, and the driver's handle."""

from collections.abc import Mapping
from typing import Any

import ray

from projektor_ray.errors import InputError
from projektor_ray.providers import Samples
from projektor_ray.sources import SourceConfig, read_source
from projektor_ray.study import SetSummary, StudyConfig

MAX_RESTARTS = 5
GPU_SHARE = 0.01
"""Of a GPU, so that a shard sees one without taking it from the probes."""


def load(source: Any, class_names: tuple[str, ...] | None) -> Samples:
    """The samples of a source: a configuration that any worker can read, or a driver's arrays."""
    if isinstance(source, SourceConfig):
        return read_source(source, class_names=class_names)
    samples: Samples = ray.get(source) if isinstance(source, ray.ObjectRef) else source
    return samples


def load_validation(source: Any) -> tuple[Samples, SetSummary, tuple[str, ...]]:
    """The validation set, its summary, and its class names, which number the pilots' classes."""
    samples = load(source, None)
    return samples, SetSummary.of("validation", samples), samples.class_names


class PilotShard:
    """Holds the pilots of some providers. All calls are idempotent: a shard that was killed is
    rebuilt from its sources, and the call repeated."""

    def __init__(self, sources: Mapping[str, Any], class_names: tuple[str, ...]) -> None:
        self._sources = sources
        self._class_names = class_names
        self._pilots: dict[str, Samples] = {}

    def pilot(self, name: str) -> Samples:
        """One provider's pilot."""
        if name not in self._pilots:
            try:
                self._pilots[name] = load(self._sources[name], self._class_names)
            except InputError as error:
                raise InputError(f"provider {name!r}: {error}") from None
        return self._pilots[name]

    def summaries(self) -> list[SetSummary]:
        return [SetSummary.of(name, self.pilot(name)) for name in sorted(self._sources)]


class Pilots:
    """The driver's handle on all pilots and the validation set; it holds none of them itself.

    Attributes
    ----------
    validation : reference to the validation Samples.
    shards : the actors, and which providers each holds.
    """

    def __init__(
        self, config: StudyConfig, arrays: Mapping[str, Samples], validation: Samples | None
    ) -> None:
        sources = {p.name: _shared(p.name, p.source, arrays.get(p.name)) for p in config.providers}
        reader = ray.remote(num_returns=3, num_cpus=0)(load_validation)
        self.validation, *about = reader.remote(
            _shared("validation", config.validation, validation)
        )
        self._validation_summary, class_names = ray.get(about)
        gpus, cpus = (ray.cluster_resources().get(kind, 0.0) for kind in ("GPU", "CPU"))
        count = max(1, min(len(sources), int(gpus or cpus)))
        names = sorted(sources)
        actor = ray.remote(
            num_cpus=0,
            num_gpus=GPU_SHARE if gpus else 0,
            max_restarts=MAX_RESTARTS,
            max_task_retries=-1,
            scheduling_strategy="SPREAD",
        )(PilotShard)
        self.shards = [
            (actor.remote({name: sources[name] for name in held}, class_names), held)
            for held in (names[start::count] for start in range(count))
        ]

    def summaries(self) -> tuple[list[SetSummary], SetSummary]:
        """Of all pilots, and of the validation set; reads them where they are held."""
        found = ray.get([actor.summaries.remote() for actor, _ in self.shards])
        return [summary for part in found for summary in part], self._validation_summary

    def references(self) -> dict[str, Any]:
        """Provider name → reference to its Samples in the object store, for the probes."""
        return {name: actor.pilot.remote(name) for actor, held in self.shards for name in held}


def _shared(name: str, source: SourceConfig | None, samples: Samples | None) -> Any:
    if samples is not None:
        return ray.put(samples)
    if source is None:
        raise InputError(
            f"{name!r} has no source: give one in the study file, or pass its samples to run_study"
        )
    return source
