"""Runs far from what all other runs predict, such as diverged ones, and how little they weigh.

A model of all runs leaves each run out by itself. A run is far where its residual is more than
`FAR` times both its predictive standard deviation and the root mean square of the other runs'
residuals. Every fit then sees the pseudo-value of an M-estimator (Huber, *Robust Statistics*,
1981, section 7.8), `f + ψ(e)`, in place of the value `f + e`, with the ψ of Student's t
distribution (Lange, Little and Taylor, JASA 84, 1989): the farther the run, the less it weighs.
Where no run is far, every value stays as it is, bit for bit.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.predictors.left_out_alone import LeftOutAlone
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.link import Link
from projektor_ray.projection.no_projection import NoProjection
from projektor_ray.projection.queries import Bounds
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats

FAR = 10.0
"""Residual of a far run, in standard deviations. In 252 fits to CIFAR-10 trainings, of which none
diverged, the largest was 8.8 (`docs/decisions/projection.md`)."""
SUSPECT = 3.0
"""Residual of a suspect, in standard deviations of a normal distribution of the same median."""
RARE = 1e-6
"""With few runs a residual must also be as rare as this under Student's t distribution."""
FREEDOM = 4.0
"""Degrees of freedom of ψ."""
MOST_FAR = 0.15
"""Share of the runs that can be far: where more seem to be, the noise is simply large."""
NORMAL = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""
ROUNDS = 3
"""How often suspects get the values that the others predict: suspects predict each other."""
FITS = 4
"""How often the model is fitted at most until it finds the same runs far."""
TINY = 1e-300


@dataclass(frozen=True)
class FarRun:
    """A run that is far from what the others predict.

    Attributes
    ----------
    row : of the run among the probes.
    value : the metric as it was measured.
    expected : what the other runs predict for it.
    deviations : its residual in units of the spread of the other runs' residuals.
    weighed_as : the value that models are fitted to in place of it.
    """

    row: int
    value: float
    expected: float
    deviations: float
    weighed_as: float


def far_runs(model: ScaleModel, probes: ProbeArrays) -> tuple[FarRun, ...]:
    """The runs that are far from what all others predict by a model fitted to all of them.

    Where some are, the model is fitted again without their influence, until the same ones are
    latest. None where the model leaves no run out by itself.
    """
    rows: list[int] = []
    far: tuple[FarRun, ...] = ()
    for _ in range(FITS):
        whitened = _Whitened.of(model)
        if whitened is None:
            return ()
        start = whitened.forth(weigh_less(probes, far).values)
        search = _Search(whitened.average, whitened.forth(probes.values))
        latest, cleaned = search.run(rows, start)
        far = _described(probes, latest, whitened, cleaned)
        if latest == rows:
            break
        rows = latest
        model = model.unfitted().fit_arrays(weigh_less(probes, far))
    return far


def _described(
    probes: ProbeArrays, rows: Sequence[int], whitened: "_Whitened", cleaned: "_Cleaned"
) -> tuple[FarRun, ...]:
    weights = (FREEDOM + 1) / (FREEDOM + cleaned.deviations**2)
    expected = whitened.back(cleaned.expected)
    weighed_as = whitened.back(cleaned.expected + weights * cleaned.residuals)
    return tuple(
        FarRun(
            row,
            value=float(probes.values[row]),
            expected=float(expected[row]),
            deviations=float(abs(cleaned.deviations[row])),
            weighed_as=float(weighed_as[row]),
        )
        for row in rows
    )


def weigh_less(probes: ProbeArrays, far: tuple[FarRun, ...]) -> ProbeArrays:
    """The probes as models see them: far runs have the pseudo-value of the M-estimator."""
    values = probes.values.copy()
    for run in far:
        values[run.row] = run.weighed_as
    return replace(probes, values=values) if far else probes


