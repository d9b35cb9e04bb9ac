"""What `--check` tells of the learner and of a budget of samples."""

from typing import Any

import pytest

from projektor_ray.explain.study_check import StudyCheck, check_table, learner_text, size_fact
from projektor_ray.study import Study
from projektor_ray.study.budget_options import BudgetOption, budget_options
from tests.helpers.studies import VALUES, changed, resolved


@pytest.mark.parametrize(
    ("seen", "embedder", "words"),
    [
        ("raw", "identity", "on the samples as read"),
        ("raw", "standardize", "as read; the embedder standardize is for distances only"),
        ("standardized", "identity", "on each feature standardized"),
        ("embedded", "standardize", "on the features of the embedder standardize"),
    ],
)
def test_the_check_tells_what_the_learner_sees(seen: str, embedder: str, words: str) -> None:
    learner: dict[str, Any] = {**VALUES["learner"], "input": seen}
    study = resolved({**VALUES, "learner": learner, "embedder": {"name": embedder}})
    text = learner_text(study)
    assert text.startswith("sklearn.naive_bayes.GaussianNB, ")
    assert text.endswith(words)


def shown(study: Study, options: list[BudgetOption]) -> dict[str, str]:
    numbers = StudyCheck(0, 24, 348, None, 1, None, [], options)
    return {row["what"]: row[""] for row in check_table(study, numbers).to_dict()}


def test_what_a_budget_and_half_and_twice_of_it_buy() -> None:
    values = changed("probes", to={"budget": 150})
    study = resolved(values)
    same, half, twice = options = budget_options(study)
    rows = shown(study, options)
    assert rows["budget of samples"] == (
        "150: first 12 mixtures at 1 and at 6 samples, then the best plans with at most 66 "
        f"samples; expected half-width at 60: {same.half_width:.3f}"
    )
    assert rows["half the budget"] == "75: too few for two scales"
    assert f"{twice.half_width:.3f}" in rows["twice the budget"]
    assert same.half_width is not None
    assert twice.half_width is not None
    narrower = 100 * (same.half_width - twice.half_width) / same.half_width
    assert rows["twice the budget"].endswith(f"narrows the interval by {narrower:.0f}%")
    assert "doubling" not in rows["budget of samples"] + rows["half the budget"]
    assert rows["mixtures"] == "12 over 3 providers, then at most 3 plans"
    assert rows["probes to train"] == "24, at most 27"
    assert half.bought is None
    numbers = StudyCheck(0, 24, 348, None, 1, None, [], options)
    assert "simulated" in check_table(study, numbers).caption


@pytest.mark.parametrize(
    ("selection", "says"),
    [
        ({"size": 60}, []),
        ({"target": 0.9, "max_size": 70}, ["at most 70 samples, which selection.max_size allows."]),
        ({"budget": 90, "max_size": 500}, ["which capacities and the budget allow."]),
        ({"max_size": 130}, ["at most 130 samples, which selection.max_size allows."]),
    ],
)
def test_the_largest_plan_has_a_reason(selection: dict[str, Any], says: list[str]) -> None:
    """ada sells 50 at 2 each, bob 80; cyd is free, and sells any number."""
    values = changed("probes", "lattice", to=2)
    values["providers"][2]["price"] = 1
    values["providers"][1]["price"] = 1
    told = [str(one) for one in size_fact(resolved({**values, "selection": selection}))]
    assert [text.endswith(end) for text, end in zip(told, says, strict=True)] == [True] * len(says)


def test_without_a_budget_nothing_is_said_of_one() -> None:
    study = resolved(changed("probes", "lattice", to=2))
    assert not [name for name in shown(study, []) if "budget" in name]
    assert check_table(study, StudyCheck(0, 24, 348, None, 1, None, [])).caption == ""


def test_another_budget_that_buys_the_same_is_not_written_out_again() -> None:
    """The whole budget buys all that pilots of 40 samples allow, and so do half and twice of it."""
    values = changed("probes", to={"budget": 12_000})
    study = resolved(values)
    same, half, twice = options = budget_options(study)
    assert same.half_width == half.half_width == twice.half_width
    rows = shown(study, options)
    assert "21 mixtures" in rows["budget of samples"]
    assert rows["half the budget"].startswith("6,000: buys the same, since")
    assert rows["twice the budget"].startswith("24,000: buys the same, since")
