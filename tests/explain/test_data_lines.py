"""What is said of the data that were read."""

from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest

from projektor_ray.data import LeftOut, Note, Samples, SourceReading, samples_from_frame
from projektor_ray.data.source_reading import LabelRule, NoteKind, Reason
from projektor_ray.explain.data_lines import (
    MOST_LINES,
    data_fact,
    data_facts,
    data_parts,
    foreign_label_facts,
    guessed_labels,
)
from projektor_ray.explain.reading_notes import note_text
from projektor_ray.study import SetSummary
from projektor_ray.study.compatibility import ForeignLabels

COLUMNS: dict[str, Any] = {
    "f1": np.arange(6) / 4,
    "f2": np.arange(6) / 8,
    "city": ["Ulm"] * 6,
    "key": [5, 4, 3, 2, 1, 0],
    "target": [1, 2] * 3,
    "label": ["nut", "bolt", "nut", "nut", "bolt", "nut"],
}


def summary(name: str = "ada", **options: Any) -> SetSummary:
    return SetSummary.of(name, samples_from_frame(pa.table(COLUMNS), **options))


def test_a_table() -> None:
    assert str(data_fact(summary(label="label"))) == (
        "ada: 6 samples · 2 features: f1 and f2 · label: label (named in the study) · 2 classes: "
        "bolt: 2 and nut: 4 · left out: city (not numeric); key (an identifier: all its whole "
        "numbers differ); target (looks like a second label)"
    )


def test_the_facts_have_numbers() -> None:
    values = data_fact(summary()).to_dict()
    assert values["classes"] == {"bolt": 2, "nut": 4}
    assert values["features"] == ["f1", "f2"]
    assert values["left_out"] == {
        "city": "not numeric",
        "key": "identifier",
        "target": "second label",
    }
    assert (values["label"], values["label_rule"]) == ("label", "guessed")


def test_a_guessed_label_is_said_and_a_named_one_is_not() -> None:
    (hint,) = guessed_labels([summary(), summary("bob", label="label")])
    assert str(hint) == (
        "The label of 'ada' is the column 'label', although 'target' could be the label too. Set "
        "`label: label` in the source, or once under `defaults`, to confirm."
    )


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (Samples(np.zeros((3, 2))), "3 samples · 2 features · no labels"),
        (
            Samples(np.zeros((3, 2)), np.arange(3.0)),
            "3 samples · 2 features · regression target",
        ),
        (
            Samples(
                np.zeros((1, 4, 5, 3), np.uint8),
                np.array([0]),
                ("cat",),
                reading=SourceReading(
                    "images", label_rule="by folder", notes=(Note("resized", 1, "5×4"),)
                ),
            ),
            "1 sample · images of 5×4, 3 channels · label: the folder's name · 1 class: cat: 1 · "
            "1 image resized to 5×4",
        ),
    ],
)
def test_other_sets(samples: Samples, text: str) -> None:
    assert str(data_fact(SetSummary.of("ada", samples))) == f"ada: {text}"


def test_every_note_reason_and_way_of_finding_a_label_has_words() -> None:
    for kind in get_args(NoteKind):
        assert note_text(Note(kind, 2, "detail"))
    for reason in get_args(Reason):
        for found in get_args(LabelRule):
            reading = SourceReading("table", "y", found, ("x",), (LeftOut("z", reason),))
            if found:
                assert "z (" in str(
                    data_fact(SetSummary.of("a", Samples(np.zeros((1, 1)), reading=reading)))
                )


def test_a_pilot_s_columns_are_said_in_short_where_they_are_validation_s() -> None:
    validation = samples_from_frame(pa.table(COLUMNS))
    pilot = SetSummary.of("bob", samples_from_frame(pa.table(COLUMNS), schema=validation.schema))
    _, said = data_facts([SetSummary.of("validation", validation)], [pilot])
    assert str(said).startswith("bob: 6 samples · features and label as in validation · 2 classes")


def test_foreign_labels_name_the_labels_and_the_ones_alike() -> None:
    (fact,) = foreign_label_facts([ForeignLabels("bob", 2, ("Yes",), ("no", "yes"))])
    assert fact.values["foreign"] == ("Yes",)
    assert str(fact).startswith(
        "1 of 2 labels of bob are in no validation set: 'Yes'. The validation sets have 'no' and "
        "'yes'. 'Yes' differs from 'yes' by case or spaces only."
    )


def test_a_page_shows_guessed_readings_first_and_not_hundreds() -> None:
    plain = [SetSummary.of(f"p{i}", Samples(np.zeros((1, 1)))) for i in range(MOST_LINES)]
    guessed = SourceReading("images", notes=(Note("resized", 1, "5×4"),))
    noted = SetSummary.of("noted", Samples(np.zeros((1, 1)), reading=guessed))
    lines = data_parts(plain[:1], [*plain[1:], noted])
    assert lines[0].startswith("noted: ")
    assert lines[1].startswith("p0: ")
    assert (len(lines), lines[-1]) == (MOST_LINES + 1, "and 1 more")
