"""The state of the page, from its address."""

from pathlib import Path

import pytest

from projektor_ray.errors import InputError
from projektor_ray.service.page_state import read_state
from projektor_ray.study import FittedStudy, open_study


@pytest.fixture(scope="module")
def study(place: Path) -> FittedStudy:
    return open_study(place)


def test_an_empty_address_is_what_the_study_asks_for(study: FittedStudy) -> None:
    state = read_state(study, [])
    assert (state.ask, state.size, state.budget, state.target) == ("size", "100", "120", "")
    assert (state.body.size, state.body.budget) == (100, 120.0)
    assert all(offer.keys() == {"required", "excluded"} for offer in state.body.changed.values())
    assert [row.price for row in state.rows] == ["2", "0", "0"]
    assert state.weights == {}
    assert state.budgets == (60.0, 90.0, 120.0, 180.0, 240.0)


def test_what_differs_from_the_study_is_asked_for(study: FittedStudy) -> None:
    pairs = [
        ("form", "1"),
        ("ask", "size"),
        ("size", "1,000"),
        ("budget", ""),
        ("exclude", "bob"),
        ("require", "cyd"),
        ("price.ada", "1.5"),
        ("capacity.ada", ""),
        ("minimum.cyd", "20"),
        ("share.ada", "30"),
        ("share.cyd", "10"),
    ]
    state = read_state(study, pairs)
    assert (state.body.size, state.body.budget) == (1000, None)
    assert state.body.changed["ada"] == {
        "price": 1.5,
        "tiers": [],
        "capacity": None,
        "required": False,
        "excluded": False,
    }
    assert state.body.changed["bob"]["excluded"]
    assert state.body.changed["cyd"] == {
        "minimum_order": 20,
        "required": True,
        "excluded": False,
    }
    assert state.weights == {"ada": 0.75, "cyd": 0.25}


@pytest.mark.parametrize(
    ("text", "size"), [("1e9", 10**9), ("123456789012345", 123_456_789_012_345)]
)
def test_sizes_in_tokens_are_kept_whole(study: FittedStudy, text: str, size: int) -> None:
    state = read_state(study, [("ask", "size"), ("size", text)])
    assert state.body.size == size


@pytest.mark.parametrize(
    ("ask", "size", "target", "most"), [("open", None, None, 500), ("target", None, 0.6, 500)]
)
def test_fields_of_other_questions_are_left_out(
    study: FittedStudy, ask: str, size: None, target: float | None, most: int
) -> None:
    pairs = [("ask", ask), ("size", "80"), ("target", "0.6"), ("max_size", "500")]
    body = read_state(study, pairs).body
    assert (body.size, body.target, body.max_size) == (size, target, most)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("ask", "anything", "size, open, target"),
        ("size", "many", "size"),
        ("size", "1.5", "whole"),
        ("budget", "0,5", "budget"),
        ("budget", "0,500", "budget"),
        ("budget", "1,50", "budget"),
        ("budget", "1_5", "budget"),
        ("size", "-4", "size"),
        ("budget", "nan", "budget"),
        ("budget", "1e400", "budget"),
        ("budget", "1e200", "budget"),
        ("exclude", "adda", "'ada'"),
        ("price.adda", "1", "'ada'"),
        ("price.ada", "cheap", "price of ada"),
        ("capacity.ada", "2.5", "whole"),
        ("frontier", "10,x", "frontier"),
    ],
)
def test_fields_that_cannot_be_used_are_named(
    study: FittedStudy, key: str, value: str, named: str
) -> None:
    with pytest.raises(InputError, match=named):
        read_state(study, [(key, value)])
