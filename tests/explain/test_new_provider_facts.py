"""What is said of a provider that no probe was trained with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from projektor_ray.explain.new_provider_facts import new_provider_facts, with_and_without
from projektor_ray.storage.settings import parse
from projektor_ray.study import ProviderConfig, Purchase, SetSummary, open_study
from projektor_ray.study.new_provider import LeftOutProvider, WithNewProvider, with_new_provider
from tests.helpers.report_content import profile
from tests.helpers.studies import samples
from tests.helpers.study_folders import small_study, write_study
from tests.helpers.twin_pilots import TwinPilots

DISTANCES = {"validation": {"ada": 0.2, "bob": 0.5, "cyd": 0.3, "new": 0.25}}
LEFT_OUT = {"validation": tuple(LeftOutProvider(n, 0.02, 0.9) for n in ("ada", "bob", "cyd"))}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> WithNewProvider:
    place: Path = write_study(tmp_path_factory.mktemp("study"), small_study())
    pilot, offer = SetSummary.of("new", samples(seed=7)), parse(ProviderConfig, {"name": "new"})
    return with_new_provider(
        open_study(place), pilot, offer, {"validation": TwinPilots()}, LEFT_OUT
    )


def bought(extended: WithNewProvider, *samples: int, predicted: float = 0.8) -> Purchase:
    interval = predicted - 0.05, predicted + 0.05
    return Purchase(extended.study.study.providers, np.array(samples), predicted, interval)


def texts(extended: WithNewProvider, with_it: Purchase, *rest: Any) -> dict[str, str]:
    facts = new_provider_facts(extended, DISTANCES, with_it, *rest)
    return {one.kind: one.text for one in facts}


def test_what_it_adds_and_how_sure_that_is(extended: WithNewProvider) -> None:
    with_it = bought(extended, 40, 0, 0, 60)
    without = bought(extended, 100, 0, 0, 0, predicted=0.77)
    said = texts(extended, with_it, without, (0.03, (-0.02, 0.08)))
    assert said["new_provider_distance"] == (
        "The distance of new's pilot to the validation set is 0.250; those of the study's "
        "providers are 0.200 (ada) to 0.500 (bob). A smaller distance is better."
    )
    assert said["new_provider_plan"] == (
        "The best plan buys 60 samples of new. Predicted accuracy: 0.800 with new, 0.770 without. "
        "Difference: +0.030, 90% interval -0.020…0.080. The data do not show whether new improves "
        "the purchase."
    )
    assert "joint_power" in said["new_provider_model"]
    assert "0.020 (ada)" in said["new_provider_certainty"]
    assert "python -m jobs.study" in said["new_provider_advice"]


def test_samples_of_its_pilot_in_the_validation_set_are_a_finding(
    extended: WithNewProvider,
) -> None:
    with_it, without = bought(extended, 40, 0, 0, 60), bought(extended, 100, 0, 0, 0)
    found = profile("new", duplicates_in_validation=24)
    facts = new_provider_facts(
        extended, DISTANCES, with_it, without, (0.03, None), profiles={"validation": found}
    )
    (leaked,) = [one for one in facts if one.kind == "leakage"]
    assert leaked.text.startswith("24 samples of new are also in the validation set: ")
    assert "leakage" not in texts(extended, with_it, without, (0.03, None))


def test_the_purchases_with_and_without_it_are_a_table(extended: WithNewProvider) -> None:
    with_it = bought(extended, 40, 0, 0, 60)
    without = bought(extended, 90, 10, 0, 0, predicted=0.77)
    table = with_and_without(extended, with_it, without, (0.03, (-0.02, 0.08)))
    assert table.headings == ("provider", "with new", "without new")
    assert table.rows[0] == ("ada", "40", "90")
    assert table.rows[3:5] == (("new", "60", "0"), ("in all", "100", "100"))
    assert table.rows[-1] == ("predicted accuracy", "0.800", "0.770")
    alone = with_and_without(extended, with_it, None, None)
    assert alone.headings == ("provider", "with new")
    assert alone.rows[0] == ("ada", "40")


def test_distances_that_stay_wrong_are_a_finding(extended: WithNewProvider) -> None:
    with_it, without = bought(extended, 40, 0, 0, 60), bought(extended, 100, 0, 0, 0)
    asked = with_it, without, (0.03, (0.01, 0.05))
    kind = "new_provider_distances_not_confirmed"
    assert kind not in texts(extended, *asked)
    unconfirmed = replace(extended, distances_confirmed=False)
    assert "another mixture may be better" in texts(unconfirmed, *asked)[kind]


def test_a_sure_gain_and_a_sure_loss(extended: WithNewProvider) -> None:
    with_it, without = bought(extended, 40, 0, 0, 60), bought(extended, 100, 0, 0, 0)
    gain = texts(extended, with_it, without, (0.03, (0.01, 0.05)))["new_provider_plan"]
    assert gain.endswith("new improves the purchase.")
    loss = texts(extended, with_it, without, (-0.03, (-0.05, -0.01)))["new_provider_plan"]
    assert loss.endswith("new worsens the purchase.")


def test_of_a_target_the_costs_are_named(extended: WithNewProvider) -> None:
    with_it, without = bought(extended, 40, 0, 0, 60), bought(extended, 80, 0, 0, 0)
    facts = [
        new_provider_facts(extended, DISTANCES, with_it, without, (0, interval), for_target=True)
        for interval in ((-0.02, 0.03), (0.01, 0.02))
    ]
    said = [one.text for each in facts for one in each if one.kind == "new_provider_plan"]
    assert said[0] == (
        "The best plan buys 60 samples of new. Both plans are predicted to reach the target: 100 "
        f"samples for {with_it.cost:,.2f} with new, 80 samples for {without.cost:,.2f} without. "
        "Predicted accuracy: 0.800 with new, 0.800 without. Difference: ±0, 90% interval "
        "-0.020…0.030. The data do not show which of the two plans has the better accuracy."
    )
    assert said[1].endswith("The plan with new has the better accuracy.")


def test_nothing_bought_nothing_without_it_and_nothing_known(extended: WithNewProvider) -> None:
    none = bought(extended, 100, 0, 0, 0)
    said = texts(extended, none, none, (0.0, (0.0, 0.0)))
    assert said["new_provider_plan"] == "The best plan buys nothing of new at this offer."
    said = texts(extended, bought(extended, 40, 0, 0, 60), None, None)
    assert said["new_provider_plan"].startswith("Without new no plan keeps the constraints.")
    unknown = WithNewProvider(extended.study, {"validation": ()})
    said = texts(unknown, bought(extended, 40, 0, 0, 60), none, (0.03, None))
    assert said["new_provider_plan"].endswith("how sure that is.")
    assert "too few" in said["new_provider_certainty"]
