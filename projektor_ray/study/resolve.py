"""From a configuration and the pilots' summaries to a study; every check is here."""

from collections.abc import Sequence

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.mixtures import largest_feasible_size, round_counts
from projektor_ray.study.configuration import StudyConfig
from projektor_ray.study.placing import place
from projektor_ray.study.values import SetSummary, Study


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
    design = place(config, providers, [pilot.size for pilot in pilots])
    study = Study(config, providers, pilots, validation, *design)
    if not config.probes.replacement:
        _check_pilots_suffice(study)
    return study


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
