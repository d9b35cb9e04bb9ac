"""How the transport solver grows: with points, with mixtures, to a million points, over nodes."""

import argparse
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from actors.pilots import Pilots
from actors.transport import PilotDistances
from benchmarks.child import PeakMemory, in_child
from benchmarks.probes import cluster
from benchmarks.problems import feature_cost, mixtures_of, random_pool
from projektor_ray.data import Samples
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.settings import parse
from projektor_ray.study import Study, StudyConfig, resolve
from projektor_ray.transport import (
    Distances,
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
)
from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, ProviderPartition
from projektor_ray.transport.problem import uniform_weights

Row = dict[str, Any]
NODES = 4
MIXTURES = 66
MESSAGE = 4000
"""Validation points for which the sums of so many mixtures are a message of 2 MB."""


def _in_child(function: Callable[..., Row], args: argparse.Namespace, *case: Any) -> Row:
    outcome = in_child(function, args.threads, *case, seconds=args.limit)
    found: Row = outcome.result or {"case": str(case), "note": outcome.note}
    print(found, flush=True)
    return found


def growth(args: argparse.Namespace) -> list[Row]:
    """Seconds a round, and peak memory, against n (blocked) and B (dense)."""
    cases = [(points, 2000, 64, False) for points in args.points]
    cases += [(10_000, 2000, count, True) for count in (1, 4, 16, 64, 128, 256)]
    return [_in_child(round_time, args, *case) for case in cases]


def round_time(threads: int, points: int, targets: int, count: int, keep: bool) -> Row:
    torch.set_num_threads(threads)
    pilots, validation = random_pool(points, targets, 4)
    cost = feature_cost(pilots, validation, 0.0)
    target = uniform_weights(targets, torch.device("cpu"))
    units = ProviderPartition(torch.from_numpy(pilots.provider), 4)
    memory = PeakMemory()
    operator = KernelOperator(cost, target, cost_blocks(cost), units, torch.float32, store=keep)
    weights = torch.from_numpy(np.random.default_rng(0).dirichlet(np.ones(4), count))
    centre = Centre(torch.zeros_like(target), 0.1)
    scaling = torch.zeros(count, targets, dtype=torch.float64)
    if keep:
        operator.sums(centre, scaling, weights)
    repeats = 10 if keep else 1
    started = time.perf_counter()
    for _ in range(repeats):
        operator.sums(centre, scaling, weights)
    seconds = (time.perf_counter() - started) / repeats
    return {
        "points": points,
        "targets": targets,
        "mixtures": count,
        "layout": "dense" if keep else "blocked",
        "seconds_a_round": seconds,
        "a_mixture": seconds / count,
        "peak_mib": memory.bytes() / 2**20,
    }


def million(args: argparse.Namespace) -> list[Row]:
    """The most points by 10,000 in `memory_gb`: a few rounds, or as many as --rounds allows."""
    return [_in_child(blocked_solve, args, max(args.points), args.memory_gb, args.rounds)]


def blocked_solve(threads: int, points: int, memory_gb: float, rounds: int) -> Row:
    """A solve by blocks of 8 mixtures, features only, self-terms left out."""
    torch.set_num_threads(threads)
    memory = PeakMemory()
    pilots, validation = random_pool(points, 10_000, 8)
    settings = TransportSettings(
        epsilon=0.05, memory_limit_gb=memory_gb, max_iterations=rounds, debiased=False
    )
    started = time.perf_counter()
    distances = TransportDistances.of_pilots(pilots, validation, settings)
    ready = time.perf_counter()
    found = distances(mixtures_of(8, 9)[:8])
    return {
        "points": points,
        "targets": 10_000,
        "mixtures": 8,
        "layout": distances.problem.plan.layout,
        "planned_gib": distances.problem.plan.bytes_needed / 2**30,
        "peak_gib": memory.bytes() / 2**30,
        "seconds_before": ready - started,
        "seconds": time.perf_counter() - ready,
        "rounds": int(found.iterations.max()),
        "l1_error": float(found.marginal_error.max()),
        "converged": int(found.converged.sum()),
    }


def nodes(_: argparse.Namespace) -> list[Row]:
    """By provider over simulated nodes: rounds as in one process, and what a round costs beside.

    The first case has pilots to work on; in the second there are next to none, and messages are
    of 2 MB, so that the difference to one process is what messages cost.
    """
    with cluster(NODES, 1):
        return [_spread(2000, 1000), _spread(64, MESSAGE)]


def _spread(points: int, targets: int) -> Row:
    pilots, validation = random_pool(points, targets, 2 * NODES)
    mixtures = mixtures_of(2 * NODES, MIXTURES)
    held, study = _names(pilots, validation)
    with patch("projektor_ray.transport.memory.kernel_fits", lambda *_: False):
        spread = PilotDistances(held, study)
    found, seconds = _timed(spread, mixtures)
    alone, alone_seconds = _timed(
        TransportDistances.of_pilots(pilots, validation, study.config.transport), mixtures
    )
    rounds = int(found.iterations.max())
    row = {
        "points": points,
        "targets": targets,
        "mixtures": MIXTURES,
        "actors": len(held.shards),
        "message_mb": 8e-6 * MIXTURES * targets,
        "rounds": rounds,
        "rounds_alone": int(alone.iterations.max()),
        "largest_difference": float(np.abs(found.value - alone.value).max()),
        "ms_a_round": 1e3 * seconds / rounds,
        "ms_a_round_alone": 1e3 * alone_seconds / rounds,
    }
    print(row, flush=True)
    return row


def _timed(
    distances: PilotDistances | TransportDistances, mixtures: Floats
) -> tuple[Distances, float]:
    """A cold solve whose kernel is built already, and its seconds."""
    distances(mixtures)
    distances.reset()
    started = time.perf_counter()
    return distances(mixtures), time.perf_counter() - started


def _names(pilots: PilotFeatures, validation: ValidationFeatures) -> tuple[Pilots, Study]:
    """The pilots, held by actors of a study that takes them as they are."""
    names = [f"provider-{index}" for index in range(2 * NODES)]
    config = parse(
        StudyConfig,
        {
            "name": "nodes",
            "providers": [{"name": name} for name in names],
            "learner": {"name": "sklearn.naive_bayes.GaussianNB"},
            "transport": {"label_weight": 0, "debiased": False, "tolerance": 1e-4},
            "probes": {"scales": [1, 4]},
            "selection": {"size": 100},
        },
    )
    arrays = {
        name: _samples(pilots.features[pilots.provider == index])
        for index, name in enumerate(names)
    }
    held = Pilots(config, arrays, _samples(validation.features))
    return held, resolve(config, *held.summaries())


def _samples(features: NDArray[np.float32]) -> Samples:
    return Samples(features, np.arange(len(features)) % 2)
