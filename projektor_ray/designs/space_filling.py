"""Designs of probes: which mixtures are trained, for few providers and for many.

A design is an array of mixtures, shape (B, m), over providers that are sorted by name. All are
seeded by their own parameters alone. `sobol` and `maximin` are nested: a design of more
mixtures begins with the design of fewer, so that the probes of a smaller study are kept.
"""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.drawing import SHARE_DIGITS, simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

LARGEST_GRID = 4
"""Most providers that a lattice is the default for; its size grows as a power of their number."""
CANDIDATE_LEVELS = {1: 1, 2: 100, 3: 20, 4: 12}
"""Levels of the lattice of candidates, for as many providers."""
CANDIDATES_PER_PROVIDER = 32
SPARSE_SUPPORT = 4
"""Providers with a share in a candidate for many providers: a purchase rarely has more."""
EXCHANGE_STARTS = 8
EXCHANGE_GAIN = 1e-9
RANK_TOLERANCE = 1e-9
TIE_DIGITS = 9


def simplex_centroid(providers: int) -> Floats:
    """The simplex screening design of Snee and Marquardt (Technometrics 18, 1976).

    Returns
    -------
    array, shape (3m + 1, m), fewer where they coincide (m < 3): the vertices; the overall
    centroid; the points half-way from it to each vertex; the centroid of each opposite face.
    """
    vertices = np.eye(providers)
    centre = np.full((1, providers), 1 / providers)
    halfway = (vertices + centre) / 2
    faces = (1 - vertices) / (providers - 1) if providers > 1 else vertices
    return distinct(np.vstack([vertices, centre, halfway, faces]))


def sobol(providers: int, count: int, *, support: int | None = None, seed: int = 0) -> Floats:
    """Low-discrepancy mixtures, uniform on the simplex: scrambled Sobol points u ∈ (0, 1)^k.

    `p_j = e_j / Σ_l e_l` with `e_j = −ln(1 − u_j)`, which is Dirichlet(1, …, 1). With `support` k
    below m each mixture has shares of k providers only; every provider is in as many mixtures as
    any other, up to one.

    Returns
    -------
    array, shape (count, m): the first mixtures of any longer design of the same seed.
    """
    used = providers if support is None else min(support, providers)
    if count < 1 or used < 1:
        raise InputError(
            "a sobol design needs at least 1 mixture, 1 provider and a support of 1 or more; "
            f"got {count} mixtures, {providers} providers, a support of {used}"
        )
    from scipy.stats import qmc  # slow to import, and no worker places a design

    points = qmc.Sobol(used, scramble=True, rng=generator("sobol", providers, used, seed))
    uniform = points.random_base2((count - 1).bit_length())[:count]
    exponential = -np.log1p(-np.clip(uniform, 1e-12, 1 - 1e-12))
    shares = exponential / exponential.sum(axis=1, keepdims=True)
    if used == providers:
        return np.asarray(shares)
    design = np.zeros((count, providers))
    chosen = _balanced_supports(providers, count, used, seed)
    np.put_along_axis(design, chosen, shares, axis=1)
    return design


def _balanced_supports(providers: int, count: int, support: int, seed: int) -> NDArray[np.intp]:
    """Which providers each mixture uses, (count, support): always those used least so far."""
    stream = generator("supports", providers, support, seed)
    uses = np.zeros(providers)
    chosen = np.empty((count, support), dtype=np.intp)
    for row in chosen:
        row[:] = np.lexsort([stream.random(providers), uses])[:support]
        uses[row] += 1
    return chosen


def maximin(candidates: Floats, count: int) -> NDArray[np.intp]:
    """Farthest-point design in √p: the k-centre of Gonzalez (1985), within twice the optimum.

    The first is the candidate nearest to the centroid of the simplex; each further one has the
    largest Hellinger distance to its nearest chosen one. Ties go to the earlier candidate.

    Returns
    -------
    array, shape (count,): indices, in the order chosen.
    """
    _check_count(count, 1, len(candidates))
    roots = np.sqrt(candidates)
    first = int(np.argmax(np.round(roots.sum(axis=1), TIE_DIGITS)))
    chosen, nearest = [first], _squared_distance(roots, first)
    while len(chosen) < count:
        # A chosen candidate is at distance 0, as is one equal to it: never before the others.
        nearest[chosen[-1]] = -1.0
        chosen.append(int(np.argmax(np.round(nearest, TIE_DIGITS))))
        nearest = np.where(
            nearest < 0, nearest, np.minimum(nearest, _squared_distance(roots, chosen[-1]))
        )
    return np.array(chosen)


