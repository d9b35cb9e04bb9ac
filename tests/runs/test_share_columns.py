"""The mixture among other columns: found whatever its names, or asked about."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs

NAMES = ("web", "code", "books")


def runs_frame(seed: int = 0, k: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(3), k)
    loss = 2 + shares @ [0.3, 0.1, 0.6] + 0.01 * rng.standard_normal(k)
    return pd.DataFrame(shares, columns=NAMES).assign(val_loss=loss)


def test_two_groups_that_sum_to_1_are_asked_about_and_named_by_an_option() -> None:
    """Beside each other, and one column of each in turn."""
    early, late = runs_frame(0), runs_frame(1)
    both = pd.concat(
        [early[list(NAMES)].add_prefix("early_"), late[list(NAMES)].add_prefix("late_")], axis=1
    ).assign(val_loss=early["val_loss"])
    for frame in (both, both[sorted(both.columns, key=lambda name: name.split("_")[-1])]):
        with pytest.raises(InputError, match=r"2 groups.*--providers early_"):
            Runs.read(frame)
        runs = Runs.read(frame, Roles(providers=tuple(f"early_{name}" for name in NAMES)))
        np.testing.assert_allclose(runs.mixtures, early[sorted(NAMES)])


def test_a_copy_of_the_mixture_is_no_second_reading() -> None:
    frame = runs_frame()
    twice = pd.concat([frame[list(NAMES)].add_prefix("config.mix."), frame], axis=1)
    runs = Runs.read(twice)
    assert runs.providers == tuple(sorted(NAMES))
    np.testing.assert_allclose(runs.mixtures, frame[sorted(NAMES)])


@pytest.mark.parametrize(
    "extra",
    [
        {"config.beta1": 0.9, "config.weight_decay": 0.1},
        {"dropout": 0.0, "seed": 0},
        {"lr": 0.001},
        {"eps": 1e-8, "noise": 0.004},
        {"train_frac": 0.8, "val_frac": 0.2},
        {"val_acc": [0.25, 0.5] * 12, "val_err": [0.75, 0.5] * 12},
    ],
)
def test_settings_and_metrics_beside_the_mixture_are_no_part_of_it(extra: dict[str, Any]) -> None:
    frame = runs_frame()
    roles = Roles(metric="val_loss")
    for at in (0, 3, 4):
        table = frame.copy()
        for name, values in extra.items():
            table.insert(at, name, values)
        assert Runs.read(table, roles).providers == tuple(sorted(NAMES))


def test_per_cent_cells_and_columns_are_divided_by_100() -> None:
    frame = runs_frame()
    shares = frame[list(NAMES)].round(3)
    texts = frame.assign(**(100 * shares).map(lambda share: f"{share:.1f}%"))
    numbers = frame.assign(**(100 * shares).round(1))
    for table, unit in ((texts, "shares"), (numbers, "per cent")):
        runs = Runs.read(table)
        expected = shares[sorted(NAMES)].div(shares.sum(axis=1), axis=0)
        np.testing.assert_allclose(runs.mixtures, expected, atol=1e-12)
        assert runs.reading is not None
        assert runs.reading.unit == unit


def test_a_missing_provider_is_asked_about_where_rounding_could_hide_it() -> None:
    frame = runs_frame(k=60)
    shares = (frame[list(NAMES)] * 0.995).round(2)
    with pytest.raises(InputError, match=r"rounding.*--providers books,code,web"):
        Runs.read(frame.assign(**shares))
    assert len(Runs.read(frame.assign(**shares), Roles(providers=NAMES))) == 60


PREFIXES = ("", "config.mix.", "params_", "config/mixture/", "share_", "data.weights.", "train_")
DECIMALS = (1, 2, 3, 5, 6, 7, 17)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12),
    st.sampled_from(PREFIXES),
    st.sampled_from(DECIMALS),
    st.permutations(["lr", "seed", "val_loss", "note", "size"]),
    st.integers(0, 5),
    st.sampled_from([0.3, 1.0]),
    st.integers(0, 1000),
)
def test_the_mixture_is_found_or_asked_about_whatever_its_names_and_decimals(
    m: int, prefix: str, decimals: int, others: list[str], at: int, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    k = 30
    shares = np.round(rng.dirichlet(np.full(m, spread), k), decimals)
    names = [f"{prefix}p{i}" for i in range(m)]
    extra = {
        "lr": rng.choice([0.1, 0.01], k),
        "seed": np.arange(k) % 3,
        "val_loss": 2 + shares @ rng.random(m) + 0.01 * rng.random(k),
        "note": ["x"] * k,
        "size": np.repeat([500, 2000], k // 2),
    }
    frame = pd.DataFrame({name: extra[name] for name in others})
    for place, name in enumerate(names):
        frame.insert(at + place, name, shares[:, place])
    try:
        runs = Runs.read(frame)
    except InputError:
        assert decimals == 1  # Coarse shares may look as if a column were missing.
        return
    assert runs.reading is not None
    assert set(runs.reading.mixture) == set(names)
    expected = pd.DataFrame(shares / shares.sum(axis=1, keepdims=True), columns=names)
    rows = expected[expected.sum(axis=1) > 0]
    np.testing.assert_allclose(runs.mixtures, rows[list(runs.reading.mixture)], atol=1e-12)
