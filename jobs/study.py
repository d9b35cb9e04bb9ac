"""Algorithm 1: a study from pilots to purchase plan; what is done already is not done again.

python -m jobs.study STUDY.yaml [--out FOLDER] [--address ADDRESS] [--check [--time]]
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("study")

import time
from collections.abc import Mapping

from jobs.check import check_input, show_data
from jobs.measure import measure
from jobs.probe import probe, probes_left, show_left, unfinished
from jobs.profiles import profiles
from jobs.report import conclude, is_there, write_page
from jobs.study_folder import check_folder, folder_of
from jobs.workspace import opened
from projektor_ray.cli import screen, terminal
from projektor_ray.data.samples import Samples
from projektor_ray.errors import TooFewProbesError
from projektor_ray.explain.data_lines import foreign_label_facts
from projektor_ray.explain.results import Results
from projektor_ray.selection import PurchasePlans
from projektor_ray.study import StudyConfig
from projektor_ray.study.record import write_record


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

    Raises
    ------
    UnfinishedError
        If so many probes are missing that no predictor can be fitted.
    """
    started = time.perf_counter()
    out = folder_of(config, out)
    check_folder(out, address)
    with opened(config, out, address, arrays, validation, appends=True) as workspace:
        show_data(workspace.study)
        check_input(workspace)
        for caution in foreign_label_facts(workspace.study.foreign_labels):
            screen.status("Caution", str(caution))
        write_record(workspace.folder, workspace.study)
        measure(workspace)
        drawn = profiles(workspace)
        workspace = probe(workspace, retry_failed=retry_failed)
        left = probes_left(workspace)
        new_page = not is_there(config, workspace.folder)
        try:
            results = conclude(workspace, drawn, figures=new_page)
        except TooFewProbesError as failure:
            raise (unfinished(left, failure) if left else failure) from None
        terminal.show_results(results, verbose=verbose)
        if new_page:
            write_page(workspace, results)
    seconds = time.perf_counter() - started
    screen.status("Done", f"in {seconds:.0f} s; tables and report.html are in {out}")
    show_left(left)
    return results, left