def _squared_distance(roots: Floats, index: int) -> Floats:
    return np.asarray(((roots - roots[index]) ** 2).sum(axis=1))


def d_optimal(
    columns: Floats, count: int, *, precision: float = 0.0, seed: int = 0
) -> NDArray[np.intp]:
    """The rows that determine a predictor's coefficients best: max det(XᵀX + τI), X (count, f).

    Fedorov's exchange from several starts: swap the chosen and the other row that raise the
    determinant most, until none does. Columns that depend on others (shares sum to 1) count once;
    a row is chosen at most once, since seeds repeat a mixture.

    Parameters
    ----------
    columns : the predictor's columns at every candidate, shape (q, f).
    precision : τ, what a prior says of every coefficient, in units of one row's noise; with one,
        any number of rows will do (Chaloner and Verdinelli, Statistical Science 10, 1995).

    Returns
    -------
    array, shape (count,): indices, ascending.

    Raises
    ------
    InputError
        If `count` is below the rank of the columns and there is no prior, or above the number of
        candidates.
    """
    left, singular, _ = np.linalg.svd(np.asarray(columns, dtype=float), full_matrices=False)
    rank = int(np.count_nonzero(singular > RANK_TOLERANCE * singular[0]))
    _check_count(count, 1 if precision else rank, len(columns))
    if precision:
        basis, prior = left[:, :rank] * singular[:rank] / np.sqrt(precision), np.eye(rank)
    else:
        basis, prior = left[:, :rank] * np.sqrt(len(columns)), np.zeros((rank, rank))
    stream = generator("d_optimal", len(columns), rank, count, seed)
    best, best_value = np.arange(count), -np.inf
    for _ in range(EXCHANGE_STARTS):
        chosen = _exchange(basis, prior, stream.permutation(_start(basis, count, stream)))
        value = _log_determinant(prior + basis[chosen].T @ basis[chosen])
        if value > best_value + EXCHANGE_GAIN:
            best, best_value = chosen, value
    return np.sort(best)


def _start(basis: Floats, count: int, stream: np.random.Generator) -> NDArray[np.intp]:
    """Rows of full rank: those farthest from the span of the earlier ones, then any."""
    residual = basis * stream.uniform(0.5, 1.0, (len(basis), 1))
    chosen: list[int] = []
    for _ in range(min(basis.shape[1], count)):
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


def candidates(providers: int) -> Floats:
    """Mixtures to choose a design from; their number is linear in m beyond four providers.

    A fine lattice up to m = 4. Beyond it the `simplex_centroid`, and `sobol` mixtures of at most
    four providers each. The same whatever is chosen of them.
    """
    if providers <= LARGEST_GRID:
        return simplex_lattice(providers, CANDIDATE_LEVELS[providers])
    few = sobol(providers, CANDIDATES_PER_PROVIDER * providers, support=SPARSE_SUPPORT)
    return np.vstack([simplex_centroid(providers), few])


def default_count(providers: int) -> int:
    """4m + 1 mixtures: twice the 2m coefficients of PQ that the distance does not carry."""
    return 4 * providers + 1 if providers > 1 else 1


def default_adaptive(providers: int) -> tuple[int, int]:
    """Mixtures of an adaptive design: 2m + 2 at first, at most 7m + 1 (for m = 3, 8 and 22)."""
    return (2 * providers + 2, 7 * providers + 1) if providers > 1 else (1, 1)


def maximin_design(providers: int, count: int) -> Floats:
    """`maximin` over the `candidates`, shape (count, m).

    Raises
    ------
    InputError
        If there are not so many candidates.
    """
    grid = candidates(providers)
    return np.asarray(grid[maximin(grid, count)])


def d_optimal_design(providers: int, count: int, predictor: str) -> Floats:
    """`d_optimal` over the `candidates` for the predictor of a name, shape (count, m).

    Raises
    ------
    InputError
        If so many mixtures are too few or too many, or the predictor is not linear in columns
        that are known before distances are measured.
    """
    grid = candidates(providers)
    kind = predictor_class(predictor)
    chosen = d_optimal(kind.design_columns(grid), count, precision=kind.design_precision)
    return np.asarray(grid[chosen])


def distinct(design: Floats) -> Floats:
    """Each mixture once, in the order of first occurrence."""
    _, first = np.unique(np.round(design, SHARE_DIGITS), axis=0, return_index=True)
    return np.asarray(design[np.sort(first)])


def _check_count(count: int, fewest: int, most: int) -> None:
    if not fewest <= count <= most:
        raise InputError(
            f"this design can have {fewest} to {most} mixtures; got {count}. "
            "Set probes.n_mixtures within that, or list the mixtures themselves"
        )
