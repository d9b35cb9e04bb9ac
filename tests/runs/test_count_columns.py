"""Numbers of samples in place of shares: asked about, and read where that is said."""

import numpy as np
import pandas as pd
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs
from projektor_ray.runs.count_columns import sizes_of_counts

NAMES = ["web", "code", "books"]
COUNTED = Roles(counts=True)


def frame(rounded: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """Counts at two sizes, and the shares that they are of."""
    rng = np.random.default_rng(0)
    sizes = np.repeat([500, 2000], 12)
    shares = rng.dirichlet(np.ones(3), 24)
    counts = np.round(shares * sizes[:, None])
    if not rounded:
        counts[:, 0] += sizes - counts.sum(axis=1)
    loss = 4 + shares @ [0.3, 0.1, 0.6] - 0.2 * np.log(sizes)
    return pd.DataFrame(counts, columns=NAMES).assign(size=sizes, val_loss=loss), shares


def test_counts_that_sum_to_the_size_are_asked_about() -> None:
    with pytest.raises(InputError, match=r"web,code,books .*'size'.*--counts"):
        Runs.read(frame()[0])
    with pytest.raises(InputError, match="--counts"):
        Runs.read(frame()[0].drop(columns="size"))


@pytest.mark.parametrize("rounded", [False, True])
def test_counts_are_divided_by_their_sums(rounded: bool) -> None:
    table, shares = frame(rounded)
    for changed in (
        table,
        table.assign(step=range(24), lr=1.0)[["lr", *NAMES, "step", "size", "val_loss"]],
    ):
        runs = Runs.read(changed, COUNTED)
        assert runs.reading is not None
        assert runs.reading.unit == "counts"
        np.testing.assert_allclose(runs.mixtures[:, [2, 1, 0]], shares, atol=4e-3)
        assert runs.scales == (500, 2000)


@pytest.mark.parametrize("rounded", [False, True])
def test_without_a_size_it_is_the_sum_of_the_counts(rounded: bool) -> None:
    table = frame(rounded)[0].drop(columns="size")
    runs = Runs.read(table, COUNTED)
    assert runs.scales == (500, 2000)
    assert runs.reading is not None
    assert runs.reading.size is None


def test_counts_among_other_numbers_are_found_by_what_their_names_share() -> None:
    table = (
        frame()[0]
        .drop(columns="size")
        .add_prefix("tokens/")
        .rename(columns={"tokens/val_loss": "val_loss"})
    )
    table = table.rename(columns=lambda name: name.replace("tokens/", "data/count/"))
    assert Runs.read(table.assign(note="x", flops=1e9), COUNTED).providers == tuple(sorted(NAMES))
    with pytest.raises(InputError, match="--providers"):
        Runs.read(frame()[0].drop(columns="size").assign(note="x", flops=range(24)), COUNTED)


def test_sizes_that_differ_by_more_than_rounding_stay_apart() -> None:
    counts = np.array([[250.0, 249], [250, 251], [999, 1000], [1000, 1001], [3000, 3100]])
    np.testing.assert_array_equal(sizes_of_counts(counts)[4], 6100)
    assert len(np.unique(sizes_of_counts(counts))) == 3
    spread = np.column_stack([np.arange(500.0, 600.0), np.zeros(100)])
    np.testing.assert_array_equal(sizes_of_counts(spread), np.arange(500, 600))


def test_a_row_with_an_infinite_count_has_no_mixture() -> None:
    table, shares = frame()
    table.loc[3, "code"] = np.inf
    runs = Runs.read(table, COUNTED)
    assert runs.reading is not None
    assert runs.reading.left_out == {"no mixture": 1}
    np.testing.assert_allclose(runs.mixtures[:, [2, 1, 0]], np.delete(shares, 3, 0), atol=4e-3)
