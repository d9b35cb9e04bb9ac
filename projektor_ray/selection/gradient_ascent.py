"""Projected gradient ascent of many starts at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats

MOST_STEPS = 300
TOLERANCE = 1e-7
"""A start has arrived when no share would move further than this …"""
NEGLIGIBLE = 0.01
"""… or than this part of a sample, since whole samples are bought."""
SUFFICIENT = 1e-4
SHRINK = 0.25
FIRST_MOVE = 0.3
STEP_RANGE = (1e-12, 1e12)
COINCIDENT_DIGITS = 3
"""Starts whose shares agree to so many digits are one."""
SAME_OPTIMUM = 1e-3
"""Of the range of values over the starts: so near the best value a start has found it. On a long
ridge, as PQ of many providers has, they end less near one another than the next constant says."""
SAME_VALUE = 1e-4
"""Of the same range: what may be given up for a cheaper plan."""


@dataclass(frozen=True, eq=False)
class Ascent:
    """Where every start arrived.

    Attributes
    ----------
    mixtures : array, shape (B, m).
    values, gradients : there, shapes (B,) and (B, m).
    initial_values : at the starts, shape (B,).
    arrived : which starts stand still, shape (B,); the others ran out of steps.
    steps : evaluations of the objective.
    """

    mixtures: Floats
    values: Floats
    gradients: Floats
    initial_values: Floats
    arrived: NDArray[np.bool_]
    steps: int

    def __getitem__(self, which: NDArray[np.intp]) -> "Ascent":
        """The same for some of the starts, each as often as it is named."""
        return Ascent(
            self.mixtures[which],
            self.values[which],
            self.gradients[which],
            self.initial_values[which],
            self.arrived[which],
            self.steps,
        )

    @property
    def reached_best(self) -> NDArray[np.bool_]:
        """Which starts reached the best value found, up to a thousandth of the range."""
        return self._within(SAME_OPTIMUM)

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Which are as good as the best, up to a ten-thousandth of the range."""
        return self._within(SAME_VALUE)

    def _within(self, part: float) -> NDArray[np.bool_]:
        best = self.values.max()
        return np.asarray(self.values >= best - part * (best - self.initial_values.min()))


def ascend(objective: Objective, feasible: FeasibleSet, starts: Floats) -> Ascent:
    """Maximise over the feasible mixtures from every start, all starts as one batch.

    Spectral projected gradient (Birgin, Martínez, Raydan 2000): `p ← P(p + t·∇L̂)` with the
    step `t` from the last two gradients, shortened until the value rises by a sufficient part of
    what the gradient promises. The two steps of Barzilai and Borwein, `sᵀs / sᵀy` and `sᵀy / yᵀy`,
    take turns, which needs about half as many evaluations as the first alone. A start that shortens
    its step waits for none of the others; those that stand still leave the batch. Starts that
    coincide are followed once.

    Raises
    ------
    InputError
        If the objective gives a number that is not finite, or shapes that do not fit.
    """
    mixtures = nearest_mixtures(feasible, starts)
    _, first, which = np.unique(
        np.round(mixtures, COINCIDENT_DIGITS), axis=0, return_index=True, return_inverse=True
    )
    return _follow(objective, feasible, mixtures[first])[which.reshape(-1)]


def _follow(objective: Objective, feasible: FeasibleSet, mixtures: Floats) -> Ascent:
    values, gradients = _evaluate(objective, mixtures)
    initial = values.copy()
    centred = gradients - gradients.mean(axis=1, keepdims=True)
    steps = np.clip(FIRST_MOVE / np.maximum(np.abs(centred).max(axis=1), 1e-300), *STEP_RANGE)
    active = np.arange(len(mixtures))
    tolerance = max(TOLERANCE, NEGLIGIBLE / feasible.size)
    evaluations = 1
    while len(active) and evaluations < MOST_STEPS:
        trial = nearest_mixtures(feasible, mixtures[active] + steps[active, None] * centred[active])
        move = trial - mixtures[active]
        going = np.abs(move).max(axis=1) > tolerance
        active, trial, move = active[going], trial[going], move[going]
        if not len(active):
            break
        trial_values, trial_gradients = _evaluate(objective, trial)
        evaluations += 1
        promised = np.sum(centred[active] * move, axis=1)
        rises = trial_values >= values[active] + SUFFICIENT * promised
        steps[active[~rises]] *= SHRINK
        up = active[rises]
        new = trial_gradients[rises]
        new = new - new.mean(axis=1, keepdims=True)
        change = new - centred[up]
        curvature = -np.sum(move[rises] * change, axis=1)
        length = np.sum(move[rises] ** 2, axis=1)
        bent = curvature > length / STEP_RANGE[1]
        over, under = (length, curvature) if evaluations % 2 else (curvature, np.sum(change**2, 1))
        following = np.where(bent, over / np.where(bent, under, 1.0), 4 * steps[up])
        steps[up] = np.clip(following, *STEP_RANGE)
        mixtures[up], values[up], centred[up] = trial[rises], trial_values[rises], new
        gradients[up] = trial_gradients[rises]
    arrived = ~np.isin(np.arange(len(mixtures)), active)
    return Ascent(mixtures, values, gradients, initial, arrived, evaluations)


def _evaluate(objective: Objective, mixtures: Floats) -> tuple[Floats, Floats]:
    values, gradients = objective(mixtures)
    values, gradients = np.array(values, dtype=float), np.array(gradients, dtype=float)
    if values.shape != (len(mixtures),) or gradients.shape != mixtures.shape:
        raise InputError(
            f"the objective must give values of shape ({len(mixtures)},) and gradients of shape "
            f"{mixtures.shape}; got {values.shape} and {gradients.shape}"
        )
    if not (np.isfinite(values).all() and np.isfinite(gradients).all()):
        raise InputError("the objective must give finite values and gradients; got NaN or infinity")
    return values, gradients
