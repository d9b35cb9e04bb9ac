"""The D-optimal design: the mixtures that determine a predictor's coefficients best."""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.candidates import candidates, check_count
from projektor_ray.designs.mixtures import distinct
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

EXCHANGE_STARTS = 8
EXCHANGE_GAIN = 1e-9
RANK_TOLERANCE = 1e-9


def d_optimal(
    columns: Floats, count: int, *, base: int = 0, precision: float = 0.0, seed: int = 0
) -> NDArray[np.intp]:
    """The rows that determine a predictor's coefficients best: max det(XᵀX + τI), X (count, f).

    Fedorov's exchange from several starts: swap the chosen and the other row that raise the
    determinant most, until none does. Columns that depend on others (shares sum to 1) count once;
    a row is chosen at most once, since seeds repeat a mixture.

    Parameters
    ----------
    columns : the predictor's columns at every candidate, shape (q, f).
    count : how many rows to choose; more where the base and so many do not determine all
        coefficients.
    base : how many of the first rows are in the design already, and are not chosen again.
    precision : τ, what a prior says of every coefficient, in units of one row's noise; with one,
        any number of rows will do (Chaloner and Verdinelli, Statistical Science 10, 1995).

    Returns
    -------
    array, shape (count,) or longer: indices of what is chosen, ascending.

    Raises
    ------
    InputError
        If there is neither base nor prior and `count` is below the rank of the columns; or if
        `count` is above the number of candidates.
    """
    left, singular, _ = np.linalg.svd(np.asarray(columns, dtype=float), full_matrices=False)
    rank = int(np.count_nonzero(singular > RANK_TOLERANCE * singular[0]))
    if precision:
        basis, prior = left[:, :rank] * singular[:rank] / np.sqrt(precision), np.eye(rank)
    else:
        basis, prior = left[:, :rank] * np.sqrt(len(columns)), np.zeros((rank, rank))
    trained, basis = basis[:base], basis[base:]
    lacking = rank
    if base:
        prior = prior + trained.T @ trained
        lacking = rank - int(np.linalg.matrix_rank(trained, tol=RANK_TOLERANCE * len(columns)))
        count = count if precision else max(count, lacking)
        if count == 0:
            return np.empty(0, dtype=np.intp)
    check_count(count, 1 if precision else lacking, len(basis))
    stream = generator("d_optimal", len(columns), rank, count, seed)
    best, best_value = np.arange(count), -np.inf
    for _ in range(EXCHANGE_STARTS):
        start = _start(basis, trained, min(lacking, count), count, stream)
        chosen = _exchange(basis, prior, stream.permutation(start))
        value = _log_determinant(prior + basis[chosen].T @ basis[chosen])
        if value > best_value + EXCHANGE_GAIN:
            best, best_value = chosen, value
    return base + np.sort(best)


def _start(
    basis: Floats, trained: Floats, lacking: int, count: int, stream: np.random.Generator
) -> NDArray[np.intp]:
    """Rows of full rank: those farthest from the span of the earlier ones, then any."""
    residual = basis * stream.uniform(0.5, 1.0, (len(basis), 1))
    if len(trained):
        residual = residual - residual @ np.linalg.pinv(trained, RANK_TOLERANCE) @ trained
    chosen: list[int] = []
    for _ in range(lacking):
        index = int(np.argmax((residual**2).sum(axis=1)))
        chosen.append(index)
        along = residual[index] / np.linalg.norm(residual[index])
        residual = residual - np.outer(residual @ along, along)
    others = stream.permutation(np.setdiff1d(np.arange(len(basis)), chosen))
    return np.array([*chosen, *others[: count - len(chosen)]], dtype=np.intp)


def _exchange(basis: Floats, prior: Floats, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """Fedorov's exchange: 1 + d_j − d_i − (d_i d_j − d_ij²) is the ratio of determinants."""
    chosen = chosen.copy()
    while True:
        inverse = np.linalg.inv(prior + basis[chosen].T @ basis[chosen])
        pushed = basis @ inverse
        cross, variance = basis[chosen] @ pushed.T, np.sum(pushed * basis, axis=1)
        inside = variance[chosen][:, None]
        ratio = 1 + variance - inside - (inside * variance - cross**2)
        ratio[:, chosen] = 0.0
        leaves, enters = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        if ratio[leaves, enters] <= 1 + EXCHANGE_GAIN:
            return chosen
        chosen[leaves] = enters


def _log_determinant(information: Floats) -> float:
    sign, value = np.linalg.slogdet(information)
    return float(value) if sign > 0 else -np.inf


def d_optimal_design(
    providers: int, count: int, predictor: str, base: Floats | None = None
) -> Floats:
    """`d_optimal` over the `candidates` for the predictor of a name, shape (count, m).

    Where the mixtures of a base (b, m) are in the design already, what is best together with them:
    the augmentation of Dykstra (Technometrics 13, 1971), which may need more than `count`.

    Raises
    ------
    InputError
        If so many mixtures are too few or too many, or the predictor is not linear in columns
        that are known before distances are measured.
    """
    grid, kind, known = candidates(providers), predictor_class(predictor), 0
    if base is not None and len(base):
        grid, known = distinct(np.vstack([base, grid])), len(base)
    columns = kind.design_columns(grid)
    chosen = d_optimal(columns, count, base=known, precision=kind.design_precision)
    return np.asarray(grid[chosen])
