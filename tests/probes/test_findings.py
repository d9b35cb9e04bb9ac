"""Findings on finished probes, planted one by one."""

from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, log_loss

from projektor_ray.learners.metrics import constant_metrics
from projektor_ray.probes.findings import probe_findings


def row(value: float, size: int = 40, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"status": "done", "value": value, "size": size, "warnings": list(warnings)}


def kinds(rows: list[dict[str, Any]], constant: float | None = 0.1, **changes: Any) -> list[str]:
    asked = {"maximize": True, "best": 1.0, **changes}
    return [one.kind for one in probe_findings(rows, constant=constant, **asked)]


GROWING = [row(0.5 + 0.01 * i, 40) for i in range(6)] + [row(0.8 + 0.01 * i, 160) for i in range(6)]


def test_sound_probes_have_no_finding() -> None:
    assert kinds(GROWING) == []
    assert (
        kinds([row(1 - r["value"], r["size"]) for r in GROWING], 2.0, maximize=False, best=0.0)
        == []
    )


def test_warnings_are_counted() -> None:
    rows = [{**r, "warnings": ["ConvergenceWarning: x"]} for r in GROWING]
    rows += [{"status": "failed", "value": None, "size": 40, "warnings": []}]
    (found,) = probe_findings(rows, maximize=True, best=1.0, constant=0.1)
    assert found.values == {"warning": "ConvergenceWarning: x", "probes": 12, "of": 12}


def test_a_learner_that_is_barely_better_than_constant() -> None:
    assert "near_constant" in kinds(GROWING, constant=0.845)
    assert "near_constant" not in kinds(GROWING, constant=None)


def test_a_metric_that_does_not_change_with_size() -> None:
    stream = np.random.default_rng(0)
    flat = [row(0.6 + 0.05 * stream.normal(), size) for size in (40, 160) for _ in range(20)]
    falling = [row(0.7 - 0.001 * size, size) for size in (40, 160) for _ in range(4)]
    assert kinds(falling) == ["flat_in_size"]
    assert kinds(flat[:20]) == [], "one size tells nothing of growth"


def test_a_metric_that_is_always_perfect() -> None:
    assert kinds([row(1.0, 40), row(1.0, 160)] * 4) == ["perfect"]


def test_few_probes_tell_nothing() -> None:
    assert kinds([row(0.1), row(0.1), row(0.1)]) == []


@pytest.mark.parametrize("seed", range(3))
def test_constant_metrics_are_scikit_learns_dummies(seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 4, 50) ** 2
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((50, 1)), labels)
    found = constant_metrics(labels)
    assert found["accuracy"] == accuracy_score(labels, dummy.predict(np.zeros((50, 1))))
    assert found["log_loss"] == pytest.approx(
        log_loss(labels, dummy.predict_proba(np.zeros((50, 1))))
    )
    target = labels + 0.5
    assert constant_metrics(target)["rmse"] == pytest.approx(target.std())
