"""Small studies, resolved against pilots that the tests make."""

import copy
from typing import Any

import numpy as np

from projektor_ray.data import Samples
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.storage.settings import parse
from projektor_ray.study import SetSummary, Study, StudyConfig, resolve
from tests.helpers.predictor_data import accuracy, distance

VALUES: dict[str, Any] = {
    "name": "test",
    "validation": {"sklearn": "iris"},
    "providers": [
        {"name": "ada", "source": {"sklearn": "iris"}, "capacity": 50, "price": 2},
        {"name": "bob", "source": {"sklearn": "iris"}, "capacity": 80},
        {"name": "cyd", "source": {"sklearn": "iris"}},
    ],
    "learner": {"name": "sklearn.naive_bayes.GaussianNB"},
    "probes": {"scales": [10, 40], "lattice": 2, "seeds": 2},
    "selection": {"size": 60},
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The values with one of them replaced."""
    values = copy.deepcopy(VALUES)
    place = values
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = to
    return values


def samples(size: int = 40, seed: int = 0, width: int = 4, classes: int = 3) -> Samples:
    random = np.random.default_rng(seed)
    return Samples(
        random.normal(size=(size, width)).astype(np.float32), np.arange(size, dtype=int) % classes
    )


def several(sets: dict[str, Any], **selection: Any) -> dict[str, Any]:
    """The values with several validation sets."""
    values = changed("validations", to=sets)
    del values["validation"]
    values["selection"] = selection or values["selection"]
    return values


PILOTS = {name: samples(seed=seed) for seed, name in enumerate(["ada", "bob", "cyd"])}


VALIDATION = samples(30, seed=9)


def resolved(
    values: dict[str, Any],
    pilots: dict[str, Samples] | None = None,
    validation: Samples = VALIDATION,
) -> Study:
    config = parse(StudyConfig, values)
    summaries = [SetSummary.of(name, one) for name, one in (pilots or PILOTS).items()]
    return resolve(config, summaries, [SetSummary.of("validation", validation)])


OF_BOTH = {"everyday": {"sklearn": "iris"}, "rare": {"sklearn": "iris"}}


def resolved_on(values: dict[str, Any], **sets: Samples) -> Study:
    """With validation sets by name."""
    config = parse(StudyConfig, values)
    pilots = [SetSummary.of(name, one) for name, one in PILOTS.items()]
    return resolve(config, pilots, [SetSummary.of(name, one) for name, one in sets.items()])


def adaptive(**probes: Any) -> Study:
    """A study of three providers whose 8 first mixtures are placed."""
    values = changed("probes", to={"scales": [10, 40], "design": "adaptive", "seeds": 1, **probes})
    return resolved(values)


def value(mixture: Any, size: int) -> float:
    p = np.asarray(mixture)[None]
    return float(accuracy(p)[0] + 0.05 * np.log(size / 40) + 0.01 * np.sin(97 * p[0, 0] + size))


def trained(study: Study) -> dict[Key, Row]:
    return {
        probe.key: {"status": "done", "value": value(probe.mixture, probe.size)}
        for probe in study.wanted_probes()
    }


def measured(study: Study) -> dict[Key, Row]:
    return {
        (study.identify(p),): {"value": float(distance(p[None])[0]), "gradient": 3 * [0.0]}
        for p in study.measured
    }
