"""Candidates, and what every design has in common."""

from functools import partial

import numpy as np
import pytest

from projektor_ray.designs.candidates import candidates, default_count
from projektor_ray.designs.d_optimal import d_optimal, d_optimal_design
from projektor_ray.designs.maximin import maximin, maximin_design
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.designs.sobol import sobol
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS

SHARES = PREDICTORS["pseudo_quadratic"].design_columns


DESIGNS = {
    "sobol": sobol,
    "maximin": maximin_design,
    **{f"d_optimal for {name}": partial(d_optimal_design, predictor=name) for name in ("pq", "gp")},
}


@pytest.mark.parametrize(
    ("name", "providers"),
    [(name, m) for name in DESIGNS for m in (2, 3, 5, 12) if m < 12 or "gp" not in name],
)
def test_every_design_is_of_distinct_mixtures_and_repeats_itself(name: str, providers: int) -> None:
    count = default_count(providers)
    design = DESIGNS[name](providers, count)
    assert design.shape == (count, providers)
    assert (design >= 0).all()
    np.testing.assert_allclose(design.sum(axis=1), 1)
    assert len(np.unique(design.round(12), axis=0)) == count
    np.testing.assert_array_equal(design, DESIGNS[name](providers, count))


def test_candidates_are_linear_in_the_providers() -> None:
    assert [len(candidates(m)) for m in (5, 10, 40)] == [35 * m + 1 for m in (5, 10, 40)]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: sobol(3, 0),
        lambda: sobol(3, 5, support=0),
        lambda: maximin(simplex_lattice(3, 2), 7),
        lambda: maximin(simplex_lattice(3, 2), 0),
        lambda: d_optimal(SHARES(simplex_lattice(3, 4)), 5),
        lambda: d_optimal(SHARES(simplex_lattice(3, 2)), 7),
        lambda: d_optimal_design(40, 161, "gp"),
    ],
)
def test_a_size_that_cannot_be_is_refused(bad) -> None:
    with pytest.raises(InputError, match="got"):
        bad()
