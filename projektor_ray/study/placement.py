"""Which mixtures a study places, and which an adaptive design may choose from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.budget import PLANS, Spending, is_loss, most_plans, spend
from projektor_ray.designs.candidates import (
    LARGEST_GRID,
    candidates,
    default_adaptive,
    default_count,
)
from projektor_ray.designs.d_optimal import d_optimal_design
from projektor_ray.designs.maximin import maximin, maximin_design
from projektor_ray.designs.mixtures import check_mixtures, distinct
from projektor_ray.designs.simplex_centroid import simplex_centroid
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.designs.sobol import sobol
from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS
from projektor_ray.selection import Provider
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.purchase_problem import bounds_of_size
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.largest_remainder import round_counts
from projektor_ray.storage.settings import MAX_SAMPLES
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.probes_config import ProbesConfig, SecondStageConfig
from projektor_ray.study.second_stage import SecondStage

LARGEST_DEFAULT_LATTICE = 66
"""The default design is the finest lattice of at most this many mixtures (the paper's 66)."""


@dataclass(frozen=True, eq=False)
class Adaptive:
    """How an adaptive design grows.

    Attributes
    ----------
    candidates : what it chooses from: mixtures that may be bought and that the pilots can be
        drawn in, shape (q, m).
    begun : how many mixtures it begins with.
    most : how many it places at most, these included.
    """

    candidates: Floats
    begun: int
    most: int


def size_bounds(config: StudyConfig) -> tuple[int, int | None]:
    """The fewest and the most samples for which the metric can be predicted.

    From the smallest scale on; at one scale alone, that scale. Any size before a budget has
    become scales.
    """
    scales = config.probes.scales or (1, MAX_SAMPLES)
    return scales[0], scales[0] if len(scales) == 1 else None


def max_purchase_size(config: StudyConfig, providers: Sequence[Provider]) -> int:
    """The most samples that a plan may have: the size to buy, else what bounds an open size.

    Raises
    ------
    InfeasibleError
        If nothing can be bought; names the constraint that cannot be kept.
    InputError
        If nothing bounds the size.
    """
    request = config.selection.request
    if request.size is not None:
        return request.size
    min_size, max_size = size_bounds(config)
    max_size = min(filter(None, (max_size, request.max_size)), default=None)
    return bounds_of_size(providers, config.terms, request.money, min_size, max_size)[1]


def feasible_purchases(config: StudyConfig, providers: Sequence[Provider]) -> FeasibleSet:
    """The plans of `max_purchase_size` samples that capacities, terms and the budget allow.

    Raises
    ------
    InfeasibleError, InputError
        As `max_purchase_size`.
    """
    size, money = max_purchase_size(config, providers), config.selection.request.money
    return FeasibleSet.of(providers, size, money, config.terms)


def place(
    config: StudyConfig, providers: Sequence[Provider], pilots: Sequence[int], base: Floats
) -> tuple[Floats, Adaptive | None, SecondStage | None]:
    """The design that a configuration asks for, (B, m), and how it goes on after trainings.

    Parameters
    ----------
    providers : sorted by name.
    pilots : how many samples each has revealed, n_i.
    base : mixtures that were trained before providers joined or left, (b, m): the first of every
        design but one that the study's file lists whole.

    Raises
    ------
    InputError
        If the design cannot have so many mixtures, or is not for so many providers.
    InfeasibleError
        If mixtures are chosen after trainings, but nothing can be bought.
    """
    listed = _listed_mixtures(config.probes, [provider.name for provider in providers])
    if config.probes.design == "adaptive":
        return *_adaptive(config, providers, np.asarray(pilots), listed, base), None
    second = _second_stage(config, providers, np.asarray(pilots))
    if lists_all(config.probes):
        return distinct(listed), None, second
    return distinct(np.vstack([base, _placed(config, base), listed])), None, second


def _second_stage(
    config: StudyConfig, providers: Sequence[Provider], pilots: NDArray[np.int64]
) -> SecondStage | None:
    probes = config.probes
    if probes.second_stage is None:
        return None
    names, second = [provider.name for provider in providers], probes.second_stage
    bought = nearest_mixtures(feasible_purchases(config, providers), candidates(len(providers)))
    smallest, size = probes.scales[-1], max_purchase_size(config, providers)
    return SecondStage(
        _drawable(distinct(bought), probes, pilots, names),
        second.plans,
        most_plans(len(names), second.plans),
        second.samples,
        smallest,
        max(smallest, min(second.samples // second.plans, size)),
        max(smallest, min(second.samples, size)),
        None if probes.replacement else pilots,
    )


def lists_all(probes: ProbesConfig) -> bool:
    """Whether the mixtures of the design are those that the study's file lists, and no others."""
    return bool(probes.mixtures) and not (probes.lattice or probes.design or probes.n_mixtures)


def added_count(count: int, base: Floats) -> int:
    """How many mixtures a design of `count` adds to a base, (b, m).

    As many as `count` lacks. A provider without a share in any base mixture brings at least
    `count / m`, rounded down, and at least one.
    """
    if not len(base):
        return count
    providers: int = base.shape[1]
    newcomers = int((base.sum(axis=0) == 0).sum())
    return max(count - len(base), newcomers * max(count // providers, 1))


def _listed_mixtures(probes: ProbesConfig, names: Sequence[str]) -> Floats:
    """The mixtures that the study's file lists."""
    rows = [[mixture.get(name, 0.0) for name in names] for mixture in probes.mixtures]
    return check_mixtures(np.array(rows), len(names)) if rows else np.empty((0, len(names)))


def _placed(config: StudyConfig, base: Floats) -> Floats:
    """The mixtures of a design that is placed at once, besides those of a base (b, m).

    A lattice is the default up to 4 providers only, and only without a base.
    """
    probes, providers = config.probes, base.shape[1]
    design = probes.design or default_design(probes, base)
    count = probes.n_mixtures or default_count(providers)
    if design == "lattice":
        return _lattice(providers, probes.lattice or _default_levels(providers))
    if design == "simplex_centroid":
        return simplex_centroid(providers)
    if design == "sobol":
        return sobol(providers, count)
    added = added_count(count, base)
    if design == "maximin":
        return maximin_design(providers, added, base)
    return d_optimal_design(providers, added, config.selection.placed_for, base)


def default_design(probes: ProbesConfig, base: Floats) -> str:
    """The design where none is named: a lattice up to 4 providers without a base, else maximin."""
    no_lattice = base.shape[1] > LARGEST_GRID or probes.n_mixtures or len(base)
    return "lattice" if probes.lattice or not no_lattice else "maximin"


def _lattice(providers: int, levels: int) -> Floats:
    """The lattice of so many levels.

    Raises
    ------
    InputError
        Beyond 4 providers: its size grows as a power of their number.
    """
    if providers > LARGEST_GRID:
        size = math.comb(levels + providers - 1, providers - 1)
        raise InputError(
            f"a lattice is for up to {LARGEST_GRID} providers: one of {levels} levels over "
            f"{providers} providers has {size:,} mixtures, and grows as a power of their number. "
            f"Drop probes.lattice and set probes.design: maximin ({default_count(providers):,} "
            "mixtures unless n_mixtures is set) or simplex_centroid "
            f"({3 * providers + 1:,} mixtures)"
        )
    return simplex_lattice(providers, levels)


def _default_levels(providers: int) -> int:
    levels = 1
    while math.comb(levels + providers, providers - 1) <= LARGEST_DEFAULT_LATTICE and providers > 1:
        levels += 1
    return levels


def _adaptive(
    config: StudyConfig,
    providers: Sequence[Provider],
    pilots: NDArray[np.int64],
    listed: Floats,
    base: Floats,
) -> tuple[Floats, Adaptive]:
    """First a maximin design over the whole simplex, then the ones nearest to it that may be
    bought: what is learnt far from them does not change the plan.
    """
    probes = config.probes
    names, grid = [provider.name for provider in providers], candidates(len(providers))
    bought = nearest_mixtures(feasible_purchases(config, providers), grid)
    initial, most = default_adaptive(len(providers))
    most = probes.n_mixtures or most
    initial = probes.initial_mixtures or min(initial, most)
    trained = _drawable(grid, probes, pilots, names)
    if len(trained) < initial:
        raise InputError(
            f"an adaptive design begins with {initial} mixtures, but only {len(trained)} of "
            f"{len(grid)} can be drawn from the pilots at scale {max(probes.scales):,}. Set "
            "probes.initial_mixtures to fewer, use smaller scales, or set probes.replacement: true"
        )
    first = trained[maximin(trained, added_count(initial, base), base)]
    begun = distinct(np.vstack([base, first, listed]))
    grows = Adaptive(_drawable(distinct(bought), probes, pilots, names), len(begun), most)
    return begun, grows


def _drawable(
    mixtures: Floats, probes: ProbesConfig, pilots: NDArray[np.int64], names: Sequence[str]
) -> Floats:
    """Those of which the pilots hold enough at the largest scale."""
    if probes.replacement:
        return mixtures
    size = max(probes.scales)
    enough = [bool((round_counts(one, size, names) <= pilots).all()) for one in mixtures]
    return np.asarray(mixtures[enough])


def spending_of(
    config: StudyConfig,
    providers: Sequence[Provider],
    pilots: Sequence[int],
    budget: int,
    stages: int,
) -> Spending:
    """What a budget buys in a study.

    Parameters
    ----------
    pilots : how many samples each provider has revealed.

    Raises
    ------
    InputError, InfeasibleError
        As `spend` and `max_purchase_size`.
    """
    return spend(
        budget,
        len(providers),
        size=max_purchase_size(config, providers),
        cap=None if config.probes.replacement else min(pilots),
        loss=is_loss(METRICS[config.metric]),
        stages=stages,
        listed=len(config.probes.mixtures),
        largest_plan=None if config.probes.replacement else sum(pilots),
    )


def spelled_out(
    config: StudyConfig, providers: Sequence[Provider], pilots: Sequence[int], sets: int
) -> StudyConfig:
    """The configuration with the scales, mixtures and second stage that its budget buys.

    One that has no budget is returned as it is. What a study trains is thereby in its record, and
    another rule in a later version changes no finished study.

    Parameters
    ----------
    sets : how many validation sets there are. With several, or one provider, there is one stage.
    """
    probes = config.probes
    if probes.budget is None:
        return config
    by_default = 2 if sets == 1 and len(providers) > 1 else 1
    stages = probes.stages or by_default
    bought = spending_of(config, providers, pilots, probes.budget, stages)
    plans = bought.second_stage and SecondStageConfig(plans=PLANS, samples=bought.second_stage)
    grid = {
        "scales": bought.scales,
        "design": "maximin",
        "n_mixtures": bought.mixtures - len(probes.mixtures),
        "seeds": 1,
        "second_stage": plans or None,
        "budget": None,
        "stages": None,
    }
    changed = config.model_copy(update={"probes": probes.model_copy(update=grid)})
    changed.check_law()
    return changed
