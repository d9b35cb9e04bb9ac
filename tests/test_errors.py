"""Rows by number, and texts without credentials and without control characters."""

import pickle
import unicodedata

import numpy as np
import pytest

from projektor_ray.errors import InputError, printable, redacted, row_named, rows_named
from tests.helpers.hostile_names import HOSTILE_NAMES


def test_rows_are_counted_from_one_below_the_header() -> None:
    assert row_named(0).startswith("row 1 (")
    assert rows_named([2]).startswith("row 3 (")
    assert rows_named(np.array([0, 4])).startswith("rows 1 and 5 (")
    assert rows_named(range(8)).startswith("rows 1, 2, 3, 4, 5 and 3 others (")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://KEY:SECRET@bucket/a", "s3://***@bucket/a"),
        ("s3://KEY:SEC/RET+x@bucket/a", "s3://***@bucket/a"),
        ("gs://SECRET@bucket/a", "gs://***@bucket/a"),
        ("abfs://box/a?sig=SECRET&sv=1", "abfs://box/a?sig=***&sv=1"),
        ("s3://bucket/a?secret_key=SECRET", "s3://bucket/a?secret_key=***"),
        ("s3://bucket/folder@2024/a", "s3://bucket/folder@2024/a"),
        ("s3://bucket/a?region=eu", "s3://bucket/a?region=eu"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_credentials_are_redacted(uri: str, shown: str) -> None:
    assert redacted(f"cannot read '{uri}': denied") == f"cannot read '{shown}': denied"
    failure = pickle.loads(pickle.dumps(InputError(f"cannot read {uri}")))
    assert str(failure) == f"cannot read {shown}"
    assert "SECRET" not in repr(failure)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("数据 é ñ", "数据 é ñ"),
        ("[/INST]", "[/INST]"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x00b", "ab"),
        ("\u202egnp", "gnp"),
        ("b\udcffad", "bad"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\tb", "a\tb"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_control_characters_go_and_letters_stay(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_a_name_stays_in_its_line() -> None:
    assert printable("a\nb\r\nc", lines=False) == "a b c"


def test_no_hostile_name_keeps_a_character_that_cannot_be_seen() -> None:
    for name in HOSTILE_NAMES:
        kinds = {
            unicodedata.category(letter)
            for letter in printable(name, lines=False)
            if letter != "\t"
        }
        assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}, repr(name)
