"""From a configuration and the pilots' summaries to a study; every check is here."""

from collections.abc import Sequence

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.largest_remainder import round_counts
from projektor_ray.study.compatibility import check_features, check_labels
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.placement import place, spelled_out
from projektor_ray.study.study import Study
from projektor_ray.study.validation_sets import SetSummary


def resolve(
    config: StudyConfig,
    pilots: Sequence[SetSummary],
    validations: Sequence[SetSummary],
    base: Floats | None = None,
) -> Study:
    """The study that a configuration asks for, given what the pilots hold; every check is here.

    Parameters
    ----------
    base : mixtures that the design begins with, (b, m), providers sorted by name; see
        `study.base_design`.

    Raises
    ------
    InputError
        If the pilots and the validation sets cannot be used together, or cannot give the largest
        mixture that the design asks of them; or if what is selected does not suit the sets.
    """
    pilots = tuple(sorted(pilots, key=lambda pilot: pilot.name))
    by_name = {provider.name: provider for provider in config.providers}
    providers = tuple(by_name[pilot.name].sold_by() for pilot in pilots)
    metric = METRICS[config.metric]
    check_sets(pilots, validations, metric)
    check_goal(config, [validation.name for validation in validations], metric)
    base = np.empty((0, len(pilots))) if base is None else base
    budget, sizes = config.probes.budget, [pilot.size for pilot in pilots]
    config = spelled_out(config, providers, sizes, len(validations))
    design = place(config, providers, sizes, base)
    study = Study(config, providers, pilots, tuple(validations), *design, base, budget)
    if not config.probes.replacement:
        _check_pilots_suffice(study)
    return study


def check_sets(
    pilots: Sequence[SetSummary], validations: Sequence[SetSummary], metric: Metric
) -> None:
    """Refuse pilots that cannot be used together, or with the validation sets.

    Raises
    ------
    InputError
        Names the pilot or the set, and what differs.
    """
    check_features(pilots, validations)
    for validation in validations:
        _check_set(pilots, validation, metric)
    check_labels(pilots, validations)


def _check_set(pilots: Sequence[SetSummary], validation: SetSummary, metric: Metric) -> None:
    """Refuse pilots that cannot be used together, or with this validation set."""
    called = validation.called
    if validation.size == 0:
        raise InputError(f"the {called} is empty; it needs labelled samples to measure on")
    for pilot in pilots:
        if pilot.size == 0:
            raise InputError(f"provider {pilot.name!r} has revealed no samples; drop the provider")
        if pilot.input_shape != validation.input_shape:
            raise InputError(
                f"provider {pilot.name!r} has samples of shape {pilot.input_shape}, the {called} "
                f"{validation.input_shape}; all must have the same width"
            )
        if pilot.target != validation.target:
            raise InputError(
                f"provider {pilot.name!r} has labels of the kind {pilot.target!r}, the {called} "
                f"{validation.target!r}; set `target` in the sources so that all agree"
            )
    if metric.target != validation.target:
        raise InputError(
            f"the metric {metric.name!r} needs labels of the kind {metric.target!r}; the sets have "
            f"{validation.target!r}"
        )
    if validation.target == "classes":
        revealed = sorted({c for pilot in pilots for c in pilot.classes})
        for whose, classes in [
            (f"the {called}", validation.classes),
            ("all pilots", revealed),
        ]:
            if len(classes) < 2:
                raise InputError(
                    f"{whose} hold one class only ({classes[0]}); there is nothing to learn. Check "
                    "the label column and the filters of the sources"
                )


def check_goal(config: StudyConfig, sets: Sequence[str], metric: Metric) -> None:
    """Refuse an aggregate, and a design, that do not suit the number of validation sets.

    Raises
    ------
    InputError
        If they do not.
    """
    selection = config.selection
    selection.aggregation(sets, metric.direction)
    if len(sets) == 1 and "aggregate" in selection.model_fields_set:
        raise InputError(
            "selection.aggregate applies to several validation sets; the study has one. Drop "
            "selection.aggregate, or list several sets under validations"
        )
    probes = config.probes
    after = {
        "probes.design: adaptive": probes.design == "adaptive",
        "probes.stages: 2": probes.stages == 2,
        "probes.second_stage": probes.second_stage is not None,
    }
    chooses = next((setting for setting, is_set in after.items() if is_set), None)
    if len(sets) > 1 and chooses:
        raise InputError(
            f"{chooses} chooses mixtures by the metric on one validation set; got "
            f"{', '.join(sets)}. Drop {chooses}, or all validations but one"
        )


def _check_pilots_suffice(study: Study) -> None:
    size, sizes = max(study.scales), study.pilot_sizes
    for mixture in study.mixtures:
        counts = round_counts(mixture, size, study.names)
        short = np.flatnonzero(counts > sizes)
        if short.size:
            first = short[0]
            raise InputError(
                f"provider {study.names[first]!r} has revealed {sizes[first]} samples, but a "
                f"mixture asks {counts[first]} of it at scale {size}. The largest feasible scale "
                f"is {study.largest_scale}; use it, list mixtures with less of this provider, or "
                "set probes.replacement: true"
            )