@dataclass(frozen=True, eq=False)
class _Whitened:
    """A fit to all runs, each divided by the level of its noise.

    Attributes
    ----------
    average : the fit.
    loudness : standard deviation of the noise of each run, up to a factor, (k,).
    link : from the metric to the scale of the fit; None: the metric itself.
    """

    average: AveragedFit
    loudness: Floats
    link: Link | None = None

    @staticmethod
    def of(model: ScaleModel) -> "_Whitened | None":
        """That of a model; None where the model leaves no run out by itself."""
        if isinstance(model, JointPower) and isinstance(model.straight, Joint):
            return _Whitened(model.straight.average, model.straight.loudness, model.link)
        if isinstance(model, Joint):
            return _Whitened(model.average, model.loudness)
        if isinstance(model, NoProjection) and len(model.scales) == 1:
            (predictor,) = model.predictors.values()
            if isinstance(predictor, GaussianProcess):
                return _Whitened(predictor.average, predictor.loudness)
        return None

    def forth(self, values: Floats) -> Floats:
        """The metric (k,) on the scale of the fit."""
        return (values if self.link is None else self.link.to(values)) / self.loudness

    def back(self, targets: Floats) -> Floats:
        """Of the fit's targets (k,) the metric."""
        straight = targets * self.loudness
        return straight if self.link is None else self.link.back(straight)


@dataclass(frozen=True, eq=False)
class _Cleaned:
    """A fit in which suspects have the values that the others predict, see `_Search`.

    Attributes
    ----------
    expected, residuals : of every run, predicted from the others that are no suspects, (k,).
    spreads : predictive standard deviations of the residuals, each without the run itself, (k,).
    rest : root mean square of the residuals of the runs that are no suspects.
    """

    expected: Floats
    residuals: Floats
    spreads: Floats
    rest: float

    @property
    def deviations(self) -> Floats:
        """The residuals in units of their spread, (k,)."""
        return self.residuals / np.maximum(self.spreads, max(self.rest, TINY))


class _Search:
    """The search for far runs among values (k,) on the scale of a fit."""

    def __init__(self, average: AveragedFit, values: Floats) -> None:
        self._values, self._left_out = values, LeftOutAlone(average)
        self._count = len(values)
        freedom = max(self._count - average.trend_rank, 1)
        self._limit = max(FAR, -float(stdtrit(freedom, RARE / 2)))

    def run(self, rows: Sequence[int], expected: Floats) -> tuple[list[int], _Cleaned]:
        """Rows of far runs, and the fit without them; begins with some rows and their values.

        Suspects are gathered, the farthest first, so that several far runs cannot hide each other.
        Then those that the cleaned fit does not find far are let go, the nearest first.
        """
        suspects = list(rows)
        cleaned = self._clean(suspects, expected, ROUNDS if suspects else 1)
        most = max(1, int(MOST_FAR * self._count))
        while len(suspects) < 2 * most:
            scores = np.abs(cleaned.residuals) / np.maximum(cleaned.spreads, TINY)
            scores[suspects] = -1.0
            suspect = int(np.argmax(scores))
            typical = NORMAL * float(np.median(np.abs(cleaned.residuals)))
            if abs(cleaned.residuals[suspect]) <= SUSPECT * typical:
                break
            suspects.append(suspect)
            cleaned = self._clean(suspects, cleaned.expected)
        while suspects:
            cleaned = self._clean(suspects, cleaned.expected, ROUNDS)
            nearest = min(suspects, key=lambda row: abs(cleaned.deviations[row]))
            if abs(cleaned.deviations[nearest]) > self._limit:
                break
            suspects.remove(nearest)
        return (sorted(suspects) if len(suspects) <= most else []), cleaned

    def _clean(self, suspects: Sequence[int], expected: Floats, rounds: int = 1) -> _Cleaned:
        """Leave each run out where suspects have the values that are expected of them."""
        targets = self._values.copy()
        for _ in range(rounds):
            targets[suspects] = expected[suspects]
            errors, spreads = self._left_out(targets)
            expected = targets - errors
        rest = float(np.sqrt(np.mean(np.delete(errors, suspects) ** 2)))
        residuals = self._values - expected
        return _Cleaned(expected, residuals, spreads, rest)


def judge(
    probes: ProbeArrays,
    makers: Sequence[Callable[[], ScaleModel]],
    bounds: Bounds | None,
    *,
    robust: bool = True,
) -> tuple[dict[str, ScaleModel], tuple[FarRun, ...]]:
    """The far runs, and by its name the model of several scales that was fitted to find none.

    Parameters
    ----------
    makers : of models of several scales, the preferred one first; without any, no run is judged.
    robust : whether far runs weigh less.
    """
    if makers and len(probes.scales) == 1:
        makers = [lambda: NoProjection(GaussianProcess.name, bounds)]
    for make in makers:
        with suppress(InputError):
            model = make().fit_arrays(probes)
            far = far_runs(model, probes)
            if not robust:
                far = tuple(replace(run, weighed_as=run.value) for run in far)
            return {} if far or len(probes.scales) == 1 else {model.name: model}, far
    return {}, ()
