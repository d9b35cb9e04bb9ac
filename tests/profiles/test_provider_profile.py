"""Cards as values and as rows of their table."""

from dataclasses import replace

import numpy as np

from projektor_ray.profiles import Profile, ProviderCard, SampleValues, Share, draw_cards
from projektor_ray.storage.schemas import SCHEMAS, make_table
from projektor_ray.storage.table_metadata import TableMetadata

COPIES = np.array([[0, 1, 0], [0, 1, 1], [0, 2, 1], [1, 0, 0], [1, 0, 2], [2, 4, 1]])


VALUES = [SampleValues(i, np.array([3.0, 1.0, i, 2.0, 5.0, 4.0, 6.0])) for i in (2, 0, 1)]


def profile(provider: int) -> Profile:
    wrong = Share(0.1, 0.05, 0.15) if provider else None
    return Profile(provider, 5, wrong, Share(0.0, 0.0, 0.1), 1, (0, 2), (1,), 0.2)


def drawn() -> list[ProviderCard]:
    profiles = [profile(2), profile(0), profile(1)]
    return draw_cards(
        ["ada", "bob", "cyd"], ["x", "y", "z"], np.arange(3.0), profiles, COPIES, VALUES
    )


def test_copies_are_counted_by_sample_and_the_closest_provider_named() -> None:
    ada, bob, cyd = drawn()
    assert (ada.duplicates_within, ada.duplicates_in_others) == (1, 2)
    assert (ada.closest_provider, ada.duplicates_in_closest) == ("bob", 2)
    assert (bob.duplicates_within, bob.duplicates_in_others, bob.duplicates_in_closest) == (0, 1, 1)
    assert (cyd.duplicates_in_others, cyd.closest_provider) == (1, "bob")
    assert [card.distance for card in (ada, bob, cyd)] == [0, 1, 2]
    assert ada.least_valuable == (2, 1, 3, 0, 5)
    assert (ada.classes, ada.missing_classes) == (("x", "z"), ("y",))


def test_a_provider_without_copies_has_no_closest_one() -> None:
    nothing = np.empty((0, 3), dtype=np.int64)
    (card,) = draw_cards(["ada"], [], np.zeros(1), [profile(0)], nothing, VALUES)
    assert (card.duplicates_within, card.duplicates_in_others, card.closest_provider) == (
        0,
        0,
        None,
    )
    assert card.classes == ("0", "2")


def test_cards_come_back_from_their_table() -> None:
    cards = [
        replace(card, planned_samples=7, marginal_value=0.25, metric_without=0.5)
        for card in drawn()
    ] + drawn()
    table = make_table(
        "provider_profiles", [card.to_row() for card in cards], TableMetadata("s", ("ada",), "x")
    )
    assert table.schema.equals(SCHEMAS["provider_profiles"])
    assert [ProviderCard.from_row(row) for row in table.to_pylist()] == cards
