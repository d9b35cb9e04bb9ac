"""The size by the names that people and tools give it; without one, never one size silently."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs

SIZES = (500, 2000, 8000)


def frame(seed: int = 0, mixtures: int = 12, same: bool = True) -> pd.DataFrame:
    """Three sizes of as many mixtures; more samples lower the loss."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(3), mixtures if same else 3 * mixtures)
    shares = np.tile(shares, (3, 1)) if same else shares
    sizes = np.repeat(SIZES, mixtures)
    loss = 4 + shares @ [0.3, 0.1, 0.6] - 0.2 * np.log(sizes)
    loss += 0.01 * rng.standard_normal(len(sizes))
    return pd.DataFrame(shares, columns=["web", "code", "books"]).assign(size=sizes, val_loss=loss)


@pytest.mark.parametrize(
    "name",
    [
        *("size", " size", "Size", "n", "N", "samples", "config/size", "params_n", "num_samples"),
        *("config.train.num_samples", "n_train", "Train Size", "data.n_samples", "numTokens"),
        *("cfg_size", "args.train_size", "General/num_samples", "hp.num_examples", "flags.n"),
        *("summary.total_tokens", "dataset_size", "train_tokens", "config/data/n", "trainSize"),
    ],
)
def test_a_size_is_found_by_its_name(name: str) -> None:
    runs = Runs.read(frame().rename(columns={"size": name}))
    assert runs.scales == SIZES
    assert runs.reading is not None
    assert runs.reading.size == name.strip()


@pytest.mark.parametrize(
    "name", ["batch_size", "model.size", "n_val", "eval_samples", "image_size"]
)
def test_other_sizes_are_none_and_one_that_tells_is_asked_about(name: str) -> None:
    with pytest.raises(InputError, match=f"differs by '{name}'.*--size {name}"):
        Runs.read(frame().rename(columns={"size": name}))


@pytest.mark.parametrize("same", [True, False])
def test_a_column_that_the_metric_clusters_by_is_asked_about(same: bool) -> None:
    table = frame(same=same).rename(columns={"size": "phase"})
    with pytest.raises(InputError, match=r"'phase'.*500, 2,000 and 8,000"):
        Runs.read(table)
    assert Runs.read(table, Roles(size="phase")).scales == SIZES
    assert Runs.read(table, Roles(size=700)).scales == (700,)


def test_clusters_without_any_column_are_asked_about() -> None:
    with pytest.raises(InputError, match=r"lies in clusters.*--size N"):
        Runs.read(frame().drop(columns="size"))


def of_sizes(sizes: int, seed: int) -> pd.DataFrame:
    """Mixtures that are all different, 16 of each size, with no column of sizes."""
    rng, count = np.random.default_rng(seed), 16 * sizes
    shares = rng.dirichlet(np.ones(3), count)
    noise = 0.005 * rng.standard_normal(count)
    values = 0.3 + shares @ [0.1, 0.05, 0.0] + 0.2 * (np.arange(count) % sizes) + noise
    return pd.DataFrame(shares, columns=["web", "code", "books"]).assign(loss=values)


@pytest.mark.parametrize("sizes", [1, 2, 3])
def test_clusters_of_mixtures_that_are_all_different_are_asked_about(sizes: int) -> None:
    refused = 0
    for seed in range(20):
        table = of_sizes(sizes, seed)
        assert Runs.read(table, Roles(size=500)).scales == (500,)
        try:
            Runs.read(table)
        except InputError as error:
            refused += "clusters that the mixtures do not explain" in str(error)
    assert refused == 0 if sizes == 1 else refused >= 16


def test_values_in_few_decimals_lie_in_no_clusters() -> None:
    shares = np.repeat(np.random.default_rng(0).dirichlet(np.ones(3), 10), 2, axis=0)
    values = np.round(0.5 + shares @ [0.2, 0.1, 0.0], 2)
    values[1::4] += 0.01  # Every second pair differs by one unit.
    table = pd.DataFrame(shares, columns=["web", "code", "books"]).assign(accuracy=values)
    assert Runs.read(table.assign(seed=np.tile([0, 1], 10))).sizes is None


def test_differences_far_below_the_range_of_the_metric_are_no_clusters() -> None:
    shares = np.random.default_rng(2).dirichlet(np.ones(3), 40)
    values = 2 + shares @ [1.0, 0.5, 0.0] + np.resize([-4e-7, 4e-7], 40)
    table = pd.DataFrame(shares, columns=["web", "code", "books"]).assign(val_loss=values)
    assert Runs.read(table).sizes is None


@given(st.integers(0, 500), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_seeds_and_settings_without_effect_are_no_sizes(seed: int, repeats: int) -> None:
    rng = np.random.default_rng(seed)
    shares = np.repeat(rng.dirichlet(np.ones(3), 12), repeats, axis=0)
    table = pd.DataFrame(shares, columns=["web", "code", "books"]).assign(
        seed=np.tile(range(repeats), 12),
        lr=rng.choice([0.1, 0.01], len(shares)),
        val_loss=2 + shares @ [0.3, 0.1, 0.6] + 0.05 * rng.standard_normal(len(shares)),
    )
    assert Runs.read(table).sizes is None


def test_several_sizes_are_asked_about_unless_they_are_the_same() -> None:
    table = frame()
    assert Runs.read(table.assign(n_samples=table["size"])).scales == SIZES
    with pytest.raises(InputError, match=r"several columns.*size and tokens"):
        Runs.read(table.assign(tokens=table["size"] * 512))
    assert Runs.read(table.assign(samples=table["web"]), Roles(providers=("web", "code", "books")))


def test_one_size_of_all_rows_is_a_question_where_a_column_has_several() -> None:
    with pytest.raises(InputError, match=r"'size' has several.*--at 9000"):
        Runs.read(frame(), Roles(size=9000))
    runs = Runs.read(frame().rename(columns={"size": "phase"}), Roles(size=9000))
    assert runs.scales == (9000,)


@pytest.mark.parametrize(("given", "other"), [(9000, "size"), (500, None)])
def test_one_size_of_all_rows_overrules_a_column_of_another(given: int, other: str | None) -> None:
    runs = Runs.read(frame().assign(size=500), Roles(size=given))
    assert runs.scales == (given,)
    assert runs.reading is not None
    assert runs.reading.other_size == other
