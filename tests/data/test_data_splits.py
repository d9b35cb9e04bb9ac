"""Names of splits in any spelling; words that only begin like one are no splits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.data.data_splits import SPLITS, split_of

CASES = (str.lower, str.upper, str.title)


@given(
    st.sampled_from(sorted(SPLITS)),
    st.sampled_from(CASES),
    st.sampled_from(["{}", "{}_images", "{}-2017", "{} set", "{}.csv", "my_{}", "coco2017-{}"]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_split_in_any_spelling(word: str, case: object, pattern: str) -> None:
    assert callable(case)
    assert split_of(pattern.format(case(word))) == SPLITS[word]


@given(
    st.sampled_from(sorted(SPLITS)),
    st.sampled_from(CASES),
    st.text("abcdefghiklmnopqrsuwxyz", min_size=1, max_size=4),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_longer_word_is_no_split(word: str, case: object, tail: str) -> None:
    assert callable(case)
    if word + tail not in SPLITS:
        assert split_of(case(word + tail)) == ""
