"""Packs of probes: who goes together, and what becomes of a pack that fails."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners import Learner, LearnerConfig, build_learner
from projektor_ray.probes.packs import check_pack, packs_of, train_pack
from projektor_ray.probes.training import train_probe
from projektor_ray.study import Probe
from tests.helpers.learner_data import stripes

PROBE = Probe("m", (0.5, 0.5), 8, 0, "small_cnn", "accuracy")
PROBES = [replace(PROBE, seed=seed) for seed in range(3)]
PILOTS = {"a": stripes(20), "b": stripes(20, seed=1)}
VALIDATION = stripes(40, seed=2)


class Together(Learner):
    """Counts its calls; alone gives the seed's remainder, the second fails; many as it is told."""

    def __init__(self, many: Any) -> None:
        self.many, self.calls = many, 0

    def measure(
        self, train: Samples, validations: Sequence[Samples], seed: int
    ) -> list[dict[str, float]]:
        self.calls += 1
        if self.calls == 2:
            raise ValueError("the second")
        return [{"accuracy": seed % 7 / 7} for _ in validations]

    def train_many(
        self, trains: Sequence[Samples], validations: Sequence[Samples], seeds: Sequence[int]
    ) -> Any:
        return self.many(seeds)


def train(learner: Any, probes: Sequence[Probe] = PROBES) -> Any:
    attempts = range(1, len(probes) + 1)
    return train_pack(
        probes, PILOTS, [VALIDATION], learner, replacement=False, attempts=list(attempts)
    )


def test_packs_have_one_size_and_every_probe_once() -> None:
    sizes = [32] * 5 + [8] * 2 + [4]
    packs = packs_of([replace(PROBE, size=size) for size in sizes], 3)
    assert packs == ((0, 1, 2), (3, 4), (5, 6), (7,))
    assert packs_of(PROBES, 1) == ((0,), (1,), (2,))
    assert packs_of([], 4) == ()


def test_a_pack_is_one_call_and_each_probe_keeps_its_own_value_and_attempt() -> None:
    learner = Together(lambda seeds: [[{"accuracy": seed % 7 / 7}] for seed in seeds])
    outcomes = train(learner)
    assert learner.calls == 0
    assert [outcome.probe for outcome in outcomes] == PROBES
    assert [outcome.attempt for outcome in outcomes] == [1, 2, 3]
    for outcome in outcomes:
        expected = train_probe(
            outcome.probe, PILOTS, [VALIDATION], Together(None), replacement=False
        )
        assert outcome.values == expected.values
    assert len({outcome.values for outcome in outcomes}) > 1


@pytest.mark.parametrize(
    "many",
    [
        lambda seeds: 1 / 0,
        lambda seeds: sys.exit(3),
        lambda seeds: [],
        lambda seeds: "accuracy",
        lambda seeds: [[{"accuracy": np.nan}] for _ in seeds],
        lambda seeds: [[{"loss": 1.0}] for _ in seeds],
    ],
    ids=["raises", "exits", "too few", "text", "NaN", "another metric"],
)
def test_a_pack_that_fails_fails_each_of_its_probes_and_trains_none_alone(many: Any) -> None:
    learner = Together(many)
    outcomes = train(learner)
    assert learner.calls == 0
    assert [outcome.probe for outcome in outcomes] == PROBES
    assert [outcome.attempt for outcome in outcomes] == [1, 2, 3]
    assert all(outcome.fault and outcome.packed for outcome in outcomes)
    assert len({outcome.error for outcome in outcomes}) == 1
    assert "Traceback" in outcomes[0].error


def test_one_probe_that_fails_alone_is_no_pack() -> None:
    learner = Together(None)
    (done,), (failed,) = train(learner, PROBES[:1]), train(learner, PROBES[1:2])
    assert (done.fault, done.packed) == (None, False)
    assert (failed.fault, failed.packed) == ("learner", False)
    assert "the second" in failed.error


def test_a_packed_probe_has_the_value_that_it_has_alone() -> None:
    settings = {"min_steps": 10, "epochs": 0.1, "width": 4}
    learner = build_learner(LearnerConfig(name="small_cnn", settings=settings))
    probes = [replace(probe, metric="log_loss") for probe in PROBES]
    for outcome in train(learner, probes):
        alone = train_probe(outcome.probe, PILOTS, [VALIDATION], learner, replacement=False)
        assert outcome.values == pytest.approx(alone.values, abs=2e-4)


def test_a_learner_that_cannot_is_refused() -> None:
    for name in ("resnet18", "sklearn.linear_model.LogisticRegression"):
        learner = build_learner(LearnerConfig(name=name))
        check_pack(1, name, learner)
        with pytest.raises(InputError, match=r"probes.pack: 4 needs .* got '.*Set probes.pack: 1"):
            check_pack(4, name, learner)
    check_pack(4, "small_cnn", build_learner(LearnerConfig(name="small_cnn")))
