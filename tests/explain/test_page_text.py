"""Sentences as HTML."""

from projektor_ray.explain import TextTable
from projektor_ray.explain.page_text import caption_sentences, sentence


def test_settings_in_sentences_are_code_and_everything_else_is_escaped() -> None:
    assert sentence("set `a: <b>` & go") == "Set <code>a: &lt;b&gt;</code> &amp; go."


def test_a_line_that_introduces_others_keeps_its_colon() -> None:
    assert sentence("the request cannot be used:") == "The request cannot be used:"


def test_sentences_of_a_caption_that_explain_optional_columns_are_marked() -> None:
    table = TextTable(
        "",
        ("cost", "80% range"),
        (),
        "All keep it. 80% range: of e.g. 5 plans.",
        (),
        ("80% range",),
    )
    assert caption_sentences(table) == [
        ("All keep it.", False),
        ("80% range: of e.g. 5 plans.", True),
    ]
