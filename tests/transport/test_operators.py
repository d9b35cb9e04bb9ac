"""Sums over rows, and the partition of rows."""

import torch

from projektor_ray.transport.operators import (
    Centre,
    PlanSums,
    ProviderPartition,
    RowPartition,
)


def test_rounding_keeps_the_digits_of_a_float32_in_any_range() -> None:
    values = torch.tensor([1 + 1e-9, 0.0, -3.3, 1e-200, 1e200], dtype=torch.float64)
    actual = PlanSums(values, values, values).round_to(torch.float32).columns
    assert torch.equal(actual[:3], values[:3].float().double())
    torch.testing.assert_close(actual, values, rtol=6e-8, atol=0)
    near = PlanSums(*3 * [values * (1 + 1e-15)]).round_to(torch.float32)
    assert torch.equal(near.columns, actual)
    assert torch.equal(PlanSums(*3 * [values]).round_to(torch.float64).columns, values)


def test_weights_of_providers_are_shared_evenly_by_their_rows() -> None:
    """Against a loop over rows; means are weighted as the weights are shared."""
    provider = torch.tensor([1, 0, 1, 1, 2])
    partition = ProviderPartition(provider, 3)
    weights = torch.tensor([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0]], dtype=torch.float64)
    expected = [[0.1, 0.5, 0.1, 0.1, 0.2], [1 / 3, 0.0, 1 / 3, 1 / 3, 0.0]]
    torch.testing.assert_close(
        partition.expand(weights, slice(None)), torch.tensor(expected, dtype=torch.float64)
    )
    values = torch.arange(10, dtype=torch.float64).reshape(2, 5)
    means = torch.zeros(2, 3, dtype=torch.float64)
    for rows in (slice(0, 2), torch.tensor([4, 2, 3])):
        partition.add_means(values[:, rows], means, rows)
    expected = [[1.0, 5 / 3, 4.0], [6.0, 20 / 3, 9.0]]
    torch.testing.assert_close(means, torch.tensor(expected, dtype=torch.float64))


def test_a_row_that_is_its_own_part_keeps_its_weight() -> None:
    partition = RowPartition(4)
    weights = torch.rand(2, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    rows = torch.tensor([2, 0])
    assert torch.equal(partition.expand(weights, rows), weights[:, rows])
    means = torch.zeros(2, 4, dtype=torch.float64)
    partition.add_means(weights[:, rows], means, rows)
    assert torch.equal(means[:, rows], weights[:, rows])


def test_a_centre_survives_the_way_to_another_process() -> None:
    centre = Centre(torch.linspace(0, 1, 5, dtype=torch.float64), 0.3, double=True)
    other = Centre.from_arrays(centre.to_arrays(), torch.device("cpu"))
    assert other.equals(centre)
    assert not Centre(centre.potential, 0.3).equals(centre)
    assert not Centre(centre.potential + 1, 0.3, double=True).equals(centre)
