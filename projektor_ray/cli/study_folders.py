"""A finished study's folder where the commands of `projektor` also take a table of runs."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projektor_ray.cli import screen
from projektor_ray.cli.number_lists import numbers
from projektor_ray.cli.options import (
    AggregateOptions,
    ModelInputs,
    ModelOptions,
    OfferOptions,
    PurchaseInputs,
    TableOptions,
)
from projektor_ray.cli.purchase_arguments import offers_of, request_of
from projektor_ray.errors import InputError, listed, nearest
from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.model_choice import describe_choice
from projektor_ray.explain.results import Results
from projektor_ray.explain.study_state import study_state
from projektor_ray.runs import Offers, Runs
from projektor_ray.runs.result_tables import fit_scale
from projektor_ray.selection import Provider, PurchaseRequest, Terms
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import KEYS
from projektor_ray.storage.settings import parse
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study import FittedStudy, StudyConfig, open_study
from projektor_ray.study.fitting import class_shares, fit_study
from projektor_ray.study.purchasing import SetFit
from projektor_ray.study.record import TABLE

if TYPE_CHECKING:
    from projektor_ray.profiles import Thumbnail
    from projektor_ray.runs import ScaleRegressor

STUDY_FILES = (".yaml", ".yml")
"""Endings of the files in which studies are written."""
OF_TABLES = ("join", "key", "size", "step", "distance", "providers", "counts", "bounds", "log")
"""Options that say what a table's columns are."""


def study_of(inputs: ModelInputs) -> FittedStudy | None:
    """The study in a folder, fitted as the options say; None where the source is a table.

    Raises
    ------
    InputError
        If the folder holds no whole study, or an option applies to tables only.
    """
    data, wanted = inputs.data, inputs.wanted
    if data.table.endswith(STUDY_FILES):
        raise InputError(
            f"{data.table} is a study's file; expected the folder of a finished study, or a table "
            f"of runs. Run the study with: python -m jobs.study {data.table}. Then give its "
            "folder, out/NAME"
        )
    if not _holds_study(data.table):
        return None
    _refuse_table_options(data, wanted)
    study = open_study(data.table)
    for fact in study_state(study):
        screen.status("Caution", str(fact))
    study = _fitted_as(study, wanted)
    for fit in study.fits:
        on = f" on {fit.study.set_name}" if fit.study.set_name else ""
        screen.status("Model", f"{describe_choice(fit.fitted)}{on}")
    return study


def _holds_study(source: str) -> bool:
    """Whether a place is a study's folder: it has the study's record, or one of its ledgers."""
    if "://" not in source and not Path(source).is_dir():
        return False
    folder = Folder(source)
    return f"{TABLE}.parquet" in folder.names("") or any(folder.names(name) for name in KEYS)


def _refuse_table_options(data: TableOptions, wanted: ModelOptions) -> None:
    given = [name for name in OF_TABLES if getattr(data, name)]
    given += ["direction"] if wanted.direction is not None else []
    given += ["learner-family"] if wanted.learner_family != "unknown" else []
    given += ["classes"] if wanted.classes is not None else []
    if given:
        raise InputError(
            f"{data.table} is a study's folder, which records what its columns are; --{given[0]} "
            f"applies to a table of runs. Drop --{given[0]}"
        )


def _fitted_as(study: FittedStudy, wanted: ModelOptions) -> FittedStudy:
    """The study with all its models, under the options of the model."""
    config = study.study.config.model_dump(mode="json", exclude_unset=True)
    given = {"predictor": wanted.predictor, "projection": wanted.projection}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value != "auto"}
    changes |= {} if wanted.robust else {"robust": False}
    selection = {**config.get("selection", {}), **changes}
    changed = replace(study.study, config=parse(StudyConfig, {**config, "selection": selection}))
    fits = tuple(
        replace(fit, study=one, fitted=fit_study(one, fit.runs))
        for fit, one in zip(study.fits, changed.each, strict=True)
    )
    return replace(study, record=replace(study.record, study=changed), fits=fits)


