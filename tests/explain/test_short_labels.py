"""Names for figures."""

import pytest

from projektor_ray.explain.short_labels import labels, short


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train_the_pile_arxiv", "train_the_pile_github"), ("arxiv", "github")),
        (("clinic", "crowd"), ("clinic", "crowd")),
        (("clinics", "clinical"), ("clinics", "clinical")),
        (("a_b", "a_c"), ("a_b", "a_c")),
        (("shop-eu-", "shop-eu-north"), ("shop-eu-", "shop-eu-north")),
        (("seller-01", "seller-02"), ("seller-01", "seller-02")),
        (("alone_as_it_is",), ("alone_as_it_is",)),
        (("arxiv_val_loss", "github_val_loss"), ("arxiv", "github")),
        (("vendor_070_web_corpus", "vendor_071_web_corpus"), ("vendor_070", "vendor_071")),
        (("train_the_pile_arxiv_text", "train_the_pile_github_text"), ("arxiv", "github")),
        (("same", "same_too"), ("same", "same_too")),
    ],
)
def test_what_all_begin_or_end_with_is_left_out(
    names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert labels(names) == expected


def test_a_long_name_loses_its_middle() -> None:
    told = short("a" * 30 + "b" * 30)
    assert len(told) == 24
    assert told == "a" * 14 + "…" + "b" * 9
    assert short("a" * 24) == "a" * 24


@pytest.mark.parametrize(
    ("names", "longest"),
    [
        ([f"a-long-name-of-seller-{i:03d}-whose-end-is-long-as-well" for i in range(100)], 24),
        ([f"{i:03d}{'x' * 40}" for i in range(20)], 24),
        ([f"{'x' * 40}{i:03d}" for i in range(20)], 24),
        ([f"{'x' * 16}{i:03d}{'y' * 20}" for i in range(20)], 24),
        ([f"{'x' * 20}{i:03d}{'y' * 16}" for i in range(20)], 24),
        ([f"{'x' * 20}{i:03d}{'y' * 20}" for i in range(20)], 43),
    ],
)
def test_names_that_differ_do_so_when_they_are_short(names: list[str], longest: int) -> None:
    told = labels(names)
    assert len(set(told)) == len(names)
    assert max(map(len, told)) <= longest
