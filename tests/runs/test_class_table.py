"""Classes of providers from a table: rows, weights, refusals, and what a model makes of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from projektor_ray.errors import InputError
from projektor_ray.projection import ClassShares
from projektor_ray.runs import ScaleRegressor, from_arrow, read_class_shares, to_arrow
from tests.helpers.accuracies_below_ceilings import DISJOINT, GRID, SIZE, planted, table

NAMES = ["clinic", "web, en"]
COUNTS = pd.DataFrame(
    {
        "Provider": ["Web, EN", "validation", "Clinic"],
        "cat": [30, 10, 0],
        "dog": [10, 30, None],
        "ox": [0, 0, 5],
    }
)
VALIDATION = COUNTS["Provider"] == "validation"


def test_shares_are_in_the_order_of_the_mixtures_and_weights_those_of_validation(
    tmp_path: Path,
) -> None:
    COUNTS.to_csv(tmp_path / "classes.csv", index=False)
    for source in (COUNTS, tmp_path / "classes.csv"):
        found = read_class_shares(source, NAMES)
        np.testing.assert_allclose(found.providers, [[0, 0, 1], [0.75, 0.25, 0]])
        np.testing.assert_allclose(found.weights, [0.25, 0.75, 0])


def test_without_validation_all_classes_count_alike() -> None:
    found = read_class_shares(COUNTS[~VALIDATION], NAMES)
    np.testing.assert_allclose(found.weights, 1 / 3)


def test_a_provider_may_be_called_validation() -> None:
    found = read_class_shares(COUNTS, [*NAMES, "validation"])
    np.testing.assert_allclose(found.providers[2], [0.25, 0.75, 0])
    np.testing.assert_allclose(found.weights, 1 / 3)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (COUNTS.drop(columns="Provider"), "needs the column 'provider'"),
        (COUNTS[["Provider"]], "a column of counts for each class"),
        (COUNTS[:2], "no row for clinic"),
        (pd.concat([COUNTS, COUNTS[:1]]), "several rows for web, en"),
        (COUNTS.replace("Clinic", "farm"), "no mixture has shares of farm"),
        (COUNTS.replace(30, -1), "'Web, EN' has -1 of 'cat'"),
        (COUNTS.replace(5, 0), "'Clinic' has no sample of any class"),
        (COUNTS.assign(ox=["none", "few", "many"]), "must hold numbers"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(changed: pd.DataFrame, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_class_shares(changed, NAMES)


def fitted(classes: ClassShares | None) -> tuple[ScaleRegressor, pd.DataFrame]:
    mixtures, _, sizes, values = table(np.random.default_rng(0))
    frame = pd.DataFrame(mixtures, columns=["a", "b", "c"])
    model = ScaleRegressor(bounds=(0, 1), learner_family="network", classes=classes)
    grid = pd.DataFrame(GRID, columns=["a", "b", "c"])
    return model.fit(frame.assign(size=sizes), pd.Series(values, name="accuracy")), grid


def test_predictions_flatten_towards_the_classes_of_a_mixture_and_are_better() -> None:
    truth, errors = planted(GRID, SIZE), []
    for classes in (DISJOINT, None):
        model, grid = fitted(classes)
        errors.append(np.abs(model.predict(grid, SIZE) - truth).mean())
    assert errors[0] < 0.8 * errors[1]


def test_a_stored_model_predicts_the_same() -> None:
    model, grid = fitted(DISJOINT)
    again = from_arrow(to_arrow(model))
    np.testing.assert_array_equal(again.predict(grid, SIZE), model.predict(grid, SIZE))
    np.testing.assert_array_equal(again.classes.providers, DISJOINT.providers)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"bounds": None}, "whose bounds are"),
        ({"bounds": (0, 100)}, r"got the bounds \(0, 100\)"),
        ({"bounds": (0, 1), "log": True}, "the logarithm of the metric"),
        ({"bounds": (0, 1), "classes": DISJOINT.of_groups(np.array([0, 0, 1]))}, "are of 2"),
    ],
)
def test_classes_that_bound_nothing_are_refused(settings: dict[str, object], says: str) -> None:
    mixtures, _, sizes, values = table(np.random.default_rng(0))
    model = ScaleRegressor(**{"direction": "maximize", "classes": DISJOINT, **settings})
    with pytest.raises(InputError, match=says):
        model.fit(mixtures, values, sizes)
