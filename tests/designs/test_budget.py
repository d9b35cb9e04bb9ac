"""A budget of samples: it is spent, never exceeded, and never over what pilots and plans allow."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from projektor_ray.designs.budget import Spending, is_loss, most_plans, share_out, spend
from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS


def bought(budget: int, providers: int, **options: int) -> Spending | None:
    try:
        return spend(budget, providers, **{"size": 10**9, **options})
    except InputError:
        return None


BUDGETS, PROVIDERS = st.integers(1, 10**7), st.integers(2, 40)
SIZES, STAGES = st.integers(1, 10**5), st.sampled_from([1, 2])


@given(BUDGETS, PROVIDERS, SIZES, st.one_of(st.none(), SIZES), st.booleans(), STAGES)
def test_nothing_is_exceeded(
    budget: int, providers: int, size: int, cap: int | None, loss: bool, stages: int
) -> None:
    found = bought(budget, providers, size=size, cap=cap, loss=loss, stages=stages)
    assume(found is not None)
    assert found is not None
    assert found.first_stage + found.second_stage <= budget
    assert found.scales[-1] <= min(size, cap or size)
    assert list(found.scales) == sorted(set(found.scales))
    assert len(found.scales) == (3 if loss else 2)
    assert 4 * providers <= found.mixtures <= 7 * providers
    assert (found.second_stage > 0) == (stages == 2)
    assert found.scales[-1] >= 6 * found.scales[0]


@given(BUDGETS, PROVIDERS, st.booleans(), STAGES)
def test_nine_tenths_are_spent_where_nothing_caps(
    budget: int, providers: int, loss: bool, stages: int
) -> None:
    assume(budget >= 200 * providers)
    found = bought(budget, providers, loss=loss, stages=stages)
    assert found is not None
    assert found.first_stage + found.second_stage >= 0.9 * budget
    if stages == 2:
        assert 0.5 * budget <= found.first_stage <= 0.6 * budget
        assert found.second_stage // 3 >= found.scales[-1], "no plan is trained at a smaller size"


def test_the_rule_of_four_mixtures_and_then_a_larger_size() -> None:
    """12 · (357 + 59) = 4,992 of 5,000; twice the budget has twice the sizes."""
    assert spend(5000, 3, size=10**6) == Spending(12, (59, 357), 0)
    assert spend(10_000, 3, size=10**6) == Spending(12, (119, 714), 0)
    assert spend(5000, 3, size=10**6, loss=True) == Spending(12, (44, 106, 265), 0)


@pytest.mark.parametrize("limits", [{"cap": 200, "size": 10**6}, {"cap": 500, "size": 200}])
def test_what_a_cap_leaves_goes_to_more_mixtures(limits: dict[str, int]) -> None:
    assert spend(4000, 3, **limits) == Spending(17, (33, 200), 0)
    assert spend(10**6, 3, **limits) == Spending(21, (33, 200), 0), "never more than 7m"


def test_two_stages() -> None:
    """6 tenths of 15,000: 12 · (642 + 107) = 8,988; what is left goes to the plans."""
    assert spend(15_000, 3, size=10**6, stages=2) == Spending(12, (107, 642), 15_000 - 8988)


def test_what_pilots_are_too_small_for_goes_from_the_plans_to_the_first_stage() -> None:
    """Twelve plans of 250 samples at most: 12,000 of 15,000 are left for the first stage."""
    found = spend(15_000, 3, size=10**6, stages=2, largest_plan=250)
    assert found == Spending(12, (142, 857), 3000)
    assert spend(15_000, 3, size=10**6, stages=2, largest_plan=501) == spend(
        15_000, 3, size=10**6, stages=2
    ), "6,012 / 12 samples"
    capped = spend(10**6, 3, size=10**6, cap=200, stages=2, largest_plan=600)
    assert capped == Spending(21, (33, 200), 7200), "all that pays; the rest stays unspent"


def test_a_second_stage_has_four_plans_per_provider_at_most_unless_more_are_asked_for() -> None:
    assert (most_plans(1), most_plans(3), most_plans(3, 20)) == (4, 12, 20)


@given(st.integers(3, 10**5), st.lists(st.integers(1, 10**4), min_size=1, max_size=5))
def test_plans_share_what_one_of_them_cannot_have(samples: int, caps: list[int]) -> None:
    sizes = share_out(samples, 0, caps)
    assert all(0 <= size <= cap for size, cap in zip(sizes, caps, strict=True))
    assert sum(sizes) <= samples
    assert samples - sum(sizes) < len(caps) or sizes == caps, "nothing is left that a plan can have"
    below = [size for size, cap in zip(sizes, caps, strict=True) if size < cap]
    assert max(below, default=0) - min(below, default=0) <= 1, "even shares but for the caps"
    assert max(sizes) - min(below, default=max(sizes)) <= 1
    assert share_out(30, 8, [2, 40, 40]) == [8, 11, 11]


def test_listed_mixtures_count_among_those_of_the_budget() -> None:
    found = spend(10_000, 2, size=10**6, listed=20)
    assert found.mixtures == 21
    assert found.first_stage <= 10_000


@given(st.integers(1, 400), PROVIDERS)
def test_the_budget_that_an_error_asks_for_suffices(budget: int, providers: int) -> None:
    try:
        spend(budget, providers, size=10**6)
    except InputError as refused:
        says = str(refused)
        needed = int(says.partition("Set ")[2].split()[0].replace(",", ""))
        assert needed > budget
        assert spend(needed, providers, size=10**6).scales[0] >= 1


def test_pilots_and_purchases_too_small_for_two_scales() -> None:
    with pytest.raises(InputError, match=r"smallest pilot has 5 samples.*larger pilots"):
        spend(10**6, 3, size=1000, cap=5)
    with pytest.raises(InputError, match=r"a plan may have 4 samples.*set probes\.scales"):
        spend(10**6, 3, size=4, cap=100)


def test_which_metrics_have_a_third_scale() -> None:
    losses = {name for name, metric in METRICS.items() if is_loss(metric)}
    assert losses == {"log_loss", "rmse", "mae", "r2"}
    assert all(np.isfinite([METRICS[n].low, METRICS[n].high]).sum() == 1 for n in losses)
