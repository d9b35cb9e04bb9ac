"""Which columns are the label and the features: found, asked about, or left out with a reason."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data import Samples, SampleSchema, samples_from_frame
from projektor_ray.data.columns import ColumnChoice, choose_columns
from projektor_ray.data.open_table import OpenTable
from projektor_ray.errors import InputError

ROWS = 8
NUMBERS = np.random.default_rng(0).normal(size=ROWS)
CLASSES = [0, 1] * (ROWS // 2)


def chosen(table: pa.Table, **options: Any) -> ColumnChoice:
    asked = {"features": None, "label": None, "target": "auto", "schema": None, **options}
    return choose_columns(OpenTable.of(table, "pilot"), **asked)


def table(**columns: Any) -> pa.Table:
    return pa.table({"f1": NUMBERS, "f2": NUMBERS[::-1], **columns})


def reasons(choice: ColumnChoice) -> dict[str, str]:
    return {each.name: each.reason for each in choice.left_out}


@pytest.mark.parametrize("name", ["label", "Labels", " target", "targets", "class", "y"])
def test_the_only_candidate_is_the_label(name: str) -> None:
    choice = chosen(table(**{name: CLASSES}))
    assert (choice.label, choice.label_rule) == (name, "only candidate")
    assert choice.inputs == ("f1", "f2")


def test_a_label_beside_a_second_one_is_guessed_and_the_second_is_no_feature() -> None:
    choice = chosen(table(label=CLASSES, target=CLASSES, label_text=["a"] * ROWS))
    assert (choice.label, choice.label_rule) == ("label", "guessed")
    assert choice.inputs == ("f1", "f2")
    assert reasons(choice) == {"target": "second label", "label_text": "second label"}


@pytest.mark.parametrize(
    "names", [("labels", "target"), ("y", "class"), ("fine_label", "coarse_label")]
)
def test_several_candidates_are_asked_about(names: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=f"'{names[0]}', '{names[1]}'.*label: {names[0]}"):
        chosen(table(**dict.fromkeys(names, CLASSES)))
    choice = chosen(table(**dict.fromkeys(names, CLASSES)), label=names[1])
    assert (choice.label, choice.label_rule, choice.inputs) == (names[1], "named", ("f1", "f2"))


def test_a_coordinate_called_y_is_no_label() -> None:
    gems = pa.table({"x": NUMBERS, "y": NUMBERS, "z": NUMBERS, "cut": ["fair", "good"] * 4})
    with pytest.raises(InputError, match=r"`y`.*label: cut"):
        chosen(gems)
    assert chosen(gems, label="cut").inputs == ("x", "y", "z")
    assert chosen(gems.select(["x", "y"])).label == "y"


def test_a_column_that_the_file_declares_as_classes_is_a_candidate() -> None:
    features = {"kind": {"_type": "ClassLabel", "names": ["nut", "bolt"]}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    found = table(kind=CLASSES).replace_schema_metadata(metadata)
    assert chosen(found).label == "kind"
    with pytest.raises(InputError, match="'kind', 'labels'"):
        chosen(table(kind=CLASSES, labels=CLASSES).replace_schema_metadata(metadata))


def test_without_a_target_there_is_no_label_and_what_looks_like_one_is_no_feature() -> None:
    choice = chosen(table(label=CLASSES, y=CLASSES), target="none")
    assert (choice.label, choice.label_rule, choice.inputs) == ("", "", ("f1", "f2"))


@pytest.mark.parametrize("name", ["patient_id", None])
def test_an_index_of_pandas_is_no_feature(name: str | None) -> None:
    frame = pd.DataFrame({"f1": NUMBERS, "label": CLASSES}, index=[5, 3, 9, 4, 8, 1, 0, 7])
    frame.index.name = name
    choice = chosen(pa.Table.from_pandas(frame))
    assert choice.inputs == ("f1",)
    assert list(reasons(choice).values()) == ["index"]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "Unnamed: 0.1", "__index_level_0__"])
def test_an_index_that_was_saved_to_csv_is_no_feature(name: str) -> None:
    choice = chosen(table(label=CLASSES, **{name: CLASSES}))
    assert reasons(choice) == {name: "index"}


def test_an_identifier_is_no_feature() -> None:
    choice = chosen(table(label=CLASSES, order=[70, 11, 99, 4, 5, 6, 72, 1], age=[3, 4] * 4))
    assert choice.inputs == ("f1", "f2", "age")
    assert reasons(choice) == {"order": "identifier"}
    assert chosen(table(label=CLASSES, order=range(ROWS)), features=["order"]).inputs == ("order",)


@pytest.mark.parametrize("kind", [int, float, bool, str])
@pytest.mark.parametrize("rows", [24, 3000])
def test_a_copy_of_the_label_in_another_code_is_no_feature(kind: type, rows: int) -> None:
    random = np.random.default_rng(0)
    label = random.integers(0, 2, rows)
    near = np.where(np.arange(rows) == rows - 1, 1 - label, label)  # differs in the last row only
    made = pa.table(
        {
            "f": random.normal(size=rows),
            "species_code": (7 - 3 * label).astype(float),
            "flag": label == 1,
            "near": near,
            "label": [kind(value) for value in label],
        }
    )
    choice = chosen(made)
    assert choice.inputs == ("f", "near")
    assert reasons(choice) == {"species_code": "copy of label", "flag": "copy of label"}
    assert chosen(made, features=["flag"]).inputs == ("flag",)


def test_columns_of_few_rows_or_of_a_target_are_no_copies_of_the_label() -> None:
    assert chosen(table(label=CLASSES, other=CLASSES)).inputs == ("f1", "f2", "other")
    target = np.random.default_rng(0).normal(size=50)
    made = pa.table({"f": target**3, "target": target})
    assert chosen(made).inputs == ("f",)


def test_whole_numbers_of_a_few_rows_are_features() -> None:
    assert chosen(pa.table({"n": [1, 2], "label": [0, 1]})).inputs == ("n",)


def test_an_identifier_is_found_over_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projektor_ray.data.open_table.BATCH", 3)
    found = table(label=CLASSES, key=range(ROWS), late=[1, 2, 3, 4, 5, 6, 7, 1])
    assert reasons(chosen(found)) == {"key": "identifier"}


def test_a_pilot_uses_the_columns_of_the_validation_set() -> None:
    schema = SampleSchema(label="cut", inputs=("price", "f1"))
    pilot = table(price=range(ROWS), cut=["a", "b"] * 4, label=CLASSES, extra=NUMBERS)
    choice = chosen(pilot, schema=schema)
    assert (choice.label, choice.label_rule) == ("cut", "as validation")
    assert choice.inputs == ("price", "f1")
    assert reasons(choice) == {
        "f2": "not in validation",
        "label": "second label",
        "extra": "not in validation",
    }


def test_texts_and_nested_columns_are_left_out_by_name() -> None:
    choice = chosen(table(label=CLASSES, city=["Ulm"] * ROWS, tags=[["a"]] * ROWS))
    assert reasons(choice) == {"city": "not numeric", "tags": "not numeric"}


@pytest.mark.parametrize("name", ["features", "image", "embedding", "img"])
def test_one_column_of_lists_or_images(name: str) -> None:
    cells: list[Any] = [[1.0, 2.0]] * ROWS if name in ("features", "embedding") else [b""] * ROWS
    assert chosen(pa.table({name: cells, "label": CLASSES})).inputs == (name,)


def test_features_go_before_numeric_columns_and_others_are_asked_about() -> None:
    lists = [[1.0, 2.0]] * ROWS
    assert reasons(chosen(table(label=CLASSES, features=lists))) == {
        "f1": "other input",
        "f2": "other input",
    }
    with pytest.raises(InputError, match=r"f1, f2.*features: embedding"):
        chosen(table(label=CLASSES, embedding=lists))
    with pytest.raises(InputError, match="'a', 'b'"):
        chosen(pa.table({"a": lists, "b": lists, "label": CLASSES}))


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"features": ["f1", "f1"]}, "'f1'"),
        ({"features": ["f1", "label"], "label": "label"}, "'label'"),
        ({"features": ["f1", "f9"]}, "'f9'"),
        ({"label": "lable"}, "'label'"),
        ({"features": ["f1", "cut"], "label": "cut"}, "'cut'"),
    ],
)
def test_refuses(options: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError, match=key):
        chosen(table(label=CLASSES, cut=CLASSES), **options)


def test_what_cannot_be_features_is_said_with_its_reason() -> None:
    with pytest.raises(InputError, match=r"'key'.*identifier"):
        chosen(pa.table({"key": range(ROWS), "label": CLASSES}))


@given(
    st.permutations(["f1", "f2", "", "target", "city", "key"]),
    st.sampled_from(["named", "schema", "label"]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_features_are_the_same_however_columns_are_ordered(
    names: list[str], how: str, pandas: bool
) -> None:
    columns: dict[str, Any] = {
        "f1": NUMBERS,
        "f2": -NUMBERS,
        "": CLASSES,
        "target": CLASSES[::-1],
        "city": ["Ulm"] * ROWS,
        "key": [9, 8, 7, 6, 5, 4, 3, 1],
        "label": CLASSES,
    }
    ordered = {name: columns[name] for name in [*names, "label"]}
    made = pd.DataFrame(ordered) if pandas else pa.table(ordered)
    schema = SampleSchema(label="label", inputs=("f2", "f1")) if how == "schema" else None
    samples: Samples = samples_from_frame(
        made, label="label" if how == "named" else None, schema=schema
    )
    assert set(samples.feature_names) == {"f1", "f2"}
    for name, column in zip(samples.feature_names, samples.inputs.T, strict=True):
        np.testing.assert_array_equal(column, columns[name])
    assert samples.labels is not None
    assert samples.labels.tolist() == CLASSES
