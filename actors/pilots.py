"""The driver's handle on the pilots, which actors hold, and on the validation set."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import ray

from actors.fetch import fetch
from actors.shard import SOLVING, PilotShard, load
from projektor_ray.config import nearest
from projektor_ray.errors import InputError
from projektor_ray.providers import Samples
from projektor_ray.sources import SourceConfig
from projektor_ray.study import SetSummary, StudyConfig
from projektor_ray.transport import TransportSettings

MAX_RESTARTS = 5
GPU_SHARE = 0.01
"""Of a GPU, so that a shard sees one without taking it from the probes."""


def load_validation(source: Any) -> tuple[Samples, SetSummary, tuple[str, ...]]:
    """The validation set, its summary, and its class names, which number the pilots' classes."""
    try:
        samples = load(source, None)
    except InputError as error:
        raise InputError(f"validation: {error}") from None
    return samples, SetSummary.of("validation", samples), samples.class_names


class Pilots:
    """The driver's handle on all pilots and the validation set; it holds none of them itself.

    Attributes
    ----------
    validation : reference to the validation Samples.
    class_names : of the validation set, which number the pilots' classes.
    sources : reference, in a list, to where each pilot is read; every call of a shard carries it.
    shards : the actors, one for each CPU or GPU at most, and the providers that each holds.
    """

    def __init__(
        self,
        config: StudyConfig,
        arrays: Mapping[str, Samples],
        validation: Samples | None,
    ) -> None:
        names = sorted(provider.name for provider in config.providers)
        for name in arrays:
            if name not in names:
                raise InputError(f"arrays of an unknown provider {name!r}; {nearest(name, names)}")
        sources = {p.name: _shared(p.name, p.source, arrays.get(p.name)) for p in config.providers}
        reader = ray.remote(num_returns=3, num_cpus=0)(load_validation)
        self.validation, *about = reader.remote(
            _shared("validation", config.validation, validation)
        )
        self._validation_summary, self.class_names = fetch(about)
        gpus, cpus = (ray.cluster_resources().get(kind, 0.0) for kind in ("GPU", "CPU"))
        count = max(1, min(len(sources), int(gpus or cpus)))
        self.sources = [ray.put(sources)]
        actor = ray.remote(
            num_cpus=0,
            num_gpus=GPU_SHARE if gpus else 0,
            max_restarts=MAX_RESTARTS,
            max_task_retries=-1,
            scheduling_strategy="SPREAD",
            concurrency_groups={SOLVING: 1},
        )(PilotShard)
        self.shards = [
            (actor.remote(held, self.class_names), held)
            for held in (names[start::count] for start in range(count))
        ]

    def summaries(self) -> tuple[list[SetSummary], SetSummary]:
        """Of all pilots, and of the validation set; reads them where they are held."""
        found = fetch([actor.summaries.remote(self.sources) for actor, _ in self.shards])
        return [summary for part in found for summary in part], self._validation_summary

    def share(self, settings: TransportSettings) -> TransportSettings:
        """The settings, with the memory that each shard may use where those of a node share it."""
        found = fetch([actor.room.remote(settings) for actor, _ in self.shards])
        crowd = Counter(node for node, _ in found)
        least = min(free / crowd[node] for node, free in found)
        return settings.model_copy(update={"memory_limit_gb": least / 2**30})

    def references(self) -> dict[str, Any]:
        """Provider name → reference to its Samples in the object store, for the probes."""
        return {
            name: actor.pilot.remote(self.sources, name)
            for actor, held in self.shards
            for name in held
        }


def _shared(name: str, source: SourceConfig | None, samples: Samples | None) -> Any:
    if samples is not None:
        return ray.put(samples)
    if source is None:
        raise InputError(
            f"{name!r} has no source: give one in the study file, or pass its samples to run_study"
        )
    return source
