"""Sentences as HTML."""

from projektor_ray.explain.page_text import sentence


def test_settings_in_sentences_are_code_and_everything_else_is_escaped() -> None:
    assert sentence("set `a: <b>` & go") == "Set <code>a: &lt;b&gt;</code> &amp; go."
