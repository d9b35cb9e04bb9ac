"""The choice among predictors."""

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import PREDICTORS, choose, restore


def test_the_planted_predictor_is_chosen_and_the_reason_says_why() -> None:
    rng = np.random.default_rng(0)
    mixtures = rng.dirichlet(np.ones(3), size=20)
    distances = rng.uniform(1, 2, 20)
    by_distance = choose(["linear", "cs"], mixtures, distances, 1 - 0.3 * distances)
    assert by_distance.name == "cs"
    assert by_distance.reason.startswith("cs has the least cross-validated error")
    assert "against linear" in by_distance.reason
    assert by_distance.predictor is by_distance.fitted["cs"]
    by_share = choose(["linear", "cs"], mixtures, distances, mixtures @ [1.0, 2.0, 3.0])
    assert by_share.name == "linear"


@pytest.mark.parametrize("seed", range(3))
def test_what_fits_its_own_probes_best_is_not_chosen_for_that(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixtures, distances = rng.dirichlet(np.ones(5), size=14), rng.uniform(1, 2, 14)
    values = 1 - 0.3 * distances + 0.03 * rng.normal(size=14)
    choice = choose(["pq", "cs"], mixtures, distances, values)
    assert choice.fitted["pq"].report.mae < choice.fitted["cs"].report.mae
    assert choice.name == "cs"


def test_predictors_that_need_more_probes_are_left_aside() -> None:
    values = np.array([1.0, 2.0, 2.5])
    choice = choose(["pq", "cs"], np.eye(3), values, values)
    assert choice.name == "cs"
    assert set(choice.refused) == {"pq"}
    assert "only one fitted" in choice.reason
    assert "too few probes for pq" in choice.reason
    with pytest.raises(TooFewProbesError, match="no predictor can be fitted"):
        choose(["pq", "cs"], np.eye(3)[:2], values[:2], values[:2])


def test_unknown_names() -> None:
    with pytest.raises(InputError, match="did you mean 'quadratic'"):
        choose(["quadratc"], np.eye(3), None, np.arange(3))
    with pytest.raises(InputError, match="absent"):
        restore(pa.table({"name": ["cs"]}))
    with pytest.raises(InputError, match="a table of one row; got 2"):
        restore(pa.table({"predictor": ["cs", "cs"]}))
    assert {"cs", "pq"} <= set(PREDICTORS)
