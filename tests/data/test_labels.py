"""Labels: their kinds, and one numbering of named classes for all providers."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.data import (
    Note,
    Samples,
    SampleSchema,
    SourceConfig,
    read_source,
    samples_from_arrays,
    samples_from_frame,
)
from projektor_ray.data.labels import UNKNOWN_FROM
from projektor_ray.errors import InputError


def of(labels: object, target: str = "auto", class_names: tuple[str, ...] | None = None) -> Samples:
    inputs = np.zeros((len(labels), 1))  # type: ignore[arg-type]
    schema = None if class_names is None else SampleSchema(class_names)
    return samples_from_arrays(inputs, labels, target, schema)  # type: ignore[arg-type]


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
        ([1.5, np.nan, None], "auto", r"2 of 3 labels are missing, in rows 2 and 3 \("),
        ([1.5, np.inf], "auto", "infinite"),
        (["a", "b"], "regression", "names such as 'a'"),
        ([1 + 2j], "auto", "complex"),
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
    with pytest.raises(InputError, match="2 names such as 'cat'"):
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
        found = read_source(source, schema=SampleSchema(vocabulary))
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert set(found.other_names) == set(expected.other_names)


NUT_BOLT = SampleSchema(("nut", "bolt"), numbered=True)


def named(names: tuple[str, ...], labels: list[int], schema: SampleSchema | None) -> Samples:
    features = {"kind": {"_type": "ClassLabel", "names": list(names)}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    columns = pa.table({"f": np.arange(len(labels)) / 2, "kind": labels})
    return samples_from_frame(columns.replace_schema_metadata(metadata), schema=schema)


def test_names_that_a_file_gives_to_numbers_are_used_and_compared() -> None:
    validation = named(("nut", "bolt"), [0, 1, 1], None)
    assert validation.class_names == ("nut", "bolt")
    assert validation.schema.numbered
    other = named(("washer", "bolt", "nut"), [2, 1, 0], validation.schema)
    assert other.labels is not None
    assert other.labels[:2].tolist() == [0, 1]
    assert other.labels[2] >= UNKNOWN_FROM
    assert other.other_names == ("washer",)
    texts = samples_from_arrays(np.zeros((2, 1)), ["bolt", "nut"], schema=validation.schema)
    assert texts.labels is not None
    assert texts.labels.tolist() == [1, 0]


def test_numbers_are_positions_where_the_validation_set_numbers_its_names() -> None:
    pilot = samples_from_arrays(np.zeros((2, 1)), [1, 0], schema=NUT_BOLT)
    assert pilot.labels is not None
    assert pilot.labels.tolist() == [1, 0]
    assert [note.kind for note in pilot.reading.notes] == ["class positions"]
    with pytest.raises(InputError, match="numbers such as 2"):
        samples_from_arrays(np.zeros((2, 1)), [1, 2], schema=NUT_BOLT)


def test_named_numbers_are_compared_by_number_where_validation_has_no_names() -> None:
    pilot = named(("nut", "bolt"), [1, 0], SampleSchema())
    assert pilot.labels is not None
    assert pilot.labels.tolist() == [1, 0]
    assert [note.kind for note in pilot.reading.notes] == ["compared by number"]


def test_texts_of_one_number_stay_two_classes() -> None:
    assert of(["1", "01", "1"]).class_names == ("01", "1")


def test_classes_that_differ_by_case_or_spaces_are_noted() -> None:
    assert of(["Cat", "cat ", "dog"]).reading.notes == (
        Note("alike classes", 1, "'Cat' and 'cat '"),
    )
    assert of(["cat", "dog"]).reading.notes == ()
