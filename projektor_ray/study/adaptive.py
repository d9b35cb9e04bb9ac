"""The adaptive design: which mixtures to train next, and when further probes would not pay.

Surfaces of the metric at the size to buy are sampled from what the probes so far leave open
(Thompson, Biometrika 25, 1933). The next probe goes to the mixture that is the best of those not
probed yet on most of the surfaces. How much the plan that looks best falls short of each surface's
best one, in the mean, is the expected gain of knowing the metric exactly: no further probes can
gain more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.budget import NEAR_SIZES
from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import Joint, JointPower, NoProjection, ScaleModel
from projektor_ray.projection.queries import Bounds
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest, generator
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study.fitting import join_ledgers
from projektor_ray.study.study import Study

POSTERIOR_SAMPLES = 1024
MOST_CONTENDERS = 400
"""Candidates that surfaces are sampled over: of more, those whose intervals reach farthest up."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """What sampled surfaces say of candidates.

    Attributes
    ----------
    gain : expected rise of the metric if the best of all candidates were known and bought, in
        place of the one that looks best now.
    best : indices of the candidates to probe next, in this order.
    """

    gain: float
    best: NDArray[np.intp]


StopReason = Literal["most_mixtures", "all_candidates", "too_few_probes", "small_gain"]
"""The most mixtures that the study allows are placed; all candidates are; no predictor can be
fitted to the finished probes; or further probes are expected to gain less than the study asks."""
SECOND_STAGE = "second stage"


@dataclass(frozen=True, eq=False)
class Step:
    """What an adaptive design does next.

    Attributes
    ----------
    action : `train` mixtures, `wait` for probes that are in training, or `stop`.
    mixtures : to train, shape (b, m).
    gain : expected gain of knowing the metric exactly, where surfaces were sampled.
    reason : why it stops, see `StopReason`.
    failure : of a design whose next mixture cannot be chosen: the error.
    sizes : at which each mixture is trained in a second stage; empty: at every scale.
    """

    action: Literal["train", "wait", "stop"]
    mixtures: Floats | None = None
    gain: float | None = None
    reason: StopReason | None = None
    failure: str = ""
    sizes: tuple[int, ...] = ()


def outlook(
    probes: ProbeArrays,
    candidates: Floats,
    distances: Floats,
    probed: NDArray[np.bool_],
    size: float,
    count: int,
    *,
    bounds: Bounds | None = None,
    maximize: bool = True,
) -> Outlook:
    """The candidates to probe next, and what knowing the metric would gain.

    Parameters
    ----------
    probes : so far.
    candidates, distances : mixtures that may be bought, shape (q, m), and theirs, (q,).
    probed : which of them are trained already, or in training, shape (q,).
    size : to buy.
    count : how many to probe next; fewer are given where fewer are left.
    bounds : range of the metric.

    Raises
    ------
    TooFewProbesError
        If the probes are too few for a model that says what it leaves open.
    """
    sign = 1.0 if maximize else -1.0
    # These two say what they leave open, whatever predictor is asked for.
    model: ScaleModel = NoProjection("gp")
    if len(probes.scales) > 1:
        bounded = bounds is not None and np.isfinite(bounds).any()
        model = JointPower(bounds) if bounded else Joint()
    model.fit_arrays(probes)
    contenders = _contenders(sign * model.interval(candidates, distances, size))
    at = (candidates[contenders], distances[contenders], size)
    stream = generator("adaptive", len(probes), int(probed.sum()))
    drawn = model.sample_posterior(*at, POSTERIOR_SAMPLES, stream)
    assert drawn is not None
    sample_posterior = sign * drawn
    best = int(np.argmax(sign * model.predict(*at)))
    gain = float(np.mean(sample_posterior.max(axis=1) - sample_posterior[:, best]))
    chosen: list[int] = []
    open_ones = ~probed[contenders]
    while open_ones.any() and len(chosen) < count:
        winners = np.argmax(np.where(open_ones, sample_posterior, -np.inf), axis=1)
        chosen.append(int(np.argmax(np.bincount(winners, minlength=len(contenders)))))
        open_ones[chosen[-1]] = False
    return Outlook(gain, contenders[chosen])


def _contenders(intervals: Floats) -> NDArray[np.intp]:
    """Candidates whose intervals (q, 2) reach farthest up, in their own order."""
    order = np.argsort(-intervals.max(axis=1), kind="stable")
    return np.sort(order[:MOST_CONTENDERS])


def next_step(study: Study, probes: Mapping[Key, Row], distances: Mapping[Key, Row]) -> Step:
    """What to do after the mixtures that a study has placed, from the rows of its ledgers.

    It waits for all probes but those of the last batch that was chosen, and does not look at the
    values of these even where they are there: what is chosen depends on the values of mixtures
    placed before, never on the order in which trainings happened to end.

    Raises
    ------
    InputError
        If a candidate's distance is not measured.
    """
    settings, design, placed = study.config.probes, study.adaptive, len(study.mixtures)
    assert design is not None
    if placed >= design.most:
        return Step("stop", reason="most_mixtures")
    if set(study.candidate_ids) <= set(study.mixture_ids):
        return Step("stop", reason="all_candidates")
    known = replace(study, mixtures=study.mixtures[: max(placed - settings.batch, design.begun)])
    if any(probe.key not in probes for probe in known.wanted_probes()):
        return Step("wait")
    placed_ones = np.isin(study.candidate_ids, study.mixture_ids)
    count = min(settings.batch, design.most - placed)
    try:
        expected = _outlook_of(study, known, probes, distances, placed_ones, count)
    except TooFewProbesError as failure:
        return Step("stop", reason="too_few_probes", failure=str(failure))
    if expected.gain < settings.min_expected_gain:
        return Step("stop", gain=expected.gain, reason="small_gain")
    return Step("train", design.candidates[expected.best], expected.gain)


def plans_to_train(study: Study, probes: Mapping[Key, Row], distances: Mapping[Key, Row]) -> Step:
    """The plans of a second stage, from the rows of the ledgers: it waits for all other probes.

    Raises
    ------
    InputError
        If a candidate's distance is not measured.
    """
    stage = study.second_stage
    assert stage is not None
    wanted = study.wanted_probes()
    if any(probe.key not in probes for probe in wanted):
        return Step("wait")
    sizes = np.array([stage.size_of(one) for one in stage.candidates])
    trained = np.isin(study.candidate_ids, study.mixture_ids) & (sizes == stage.smallest)
    if trained.all():
        return Step("stop", reason="all_candidates")
    try:
        expected = _outlook_of(study, study, probes, distances, trained, stage.most_plans)
    except TooFewProbesError as failure:
        return Step("stop", reason="too_few_probes", failure=str(failure))
    likeliest = stage.candidates[expected.best]
    at = near_sizes_as_one(np.array(stage.sizes_of(likeliest)))
    return Step("train", likeliest[: len(at)], expected.gain, sizes=at)


def near_sizes_as_one(sizes: NDArray[np.int64]) -> tuple[int, ...]:
    """Sizes within a quarter of a smaller one become that one, so that there are few scales."""
    common: list[int] = []
    for size in sorted(sizes.tolist()):
        common.append(common[-1] if common and size <= NEAR_SIZES * common[-1] else size)
    return tuple(np.array(common)[np.argsort(np.argsort(sizes, kind="stable"))].tolist())


def _outlook_of(
    study: Study,
    known: Study,
    probes: Mapping[Key, Row],
    distances: Mapping[Key, Row],
    trained: NDArray[np.bool_],
    count: int,
) -> Outlook:
    """The outlook after the mixtures that are known, for so many that may follow at once.

    Parameters
    ----------
    trained : which candidates need no further probe, shape (q,).
    """
    measured = [distances.get((one,)) for one in study.candidate_ids]
    values = np.array([row["value"] for row in measured if row is not None])
    if len(values) < len(measured):
        raise InputError(
            f"{len(measured) - len(values)} candidates of the design have no distance; "
            "measure them first (jobs.measure, or jobs.study)"
        )
    return outlook(
        join_ledgers(known, probes, distances).arrays(),
        study.candidates,
        values,
        trained,
        study.max_size,
        count,
        bounds=(study.metric.low, study.metric.high),
        maximize=study.metric.maximize,
    )


def design_rows(study: Study, step: Step, earlier: Mapping[Key, Row]) -> list[Row]:
    """Rows of the `adaptive_design` table for mixtures chosen to follow those of the study.

    Parameters
    ----------
    earlier : rows of the table, which may be of mixtures of other providers.
    """
    first = max([len(study.mixtures), *(row["position"] + 1 for row in earlier.values())])
    assert step.mixtures is not None
    sizes = step.sizes or (None,) * len(step.mixtures)
    return [
        {
            "mixture_id": study.identify(mixture),
            "mixture": mixture.tolist(),
            "position": position,
            "size": size,
            "gain": step.gain,
        }
        for position, (mixture, size) in enumerate(zip(step.mixtures, sizes, strict=True), first)
    ]


def design_metadata(study: Study) -> TableMetadata:
    """Of the rows of the `adaptive_design` table, see `design_hash`."""
    probes = study.probes_metadata
    return replace(probes, input_hash=design_hash(study, probes.input_hash))


def design_hash(study: Study, probes_hash: str) -> str:
    """What mixtures are chosen for: the probes; of a second stage the first one, too."""
    stage = study.second_stage
    if stage is None:
        return probes_hash
    first = [*study.scales], [*study.config.probes.seed_list], sorted(study.mixture_ids)
    return digest(SECOND_STAGE, probes_hash, *first, stage.plans, stage.samples)


def as_stored(study: Study, folder: Folder, probes_hash: str | None = None) -> Study:
    """The study with the mixtures that earlier runs chose after trainings.

    Parameters
    ----------
    probes_hash : input hash of the probes; absent: as the study's learner gives it.
    """
    if study.adaptive is None and study.second_stage is None:
        return study
    known = probes_hash or study.probes_metadata.input_hash
    rows = Ledger(folder, "adaptive_design").rows(design_hash(study, known))
    if study.adaptive is not None:
        return study.grown(chosen_before(study, rows))
    plans = chosen_before(study, rows)
    return study.grown(plans, [rows[(study.identify(plan),)]["size"] for plan in plans])


def chosen_before(study: Study, design: Mapping[Key, Row]) -> Floats:
    """Mixtures that earlier runs chose and that are still mixtures of these pilots, (b, m)."""
    rows = sorted(design.values(), key=lambda row: row["position"])
    chosen = [mixture for row in rows if (mixture := over_providers(study, row)) is not None]
    return np.array(chosen).reshape(-1, len(study.names))


def over_providers(study: Study, row: Row) -> Floats | None:
    """The mixture of a ledger's row over the study's providers, (m,); None if it is none of them.

    A provider that came later has no share in it; one that went, or whose pilot changed, takes
    it along if it has a share.
    """
    shares = dict(zip(row["providers"], row["mixture"], strict=True))
    mixture = np.array([shares.get(name, 0.0) for name in study.names])
    return mixture if study.identify(mixture) == row["mixture_id"] else None
