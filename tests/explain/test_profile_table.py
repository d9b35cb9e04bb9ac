"""The table of provider profiles."""

from projektor_ray.explain.profile_table import own_duplicates, profile_table
from tests.helpers.report_content import profile


def test_samples_of_the_validation_set_are_among_the_duplicates() -> None:
    leaked = profile("ada", duplicates_in_validation=50, duplicates_within=2)
    table = profile_table([leaked, profile("bob")], "")
    column = table.headings.index("duplicates")
    assert [row[column] for row in table.rows] == ["2 own, 50 in validation", "none"]


def test_exact_and_near_repeats_are_counted_apart() -> None:
    for equal, near, shown in (
        (0, 0, "0"),
        (2, 0, "2"),
        (0, 3, "3 nearly"),
        (2, 3, "2 and 3 nearly"),
    ):
        one = profile("ada", duplicates_within=equal, near_duplicates_within=near)
        assert own_duplicates(one) == shown


def test_near_duplicates_of_validation_samples_stand_beside_those_of_chance() -> None:
    near = {"near_duplicates_in_validation": 50, "near_duplicates_by_chance": 21.3}
    assert profile_table([profile("ada", **near), profile("bob")], "").caption == (
        "Near-duplicates of validation samples (in brackets: expected by chance): ada 50 (21)."
    )
    assert profile_table([profile("bob")], "").caption == ""
