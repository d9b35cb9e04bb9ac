"""Algorithm 1: a study from pilots to purchase plan; what is done already is not done again.

python -m jobs.study STUDY.yaml [--out FOLDER] [--address ADDRESS] [--check [--time]]
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("study")

import time
from collections.abc import Mapping
from contextlib import nullcontext

from jobs.finished import fingerprint_of, finished_results
from jobs.fork_server import fork_server
from jobs.local_ray import is_local
from jobs.stage_lines import show_left
from jobs.study_folder import check_folder, folder_of, has_no_probes
from projektor_ray.cli import screen
from projektor_ray.data import Samples
from projektor_ray.explain.results import Results
from projektor_ray.selection import PurchasePlans
from projektor_ray.study import StudyConfig


def run_study(
    config: StudyConfig,
    out: str | None = None,
    *,
    address: str | None = None,
    arrays: Mapping[str, Samples] | None = None,
    validation: Samples | Mapping[str, Samples] | None = None,
    retry_failed: bool = False,
    verbose: bool = False,
) -> PurchasePlans:
    """Run a study, all stages; the same folder again does nothing that is done.

    Where nothing is to be trained or measured, no Ray is started.

    Parameters
    ----------
    out : folder or URI of the study's tables; absent: out/NAME.
    address : of a Ray cluster; absent: RAY_ADDRESS, else a local Ray for the length of the call.
    arrays : pilots by provider name, for the providers without a source.
    validation : the validation set, or several by name, where the configuration has none.
    retry_failed : train failed probes again.
    verbose : show also the tables of all models.

    Raises
    ------
    InputError
        If the configuration, the pilots or the validation set cannot be used; before any training.
    BusyError
        If another driver works on the same folder.
    TooFewProbesError
        If too many probes failed to fit a predictor.
    UnfinishedError
        If too many probes are missing to fit one: the same command trains them.
    """
    results, _ = study_results(
        config,
        out,
        address,
        arrays,
        validation,
        retry_failed=retry_failed,
        verbose=verbose,
    )
    return results.bought


def study_results(
    config: StudyConfig,
    out: str | None,
    address: str | None,
    arrays: Mapping[str, Samples] | None = None,
    validation: Samples | Mapping[str, Samples] | None = None,
    *,
    retry_failed: bool,
    verbose: bool,
) -> tuple[Results, int]:
    """The same: everything that the result explains, and the number of probes that are missing.

    Ray is imported and started only where something is to be trained or measured.

    Raises
    ------
    UnfinishedError
        If probes are missing, and the finished ones are too few to fit a model.
    """
    started = time.perf_counter()
    out = folder_of(config, out)
    check_folder(out, address)
    left = 0
    needs_workers = is_local(address) and has_no_probes(out)
    with fork_server() if needs_workers else nullcontext():  # which imports beside this process
        sources = fingerprint_of(config, arrays, validation)
        results = finished_results(config, out, sources, retry_failed=retry_failed, verbose=verbose)
        if results is None:
            from jobs.workspace import opened

            with opened(config, out, address, arrays, validation, appends=True) as workspace:
                from jobs.all_stages import run_stages  # which takes a second, while workers start

                results, left = run_stages(
                    workspace, sources, retry_failed=retry_failed, verbose=verbose
                )
    seconds = time.perf_counter() - started
    screen.status("Done", f"in {seconds:.0f} s; tables and report.html are in {out}")
    show_left(left)
    return results, left