def fit_on(study: FittedStudy, metric: str | None) -> SetFit:
    """What a study knows of its validation set; of several, of the one that --metric names."""
    fits = {fit.study.validation.name: fit for fit in study.fits}
    if len(fits) == 1 and metric in (None, study.study.config.metric, *fits):
        return study.fits[0]
    if metric not in fits:
        known = listed(list(fits))
        raise InputError(
            f"the study measures {study.study.config.metric} on {known}; name one of them, such as "
            f"--metric {next(iter(fits))}"
            + (f". There is no {metric!r}: {nearest(metric, fits)}" if metric else "")
        )
    return fits[metric]


def fitted_runs(study: FittedStudy, metric: str | None) -> tuple[Runs, "ScaleRegressor"]:
    """A study's finished probes on one validation set, and the scaling model fitted to them."""
    fit = fit_on(study, metric)
    selection, direction = fit.study.config.selection, fit.study.metric.direction
    rules = selection.predictor, selection.projection, fit.study.learner_family
    classes = class_shares(fit.study)
    return fit.runs, fit_scale(fit.runs, direction, False, *rules, classes, robust=selection.robust)


def study_results(
    study: FittedStudy,
    inputs: PurchaseInputs,
    title: str | None,
    *,
    figures: bool,
) -> Results:
    """Select a purchase under the offers of the options, else of the study."""
    changed = study.offering(offer_changes(study, inputs.sold), _aggregate(study, inputs.joined))
    request = request_of(inputs.bought)
    own = study.study.config.selection.size
    if request.size is None and own is not None and request != PurchaseRequest():
        screen.status(
            "Size",
            f"chosen by the search; the study asks for {own:,}. Give --at {own} to keep it",
        )
    plans = changed.select() if request == PurchaseRequest() else changed.select(**asdict(request))
    profiles = _profiles(study)
    results = results_of_plans(changed, plans, profiles, interface="command", figures=figures)
    thumbnails = _thumbnails(study) if figures else {}
    return replace(results, title=title or results.title, thumbnails=thumbnails)


def offer_changes(study: FittedStudy, sold: OfferOptions) -> dict[str, dict[str, Any]]:
    """Offers of the options as changes of a study's providers; empty where none is given."""
    if sold == OfferOptions():
        return {}
    own = Offers(study.study.providers, study.study.config.terms)
    offers = offers_of(sold, study.providers, own)
    terms = offers.terms
    return {one.name: _fields(one, terms.get(one.name, Terms())) for one in offers.providers}


def _fields(provider: Provider, terms: Terms) -> dict[str, Any]:
    tiers = [{"above_quantity": above, "price": price} for above, price in provider.tiers]
    return {
        "price": provider.price,
        "capacity": provider.capacity,
        "tiers": tiers,
        "minimum_order": terms.minimum_order,
        "required": terms.required,
        "excluded": terms.excluded,
    }


def _aggregate(study: FittedStudy, joined: AggregateOptions) -> Any:
    if joined.aggregate in (None, "mean", "worst"):
        return joined.aggregate
    names = [one.name for one in study.study.validations]
    weights = numbers("--aggregate", joined.aggregate)
    if len(weights) != len(names):
        raise InputError(
            f"--aggregate takes mean, worst, or a weight for each of {', '.join(names)}; got "
            f"{joined.aggregate}"
        )
    return dict(zip(names, weights, strict=True))


def _thumbnails(study: FittedStudy) -> "dict[str, tuple[Thumbnail, ...]]":
    """Images to look at, by validation set, where the folder has them for the profiled pilots."""
    from projektor_ray.profiles import Thumbnail

    by_set = {}
    for one in study.study.each:
        names = [
            "-".join(filter(None, (name, one.set_name)))
            for name in ("thumbnails", "provider_profiles")
        ]
        try:
            stored, profiles = (study.folder.read_table(name) for name in names)
            metadata = [
                TableMetadata.of(table.schema, name)
                for table, name in zip((stored, profiles), names, strict=True)
            ]
        except InputError:
            continue
        if metadata[0] == metadata[1]:
            by_set[one.validation.name] = tuple(Thumbnail(**row) for row in stored.to_pylist())
    return by_set


def _profiles(study: FittedStudy) -> Mapping[str, Any]:
    try:
        return study.profiles()
    except InputError:
        return {}
