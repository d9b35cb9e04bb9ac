"""From the ledgers to the models' input, without Ray."""

import numpy as np

from projektor_ray.study.fitting import distance_rows, unmeasured
from tests.helpers.distances import paraboloid
from tests.helpers.job_studies import config, resolved


def test_a_mixture_has_one_distance_whatever_the_number_of_scales() -> None:
    study = resolved(config())
    assert len(study.scales) == 2
    missing = unmeasured(study, {})
    np.testing.assert_array_equal(missing, study.measured)
    rows = distance_rows(study, missing[1:], paraboloid(missing[1:]), seconds=10.0)
    assert [row["mixture"] for row in rows] == missing[1:].tolist()
    assert sum(row["seconds"] for row in rows) == 10.0
    ledger = {(row["mixture_id"],): row for row in rows}
    np.testing.assert_array_equal(unmeasured(study, ledger), missing[:1])
