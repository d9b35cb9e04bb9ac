"""The driver's handle on the pilots, which actors hold, and on the validation set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.fetch import fetch
from actors.nodes import Gpu, gpus
from actors.shard import SOLVING, PilotShard, load
from projektor_ray.data import Samples, SampleSchema, SourceConfig
from projektor_ray.errors import InputError, nearest
from projektor_ray.study import UNNAMED, SetSummary, StudyConfig
from projektor_ray.transport import TransportSettings

MAX_RESTARTS = 5
SEES_GPUS = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""So that an actor sees GPUs that it does not reserve, whatever this Ray's default is."""


def load_validation(
    name: str, source: Any, schema: SampleSchema | None
) -> tuple[Samples, SetSummary, SampleSchema]:
    """A validation set, its summary and its schema, which all others may have to follow."""
    try:
        samples = load(source, schema)
    except InputError as error:
        where = name if name == UNNAMED else f"validation set {name!r}"
        raise InputError(f"{where}: {error}") from None
    return samples, SetSummary.of(name, samples), samples.schema


class Pilots:
    """The driver's handle on all pilots and validation sets; it holds none of them itself.

    Attributes
    ----------
    validations : name → reference to the Samples of that validation set.
    schema : of the first of them, which the others and the pilots follow.
    sources : references to where each pilot is read and to the schema, in a list; every call of a
        shard carries it.
    shards : the actors, one for each CPU or GPU at most, and the providers that each holds.
    """

    def __init__(
        self,
        config: StudyConfig,
        arrays: Mapping[str, Samples],
        validation: Samples | Mapping[str, Samples] | None,
    ) -> None:
        names = sorted(provider.name for provider in config.providers)
        for name in arrays:
            if name not in names:
                raise InputError(f"arrays of an unknown provider {name!r}; {nearest(name, names)}")
        sources = {
            name: _shared(name, source, arrays.get(name))
            for name, source in config.pilot_sources.items()
        }
        self.validations, measured_on, schema = _read(config, validation)
        cpus = int(ray.cluster_resources().get("CPU", 0.0))
        places: list[Gpu | None] = [*gpus()] or [None] * max(1, cpus)
        places = places[: len(sources)]
        self.sources = [ray.put(sources), schema]
        self.shards = [
            (start_shard(own_names, place), own_names)
            for start, place in enumerate(places)
            for own_names in [names[start :: len(places)]]
        ]
        self._measured_on: list[SetSummary] = fetch(measured_on)
        self.schema: SampleSchema = fetch(schema)

    def summaries(self) -> tuple[list[SetSummary], list[SetSummary]]:
        """Of all pilots, and of each validation set; reads them where they are held."""
        parts = fetch([actor.summaries.remote(self.sources) for actor, _ in self.shards])
        return [summary for part in parts for summary in part], self._measured_on

    def share(self, settings: TransportSettings) -> TransportSettings:
        """The settings, with the memory that each shard may use of one validation set's solve.

        Shards of a node share its memory, and hold the solves of all validation sets.
        """
        free_memory = fetch([actor.solve_memory.remote(settings) for actor, _ in self.shards])
        crowd = Counter(node for node, _ in free_memory)
        free_each = min(free / crowd[node] for node, free in free_memory)
        part = free_each / len(self.validations)
        return settings.model_copy(update={"memory_limit_gb": part / 2**30})

    def release(self) -> None:
        """Give back what shards hold of their GPUs' memory, which probes are to have."""
        fetch([actor.release.remote() for actor, _ in self.shards])

    def references(self) -> dict[str, Any]:
        """Provider name → reference to its Samples in the object store, for the probes."""
        return {
            name: actor.pilot.remote(self.sources, name)
            for actor, own_names in self.shards
            for name in own_names
        }


def start_shard(names: Sequence[str], gpu: Gpu | None) -> Any:
    """An actor that holds some providers' pilots, where there is a GPU for it on that GPU's node.

    It reserves none of it: a probe that asks for a whole GPU would never find one.
    """
    options: dict[str, Any] = {"scheduling_strategy": "SPREAD"}
    if gpu is not None:
        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(gpu.node, soft=True)
        options["runtime_env"] = {"env_vars": SEES_GPUS}
    return ray.remote(
        num_cpus=0,
        max_restarts=MAX_RESTARTS,
        max_task_retries=-1,
        concurrency_groups={SOLVING: 1},
        **options,
    )(PilotShard).remote(names, gpu and gpu.number)


def _read(
    config: StudyConfig, given: Samples | Mapping[str, Samples] | None
) -> tuple[dict[str, Any], list[Any], Any]:
    """References to the validation sets by name, to their summaries, and to the first's schema."""
    arrays = {UNNAMED: given} if isinstance(given, Samples) else dict(given or {})
    sources = config.validation_sources
    reader = ray.remote(num_returns=3, num_cpus=0)(load_validation)
    validations: dict[str, Any] = {}
    summaries, schemas = list[Any](), list[Any]()
    for name in arrays or sources or (UNNAMED,):
        shared = _shared(name, sources.get(name), arrays.get(name))
        followed = schemas[0] if schemas else None
        validations[name], summary, schema = reader.remote(name, shared, followed)
        summaries.append(summary)
        schemas.append(schema)
    return validations, summaries, schemas[0]


def _shared(name: str, source: SourceConfig | None, samples: Samples | None) -> Any:
    if samples is not None:
        return ray.put(samples)
    if source is None:
        raise InputError(
            f"{name!r} has no source: give one in the study file, or pass its samples to run_study"
        )
    return source.absolute()
