"""The batched transport solver beside its peers, all to the same L1 marginal error.

    python -m benchmarks.transport compare --data FOLDER --size S --epsilon 0.1 0.05 0.02
    python -m benchmarks.transport rounds  --data FOLDER
    python -m benchmarks.transport growth
    python -m benchmarks.transport self-term --data FOLDER

FOLDER (or PROJEKTOR_DATA) holds cifar10-train.parquet and cifar10-test.parquet, with columns
`image` and `label`. Peers that are not installed are skipped; pip install pot geomloss ott-jax.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.cifar import cifar_features, imbalanced_providers
from benchmarks.peers import PEERS, Case, Run, missing
from projektor_ray.mixtures import simplex_lattice
from projektor_ray.transport import PilotFeatures, TransportSettings, ValidationFeatures
from projektor_ray.transport.coarse import cost_blocks
from projektor_ray.transport.distances import DistanceOracle
from projektor_ray.transport.groundcost import (
    FeatureCost,
    cost_units,
    pilot_moments,
    pilot_points,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, ProviderUnits
from projektor_ray.transport.pools import even_target
from projektor_ray.transport.rounds import Stopping, iterate
from projektor_ray.transport.solver import solve

SIZES = {"S": (3000, 1000, 3, 66), "M": (10_000, 2000, 6, 132), "L": (50_000, 2000, 6, 64)}
"""Pilot points, validation points, providers, mixtures."""
SLOW = 20.0
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
"""CPU time with one thread is what a quiet machine would take, on one that is not quiet."""
Row = dict[str, Any]


def mixtures_of(providers: int, count: int) -> np.ndarray:
    """The lattice of tenths for three providers, else vertices and a Dirichlet sample."""
    if providers == 3:
        return simplex_lattice(3, 10)[:count]
    drawn = np.random.default_rng(0).dirichlet(np.ones(providers), count - providers)
    return np.vstack([np.eye(providers), drawn])


def cifar_pool(
    args: argparse.Namespace, size: str
) -> tuple[PilotFeatures, ValidationFeatures, np.ndarray]:
    points, targets, providers, count = SIZES[size]
    data = cifar_features(Path(args.data), Path(args.out) / "cifar-features.npz")
    pilots, validation = imbalanced_providers(data, points, targets, providers)
    return pilots, validation, mixtures_of(providers, count)


def feature_cost(
    pilots: PilotFeatures, validation: ValidationFeatures, label_weight: float
) -> FeatureCost:
    units = cost_units(pilot_moments(pilots, validation), validation, label_weight, "bures")
    left, right = pilot_points(pilots, validation, units), validation_points(validation, units)
    return FeatureCost(left, right, units, torch.float32, torch.device("cpu"))


def row_weights(mixtures: np.ndarray, provider: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((mixtures / np.bincount(provider))[:, provider].T.copy())


def best_of(repeats: int, peer: Callable[[Case], Run], case: Case) -> Run:
    """The fastest of a few runs of a peer that takes seconds; the only one of a slower peer."""
    best = peer(case)
    for _ in range(repeats - 1):
        if best.seconds > SLOW:
            break
        best = min(best, peer(case), key=lambda run: run.seconds)
    return best


def compare(args: argparse.Namespace) -> list[Row]:
    """Every peer on one size, at every ε."""
    pilots, validation, mixtures = cifar_pool(args, args.size)
    cost = feature_cost(pilots, validation, args.label_weight)
    whole = cost.rows(slice(None))
    weights = row_weights(mixtures, pilots.provider)
    target = even_target(whole.shape[1], whole.device)
    found = []
    for epsilon in args.epsilon:
        limits = args.tolerance, args.seconds, CLOCKS[args.clock]
        case = Case(whole, weights, target, epsilon, *limits)
        for name in args.peers:
            lacking = missing(name)
            if lacking:
                print(f"{name}: skipped, {lacking} is not installed")
                continue
            run = best_of(args.repeat, PEERS[name][1], case)
            extrapolated = 0 < run.solved < len(mixtures)
            seconds = run.seconds * len(mixtures) / run.solved if run.solved else np.inf
            found.append(
                {
                    "size": args.size,
                    "threads": args.threads,
                    "clock": args.clock,
                    "label_weight": args.label_weight,
                    "epsilon": epsilon,
                    "peer": name,
                    "seconds": seconds,
                    "extrapolated_from": run.solved if extrapolated else None,
                    "rounds": run.rounds,
                    "l1_error": run.error,
                    "note": run.note,
                }
            )
            print(found[-1], flush=True)
    fastest: dict[float, float] = {
        r["epsilon"]: r["seconds"] for r in found if r["peer"] == "projektor"
    }
    for row in found:
        row["times_ours"] = row["seconds"] / fastest.get(row["epsilon"], np.nan)
    return found


def rounds(args: argparse.Namespace) -> list[Row]:
    """Rounds with annealing and acceleration, with acceleration alone, and plain."""
    pilots, validation, mixtures = cifar_pool(args, "S")
    cost = feature_cost(pilots, validation, args.label_weight)
    target = even_target(cost.shape[1], torch.device("cpu"))
    units = ProviderUnits(torch.from_numpy(pilots.provider), mixtures.shape[1])
    weights, found = torch.from_numpy(mixtures), []
    stopping = Stopping(args.tolerance, args.max_rounds)
    flat = torch.zeros(len(weights), len(target), dtype=torch.float64)
    for epsilon in args.epsilon:
        operator = KernelOperator(cost, target, cost_blocks(cost), units, torch.float32)
        centre = Centre(torch.zeros_like(target), epsilon, wide=True)
        ways = {
            "annealed, accelerated": solve(operator, weights, epsilon, stopping).rounds,
            "accelerated": iterate(operator, centre, weights, flat, stopping).rounds,
            "plain": iterate(operator, centre, weights, flat, stopping, accelerate=False).rounds,
        }
        for name, taken in ways.items():
            found.append(
                {
                    "label_weight": args.label_weight,
                    "epsilon": epsilon,
                    "way": name,
                    "most": int(taken.max()),
                    "mean": float(taken.double().mean()),
                    "limit": args.max_rounds,
                }
            )
            print(found[-1], flush=True)
    return found


def growth(args: argparse.Namespace) -> list[Row]:
    """Seconds a round, and peak memory, against n (blocked), B (dense)."""
    found = []
    generator = torch.manual_seed(0)
    for points in args.points:
        found.append(_round_time(points, 2000, 64, keep=False, generator=generator))
    for count in (1, 4, 16, 64, 128, 256):
        found.append(_round_time(10_000, 2000, count, keep=True, generator=generator))
    return found


def _round_time(
    points: int, targets: int, count: int, *, keep: bool, generator: torch.Generator
) -> Row:
    rng = np.random.default_rng(0)
    provider = np.arange(points) % 4
    pilots = PilotFeatures(rng.standard_normal((points, 32), dtype=np.float32), None, provider)
    validation = ValidationFeatures(rng.standard_normal((targets, 32), dtype=np.float32))
    cost = feature_cost(pilots, validation, 0.0)
    target = even_target(targets, torch.device("cpu"))
    operator = KernelOperator(
        cost,
        target,
        cost_blocks(cost),
        ProviderUnits(torch.from_numpy(provider), 4),
        torch.float32,
        keep=keep,
    )
    weights = torch.from_numpy(rng.dirichlet(np.ones(4), count))
    centre = Centre(torch.zeros_like(target), 0.1)
    scaling = torch.zeros(count, targets, dtype=torch.float64)
    operator.sums(centre, scaling, weights) if keep else None
    repeats = 10 if keep else 1
    started = time.perf_counter()
    for _ in range(repeats):
        operator.sums(centre, scaling, weights)
    seconds = (time.perf_counter() - started) / repeats
    row = {
        "points": points,
        "targets": targets,
        "mixtures": count,
        "layout": "dense" if keep else "blocked",
        "seconds_a_round": seconds,
        "seconds_a_round_and_mixture": seconds / count,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    print(row, flush=True)
    return row


def self_term(args: argparse.Namespace) -> list[Row]:
    """What thinning the self-term costs: error against the whole one, in units of the spread."""
    pilots, validation, mixtures = cifar_pool(args, "S")
    found, whole = [], None
    for points in (3000, 2000, 1000, 500):
        settings = TransportSettings(
            self_term_points=points, label_distance="bures", label_weight=args.label_weight
        )
        started = time.perf_counter()
        values = DistanceOracle(pilots, validation, settings)(mixtures).value
        seconds = time.perf_counter() - started
        whole = values if whole is None else whole
        found.append(
            {
                "self_term_points": points,
                "seconds": seconds,
                "largest_error": float(np.abs(values - whole).max()),
                "error_but_for_a_constant": float(
                    np.abs(values - whole - (values - whole).mean()).max()
                ),
                "spread_of_distances": float(np.ptp(whole)),
                "rank_correlation": float(
                    np.corrcoef(values.argsort().argsort(), whole.argsort().argsort())[0, 1]
                ),
            }
        )
        print(found[-1], flush=True)
    return found


COMMANDS = {"compare": compare, "rounds": rounds, "growth": growth, "self-term": self_term}


def write(name: str, found: list[Row], out: Path) -> None:
    """The table on the terminal, as JSON with the machine, and as Markdown."""
    table = Table(title=name)
    columns = list(found[0])
    for column in columns:
        table.add_column(column)
    lines = [[_text(row.get(column)) for column in columns] for row in found]
    for line in lines:
        table.add_row(*line)
    Console(width=200).print(table)
    out.mkdir(parents=True, exist_ok=True)
    machine = {
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    (out / f"{name}.json").write_text(json.dumps({"machine": machine, "rows": found}, indent=1))
    text = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    text += ["| " + " | ".join(line) + " |" for line in lines]
    (out / f"{name}.md").write_text("\n".join(text) + "\n")


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--data", default=os.environ.get("PROJEKTOR_DATA"))
    parser.add_argument("--out", default="benchmarks/results")
    parser.add_argument("--name", help="name of the files written; the command's by default")
    parser.add_argument("--size", choices=SIZES, default="S")
    parser.add_argument("--epsilon", type=float, nargs="+", default=[0.1, 0.05, 0.02])
    parser.add_argument(
        "--peers", nargs="+", choices=PEERS, default=["projektor", "pot-many-torch"]
    )
    parser.add_argument("--label-weight", type=float, default=3.0)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--seconds", type=float, default=120.0, help="for a peer on one case")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--max-rounds", type=int, default=2000)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.command != "growth" and not (args.data and Path(args.data).is_dir()):
        print(
            "skipped: --data FOLDER (or PROJEKTOR_DATA) with the CIFAR-10 Parquet files is needed"
        )
        return
    write(args.name or args.command, COMMANDS[args.command](args), Path(args.out))


if __name__ == "__main__":
    main()
