"""What `--check` tells of the learner."""

from typing import Any

import pytest

from projektor_ray.explain.study_check import learner_text
from tests.helpers.studies import VALUES, resolved


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
