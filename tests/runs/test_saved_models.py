"""A fitted estimator that was kept in a file predicts and buys as it did before."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs import Offers, ScaleRegressor, from_arrow, to_arrow
from projektor_ray.selection import PurchaseRequest

OFFERS = Offers.read(
    pd.DataFrame({"provider": ["a", "b", "c"], "price": [3.0, 2.0, 1.0], "capacity": [900] * 3}),
    ("a", "b", "c"),
)


def trainings(metric: str) -> tuple[pd.DataFrame, pd.Series]:
    """Of two sizes; a metric that is an accuracy, or a loss."""
    rng = np.random.default_rng(3)
    shares = np.repeat(rng.dirichlet(np.ones(3), size=14), 2, axis=0)
    sizes = np.tile([50.0, 200.0], 14)
    gain = shares @ [0.3, 0.2, -0.1] + 0.05 * np.log(sizes) + rng.normal(scale=0.01, size=28)
    frame = pd.DataFrame(shares, columns=["a", "b", "c"])
    frame = frame.assign(size=sizes, ot=1 - shares[:, 0] + 0.3 * shares[:, 1] ** 2)
    return frame, pd.Series(0.3 + gain if metric == "accuracy" else np.exp(-gain), name=metric)


@pytest.mark.parametrize("distance", ["ot", None])
@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_it_predicts_the_same_bits_and_buys_the_same_plan(
    tmp_path: Path, metric: str, distance: str | None
) -> None:
    X, y = trainings(metric)
    X = X if distance else X.drop(columns="ot")
    if metric == "accuracy":
        model = ScaleRegressor(distance=distance, bounds=(0.0, 1.0))
    else:
        model = ScaleRegressor(distance=distance, direction="minimize", log=True)
    model.fit(X, y)
    pq.write_table(to_arrow(model), tmp_path / "model.parquet")
    again = from_arrow(pq.read_table(tmp_path / "model.parquet"))
    assert again.get_params() == model.get_params()
    for name in ("providers_", "scales_", "notes_", "n_features_in_"):
        assert getattr(again, name) == getattr(model, name), name
    assert list(again.models_) == list(model.models_)
    assert list(again.fitted_.models) == list(model.fitted_.models)
    assert again.fitted_.reason == model.fitted_.reason
    assert set(again.fitted_.refused) == set(model.fitted_.refused)
    for name in model.models_:
        for size in (200, 5000):
            before, after = model.by(name), again.by(name)
            np.testing.assert_array_equal(after.predict(X, size), before.predict(X, size))
            np.testing.assert_array_equal(
                after.predict_interval(X, size), before.predict_interval(X, size)
            )
    asked = PurchaseRequest(size=1000, budget=2200)
    plans, expected = again.plans(asked, OFFERS), model.plans(asked, OFFERS)
    assert plans.table().equals(expected.table())


def test_another_table_is_refused() -> None:
    for table in (pa.table({"a": [1]}), pa.table({"a": [1, 2]})):
        with pytest.raises(InputError, match="table of a fitted ScaleRegressor"):
            from_arrow(table)


def test_a_model_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = trainings("loss")
    table = to_arrow(ScaleRegressor(distance="ot").fit(X, y))

    def lacking(_: pa.Table) -> None:
        raise KeyError("seen")

    monkeypatch.setattr("projektor_ray.runs.saved_models.restore_scale_model", lacking)
    with pytest.raises(InputError, match="another version, without 'seen'; fit it again"):
        from_arrow(table)
