"""The main job: a study from pilots to purchase plan; what is done already is not done again.

python -m jobs.study STUDY.yaml [--out FOLDER] [--address ADDRESS] [--check]
"""

import argparse
import time
from collections.abc import Mapping, Sequence

import numpy as np
import ray

from actors.probes import missing_probes
from actors.transport import PilotDistances
from jobs.cards import add_plan, cards
from jobs.fit import fit
from jobs.measure import measure
from jobs.options import load, output_of, parser, run
from jobs.probe import probe
from jobs.select_mixture import select_mixture
from jobs.show import headline, table
from jobs.workspace import Workspace, opened
from projektor_ray.analysis import unmeasured
from projektor_ray.costs import estimate, slots_of
from projektor_ray.planning import PurchasePlans
from projektor_ray.projection import noise_gain, reach
from projektor_ray.providers import Samples
from projektor_ray.selection import FeasibleSet
from projektor_ray.study import Probe, Study, StudyConfig
from projektor_ray.tables import Key, Row
from projektor_ray.transport import plan_memory
from projektor_ray.transport.pools import memory_limit

FARTHER_APART = 4


def run_study(
    config: StudyConfig,
    out: str | None = None,
    *,
    address: str | None = None,
    arrays: Mapping[str, Samples] | None = None,
    validation: Samples | None = None,
    retry_failed: bool = False,
) -> PurchasePlans:
    """Run a study, all stages; the same folder again does nothing that is done.

    Parameters
    ----------
    out : folder or URI of the study's tables; absent: out/NAME.
    address : of a Ray cluster; absent: RAY_ADDRESS, else a local Ray for the length of the call.
    arrays : pilots by provider name, for the providers without a source.
    validation : the validation set, where the configuration has none.

    Raises
    ------
    InputError
        If the configuration, the pilots or the validation set cannot be used; before any training.
    BusyError
        If another driver works on the same folder.
    TooFewProbesError
        If too many probes failed to fit a predictor.
    """
    started = time.perf_counter()
    out = output_of(config, out)
    with opened(config, out, address, arrays, validation, appends=True) as workspace:
        _check_feasible(workspace)
        distances = PilotDistances(workspace.pilots, workspace.study)
        measure(workspace, distances)
        drawn = cards(workspace, distances)
        workspace = probe(workspace, retry_failed=retry_failed)
        fitted, seen = fit(workspace)
        plans = select_mixture(workspace, fitted, seen, distances)
        add_plan(workspace, drawn, plans.selected)
    headline("done", f"in {time.perf_counter() - started:.0f} s; tables in {out}")
    return plans


def check(workspace: Workspace) -> None:
    """Say what would run and what it would cost; nothing is trained."""
    study, config = workspace.study, workspace.study.config
    _check_feasible(workspace)
    done = workspace.probes()
    wanted, missing = study.wanted_probes(), missing_probes(study, done)
    to_measure = len(unmeasured(study, workspace.distances()))
    memory = plan_memory(
        int(study.pilot_sizes.sum()),
        study.validation.size,
        len(study.mixtures),
        int(np.prod(study.validation.input_shape)),
        available=memory_limit(config.transport),
    )
    gains = [
        [f"noise gain to {size:,}", f"{float(noise_gain(size, study.scales)):.2f}×"]
        for size in study.sizes
        if size > study.scales[-1] and len(study.scales) > 1
    ]
    rows = [
        ["mixtures", f"{len(study.mixtures)} over {len(study.providers)} providers"],
        ["scales", " < ".join(f"{scale:,}" for scale in study.scales)],
        ["probes wanted", f"{len(wanted):,}"],
        ["probes done", f"{len(wanted) - len(missing):,}"],
        ["probes to train", f"{len(missing):,}"],
        ["samples to train on", f"{sum(probe.size for probe in missing):,}"],
        *_cost_rows(study, done, missing),
        ["distances to measure", f"{to_measure:,}"],
        ["transport", f"{memory.layout}, {memory.bytes_needed / 2**20:,.0f} MiB"],
        *gains,
    ]
    table(f"Study {config.name}: everything checked, nothing trained", ["what", ""], rows)
    headline("transport", memory.reason)
    headline("project", reach(config.selection.size, study.scales))
    if len(study.scales) > 1 and study.scales[-1] < FARTHER_APART * study.scales[0]:
        headline("hint", "errors grow less in the projection if N0 and N1 are a factor of 4 apart")


def _cost_rows(study: Study, done: Mapping[Key, Row], missing: Sequence[Probe]) -> list[list[str]]:
    """Lines on time and money of the probes, from the seconds of those in the ledger."""
    there = ray.cluster_resources()
    slots = slots_of(study, there.get("CPU", 0.0), there.get("GPU", 0.0))
    cost = estimate(study, done, missing, slots)
    if cost is None:
        return [["time to train", "unknown: no probe is done yet"]]
    guessed = ", ".join(f"{scale:,}" for scale in cost.guessed)
    note = f" (none done at {guessed}: in proportion to the size)" if guessed else ""
    return [
        ["time to train", f"about {cost.wall_seconds:,.0f} s, {slots} at once{note}"],
        ["CPU-hours, GPU-hours", f"{cost.cpu_hours:,.2f}, {cost.gpu_hours:,.2f}"],
        ["share paid already", f"{cost.paid_share:.0%}"],
    ]


def _check_feasible(workspace: Workspace) -> None:
    """Refuse, before any training, what cannot be fitted or projected, or no plan can keep."""
    workspace.study.check_fittable()
    workspace.study.check_projectable()
    asked = workspace.study.config.selection
    FeasibleSet.of(workspace.study.providers, asked.size, asked.budget)


def main(arguments: argparse.Namespace) -> int:
    config = load(arguments.study)
    if arguments.check:
        with opened(config, output_of(config, arguments.out), arguments.address) as workspace:
            check(workspace)
        return 0
    run_study(config, arguments.out, address=arguments.address, retry_failed=arguments.retry_failed)
    return 0


def options() -> argparse.ArgumentParser:
    """What the main job takes on its command line."""
    found = parser("study", "Run a study from pilots to purchase plan.")
    found.add_argument("--check", action="store_true", help="say what would run, train nothing")
    found.add_argument("--retry-failed", action="store_true", help="train failed probes again")
    return found


if __name__ == "__main__":
    run(main, options())
