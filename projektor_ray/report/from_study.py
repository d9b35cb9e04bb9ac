"""The report of a study: what its ledgers hold, and the plan."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from projektor_ray.analysis import Observations, predictor_rows
from projektor_ray.cards import ProviderCard
from projektor_ray.fitting import Fit, names_of_laws
from projektor_ray.observed import unidentified
from projektor_ray.report.content import Floats, Report
from projektor_ray.report.describe import describe, trained_of
from projektor_ray.selection import (
    DistanceOracle,
    Distances,
    Plan,
    ProjectedObjective,
    PurchasePlans,
)
from projektor_ray.study import Study


class Remembered:
    """Distances that are asked for again and again, such as along a curve, solved once."""

    def __init__(self, oracle: DistanceOracle) -> None:
        self._oracle = oracle
        self._known: dict[bytes, Distances] = {}

    def __call__(self, mixtures: Floats) -> Distances:
        key = np.ascontiguousarray(mixtures).tobytes()
        if key not in self._known:
            self._known[key] = self._oracle(mixtures)
        return self._known[key]


def report_of_study(
    study: Study,
    fitted: Fit,
    seen: Observations,
    plans: PurchasePlans,
    without: Mapping[str, Plan | None],
    oracle: DistanceOracle,
    cards: Sequence[ProviderCard],
) -> Report:
    """The content of a study's report."""
    remembered = Remembered(oracle)
    laws = names_of_laws(fitted.predictor)
    models = {law: fitted.models[name] for law, name in laws.items() if name in fitted.models}
    numbers = (seen.mixtures, seen.distances, seen.sizes.astype(np.float64), seen.values)
    return describe(
        title=study.config.name,
        metric=study.config.metric,
        direction=study.metric.direction,
        trained=trained_of(fitted.model, *numbers),
        measured=True,
        predictors=sorted(predictor_rows(fitted), key=lambda row: int(row["size"])),
        errors_of=study.config.metric,
        bought=plans,
        without=without,
        objectives={
            law: partial(ProjectedObjective, model, oracle=remembered)
            for law, model in models.items()
        },
        chosen=next(law for law, model in models.items() if model is fitted.model),
        reason=fitted.reason,
        notes=[*unidentified(seen.mixtures, study.names, seen.distances), *_failures(seen)],
        cards=cards,
    )


def _failures(seen: Observations) -> list[str]:
    if not seen.failed:
        return []
    return [f"{seen.failed:,} trainings failed; the table `probes` says why"]
