"""Names for figures."""

import pytest

from projektor_ray.report.labels import labels, short


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
    ],
)
def test_a_beginning_that_all_share_is_left_out(
    names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert labels(names) == expected


def test_a_long_name_loses_its_middle() -> None:
    told = short("a" * 30 + "b" * 30)
    assert len(told) == 24
    assert told == "a" * 14 + "…" + "b" * 9
    assert short("a" * 24) == "a" * 24
