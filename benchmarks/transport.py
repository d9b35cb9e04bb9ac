"""The batched transport solver beside its peers, all to the same L1 marginal error.

    python -m benchmarks.transport compare   --data FOLDER --size S M L --epsilon 0.1 0.05 0.02
    python -m benchmarks.transport rounds    --data FOLDER
    python -m benchmarks.transport value     --data FOLDER
    python -m benchmarks.transport self-term --data FOLDER
    python -m benchmarks.transport growth
    python -m benchmarks.transport million --points 1000000 --memory-gb 16 --rounds 3
    python -m benchmarks.transport nodes

compare    seconds, rounds and memory of every peer, each in a process of its own that is ended
           after --limit seconds
rounds     how many rounds it takes with and without acceleration and ε-scaling
value      distances at the default tolerance beside float64 at 1e-9
self-term  what thinning the self-term costs
growth     seconds a round and memory against points (blocked) and mixtures (dense)
million    a blocked solve: its memory, and the error after so many rounds
nodes      four simulated nodes: rounds, and what a round costs beyond one process

FOLDER (or PROJEKTOR_DATA) holds cifar10-train.parquet and cifar10-test.parquet, with columns
`image` and `label`. Peers that are not installed are skipped; pip install pot geomloss ott-jax.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.child import PeakMemory, in_child
from benchmarks.growth import Row, growth, million, nodes
from benchmarks.peers import PEERS, Case, Run, missing
from benchmarks.problems import SIZES, cifar_pool, feature_cost, row_weights
from projektor_ray.transport import TransportDistances, TransportSettings, sinkhorn
from projektor_ray.transport.block_correction import cost_blocks
from projektor_ray.transport.epsilon_scaling import solve_dual
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import Centre, ProviderPartition
from projektor_ray.transport.problem import uniform_weights
from projektor_ray.transport.sinkhorn_iterations import StoppingRule, sinkhorn_iterations

SLOW = 20.0
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
"""CPU time with one thread is what a quiet machine would take, on one that is not quiet."""


def best_of(repeats: int, peer: Callable[[Case], Run], case: Case) -> Run:
    """The fastest of a few runs of a peer that takes seconds; the only one of a slower peer."""
    best = peer(case)
    for _ in range(repeats - 1):
        if best.seconds > SLOW:
            break
        best = min(best, peer(case), key=lambda run: run.seconds)
    return best


def compare(args: argparse.Namespace) -> list[Row]:
    """Every peer on every size, at every ε; factors are of seconds, to ours."""
    found = []
    for size in args.size:
        for epsilon in args.epsilon:
            ours = np.nan
            for name in args.peers:
                lacking = missing(name)
                if lacking:
                    print(f"{name}: skipped, {lacking} is not installed")
                    continue
                outcome = in_child(run_peer, args, size, epsilon, name, seconds=args.limit)
                row = {"size": size, "epsilon": epsilon, "peer": name}
                row |= outcome.result or {"seconds": np.inf, "note": outcome.note}
                ours = row["seconds"] if name == "projektor" else ours
                found.append(row | {"times_ours": row["seconds"] / ours})
                print(found[-1], flush=True)
    return found


def run_peer(args: argparse.Namespace, size: str, epsilon: float, name: str) -> Row:
    """One peer on one problem, in a process of its own."""
    torch.set_num_threads(args.threads)
    pilots, validation, mixtures = cifar_pool(args, size)
    cost = feature_cost(pilots, validation, args.label_weight).rows(slice(None))
    limits = args.tolerance, args.seconds, CLOCKS[args.clock]
    target = uniform_weights(cost.shape[1], cost.device)
    case = Case(cost, row_weights(mixtures, pilots.provider), target, epsilon, *limits)
    warm_up(PEERS[name][1], limits)
    memory = PeakMemory()
    run = best_of(args.repeat, PEERS[name][1], case)
    used, count = memory.bytes() / 2**20, len(mixtures)
    return {
        "seconds": run.seconds * count / run.solved if run.solved else np.inf,
        "extrapolated_from": run.solved if 0 < run.solved < count else None,
        "rounds": run.rounds,
        "l1_error": run.error(),
        "memory_mib": used,
        "allowed_mib": 4 * (cost.numel() + 12 * sum(cost.shape) * count) / 2**20,
        "note": run.note,
    }


def warm_up(peer: Callable[[Case], Run], limits: tuple[float, float, Callable[[], float]]) -> None:
    """A problem so small that a peer's memory for it is that of its libraries."""
    cost = torch.rand(20, 10, generator=torch.manual_seed(0))
    peer(
        Case(
            cost, torch.full((20, 2), 0.05).double(), uniform_weights(10, cost.device), 0.5, *limits
        )
    )


