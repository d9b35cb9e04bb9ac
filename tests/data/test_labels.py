"""Labels: their kinds, and one numbering of named classes for all providers."""

from pathlib import Path

import numpy as np
import pytest

from projektor_ray.data import Samples, SourceConfig, read_source, samples_from_arrays
from projektor_ray.data.labels import UNKNOWN_FROM
from projektor_ray.errors import InputError


def of(labels: object, target: str = "auto", class_names: tuple[str, ...] | None = None) -> Samples:
    inputs = np.zeros((len(labels), 1))  # type: ignore[arg-type]
    return samples_from_arrays(inputs, labels, target, class_names)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "asked", "target", "expected"),
    [
        ([3, 1], "auto", "classes", [3, 1]),
        ([True, False], "auto", "classes", [1, 0]),
        (np.array([3, 1], dtype=np.uint8), "auto", "classes", [3, 1]),
        ([0.5, 1.0], "auto", "regression", [0.5, 1.0]),
        ([3, 1], "regression", "regression", [3.0, 1.0]),
        ([3.0, 1.0], "classes", "classes", [3, 1]),
        ([3.0, 1.0], "regression", "regression", [3.0, 1.0]),
        (["3", "01"], "auto", "classes", [3, 1]),
        (["b", "a"], "auto", "classes", [1, 0]),
        (np.array(["b", "a"], dtype=object), "auto", "classes", [1, 0]),
    ],
)
def test_kinds(labels: object, asked: str, target: str, expected: list[float]) -> None:
    samples = of(labels, asked)
    assert samples.target == target
    assert samples.labels is not None
    assert samples.labels.dtype == (np.int64 if target == "classes" else np.float64)
    assert samples.labels.tolist() == expected


def test_none_drops_the_labels() -> None:
    assert of([1, 2], "none").labels is None


@pytest.mark.parametrize(
    ("labels", "asked", "message"),
    [
        ([1.0, 2.0], "auto", "target: classes or target: regression"),
        ([0.5, 2.0], "classes", "real numbers such as .*0.5"),
        ([1.5, np.nan, np.inf], "auto", r"2 of 3 labels are missing .* rows 2, 3 \("),
        (["a", "b"], "regression", "names such as 'a'"),
        ([1 + 2j], "auto", "complex128"),
    ],
)
def test_refuses(labels: object, asked: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        of(labels, asked)


def test_names_have_one_number_for_all_providers() -> None:
    validation = of(["dog", "cat", "dog"])
    assert validation.class_names == ("cat", "dog")
    assert of(["dog"], class_names=validation.class_names).labels.tolist() == [1]  # type: ignore[union-attr]


def test_a_name_that_validation_lacks_is_the_same_class_everywhere() -> None:
    one = of(["yak", "cat", "zebra"], class_names=("cat", "dog")).labels
    other = of(["zebra", "yak"], class_names=("cat", "dog")).labels
    assert one is not None
    assert other is not None
    assert one[1] == 0
    assert one[[2, 0]].tolist() == other.tolist()
    assert len(set(one.tolist())) == 3
    assert min(other) >= UNKNOWN_FROM


def test_names_that_validation_lacks_are_kept() -> None:
    one = of(["yak", "cat", "zebra"], class_names=("cat", "dog"))
    assert one.other_names == one.take(np.array([1])).other_names == ("yak", "zebra")
    other = of(["dog", "zebra", "ox"], class_names=("cat", "dog"))
    assert Samples.concatenate([one, other]).other_names == ("yak", "zebra", "ox")


def test_names_and_numbers_do_not_mix() -> None:
    with pytest.raises(InputError, match="the validation set's are names such as 'cat'"):
        of([0, 1], class_names=("cat", "dog"))
    with pytest.raises(InputError, match="the validation set's are numbers"):
        of(["cat"], class_names=())


def test_digits_are_names_where_validation_has_names() -> None:
    assert of(["7", "7"], class_names=("7", "cat")).labels.tolist() == [0, 0]  # type: ignore[union-attr]


def test_the_names_of_an_archive_are_numbered_by_the_validation_set(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    names = np.array(["cat", "yak", "zebra"])
    np.savez(path, inputs=np.zeros((3, 1)), labels=np.array([2, 0, 1]), class_names=names)
    source = SourceConfig(path=str(path))
    assert read_source(source).class_names == ("cat", "yak", "zebra")
    for vocabulary in [("cat", "dog"), ("yak",)]:
        expected = of(["zebra", "cat", "yak"], class_names=vocabulary)
        found = read_source(source, class_names=vocabulary)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert set(found.other_names) == set(expected.other_names)
    with pytest.raises(InputError, match="the validation set's are numbers"):
        read_source(source, class_names=())
