"""The main job: a study from pilots to purchase plan; what is done already is not done again.

python -m jobs.study STUDY.yaml [--out FOLDER] [--address ADDRESS] [--check [--time]]
"""

import argparse
import time
from collections.abc import Mapping

import numpy as np

from jobs.check import check, check_input
from jobs.fit import fit
from jobs.measure import measure, measure_mixtures
from jobs.options import output_of, parser, run
from jobs.probe import probe
from jobs.profiles import add_plan, profiles
from jobs.report import PAGE, is_there, write_page
from jobs.select_mixture import leave_out, select_mixture
from jobs.workspace import opened
from projektor_ray.cli.terminal import headline
from projektor_ray.data import Samples
from projektor_ray.selection import PurchasePlans
from projektor_ray.study import StudyConfig, read_study
from projektor_ray.study.record import write_record


def run_study(
    config: StudyConfig,
    out: str | None = None,
    *,
    address: str | None = None,
    arrays: Mapping[str, Samples] | None = None,
    validation: Samples | Mapping[str, Samples] | None = None,
    retry_failed: bool = False,
) -> PurchasePlans:
    """Run a study, all stages; the same folder again does nothing that is done.

    Parameters
    ----------
    out : folder or URI of the study's tables; absent: out/NAME.
    address : of a Ray cluster; absent: RAY_ADDRESS, else a local Ray for the length of the call.
    arrays : pilots by provider name, for the providers without a source.
    validation : the validation set, or several by name, where the configuration has none.

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
        check_input(workspace)
        for caution in workspace.study.cautions:
            headline("hint", caution)
        write_record(workspace.folder, workspace.study)
        measure(workspace)
        drawn = profiles(workspace)
        workspace = probe(workspace, retry_failed=retry_failed)
        fits = fit(workspace)
        plans = select_mixture(workspace, fits)
        measure_mixtures(workspace, np.array([plan.mixture for plan in plans.every]))
        without = leave_out(workspace, fits, plans.selected)
        drawn = add_plan(workspace, drawn, plans.selected, without)
        if not is_there(config, workspace.folder):
            write_page(workspace, fits, plans, without, drawn)
    headline("done", f"in {time.perf_counter() - started:.0f} s; tables and {PAGE} in {out}")
    return plans


def main(arguments: argparse.Namespace) -> int:
    config = read_study(arguments.study)
    if arguments.check:
        out = output_of(config, arguments.out)
        with opened(config, out, arguments.address, appends=arguments.time) as workspace:
            check(workspace, timed=arguments.time)
        return 0
    run_study(config, arguments.out, address=arguments.address, retry_failed=arguments.retry_failed)
    return 0


def options() -> argparse.ArgumentParser:
    """What the main job takes on its command line."""
    found = parser("study", "Run a study from pilots to purchase plan.")
    found.add_argument("--check", action="store_true", help="say what would run, train nothing")
    found.add_argument(
        "--time",
        action="store_true",
        help="with --check: train and keep one probe of each scale that none is done of, to tell "
        "what the others will take",
    )
    found.add_argument("--retry-failed", action="store_true", help="train failed probes again")
    return found


if __name__ == "__main__":
    run(main, options())
