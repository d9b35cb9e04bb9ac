"""Advice on a design is valid in the study's own file, and keeps the finished probes it names."""

import re
from typing import Any

import numpy as np
import pytest
import yaml

from projektor_ray.explain.design_settings import DesignSettings
from projektor_ray.study import Study, resolve
from projektor_ray.study.config import StudyConfig
from tests.helpers.studies import changed, resolved

FURTHER = 40
MIXTURE = "[{ada: 0.3, bob: 0.7}]"
DESIGNS: dict[str, dict[str, Any]] = {
    "budget": {"budget": 600},
    "budget of one stage": {"budget": 400, "stages": 1},
    "budget with a listed mixture": {"budget": 900, "mixtures": [{"cyd": 1.0}]},
    "scales": {"scales": [4, 10]},
    "list": {"scales": [4, 10], "mixtures": [{"ada": 1.0}, {"bob": 1.0}, {"cyd": 1.0}]},
    "adaptive": {"scales": [4, 10], "design": "adaptive"},
    "second stage": {"scales": [4, 10], "second_stage": {"plans": 3, "samples": 33}},
}


def advised(probes: dict[str, Any], advice: str) -> dict[str, Any]:
    """The keys of `probes` after somebody did what the advice says, word for word."""
    done = dict(probes)
    for setting in re.findall(r"`([^`]*: [^`]*)`", advice):
        ((key, value),) = yaml.safe_load(setting).items()
        key = key.removeprefix("probes.")
        done[key] = [*done.get("mixtures", []), *value] if key == "mixtures" else value
    if "replace `probes.budget` (and `stages`)" in advice:
        done = {key: value for key, value in done.items() if key not in ("budget", "stages")}
    return done


def study_of(probes: dict[str, Any]) -> Study:
    values = changed("probes", to=probes)
    values["selection"] = {"size": 60}
    return resolved(values)


def reopened(study: Study) -> Study:
    """The study as its folder's record has it, with the budget spelled out."""
    config = study.config.model_dump(mode="json", exclude_unset=True)
    return resolve(StudyConfig.model_validate(config), study.pilots, study.validations)


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_further_scale_as_advised_trains_no_mixture_of_the_design_again(kind: str) -> None:
    study = study_of(DESIGNS[kind])
    for asked in (study, reopened(study)):
        advice = DesignSettings.of(asked).with_scales(asked.scales, FURTHER)
        then = study_of(advised(DESIGNS[kind], advice))
        assert then.scales == (*study.scales, FURTHER)
        assert {one.key for one in study.wanted_probes()} <= {
            one.key for one in then.wanted_probes()
        }
        assert ("budget" in advice) == ("budget" in DESIGNS[kind])
        assert ("second stage" in advice) == (study.second_stage is not None)


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_mixture_as_advised_joins_the_design(kind: str) -> None:
    study = study_of(DESIGNS[kind])
    advice = DesignSettings.of(study).with_mixture(MIXTURE)
    then = study_of(advised(DESIGNS[kind], advice))
    added = study.identify(np.array([0.3, 0.7, 0.0]))
    assert added in then.mixture_ids
    lost = set(study.mixture_ids) - set(then.mixture_ids)
    assert len(lost) == (1 if "budget" in kind else 0), "of a budget it takes the last one's place"
