"""The error of distances that are interpolated between a study's mixtures, and its bound."""

from pathlib import Path

import numpy as np
import pytest

from projektor_ray.storage.folder import Folder
from projektor_ray.study.fitting import fit_study, join_ledgers
from projektor_ray.study.interpolated import (
    WANTED,
    InterpolationError,
    candidate_mixtures,
    error_bound,
    interpolated,
    read_error,
    write_error,
)
from tests.helpers.studies import changed, measured, resolved, trained


def test_the_bound_moves_the_metric_by_a_tenth_of_its_error() -> None:
    study = resolved(changed("probes", "lattice", to=3))
    runs = join_ledgers(study, trained(study), measured(study))
    models, probes = fit_study(study, runs), runs.arrays()
    bound, error, sensitivity = error_bound(models, probes)
    assert 0 < bound < np.inf
    moved = models.model.predict(probes.mixtures, probes.distances + 1e-4, 40)
    usual = models.model.predict(probes.mixtures, probes.distances, 40)
    slope = np.abs(moved - usual).max() / 1e-4
    assert sensitivity == pytest.approx(slope, rel=0.02)
    assert bound * sensitivity == pytest.approx(WANTED * error)


def test_a_distance_that_is_the_same_everywhere_may_be_off_by_anything() -> None:
    study = resolved(changed("probes", "lattice", to=3))
    runs = join_ledgers(study, trained(study), measured(study))
    probes = runs.arrays()
    level = type(probes)(**{**vars(probes), "distances": np.ones(len(probes))})
    assert error_bound(fit_study(study, runs), level)[0] == np.inf


def test_distances_do_not_depend_on_the_order_of_measuring() -> None:
    study = resolved(changed("probes", "lattice", to=3))
    found = zip(measured(study).items(), study.measured, strict=True)
    rows = {
        key: {**row, "providers": study.names, "mixture": mixture.tolist()}
        for (key, row), mixture in found
    }
    turned = dict(reversed(rows.items()))
    mixtures = candidate_mixtures(3)[:20]
    one, other = (interpolated(study, given)(mixtures) for given in (rows, turned))
    np.testing.assert_array_equal(one.value, other.value)


@pytest.mark.parametrize("providers", [2, 4, 20])
def test_candidates_lie_inside_and_near_faces(providers: int) -> None:
    mixtures = candidate_mixtures(providers)
    np.testing.assert_allclose(mixtures.sum(axis=1), 1)
    assert (mixtures >= 0).all()
    assert np.median(mixtures.max(axis=1)[-100:]) > np.median(mixtures.max(axis=1)[:100])
    np.testing.assert_array_equal(mixtures, candidate_mixtures(providers))


def test_an_error_is_read_for_the_distances_that_it_is_of(tmp_path: Path) -> None:
    folder, study = Folder(tmp_path), resolved(changed("probes", "lattice", to=2))
    assert read_error(folder, study) is None
    found = InterpolationError(0.01, 0.02, 0.03, 0.15, 9, 3)
    write_error(folder, study, found)
    assert read_error(folder, study) == found
    assert found.suffices
    other = resolved(changed("transport", to={"epsilon": 0.5}))
    assert read_error(folder, other) is None
