"""Half and twice the budget of a study."""

from projektor_ray.study.budget_options import budget_options
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
