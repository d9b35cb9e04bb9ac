"""Learners by name: what they return, refuse, and leave alone."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from projektor_ray.data import Samples
from projektor_ray.errors import InputError, LearnerError
from projektor_ray.learners import LearnerConfig, build_learner, learner_identity
from projektor_ray.learners.metrics import class_metrics
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.settings import parse
from tests.helpers.learner_data import blobs, frozen, line, stripes

LOGISTIC = "sklearn.linear_model.LogisticRegression"
FOREST = "sklearn.ensemble.RandomForestClassifier"
CUSTOM = "tests.helpers.custom_learners:nearest_mean"
QUICK = {"min_steps": 5, "epochs": 0.1, "width": 4}


def learner(name: str, **settings: Any) -> Any:
    return build_learner(LearnerConfig(name=name, settings=settings))


def test_an_estimator_is_scikit_learns() -> None:
    train, validation = blobs(seed=1), blobs(90, seed=2)
    fitted = LogisticRegression(C=0.1).fit(train.inputs, train.labels)
    expected = class_metrics(
        np.asarray(validation.labels),
        fitted.predict(validation.inputs),
        fitted.predict_proba(validation.inputs),
        np.arange(3),
    )
    assert learner(LOGISTIC, C=0.1)(train, validation, 0) == pytest.approx(expected)


def test_a_regressor_is_scikit_learns() -> None:
    train, validation = line(20), line(50, seed=1)
    found = learner("sklearn.linear_model.Ridge", alpha=2.0)(train, validation, 0)
    score = (
        Ridge(alpha=2.0).fit(train.inputs, train.labels).score(validation.inputs, validation.labels)
    )
    assert found["r2"] == pytest.approx(score)


@pytest.mark.parametrize("name", [LOGISTIC, FOREST, "small_cnn"])
def test_class_numbers_are_names_only(name: str) -> None:
    numbers = np.array([3, 2**40, 2**40 + 5])
    make, settings = (stripes, QUICK) if name == "small_cnn" else (blobs, {})
    sets = [make(classes=(0, 1, 2), seed=seed) for seed in (0, 1)]
    renamed = [Samples(samples.inputs, numbers[samples.labels]) for samples in sets]
    assert learner(name, **settings)(*renamed, 0) == learner(name, **settings)(*sets, 0)


def test_an_estimator_without_probabilities_has_no_log_loss() -> None:
    found = learner("sklearn.svm.LinearSVC")(blobs(), blobs(seed=1), 0)
    assert found["accuracy"] > 0.9
    assert "log_loss" not in found


def test_the_seed_is_the_estimators_random_state() -> None:
    train, validation = blobs(20), blobs(300, seed=1)
    forest = learner(FOREST, n_estimators=5, max_depth=2)
    assert (
        forest(train, validation, 2**62)["log_loss"] == forest(train, validation, 2**62)["log_loss"]
    )
    assert len({forest(train, validation, seed)["log_loss"] for seed in range(4)}) > 1
    fixed = learner(FOREST, n_estimators=5, max_depth=2, random_state=7)
    assert fixed(train, validation, 0) == fixed(train, validation, 1)


def test_images_are_flattened_for_an_estimator() -> None:
    assert learner(LOGISTIC)(stripes(), stripes(seed=1), 0)["accuracy"] > 0.9


@pytest.mark.parametrize("name", [LOGISTIC, "sklearn.svm.SVC", "small_cnn"])
def test_a_drawn_set_of_one_class_predicts_that_class(name: str) -> None:
    make = stripes if name == "small_cnn" else blobs
    found = learner(name)(make(12, classes=(1,)), make(40, classes=(0, 1)), 0)
    assert found["accuracy"] == 0.5
    assert found["balanced_accuracy"] == 0.5
    assert np.isfinite(list(found.values())).all()


def test_a_drawn_set_of_one_sample() -> None:
    assert learner("small_cnn")(stripes(1), stripes(), 0)["accuracy"] == 0.5
    pair = learner("small_cnn", min_steps=2, epochs=0.1)(stripes(2), stripes(), 0)
    assert np.isfinite(list(pair.values())).all()


def test_a_small_cnn_learns() -> None:
    found = learner("small_cnn", min_steps=60, width=8, flip=False)(stripes(), stripes(seed=1), 0)
    assert found["accuracy"] > 0.9
    assert set(found) == {"accuracy", "balanced_accuracy", "f1_macro", "log_loss"}


def test_a_prediction_does_not_depend_on_the_other_validation_samples() -> None:
    network, validation = learner("small_cnn", **QUICK), stripes(seed=1)
    parts = [validation.take(np.arange(7)), validation.take(np.arange(7, 48))]
    whole = network(stripes(), validation, 0)["log_loss"] * 48
    apart = [network(stripes(), part, 0)["log_loss"] * len(part) for part in parts]
    assert whole == pytest.approx(sum(apart), rel=1e-5)


def test_a_small_cnn_regresses() -> None:
    def bright(seed: int) -> Samples:
        images = stripes(seed=seed).inputs.copy()
        levels = np.random.default_rng(seed).uniform(0.2, 1, size=len(images))
        dimmed = (images * levels[:, None, None, None]).astype(np.uint8)
        return frozen(Samples(dimmed, 1000 + 50 * levels))

    found = learner("small_cnn", min_steps=80, width=8)(bright(0), bright(1), 0)
    assert found["r2"] > 0.5


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("size", [8, 72])
def test_resnets_run_on_small_and_larger_images(name: str, size: int) -> None:
    found = learner(name, min_steps=1, epochs=0.1, batch=2)(
        stripes(4, size=size), stripes(4, size=size), 0
    )
    assert np.isfinite(list(found.values())).all()


def test_the_stem_of_a_resnet_keeps_small_images_whole() -> None:
    import torch

    from projektor_ray.learners.architectures import small_image_resnet

    small = small_image_resnet("resnet18", channels=1, outputs=5, height=32)
    assert small.maxpool(small.conv1(torch.zeros(1, 1, 32, 32))).shape == (1, 64, 32, 32)
    large = small_image_resnet("resnet18", channels=3, outputs=5, height=128)
    assert large.maxpool(large.conv1(torch.zeros(1, 3, 128, 128))).shape == (1, 64, 32, 32)


def test_a_learner_of_ones_own() -> None:
    found = learner(CUSTOM, extra=2)(blobs(), blobs(seed=1), 5)
    assert found == {"accuracy": pytest.approx(found["accuracy"]), "seed": 5.0, "extra": 2.0}
    assert found["accuracy"] > 0.9


@pytest.mark.parametrize("returns", [None, 0.5, {"accuracy": "high"}, ["accuracy"]])
def test_a_learner_that_returns_no_numbers(returns: object) -> None:
    with pytest.raises(LearnerError, match="must return"):
        learner("tests.helpers.custom_learners:broken", returns=returns)(blobs(), blobs(), 0)


def test_settings_of_ones_own_learner_do_not_leak_from_probe_to_probe() -> None:
    config = LearnerConfig(
        name="tests.helpers.custom_learners:broken", settings={"returns": {"a": 1}}
    )
    build_learner(config)(blobs(), blobs(), 0)
    assert config.settings == {"returns": {"a": 1}}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("small_cn", {}, "unknown learner 'small_cn'; did you mean 'small_cnn'"),
        ("small_cnn", {"epoch": 3}, "epoch: unknown key; did you mean 'epochs'"),
        ("small_cnn", {"epochs": -3}, "epochs: .*must be more than 0; got -3"),
        ("sklearn.linear_model.LogisticRegresion", {}, "did you mean 'LogisticRegression'"),
        ("sklearn.linear_modell.Ridge", {}, "cannot import 'sklearn.linear_modell'"),
        (LOGISTIC, {"c": 1.0}, "no parameter 'c'"),
        (LOGISTIC, {"max_itr": 1}, "did you mean 'max_iter'"),
        (LOGISTIC, {"C": -1.0}, "cannot be built: .*'C'"),
        ("sklearn.cluster.KMeans", {}, "scikit-learn's interface"),
        ("collections.OrderedDict", {}, "scikit-learn's interface"),
        ("tests.helpers.custom_learners:nearest_men", {}, "did you mean 'nearest_mean'"),
        ("tests.helpers.custom_learners:NOT_CALLABLE", {}, "no callable 'NOT_CALLABLE'"),
        ("tests.learners.costum:f", {}, "cannot import 'tests.learners.costum'"),
        (":f", {}, "expected module:callable"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_training(
    name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        learner(name, **settings)


def test_settings_are_plain_values() -> None:
    for value in (float("nan"), {1, 2}, np.float32(1)):
        with pytest.raises(InputError, match="plain finite values"):
            parse(LearnerConfig, {"name": LOGISTIC, "settings": {"C": value}})


@pytest.mark.parametrize(
    ("name", "train", "message"),
    [
        ("small_cnn", blobs(), r"needs images .* got features of shape \(60, 4\)"),
        ("small_cnn", Samples(stripes().inputs), "needs labels"),
        (LOGISTIC, line(), "needs labels of the kind classes; got regression"),
        ("sklearn.linear_model.Ridge", blobs(), "kind regression; got classes"),
    ],
)
def test_samples_that_do_not_suit_are_refused(name: str, train: Samples, message: str) -> None:
    with pytest.raises(InputError, match=message):
        learner(name)(train, train, 0)


def test_identity_is_what_determines_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(name: str, **settings: Any) -> str:
        return digest(learner_identity(LearnerConfig(name=name, settings=settings)))

    names = ["small_cnn", "resnet18", LOGISTIC, FOREST, CUSTOM]
    assert len({identity(name) for name in names}) == len(names)
    assert identity(LOGISTIC, C=1.0) == identity(LOGISTIC, C=1.0) != identity(LOGISTIC, C=2.0)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_learner.py").write_text("def f(*_):\n    return {'accuracy': 1}\n")
    before = identity("own_learner:f")
    (tmp_path / "own_learner.py").write_text("def f(*_):\n    return {'accuracy': 0.123}\n")
    del sys.modules["own_learner"]
    assert identity("own_learner:f") != before
    with pytest.raises(InputError, match="unknown learner"):
        identity("nothing")


def test_every_field_is_documented() -> None:
    from projektor_ray.learners.network_settings import NetworkSettings

    for config in (LearnerConfig, NetworkSettings):
        assert all(field.description for field in config.model_fields.values())


def pipeline(C: float = 1.0) -> Any:
    """A factory of an estimator."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=C))


