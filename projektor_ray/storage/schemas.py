"""The columns of a study's tables: name, Arrow type and description of each.

The documentation's column reference is generated from `SCHEMAS`: the description of a table is in
the metadata of its schema, the description of a column in the metadata of its field.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from projektor_ray.storage.table_metadata import TableMetadata

Row = dict[str, Any]
"""A row of a table: value by column."""
Key = tuple[Any, ...]
"""The values of the columns that identify a row of a ledger."""

_TEXT, _COUNT, _NUMBER, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_BYTES = pa.binary()
_TIME = pa.timestamp("us", tz="UTC")


def _table(description: str, *columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    fields = [pa.field(name, kind, metadata={"description": says}) for name, kind, says in columns]
    return pa.schema(fields, metadata={"description": description})


_MIXTURE_ID = (
    "mixture_id",
    _TEXT,
    "Hash of the shares and of the contents of the pilots that have a share.",
)
_MIXTURE = (
    "mixture",
    pa.list_(_NUMBER),
    "Share of each provider; the order of providers is in the metadata.",
)

SCHEMAS: dict[str, pa.Schema] = {
    "probes": _table(
        "Ledger of finished trainings: one row for each probe and attempt that is final.",
        _MIXTURE_ID,
        _MIXTURE,
        ("size", _COUNT, "Number N of samples in the training set D(N, p)."),
        ("seed", _COUNT, "Seed of the draw of the training set and of the training."),
        ("learner", _TEXT, "Name of the learner."),
        ("metric", _TEXT, "Name of the metric."),
        ("value", _NUMBER, "Metric on the validation set; null if the training failed."),
        ("seconds", _NUMBER, "Wall time of the training."),
        ("status", _TEXT, "'done' or 'failed'."),
        ("error", _TEXT, "Traceback of a failed training; empty otherwise."),
        ("attempt", _COUNT, "Number of the attempt, counted from 1 over all runs."),
        ("started_at", _TIME, "Start of the training (UTC)."),
        ("warnings", pa.list_(_TEXT), "Warnings of the training, each once: category and text."),
    ),
    "distances": _table(
        "Ledger of distances: one row for each mixture.",
        _MIXTURE_ID,
        _MIXTURE,
        ("value", _NUMBER, "Optimal-transport distance, in units of the mean feature cost."),
        (
            "gradient",
            pa.list_(_NUMBER),
            "Derivative of the distance by the share of each provider, 0 on average over the "
            "mixture.",
        ),
        ("marginal_error", _NUMBER, "L1 error of the marginals of the transport plan."),
        ("converged", _FLAG, "Whether the marginal error is within the tolerance."),
        ("iterations", _COUNT, "Number of Sinkhorn iterations."),
        ("seconds", _NUMBER, "Wall time of the solve, divided by the mixtures solved together."),
    ),
    "adaptive_design": _table(
        "Ledger of the mixtures that an adaptive design or a second stage has chosen: a row each.",
        _MIXTURE_ID,
        _MIXTURE,
        ("position", _COUNT, "Position of the mixture in the design, counted from 0."),
        ("size", _COUNT, "Number of samples that a plan of a second stage is trained on."),
        ("gain", _NUMBER, "Expected improvement of the metric when the mixture was chosen."),
    ),
    "base_design": _table(
        "Ledger of the mixtures that the design was continued from, each time that providers "
        "joined or left: one row for each, and one without shares where none still applied.",
        ("change", _COUNT, "Number of the change of providers, counted from 0."),
        _MIXTURE_ID,
        _MIXTURE,
    ),
    "study": _table(
        "Record of the study: one row, from which the folder is opened without pilots.",
        ("config", _TEXT, "Configuration as JSON, without sources."),
        ("pilots", _TEXT, "Summaries of the pilots as JSON."),
        ("validation_sets", _TEXT, "Summaries of the validation sets as JSON."),
        ("probe_hashes", pa.list_(_TEXT), "Input hash of the probes, for each validation set."),
        ("distance_hashes", pa.list_(_TEXT), "Input hash of the distances, for each one."),
        (
            "sources",
            _TEXT,
            "Fingerprint of the sources of all pilots and validation sets; empty if unknown.",
        ),
    ),
    "interpolation": _table(
        "How exactly distances are interpolated between the measured mixtures: one row.",
        ("error", _NUMBER, "Root mean square error of held-out distances."),
        (
            "bound",
            _NUMBER,
            "Target for the error: a tenth of the metric's error, in units of the distance. "
            "Above it, plans are searched by transport itself.",
        ),
        ("metric_error", _NUMBER, "Root mean square error of the metric of left-out mixtures."),
        ("sensitivity", _NUMBER, "Largest change of the metric for a change of the distance by 1."),
        ("measured", _COUNT, "Mixtures between which distances are interpolated."),
        ("further", _COUNT, "Mixtures among them that were measured for the interpolation alone."),
    ),
    "provider_profiles": _table(
        "What each pilot shows about its provider: one row for each provider.",
        ("provider", _TEXT, "Name of the provider."),
        ("samples", _COUNT, "Number of samples in the pilot."),
        ("distance", _NUMBER, "Distance of the pilot to the validation set."),
        ("wrong_labels", _NUMBER, "Estimated share of wrong labels; null if unknown."),
        ("wrong_labels_low", _NUMBER, "Lower end of the confidence interval of wrong_labels."),
        ("wrong_labels_high", _NUMBER, "Upper end of the confidence interval of wrong_labels."),
        (
            "outliers",
            _NUMBER,
            "Estimated share of samples unlike every validation sample; null if unknown.",
        ),
        ("outliers_low", _NUMBER, "Lower end of the confidence interval of outliers."),
        ("outliers_high", _NUMBER, "Upper end of the confidence interval of outliers."),
        ("classes", pa.list_(_TEXT), "Classes of the validation set that the pilot has."),
        ("missing_classes", pa.list_(_TEXT), "Classes of the validation set that it lacks."),
        (
            "unknown_classes",
            _NUMBER,
            "Share of samples whose class is not in the validation set.",
        ),
        ("duplicates_within", _COUNT, "Samples that equal an earlier sample of the same pilot."),
        (
            "near_duplicates_within",
            _COUNT,
            "Further samples that nearly equal an earlier sample of the same pilot.",
        ),
        (
            "duplicates_in_others",
            _COUNT,
            "Samples that equal a sample in the pilot of another provider.",
        ),
        (
            "near_duplicates_in_others",
            _COUNT,
            "Further samples that nearly equal a sample in the pilot of another provider.",
        ),
        (
            "duplicates_in_validation",
            _COUNT,
            "Samples that equal a sample of the validation set in every value.",
        ),
        (
            "duplicates_by_chance",
            _NUMBER,
            "Samples equal to a validation sample that independent draws would show.",
        ),
        (
            "near_duplicates_in_validation",
            _COUNT,
            "Further samples that nearly equal a sample of the validation set.",
        ),
        (
            "near_duplicates_by_chance",
            _NUMBER,
            "Near-duplicates of the validation set that independent samples would show.",
        ),
        ("closest_provider", _TEXT, "Provider that shares most near-duplicates; null if none."),
        (
            "duplicates_in_closest",
            _COUNT,
            "Samples with a near-duplicate in the pilot of closest_provider.",
        ),
        (
            "least_valuable",
            pa.list_(_COUNT),
            "Positions in the pilot of its least valuable samples, least valuable first.",
        ),
        ("planned_samples", _COUNT, "Samples that the selected plan buys; null without a plan."),
        (
            "marginal_value",
            _NUMBER,
            "Change of the metric for 1,000 more samples on top of the selected plan.",
        ),
        (
            "metric_without",
            _NUMBER,
            "Predicted metric of the best plan without this provider; null if the selected plan "
            "buys little of the provider, or if no plan without it is feasible.",
        ),
    ),
    "values": _table(
        "Value of each pilot sample, by the calibrated gradient of the distance.",
        ("provider", _TEXT, "Name of the provider."),
        ("sample", _COUNT, "Position of the sample in the pilot, counted from 0."),
        ("value", _NUMBER, "Value of the sample relative to the others of its class."),
    ),
    "thumbnails": _table(
        "Images to look at: of each provider, the least valuable samples, worst first, then those "
        "whose labels are most likely wrong. No rows where inputs are features; folders of earlier "
        "versions lack the table.",
        ("provider", _TEXT, "Name of the provider."),
        ("kind", _TEXT, "'least valuable' or 'suspected label'."),
        ("sample", _COUNT, "Position of the sample in the pilot, counted from 0."),
        ("label", _TEXT, "Label that the provider gives; null without labels."),
        (
            "suggested",
            _TEXT,
            "Class of most of its neighbours in the validation set; null unless suspected.",
        ),
        ("value", _NUMBER, "Value of the sample relative to the others of its class."),
        ("image", _BYTES, "The image as PNG, at most 48 pixels wide and high."),
    ),
    "predictors": _table(
        "Fitted predictors: one row for each predictor or joint scaling model at each scale.",
        ("predictor", _TEXT, "Name of the predictor or of the joint scaling model."),
        ("size", _COUNT, "Scale at which it is fitted."),
        ("coefficients", pa.list_(_NUMBER), "Fitted coefficients."),
        ("mae", _NUMBER, "Mean absolute error on the probes of the fit."),
        ("mae_cv", _NUMBER, "Mean absolute error in cross-validation over mixtures."),
        ("r2", _NUMBER, "Coefficient of determination on the probes of the fit."),
        ("chosen", _FLAG, "Whether the plan is selected by this model."),
    ),
    "projections": _table(
        "Projected metric of each mixture of the design at each size, by each scaling model.",
        _MIXTURE,
        ("size", _COUNT, "Size N that is projected to."),
        ("predictor", _TEXT, "Name of the scaling model, or of the predictor it projects."),
        ("value", _NUMBER, "Projected metric."),
        ("low", _NUMBER, "Lower end of the 90 % interval of one training."),
        ("high", _NUMBER, "Upper end of the 90 % interval of one training."),
    ),
    "validation_sets": _table(
        "Metric of each plan on each of several validation sets.",
        ("plan", _TEXT, "Name of the plan: 'selected', or the name of a baseline."),
        ("size", _COUNT, "Samples that the plan buys."),
        ("validation", _TEXT, "Name of the validation set."),
        ("predicted", _NUMBER, "Predicted metric on the validation set."),
        ("low", _NUMBER, "Lower end of the 90 % interval of one training."),
        ("high", _NUMBER, "Upper end of the 90 % interval of one training."),
    ),
    "plans": _table(
        "Purchase plans: one row for each provider in each plan. Columns about a whole plan "
        "repeat their value in all rows of the plan.",
        ("plan", _TEXT, "Name of the plan: 'selected', or the name of a baseline."),
        ("size", _COUNT, "Samples that the plan buys in all."),
        ("provider", _TEXT, "Name of the provider."),
        ("share", _NUMBER, "Share of the provider in the plan."),
        ("samples", _COUNT, "Samples to buy from the provider."),
        ("price", _NUMBER, "Marginal price: money for the last sample of the provider."),
        ("average_price", _NUMBER, "Money per sample bought of the provider, on average."),
        ("cost", _NUMBER, "Money for all samples of the provider."),
        (
            "marginal_value",
            _NUMBER,
            "Change of the metric for 1,000 more samples on top of the plan, to first order.",
        ),
        ("predicted", _NUMBER, "Predicted metric of the plan."),
        ("low", _NUMBER, "Lower end of the 90 % interval of one training."),
        ("high", _NUMBER, "Upper end of the 90 % interval of one training."),
        ("gain", _NUMBER, "Improvement of the metric by the selected plan over this plan."),
        ("gain_low", _NUMBER, "Lower end of the 90 % confidence interval of the gain."),
        ("gain_high", _NUMBER, "Upper end of the 90 % confidence interval of the gain."),
        ("share_low", _NUMBER, "Lower end of the 80 % range of the share over posterior samples."),
        ("share_high", _NUMBER, "Upper end of the 80 % range of the share over posterior samples."),
        (
            "plan_stability",
            _NUMBER,
            "Share of posterior samples whose best plan moves at most a tenth of the samples.",
        ),
        (
            "expected_regret",
            _NUMBER,
            "Mean loss of the plan against the best plan of each posterior sample.",
        ),
        (
            "capacity_shadow_price",
            _NUMBER,
            "Improvement of the metric if the provider could sell 1,000 more samples, to first "
            "order; 0 if the capacity does not bind.",
        ),
        (
            "budget_shadow_price",
            _NUMBER,
            "Improvement of the metric for one more unit of money; 0 if the budget does not bind.",
        ),
    ),
}
"""Schema of every table by its name."""

KEYS: dict[str, tuple[str, ...]] = {
    "probes": ("mixture_id", "size", "seed", "learner", "metric"),
    "distances": ("mixture_id",),
    "adaptive_design": ("mixture_id",),
    "base_design": ("change", "mixture_id"),
}
"""The ledgers, and the columns that identify a row of each."""


def make_table(name: str, rows: Iterable[Row], metadata: TableMetadata) -> pa.Table:
    """The rows as an Arrow table of the schema `name`, with its metadata."""
    schema = SCHEMAS[name].with_metadata(metadata.metadata())
    return pa.Table.from_pylist(list(rows), schema=schema)
