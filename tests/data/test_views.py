"""The view of a source: shuffle, rows, classes, limit, wrong labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.data import SourceConfig, read_source
from projektor_ray.data.labels import Labels
from projektor_ray.data.origin import Origin
from projektor_ray.data.views import take_view
from projektor_ray.errors import InputError

LABELS = np.repeat([0, 1, 2, 7], 10)
ORIGIN = Origin("here", 40, LABELS, lambda index: index[:, None].astype(float))


def view_of(source: SourceConfig, labels: np.ndarray = LABELS) -> tuple[np.ndarray, np.ndarray]:
    view = take_view(source, ORIGIN, Labels(labels))
    assert view.labels is not None
    return view.index, view.labels


def view(**options: object) -> tuple[np.ndarray, np.ndarray]:
    return view_of(SourceConfig(sklearn="iris", **options))


def test_without_options_is_everything_in_order() -> None:
    index, labels = view()
    np.testing.assert_array_equal(index, np.arange(40))
    np.testing.assert_array_equal(labels, LABELS)


def test_order_is_shuffle_rows_classes_limit() -> None:
    shuffled, _ = view(shuffle=3)
    assert sorted(shuffled) == list(range(40))
    assert not np.array_equal(shuffled, np.arange(40))
    index, labels = view(shuffle=3, rows=(5, 30), classes=(0, 7), limit=6)
    expected = [row for row in shuffled[5:30] if LABELS[row] in (0, 7)][:6]
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_array_equal(labels, LABELS[expected])


def test_disjoint_rows_of_one_shuffle_are_disjoint() -> None:
    first, _ = view(shuffle=1, rows=(0, 25))
    second, _ = view(shuffle=1, rows=(25, 40))
    assert sorted([*first, *second]) == list(range(40))


@given(st.floats(0, 1), st.integers(0, 1000))
def test_wrong_labels_are_exactly_that_many_and_all_different(share: float, seed: int) -> None:
    index, labels = view(wrong_labels=share, wrong_labels_seed=seed, shuffle=0)
    assert np.count_nonzero(labels != LABELS[index]) == round(share * 40)
    assert set(labels) <= set(LABELS)


def test_wrong_labels_are_uniform_over_the_other_classes_of_the_source() -> None:
    counts = np.zeros(8)
    for seed in range(300):
        _, labels = view(wrong_labels=1.0, wrong_labels_seed=seed, classes=(0,))
        counts += np.bincount(labels, minlength=8)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[[1, 2, 7]] / 3000, 1 / 3, atol=0.04)


def test_wrong_labels_do_not_change_the_source() -> None:
    before = LABELS.copy()
    view(wrong_labels=1.0)
    np.testing.assert_array_equal(LABELS, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": (0, 41)}, "has 40 rows"),
        ({"classes": (3,)}, "no samples of class 3; known: 0, 1, 2, 7"),
        ({"classes": ("cat",)}, "no samples of class 'cat'"),
        ({"rows": (0, 10), "classes": (1,)}, "no samples remain"),
    ],
)
def test_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        view(**options)


def test_classes_of_a_regression_target_are_refused() -> None:
    with pytest.raises(InputError, match="are a regression target"):
        view_of(SourceConfig(sklearn="diabetes", classes=(1,)), LABELS.astype(float))


def test_wrong_labels_of_one_class_are_refused() -> None:
    with pytest.raises(InputError, match="two or more classes"):
        view_of(SourceConfig(sklearn="iris", wrong_labels=0.5), np.zeros(40, dtype=np.int64))


def test_reads_only_the_rows_that_are_kept() -> None:
    samples = read_source(SourceConfig(sklearn="digits", shuffle=0, limit=5))
    everything = read_source(SourceConfig(sklearn="digits", shuffle=0))
    np.testing.assert_array_equal(samples.inputs, everything.inputs[:5])
