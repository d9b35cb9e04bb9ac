"""Text from outside, made safe to show."""

import pytest

from projektor_ray.explain.outside_text import printable


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
