"""Half and twice the budget of a study."""

from dataclasses import replace

import numpy as np

from projektor_ray.study.budget_options import budget_options, unspent_samples
from tests.helpers.studies import changed, resolved


def test_half_and_twice_the_budget_of_a_study() -> None:
    study = resolved(changed("probes", to={"budget": 150}))
    same, half, twice = budget_options(study)
    assert (same.budget, half.budget, twice.budget) == (150, 75, 300)
    assert same.bought is not None
    assert same.bought.scales == study.scales
    assert half.bought is None, "too few samples for two scales"
    assert half.half_width is None
    assert twice.bought is not None
    assert budget_options(resolved(changed("probes", "lattice", to=2))) == []


def test_what_a_budget_leaves_is_what_no_design_and_no_plan_can_use() -> None:
    """Pilots of 40, 60 to buy: 21 mixtures at 6 and 40 are 966, twelve plans of 60 are 720."""
    values = changed("probes", to={"budget": 5000})
    values["selection"] = {"size": 60}
    study = resolved(values)
    assert (len(study.mixtures), study.scales) == (21, (6, 40))
    assert unspent_samples(study) == 5000 - 966 - 720
    chosen = replace(study, plans=np.eye(3), plan_sizes=(40, 40, 40))
    assert unspent_samples(chosen) == 5000 - 966 - 120
    values["probes"] = {"budget": 600}
    assert unspent_samples(resolved(values)) == 0, "five plans have the 252 of the second stage"
    values["probes"] = {"budget": 600, "stages": 1}
    assert unspent_samples(resolved(values)) == 0
    assert unspent_samples(resolved(changed("probes", "lattice", to=2))) == 0
