"""The family of a learner, by its name, by its configuration or by what it says of itself."""

import pytest

from projektor_ray.errors import InputError
from projektor_ray.learners import LearnerConfig, learner_family
from projektor_ray.projection.law_error import LAW_ERRORS


def network_of_mine(train: object, validation: object, seed: int, settings: object) -> None:
    """A user's own learner that says its family."""


def odd_one(train: object, validation: object, seed: int, settings: object) -> None:
    """A user's own learner that says a family there is not."""


def silent(train: object, validation: object, seed: int, settings: object) -> None:
    """A user's own learner that says nothing."""


network_of_mine.learner_family = "network"  # type: ignore[attr-defined]
odd_one.learner_family = "netwrok"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("small_cnn", "network"),
        ("resnet18", "network"),
        ("sklearn.linear_model.LogisticRegression", "saturating"),
        ("sklearn.naive_bayes.GaussianNB", "saturating"),
        ("sklearn.svm.SVC", "flexible"),
        ("sklearn.svm.LinearSVC", "saturating"),
        ("sklearn.ensemble.RandomForestClassifier", "flexible"),
        ("lightgbm.LGBMClassifier", "flexible"),
        ("sklearn.dummy.DummyClassifier", "unknown"),
        (f"{__name__}:network_of_mine", "network"),
        (f"{__name__}:silent", "unknown"),
        (f"{__name__}.network_of_mine", "network"),
    ],
)
def test_the_family_is_known_by_the_name_or_said(name: str, family: str) -> None:
    assert learner_family(LearnerConfig(name=name)) == family
    assert family in LAW_ERRORS


def test_the_configuration_goes_first_and_imports_nothing() -> None:
    config = LearnerConfig(name="no_such_module:learner", family="flexible")
    assert learner_family(config) == "flexible"


def test_a_family_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'network'"):
        learner_family(LearnerConfig(name=f"{__name__}:odd_one"))
