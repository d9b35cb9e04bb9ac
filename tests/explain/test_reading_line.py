"""The line that says what was read of a table of trainings."""

from dataclasses import replace
from pathlib import Path

import pytest

from projektor_ray.data import read_table
from projektor_ray.explain.reading_line import reading_line
from projektor_ray.runs import Runs
from projektor_ray.runs.reading import Reading

READING = Reading(
    providers=("books", "code", "web"),
    mixture=("books", "code", "web"),
    unit="shares",
    guessed=frozenset(("mixture", "size", "metric", "direction")),
    rows=45,
    left_out={"failed": 3},
    metric="val_loss",
    direction="minimize",
    size="config/size",
    sizes=(500, 2000, 8000),
)


def test_a_part_for_each_role() -> None:
    assert reading_line(READING) == (
        "mixture: books, code and web (3 columns) · size: config/size (500, 2,000 and 8,000) · "
        "metric: val_loss (minimize) · left out: 3 failed runs"
    )


def test_what_was_guessed_otherwise_than_by_a_plain_name_is_said() -> None:
    counted = replace(
        READING,
        mixture=("config/books", "config/code", "config/web"),
        unit="counts",
        size=None,
        direction="maximize",
        left_out={"no value": 1, "duplicate": 2, "lost": 1},
        distance="ot",
        empty_shares=1,
        joined_sizes=7,
    )
    assert reading_line(counted) == (
        "mixture: books, code and web (3 columns of counts, such as config/books) · "
        "size: sum of the counts (500, 2,000 and 8,000) · "
        "metric: val_loss (maximize, because no value is above 0) · distance: ot · "
        "left out: 1 run without a value, 2 exact duplicates, 1 run with state 'lost' · "
        "read as 0: empty shares of 1 row · "
        "sizes less than 5% from a more frequent one count as that one: changed in 7 runs"
    )


def test_what_is_not_known_is_said_and_what_is_not_wanted_is_not() -> None:
    unknown = replace(READING, metric="value", direction=None, size=None, sizes=(), left_out={})
    assert reading_line(unknown) == (
        "mixture: books, code and web (3 columns) · size: not given · "
        "metric: value (direction not given)"
    )
    assert reading_line(replace(unknown, metric=None)) == "mixture: books, code and web (3 columns)"
    many = tuple(f"p{i}" for i in range(30))
    assert reading_line(replace(unknown, metric=None, providers=many, mixture=many)) == (
        "mixture: p0, p1, p2, p3, p4, p5, p6, p7 and 22 others (30 columns)"
    )


@pytest.mark.parametrize(
    ("separator", "encoding", "said"),
    [
        (",", "utf-8", None),
        (
            ";",
            "utf-16",
            "columns separated by semicolons, decimal commas, encoding: utf-16",
        ),
        ("\t", "utf-8", "columns separated by tabs"),
    ],
)
def test_how_a_file_was_read_is_said_where_it_was_guessed(
    separator: str, encoding: str, said: str | None, tmp_path: Path
) -> None:
    rows = [["web", "code", "loss"], ["0.25", "0.75", "2.125"], ["0.5", "0.5", "2.5"]]
    text = "\n".join(separator.join(row) for row in rows)
    text = text.replace(".", ",") if separator == ";" else text
    path = tmp_path / "runs.csv"
    path.write_text(text + "\n", encoding=encoding)
    runs = Runs.read(read_table(path))  # as the commands do; a path is read alike
    assert runs.read_as == Runs.read(path).read_as
    assert runs.mixtures.tolist() == [[0.75, 0.25], [0.5, 0.5]]
    parts = [part for part in runs.read_as.split(" · ") if part.startswith("read as")]
    assert parts == ([] if said is None else [f"read as: {said}"])


def test_a_column_that_a_given_size_overrules_is_named() -> None:
    given = replace(READING, size=None, sizes=(9000,), other_size="n")
    assert "size: 9,000 for all rows, as given; the column 'n' is not used" in reading_line(given)
