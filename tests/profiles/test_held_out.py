"""Features trained on the validation set's labels do not make pilots look wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from projektor_ray.data.samples import Samples
from projektor_ray.profiles import Reference, Share, held_out, pilot_profiles
from projektor_ray.profiles.held_out import Embed
from projektor_ray.transport import PilotFeatures, ValidationFeatures

CLASSES, DIMENSION = 4, 60


def samples(count: int, seed: int) -> Samples:
    """Classes that overlap, in so many dimensions that 200 samples can be fitted too well."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    means = 2.0 * np.eye(CLASSES, DIMENSION)
    return Samples(means[labels] + random.normal(size=(count, DIMENSION)), labels)


def trained(known: Samples) -> Embed:
    """Features that separate the classes of the known samples: Fisher's discriminants."""
    found = LinearDiscriminantAnalysis().fit(known.inputs, known.labels)

    def embed(inputs: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(found.transform(inputs), dtype=np.float32)

    return embed


def shares(reference: Reference, embed: Embed, wrong: float) -> list[Share | None]:
    """Estimates of four pilots with so many wrong labels."""
    found = []
    for seed in range(4):
        pilot = samples(600, seed=10 + seed)
        moved = np.random.default_rng(seed).random(600) < wrong
        labels = np.where(moved, (np.asarray(pilot.labels) + 1) % CLASSES, pilot.labels)
        features = PilotFeatures(embed(pilot.inputs), labels, np.zeros(600, dtype=np.int64))
        (profile,) = pilot_profiles(features, reference)
        found.append(profile.wrong_labels)
    return found


def test_held_out_samples_stand_for_those_of_pilots() -> None:
    validation = samples(200, seed=1)
    embed = trained(validation)
    naive = Reference.of(ValidationFeatures(embed(validation.inputs), validation.labels))
    fair = held_out(naive, validation, trained)
    for wrong in (0.0, 0.3):
        overstated = [one.value for one in shares(naive, embed, wrong) if one is not None]
        assert overstated, "the case must be a hard one"
        assert min(overstated) > wrong + 0.05
        found = [one.value for one in shares(fair, embed, wrong) if one is not None]
        assert len(found) == 4
        assert abs(np.mean(found) - wrong) < 0.03


def test_each_sample_is_judged_by_an_embedder_that_has_not_seen_it() -> None:
    validation = samples(40, seed=2)
    seen = []

    def watched(known: Samples) -> Embed:
        seen.append(known)
        return lambda inputs: np.asarray(inputs, dtype=np.float32)

    features = ValidationFeatures(validation.inputs, validation.labels)
    plain = Reference.of(features)
    fair = held_out(plain, validation, watched)
    assert [len(known) for known in seen] == [36] * 10
    for known in seen:
        out = ~(validation.inputs[:, None] == known.inputs).all(axis=2).any(axis=1)
        voter = KNeighborsClassifier(5).fit(known.inputs, known.labels)
        votes = np.asarray(known.labels)[voter.kneighbors(validation.inputs[out])[1]]
        for voted, cast in zip(fair.predicted[out], votes, strict=True):  # type: ignore[index]
            counts = np.bincount(cast, minlength=CLASSES)
            assert counts[voted] == counts.max()
    np.testing.assert_array_equal(fair.points, plain.points)
    np.testing.assert_array_equal(plain.positions, np.arange(40))
    unlabelled = ValidationFeatures(validation.inputs, None)
    told = held_out(Reference.of(unlabelled), Samples(validation.inputs), watched)
    assert told.predicted is None
