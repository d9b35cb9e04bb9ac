"""The table of provider profiles."""

from projektor_ray.explain.profile_table import profile_table
from tests.helpers.report_content import profile


def test_samples_of_the_validation_set_are_among_the_duplicates() -> None:
    leaked = profile("ada", duplicates_in_validation=50, duplicates_within=2)
    table = profile_table([leaked, profile("bob")], "")
    column = table.headings.index("duplicates")
    assert [row[column] for row in table.rows] == ["2 own, 50 in validation", "none"]
