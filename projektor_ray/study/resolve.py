"""From a configuration and the pilots' summaries to a study; every check is here."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs import (
    LARGEST_GRID,
    centroids,
    d_optimal_design,
    default_count,
    distinct,
    scrambled,
    spread_design,
)
from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.mixtures import (
    check_mixtures,
    largest_feasible_size,
    round_counts,
    simplex_lattice,
)
from projektor_ray.study.configuration import StudyConfig
from projektor_ray.study.probes import ProbesConfig
from projektor_ray.study.values import SetSummary, Study

LARGEST_DEFAULT_LATTICE = 66
"""The default design is the finest lattice of at most this many mixtures (the paper's 66)."""


def resolve(config: StudyConfig, pilots: Sequence[SetSummary], validation: SetSummary) -> Study:
    """The study that a configuration asks for, given what the pilots hold; every check is here.

    Raises
    ------
    InputError
        If the pilots and the validation set cannot be used together, or cannot give the largest
        mixture that the design asks of them.
    """
    pilots = tuple(sorted(pilots, key=lambda pilot: pilot.name))
    by_name = {provider.name: provider for provider in config.providers}
    providers = tuple(by_name[pilot.name].sold_by() for pilot in pilots)
    _check_sets(pilots, validation, METRICS[config.metric])
    names = [pilot.name for pilot in pilots]
    mixtures = _design(config, names)
    study = Study(config, providers, pilots, validation, mixtures)
    if not config.probes.replacement:
        _check_pilots_suffice(study)
    return study


def _design(config: StudyConfig, names: Sequence[str]) -> NDArray[np.float64]:
    probes = config.probes
    listed: list[Mapping[str, float]] = list(probes.mixtures)
    rows = [np.array([mixture.get(name, 0.0) for name in names]) for mixture in listed]
    design = check_mixtures(np.array(rows), len(names)) if rows else np.empty((0, len(names)))
    if probes.lattice or probes.design or probes.mixtures_count or not rows:
        placed = _placed(probes, len(names), config.selection.placed_for)
        design = np.vstack([placed, design])
    return distinct(design)


def _placed(probes: ProbesConfig, providers: int, predictor: str) -> NDArray[np.float64]:
    """The mixtures that a design places; a lattice is the default up to 4 providers only."""
    by_default = "spread" if providers > LARGEST_GRID or probes.mixtures_count else "lattice"
    design = probes.design or ("lattice" if probes.lattice else by_default)
    count = probes.mixtures_count or default_count(providers)
    if design == "lattice":
        return _lattice(providers, probes.lattice or _default_levels(providers))
    if design == "centroids":
        return centroids(providers)
    if design == "scrambled":
        return scrambled(providers, count)
    if design == "spread":
        return spread_design(providers, count)
    return d_optimal_design(providers, count, predictor)


def _lattice(providers: int, levels: int) -> NDArray[np.float64]:
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
            f"Drop probes.lattice and set probes.design: spread, {default_count(providers):,} "
            "mixtures unless mixtures_count says otherwise, or centroids, "
            f"{3 * providers + 1:,} mixtures"
        )
    return simplex_lattice(providers, levels)


def _default_levels(providers: int) -> int:
    levels = 1
    while math.comb(levels + providers, providers - 1) <= LARGEST_DEFAULT_LATTICE and providers > 1:
        levels += 1
    return levels


def _check_sets(pilots: Sequence[SetSummary], validation: SetSummary, metric: Metric) -> None:
    if validation.size == 0:
        raise InputError("the validation set is empty; it needs labelled samples to measure on")
    for pilot in pilots:
        if pilot.size == 0:
            raise InputError(f"provider {pilot.name!r} has revealed no samples; drop it or ask")
        if pilot.input_shape != validation.input_shape:
            raise InputError(
                f"provider {pilot.name!r} has samples of shape {pilot.input_shape}, the validation "
                f"set {validation.input_shape}; all must have the same width"
            )
        if pilot.target != validation.target:
            raise InputError(
                f"provider {pilot.name!r} has labels of the kind {pilot.target!r}, the validation "
                f"set {validation.target!r}; set `target` in the sources so that all agree"
            )
    if metric.target != validation.target:
        raise InputError(
            f"the metric {metric.name!r} needs labels of the kind {metric.target!r}; the sets have "
            f"{validation.target!r}"
        )
    if validation.target == "classes":
        revealed = sorted({c for pilot in pilots for c in pilot.classes})
        for whose, classes in [
            ("the validation set", validation.classes),
            ("all pilots", revealed),
        ]:
            if len(classes) < 2:
                raise InputError(
                    f"{whose} hold one class only ({classes[0]}); there is nothing to learn. Check "
                    "the label column and the filters of the sources"
                )


def _check_pilots_suffice(study: Study) -> None:
    size, sizes = max(study.scales), study.pilot_sizes
    for mixture in study.mixtures:
        asked = round_counts(mixture, size, study.names)
        short = np.flatnonzero(asked > sizes)
        if short.size:
            first = short[0]
            feasible = min(largest_feasible_size(p, sizes) for p in study.mixtures)
            raise InputError(
                f"provider {study.names[first]!r} has revealed {sizes[first]} samples, but a "
                f"mixture asks {asked[first]} of it at scale {size}. The largest feasible scale is "
                f"{feasible}; use it, list mixtures with less of this provider, or set "
                "probes.replacement: true"
            )