def value(args: argparse.Namespace) -> list[Row]:
    """Values at the default tolerance in float32 beside those in float64 at 1e-9."""
    pilots, validation, mixtures = cifar_pool(args, "S")
    mixtures = mixtures[:: len(mixtures) // 8]
    cost = feature_cost(pilots, validation, args.label_weight).rows(slice(None))
    weights, target = (
        row_weights(mixtures, pilots.provider),
        uniform_weights(len(cost.T), cost.device),
    )
    found = []
    for epsilon in args.epsilon:
        rough = sinkhorn(cost, weights, target, epsilon, args.tolerance)
        fine = sinkhorn(cost.double(), weights, target, epsilon, 1e-9)
        found.append(
            {
                "label_weight": args.label_weight,
                "epsilon": epsilon,
                "mixtures": len(mixtures),
                "largest_difference": float((rough.value - fine.value).abs().max()),
                "reference_error": float(fine.marginal_error.max()),
            }
        )
        print(found[-1], flush=True)
    return found


def rounds(args: argparse.Namespace) -> list[Row]:
    """Rounds with annealing and acceleration, with acceleration alone, and plain."""
    pilots, validation, mixtures = cifar_pool(args, "S")
    cost = feature_cost(pilots, validation, args.label_weight)
    target = uniform_weights(cost.shape[1], torch.device("cpu"))
    units = ProviderPartition(torch.from_numpy(pilots.provider), mixtures.shape[1])
    weights, found = torch.from_numpy(mixtures), []
    stopping = StoppingRule(args.tolerance, args.max_rounds)
    flat = torch.zeros(len(weights), len(target), dtype=torch.float64)
    for epsilon in args.epsilon:
        operator = KernelOperator(cost, target, cost_blocks(cost), units, torch.float32)
        centre = Centre(torch.zeros_like(target), epsilon, double=True)
        ways = {
            "annealed, accelerated": solve_dual(operator, weights, epsilon, stopping).rounds,
            "accelerated": sinkhorn_iterations(operator, centre, weights, flat, stopping).rounds,
            "plain": sinkhorn_iterations(
                operator, centre, weights, flat, stopping, accelerate=False
            ).rounds,
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


def self_term(args: argparse.Namespace) -> list[Row]:
    """What thinning the self-term costs: error against the whole one, in units of the spread."""
    pilots, validation, mixtures = cifar_pool(args, "S")
    found, whole = [], None
    for points in (3000, 2000, 1000, 500):
        settings = TransportSettings(
            self_term_points=points, label_distance="bures", label_weight=args.label_weight
        )
        started = time.perf_counter()
        values = TransportDistances.of_pilots(pilots, validation, settings)(mixtures).value
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


ON_CIFAR = {"compare": compare, "rounds": rounds, "value": value, "self-term": self_term}
COMMANDS = {**ON_CIFAR, "growth": growth, "million": million, "nodes": nodes}


def write(name: str, found: list[Row], out: Path) -> None:
    """The table on the terminal, as JSON with the machine, and as Markdown."""
    table = Table(title=name)
    columns = list(dict.fromkeys(column for row in found for column in row))
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
    parser.add_argument("--size", nargs="+", choices=SIZES, default=["S"])
    parser.add_argument("--epsilon", type=float, nargs="+", default=[0.1, 0.05, 0.02])
    parser.add_argument(
        "--peers", nargs="+", choices=PEERS, default=["projektor", "pot-many-torch"]
    )
    parser.add_argument("--label-weight", type=float, default=3.0)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--seconds", type=float, default=120.0, help="for a peer on one case")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for a process")
    parser.add_argument("--memory-gb", type=float, default=16.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--max-rounds", type=int, default=2000)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.command in ON_CIFAR and not (args.data and Path(args.data).is_dir()):
        print(
            "skipped: --data FOLDER (or PROJEKTOR_DATA) with the CIFAR-10 Parquet files is needed"
        )
        return
    write(args.name or args.command, COMMANDS[args.command](args), Path(args.out))


if __name__ == "__main__":
    main()
