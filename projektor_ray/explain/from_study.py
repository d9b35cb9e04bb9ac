"""The results of a study: what its ledgers hold, and the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from projektor_ray.explain.assemble import ObjectiveAt, assemble
from projektor_ray.explain.data_lines import data_parts, foreign_label_facts
from projektor_ray.explain.design_facts import unspent_fact
from projektor_ray.explain.design_settings import DesignSettings
from projektor_ray.explain.far_run_facts import far_runs_of_study
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.noise_facts import noise_of_study
from projektor_ray.explain.results import Results
from projektor_ray.explain.unidentified_effects import unidentified_effects
from projektor_ray.projection import ScaleModel
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.runs.result_tables import predictor_rows
from projektor_ray.selection import ProjectedObjective, PurchasePlans
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.study import FittedStudy, Study
from projektor_ray.study.purchasing import SetFit
from projektor_ray.transport import CachedDistances

if TYPE_CHECKING:
    from projektor_ray.profiles import ProviderProfile


def results_of_study(
    study: Study,
    fits: Sequence[SetFit],
    plans: PurchasePlans,
    profiles: Mapping[str, Sequence["ProviderProfile"]],
    *,
    interface: Literal["study_file", "command", "request"] = "study_file",
    figures: bool = True,
) -> Results:
    """The results of a study; of several validation sets, of their aggregate.

    Parameters
    ----------
    fits, profiles : of each validation set, the latter by its name.
    interface : see `Results`.
    """
    fits = [replace(one, distances=CachedDistances(one.distances)) for one in fits]
    chosen = " / ".join(dict.fromkeys(one.fitted.projection for one in fits))
    results = assemble(
        title=study.config.name,
        metric=study.goal,
        direction=study.metric.direction,
        cross_validation=_cross_validation(study, fits),
        measured=True,
        predictors=[row for one in fits for row in set_rows(one)],
        errors_of=study.config.metric,
        bought=plans,
        objectives=_objectives(study, fits, chosen),
        chosen=chosen,
        reason="; ".join(_of_sets(fits, [[describe_choice(one.fitted)] for one in fits])),
        notes=[
            *map(str, foreign_label_facts(study.foreign_labels)),
            *map(str, unspent_fact(study, advises=False)),
            *_of_sets(fits, [_notes(one) for one in fits]),
        ],
        far=[fact for one in fits for fact in (*far_runs_of_study(one), *noise_of_study(one))],
        profiles=profiles,
        source="study",
        largest_scale=study.largest_scale,
        interface=interface,
        design=DesignSettings.of(study),
        figures=figures,
    )
    read = data_parts(study.validations, study.pilots) if figures else ()
    return replace(results, read=tuple(read))


def results_of_plans(
    study: FittedStudy,
    plans: PurchasePlans,
    profiles: Mapping[str, Sequence["ProviderProfile"]] | None = None,
    *,
    interface: Literal["study_file", "command", "request"] = "request",
    figures: bool = False,
) -> Results:
    """The results of plans that a finished study has made.

    Parameters
    ----------
    study : under the offers that the plans keep, see `FittedStudy.offering`.
    profiles : by validation set, see `FittedStudy.profiles`; None: left out.
    interface : see `Results`.
    """
    if profiles:
        from projektor_ray.profiles import with_plan

        profiles = {name: with_plan(of, plans) for name, of in profiles.items()}
    return results_of_study(
        study.study,
        study.fits,
        plans,
        profiles or {},
        interface=interface,
        figures=figures,
    )


def _of_sets(fits: Sequence[SetFit], says: Sequence[Sequence[str]]) -> list[str]:
    """Each sentence once, with the validation set that it is of where it is not of all of them."""
    named = {one.study.set_name: own for one, own in zip(fits, says, strict=True)}
    sentences = [
        sentence if all(sentence in own for own in says) else f"{name}: {sentence}"
        for name, own in named.items()
        for sentence in own
    ]
    return list(dict.fromkeys(sentences))


def _objectives(study: Study, fits: Sequence[SetFit], chosen: str) -> dict[str, ObjectiveAt]:
    """Of the models that decide, and of each projection that all sets have: size → metric."""
    decides = [one.fitted.model for one in fits]
    each = [one.fitted.by_projection for one in fits]
    laws = {law: [of[law] for of in each] for law in each[0] if all(law in of for of in each)}
    wanted = {chosen: decides, **{law: of for law, of in laws.items() if of != decides}}
    return {law: _objective_at(study, fits, models) for law, models in wanted.items()}


def _objective_at(
    study: Study, fits: Sequence[SetFit], models: Sequence[ScaleModel]
) -> ObjectiveAt:
    """What one model of each set say together at a size."""

    def at(size: float) -> MetricObjective:
        parts = [
            ProjectedObjective(model, size, one.distances)
            for one, model in zip(fits, models, strict=True)
        ]
        return parts[0] if study.aggregation is None else study.aggregation(parts)

    return at


def _cross_validation(study: Study, fits: Sequence[SetFit]) -> CrossValidation:
    """Of the aggregate of the metrics on all sets."""
    each = [
        CrossValidation.of(one.fitted.model, one.runs.arrays(), one.fitted.probes) for one in fits
    ]
    if study.aggregation is None:
        return each[0]
    values = study.aggregation.of([one.probes.values for one in each])
    return CrossValidation(
        replace(each[0].probes, values=values),
        predicted=study.aggregation.of([one.predicted for one in each]),
        left_out=all(one.left_out for one in each),
    )


def set_rows(fit: SetFit) -> list[dict[str, Any]]:
    """Of the predictors, by size; with the validation set's name, where it has one."""
    on = f" on {fit.study.set_name}" if fit.study.set_name else ""
    rows = sorted(predictor_rows(fit.fitted), key=lambda row: int(row["size"]))
    return [{**row, "on": on} for row in rows]


def _notes(fit: SetFit) -> list[str]:
    """What is known to be amiss."""
    runs = fit.runs
    failed = [f"{runs.failed:,} trainings failed: see the column `error` of the table `probes`"]
    effects = unidentified_effects(runs.mixtures, fit.study.names, runs.distances)
    return [*map(str, effects), *(failed if runs.failed else [])]