def test_a_factory_makes_the_estimator() -> None:
    train, validation = blobs(seed=1), blobs(90, seed=2)
    found = learner("tests.learners.test_learners.pipeline", C=0.1)(train, validation, 0)
    fitted = pipeline(0.1).fit(train.inputs, train.labels)
    assert found["accuracy"] == fitted.score(validation.inputs, validation.labels)
    with pytest.raises(InputError, match="no parameter 'D'"):
        learner("tests.learners.test_learners.pipeline", D=0.1)


@pytest.mark.parametrize("classes", [(0, 1, 2), (0, 2)])
def test_lightgbm_is_an_estimator_whatever_classes_a_pilot_lacks(classes: tuple[int, ...]) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    train, validation = blobs(60, classes=classes, seed=1), blobs(90, seed=2)
    settings = {"n_estimators": 5, "verbose": -1, "num_threads": 1}
    found = learner("lightgbm.LGBMClassifier", **settings)(train, validation, 3)
    numbers = {number: place for place, number in enumerate(classes)}
    encoded = np.array([numbers[int(label)] for label in np.asarray(train.labels)])
    model = lightgbm.LGBMClassifier(random_state=3, **settings).fit(train.inputs, encoded)
    predicted = np.array(classes)[model.predict(validation.inputs)]
    assert found["accuracy"] == np.mean(predicted == validation.labels)


@pytest.mark.parametrize("name", ["sklearn.preprocessing.StandardScaler", "collections.Counter"])
def test_what_is_no_estimator_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"scikit-learn's interface"):
        learner(name)
