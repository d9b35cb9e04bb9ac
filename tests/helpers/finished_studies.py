"""Folders of finished studies, written without Ray and without training."""

from pathlib import Path

from jobs.finished import fingerprint_of
from jobs.profile_tables import profile_metadata, write_profiles
from jobs.study_tables import StudyTables
from projektor_ray.storage.folder import Folder
from projektor_ray.study import Study
from projektor_ray.study.fitting import fit_study, join_ledgers
from projektor_ray.study.interpolated import (
    InterpolationError,
    error_bound,
    interpolated,
    write_error,
)
from projektor_ray.study.record import write_record
from tests.helpers.study_folders import profile, write_study


def write_finished(out: Path, study: Study) -> None:
    """All tables that a run leaves from which nothing is to be trained or measured."""
    folder = Folder(out)
    write_study(out, study)
    write_record(folder, study, fingerprint_of(study.config, None, None))
    for one in StudyTables(study, folder).each:
        write_profiles(one, [profile(name) for name in study.names])
        one.write("values", [], profile_metadata(one))
        write_error(folder, one.study, _interpolation_error(one))


def _interpolation_error(tables: StudyTables) -> InterpolationError:
    study, distances = tables.study, tables.distances()
    runs = join_ledgers(study, tables.probes(), distances)
    models = fit_study(study, runs)
    bound, metric_error, sensitivity = error_bound(models, runs.arrays())
    count = len(interpolated(study, distances).mixtures)
    return InterpolationError(bound / 2, bound, metric_error, sensitivity, count, 0)
