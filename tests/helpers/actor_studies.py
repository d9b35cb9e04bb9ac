"""A small study's pilots, held by actors, and its distances in one process."""

from typing import Any

import numpy as np

from actors.pilots import Pilots
from projektor_ray.data import Samples
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.storage.settings import parse
from projektor_ray.study import Study, StudyConfig, resolve
from projektor_ray.transport import (
    Distances,
    PilotFeatures,
    TransportSettings,
    ValidationFeatures,
    measure,
)
from projektor_ray.transport.memory import BLOCK_BYTES, SAFE_SHARE

SIZES = {"ada": 20, "bob": 31, "cyd": 12, "dan": 25}
NAMES = sorted(SIZES)
MIXTURES = simplex_lattice(len(SIZES), 2)
SCANT = (BLOCK_BYTES + (64 << 10)) / SAFE_SHARE / 2**30
"""Memory, in GiB, in which one process has room for a block of the kernel but not for all of it."""


def samples(seed: int, size: int) -> Samples:
    """Two classes that overlap, so that potentials are determined."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, size)
    inputs = random.normal(size=(size, 5)) + 0.7 * labels[:, None]
    return Samples(inputs.astype(np.float32), labels)


PILOTS = {name: samples(seed, size) for seed, (name, size) in enumerate(SIZES.items())}
VALIDATION = samples(9, 24)


def config(
    names: list[str],
    sources: dict[str, Any],
    *,
    embedder: dict[str, Any] | None = None,
    **transport: Any,
) -> StudyConfig:
    """A study of providers in the order of `names`, with sources for those that have one."""
    return parse(
        StudyConfig,
        {
            "name": "distances",
            "providers": [{"name": name, **sources.get(name, {})} for name in names],
            "learner": {"name": "sklearn.naive_bayes.GaussianNB"},
            "transport": transport,
            "embedder": embedder or {},
            "probes": {"scales": [2, 8], "lattice": 2},
            "selection": {"size": 100},
        },
    )


def held(
    names: list[str] = NAMES, *, embedder: dict[str, Any] | None = None, **transport: Any
) -> tuple[Pilots, Study]:
    """The pilots, given to the actors as arrays."""
    asked = config(names, {}, embedder=embedder, **transport)
    pilots = Pilots(asked, PILOTS, VALIDATION)
    return pilots, resolve(asked, *pilots.summaries())


def in_one_process(**transport: Any) -> Distances:
    return measure(
        MIXTURES,
        PilotFeatures(
            np.concatenate([PILOTS[name].inputs for name in NAMES]),
            np.concatenate([np.asarray(PILOTS[name].labels) for name in NAMES]),
            np.repeat(np.arange(len(NAMES)), [len(PILOTS[name]) for name in NAMES]),
        ),
        ValidationFeatures(VALIDATION.inputs, VALIDATION.labels),
        TransportSettings.model_validate(transport),
    )
