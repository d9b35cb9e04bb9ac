"""`projektor predict` and `compare`: mixtures and purchases given by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.cli import screen, table_commands
from projektor_ray.cli.number_lists import assigned
from projektor_ray.cli.options import ModelInputs, OfferOptions, OutputOptions
from projektor_ray.cli.output_files import finish
from projektor_ray.cli.purchase_arguments import offers_of
from projektor_ray.cli.study_folders import offer_changes, study_of
from projektor_ray.data import read_table
from projektor_ray.designs.mixtures import check_mixtures
from projektor_ray.errors import InputError
from projektor_ray.explain.predictions_table import predictions_table
from projektor_ray.explain.purchase_comparison import (
    comparison,
    prediction_cautions,
    purchase_cautions,
)
from projektor_ray.runs.column_names import require
from projektor_ray.selection import Direction, Provider
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.storage.array_types import Floats
from projektor_ray.study.predictions import Purchase, gain_between

LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class Model:
    """The fitted metric of a study or of a table of runs.

    Attributes
    ----------
    providers : m of them, with their prices.
    objective_at : size → the metric there; refuses a size that cannot be predicted.
    trained_at : the largest size trained; None where the runs have no size.
    """

    metric: str
    direction: Direction
    providers: tuple[Provider, ...]
    objective_at: Callable[[int], MetricObjective]
    trained_at: int | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.providers)


def predict(
    inputs: ModelInputs,
    mixture: str,
    sizes: Sequence[int],
    output: OutputOptions,
) -> None:
    """Predict the metric of a mixture at sizes, and show it."""
    model = _model(inputs, OfferOptions())
    shares = _shares(mixture, model.names)
    rows = [_prediction(model, shares, size) for size in sizes]
    by_name = dict(zip(model.names, shares.tolist(), strict=True))
    screen.table(predictions_table(model.metric, by_name, rows))
    cautions = prediction_cautions(model.providers, shares, sizes, model.trained_at)
    for line in cautions:
        screen.statement(str(line))
    finish(pa.Table.from_pylist([{**by_name, **row} for row in rows]), output)
    if output.as_json:
        warnings = [one.to_dict() for one in cautions]
        answer = {"metric": model.metric, "mixture": by_name, "predictions": rows}
        screen.print_json({**answer, "warnings": warnings})


def compare(
    inputs: ModelInputs,
    sold: OfferOptions,
    first: str,
    second: str,
    output: OutputOptions,
) -> None:
    """Compare two purchases, each in samples by provider or as a file of a plan."""
    model = _model(inputs, sold)
    one, other = (_purchase(model, given) for given in (first, second))
    gain = gain_between(model.objective_at, one, other)
    fact = comparison(model.metric, model.direction, gain, one, other, trained_at=model.trained_at)
    cautions = purchase_cautions(one, other, model.trained_at)
    for line in (*cautions, fact):
        screen.statement(str(line))
    rows = [
        {
            "purchase": name,
            "provider": provider.name,
            "samples": samples,
            "predicted": each.predicted,
        }
        for name, each in (("first", one), ("second", other))
        for provider, samples in zip(each.providers, each.samples.tolist(), strict=True)
    ]
    finish(pa.Table.from_pylist(rows), output)
    if output.as_json:
        screen.print_json(
            {
                "metric": model.metric,
                "warnings": [one.to_dict() for one in cautions],
                "comparison": fact.to_dict(),
            }
        )


def _model(inputs: ModelInputs, sold: OfferOptions) -> Model:
    study = study_of(inputs)
    if study is not None:
        study = study.offering(offer_changes(study, sold))
        direction = study.study.metric.direction
        last = max(study.scales)
        return Model(study.metric, direction, study.study.providers, study.objective, last)
    runs, regressor = table_commands.fitted_table(inputs)
    offers = offers_of(sold, regressor.providers_)

    def objective_at(size: int) -> MetricObjective:
        regressor.check_target(size)
        return regressor.objective(size)

    trained_at = max(runs.scales, default=None)
    return Model(runs.metric, regressor.goal, offers.providers, objective_at, trained_at)


def _prediction(model: Model, shares: Floats, size: int) -> dict[str, float]:
    objective = model.objective_at(size)
    low, high = objective.interval(shares[None], LEVEL)[0]
    value = objective.predict(shares[None])[0]
    return {"size": size, "value": float(value), "low": float(low), "high": float(high)}


def _shares(text: str, names: tuple[str, ...]) -> Floats:
    """The mixture a=0.5,b=0.5 over all providers, shape (m,)."""
    given = _by_provider("--mixture", text, names)
    shares = np.array([[given.get(name, 0.0) for name in names]])
    return np.asarray(check_mixtures(shares, len(names))[0])


def _purchase(model: Model, given: str) -> Purchase:
    """A purchase as samples a=300,b=150, or as a file with the columns provider and samples."""
    if "=" in given:
        by_name, billed = _by_provider("a purchase", given, model.names), None
    else:
        by_name, billed = _of_file(given, model.names)
    odd = [name for name, number in by_name.items() if number < 0 or number != int(number)]
    if odd or not sum(by_name.values()):
        what = f"{by_name[odd[0]]:g} of {odd[0]!r}" if odd else "no samples"
        raise InputError(f"a purchase has whole numbers of samples, 1 or more in all; got {what}")
    samples = np.array([int(by_name.get(name, 0)) for name in model.names], dtype=np.int64)
    predicted = _prediction(model, samples / samples.sum(), int(samples.sum()))
    interval = (predicted["low"], predicted["high"])
    bought = Purchase(model.providers, samples, predicted["value"], interval)
    return bought if bought.is_priced else replace(bought, billed=billed)


def _of_file(given: str, names: tuple[str, ...]) -> tuple[dict[str, float], float | None]:
    """The samples in a purchase order, or in the plan `selected` of a file of plans, and their cost
    where the file has it.
    """
    if not Path(given).exists():
        raise InputError(
            f"there is no file {given}; give a purchase in samples, such as {names[0]}=300, or a "
            "file that select has written"
        )
    rows: list[dict[str, Any]] = read_table(given).to_pylist()
    if not rows or not {"provider", "samples"} <= rows[0].keys():
        raise InputError(f"{given} needs the columns provider and samples, as select writes them")
    plan = [row for row in rows if row.get("plan", "selected") == "selected"]
    known = [row for row in plan if row["provider"] in names or row["samples"] is None]
    cost = sum(float(row.get("cost") or 0) for row in known)
    samples = {str(row["provider"]): float(row["samples"] or 0) for row in known}
    return samples, cost or None


def _by_provider(option: str, text: str, names: tuple[str, ...]) -> dict[str, float]:
    """Numbers by provider, from a=1,b=2."""
    by_name = assigned(option, text.split(","), f"{names[0]}=1")
    return {
        require(name, names, "there is no provider"): number for name, number in by_name.items()
    }
