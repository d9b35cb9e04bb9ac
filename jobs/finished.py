"""A study whose trainings and distances are all there: its results from the tables, without Ray."""

from collections.abc import Mapping
from dataclasses import replace

from jobs.check import check_study
from jobs.fit import fit_models
from jobs.profile_tables import Profiles, known_profiles, show_profiles
from jobs.report import conclude, is_there, write_page
from jobs.stage_lines import show_cautions, show_data, show_distances, show_probes
from jobs.study_tables import StudyTables, check_config, repair
from projektor_ray import __version__
from projektor_ray.cli import terminal
from projektor_ray.data import Samples
from projektor_ray.errors import TooFewProbesError
from projektor_ray.explain.results import Results
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.lease import leased
from projektor_ray.study import UNNAMED, StudyConfig, resolve
from projektor_ray.study.base_design import continued
from projektor_ray.study.fitting import missing_probes, unmeasured
from projektor_ray.study.interpolated import error_bound, read_error
from projektor_ray.study.purchasing import SetFit
from projektor_ray.study.record import recorded_sets, sources_fingerprint, write_record

Given = Samples | Mapping[str, Samples] | None
"""A validation set, or several by name, that a driver gives."""


def fingerprint_of(
    config: StudyConfig, arrays: Mapping[str, Samples] | None, validation: Given
) -> str:
    """Fingerprint of all sources of a study; empty where one cannot be seen from here."""
    sets = {UNNAMED: validation} if isinstance(validation, Samples) else dict(validation or {})
    state = sources_fingerprint(config, arrays or {}, sets)
    return state and digest(__version__, state)


def finished_tables(
    config: StudyConfig, out: str, sources: str, *, retry_failed: bool = False
) -> StudyTables | None:
    """The tables of a study for which nothing is to be trained or measured; else None.

    Parameters
    ----------
    sources : fingerprint of the study's sources as they are now.
    retry_failed : whether failed probes are to be trained again.

    Raises
    ------
    InputError
        If the configuration or the folder cannot be used.
    """
    folder = Folder(out)
    check_config(config, folder)
    sets = recorded_sets(folder, sources)
    if sets is None:
        return None
    study = continued(resolve(config, *sets), folder)
    tables = StudyTables(study, folder)
    if study.open_probes or missing_probes(study, tables.probes(), retry_failed=retry_failed):
        return None
    lacks = any(
        len(unmeasured(one.study, one.distances())) or known_profiles(one) is None
        for one in tables.each
    )
    return None if lacks else tables


def finished_results(
    config: StudyConfig, out: str, sources: str, *, retry_failed: bool, verbose: bool
) -> Results | None:
    """Show and write the results of a study whose trainings and distances are all there.

    Returns None if anything remains to be trained or measured.

    Raises
    ------
    BusyError
        If a driver works on the same folder.
    """
    tables = finished_tables(config, out, sources, retry_failed=retry_failed)
    fits = None if tables is None else _exact_fits(tables)
    if tables is None or fits is None:
        return None
    with leased(tables.folder) as lease:
        repair(tables.folder)
        continued(tables.study, tables.folder, records=True)
        tables = replace(tables, lease=lease)
        write_record(tables.folder, tables.study, sources)
        drawn = _show(tables)
        new_page = not is_there(config, tables.folder)
        results = conclude(tables, fits, drawn, figures=new_page)
        terminal.show_results(results, verbose=verbose)
        if new_page:
            write_page(tables, results)
    return results


def _exact_fits(tables: StudyTables) -> list[SetFit] | None:
    """The fitted models; None where distances are not interpolated exactly enough for them."""
    try:
        fits = fit_models(tables)
    except TooFewProbesError:
        return None
    for one in fits:
        error = read_error(tables.folder, one.study)
        if error is None or error.error > error_bound(one.fitted, one.runs.arrays())[0]:
            return None
    return fits


def _show(tables: StudyTables) -> Profiles:
    """Show the lines of the stages that have nothing to do; the provider profiles."""
    study, drawn = tables.study, Profiles()
    show_data(study)
    check_study(study)
    show_cautions(study)
    for one in tables.each:
        show_distances(one.study, len(one.study.measured))
    for one in tables.each:
        profiles = known_profiles(one)
        assert profiles is not None
        show_profiles(one, profiles)
        drawn[one.study.validation.name] = profiles
    show_probes(tables, tables.probes())
    return drawn
