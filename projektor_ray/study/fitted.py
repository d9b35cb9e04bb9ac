"""A finished study's folder opened as a model, without Ray and without the pilots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from projektor_ray.designs.mixtures import check_mixtures
from projektor_ray.errors import InputError, listed, nearest
from projektor_ray.selection import (
    Plan,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    buy,
)
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.provider import changed_offer
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger, in_all
from projektor_ray.storage.settings import parse
from projektor_ray.study.checks import check_goal
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.fitting import fit_study, join_ledgers
from projektor_ray.study.interpolated import InterpolationError, interpolated, read_error
from projektor_ray.study.predictions import LEVEL, Prediction, Purchase, gain_between
from projektor_ray.study.provider_config import ProviderConfig
from projektor_ray.study.purchasing import SetFit, purchase_problem
from projektor_ray.study.record import StudyRecord, read_record
from projektor_ray.study.sample_counts import check_counts, check_size
from projektor_ray.study.study import Study

if TYPE_CHECKING:
    from projektor_ray.profiles import ProviderProfile

Mixtures = ArrayLike | Mapping[str, float]
"""Shares (m,) or (q, m) in the order of `FittedStudy.providers`, or {provider: share}."""
SHOWN = 4
"""Providers that the text form of a study names."""


def open_study(folder: str | Path) -> "FittedStudy":
    """Open a finished study's folder, a path or a URI, as a model.

    Only the study's own tables are read. Models are those that the study chooses; distances of
    mixtures are interpolated between the measured ones.

    Raises
    ------
    InputError
        If the folder holds no study, or one of another schema version.
    TooFewProbesError
        If too few probes are finished to fit a model.

    Examples
    --------
    >>> import projektor_ray as pr
    >>> try:
    ...     study = pr.open_study("out/no-such-study")
    ... except ValueError as error:
    ...     print(str(error).partition(" in ")[0])
    there is no table study.parquet
    """
    place = Folder(folder)
    record = read_record(place)
    probes = in_all([Ledger(place, "probes").rows(one) for one in record.probe_hashes.values()])
    fits = []
    for one, rows in zip(record.study.each, probes, strict=True):
        distances = Ledger(place, "distances").rows(record.distance_hashes[one.validation.name])
        runs = join_ledgers(one, rows, distances)
        known = interpolated(one, distances)
        fits.append(SetFit(one, fit_study(one, runs, compare=False), runs, known))
    return FittedStudy(place, record, tuple(fits))


@dataclass(frozen=True, eq=False)
class FittedStudy:
    """A finished study as a model; see `open_study`.

    Attributes
    ----------
    folder : the study's folder.
    record : the study as its folder records it.
    fits : models, probes and distances of each validation set.
    """

    folder: Folder
    record: StudyRecord
    fits: tuple[SetFit, ...]

    def __repr__(self) -> str:
        sizes, runs = listed([f"{scale:,}" for scale in self.scales]), len(self.fits[0].runs)
        of = f"{self.metric} of {listed(self.providers, SHOWN)}"
        return f"<Study {self.name}: {of}; {runs:,} probes at {sizes} samples>"

    @property
    def study(self) -> Study:
        return self.record.study

    @property
    def name(self) -> str:
        return self.study.config.name

    @property
    def metric(self) -> str:
        """Name of what is predicted; of several validation sets, with how they are aggregated."""
        return self.study.goal

    @property
    def providers(self) -> tuple[str, ...]:
        """Names of the m providers, in the order of shares."""
        return self.study.names

    @property
    def scales(self) -> tuple[int, ...]:
        """Sizes at which probes were trained."""
        return self.study.scales

    @cached_property
    def unfinished(self) -> int:
        """How many probes the study asks for that are neither finished nor failed."""
        return len(self.study.wanted_probes()) - len(self.fits[0].runs) - self.fits[0].runs.failed

    def predict(self, mixtures: Mixtures, size: float) -> Prediction:
        """Predicted metric of mixtures at a size.

        Raises
        ------
        InputError
            If shares do not sum to 1, a provider is unknown, or the size lies below the scales.
        """
        shares = self._mixtures(mixtures)
        objective = self.objective(size)
        low, high = objective.interval(shares, LEVEL).T
        return Prediction(objective.predict(shares), low, high)

    def project(self, mixture: Mixtures, sizes: Sequence[float]) -> Prediction:
        """Predicted metric of one mixture at sizes (q,)."""
        predictions = [self.predict(mixture, size) for size in sizes]
        return Prediction(
            *(
                np.concatenate([getattr(one, name) for one in predictions])
                for name in ("value", "low", "high")
            )
        )

    def select(
        self,
        *,
        size: int | None = None,
        budget: float | None = None,
        target: float | None = None,
        minimize: Any = None,
        frontier: Sequence[float] = (),
        max_size: int | None = None,
        providers: Mapping[str, Mapping[str, Any]] | None = None,
        aggregate: Any = None,
        leave_out: bool = True,
    ) -> PurchasePlans:
        """The plan predicted best, and the baselines; without arguments what the study asks for.

        Parameters
        ----------
        size, budget, target, minimize, frontier, max_size : as in a study's `selection`.
        providers : changes by provider name, with the keys of a study's `providers`: `price`,
            `tiers`, `capacity`, `minimum_order`, `required`, `excluded`. A new price without tiers
            holds for every quantity.
        aggregate : as in a study's `selection`, for several validation sets.
        leave_out : whether to search also the best plan without each provider, which takes longer.

        Raises
        ------
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        InputError
            If an argument cannot be used.
        """
        changed = self.offering(providers or {}, aggregate)
        request = PurchaseRequest(size, budget, target, minimize, tuple(frontier), max_size)
        if request == PurchaseRequest():
            request = self.study.config.selection.request
        if request.size is not None:
            self._check_size(request.size)
        return buy(changed.problem, request, leave_out=leave_out)

    def frontier(
        self, budgets: Sequence[float], providers: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[float, Plan]:
        """The best plan of any size for each budget."""
        return dict(self.select(frontier=budgets, providers=providers, leave_out=False).frontier)

    def purchase(self, samples: Mapping[str, int]) -> Purchase:
        """What a purchase given by hand is predicted to reach, such as {"ada": 40, "bob": 60}.

        Raises
        ------
        InputError
            If a provider is unknown, a number is below 0, or the size lies below the scales.
        """
        self.check_providers(samples)
        counts = check_counts(samples)
        bought = np.array([counts.get(name, 0) for name in self.providers], dtype=np.int64)
        if not bought.sum():
            raise InputError("the purchase has no samples; give a number for a provider")
        predicted = self.predict(bought / bought.sum(), int(bought.sum()))
        interval = (float(predicted.low[0]), float(predicted.high[0]))
        return Purchase(self.study.providers, bought, float(predicted.value[0]), interval)

    def gain(self, plan: Plan | Purchase, other: Plan | Purchase) -> tuple[float, float, float]:
        """Predicted metric of a plan less that of another, and its 90 % interval.

        Each plan at its own size. Errors that the two predictions share cancel.
        """
        return gain_between(self.objective, plan, other)

    def profiles(self) -> "dict[str, list[ProviderProfile]]":
        """Provider profiles by validation set."""
        from projektor_ray.profiles import ProviderProfile

        by_set = {}
        for one in self.study.each:
            table = "-".join(filter(None, ("provider_profiles", one.set_name)))
            rows = self.folder.read_table(table).to_pylist()
            by_set[one.validation.name] = [ProviderProfile.from_row(row) for row in rows]
        return by_set

    def runs(self) -> pa.Table:
        """Finished probes: a share per provider, `size`, `distance`, and the metric.

        With several validation sets, the columns of distance and metric carry the set's name.
        """
        first = self.fits[0].runs
        columns: dict[str, Any] = dict(zip(self.providers, first.mixtures.T, strict=True))
        columns["size"] = first.sizes
        for fit in self.fits:
            suffix = f" on {fit.study.set_name}" if fit.study.set_name else ""
            columns[f"distance{suffix}"] = fit.runs.distances
            columns[f"{fit.study.config.metric}{suffix}"] = fit.runs.values
        return pa.table({name: _arrow(column) for name, column in columns.items()})

    @cached_property
    def interpolation(self) -> dict[str, InterpolationError]:
        """How exactly distances are interpolated, by validation set; none where unknown."""
        errors = {one.validation.name: read_error(self.folder, one) for one in self.study.each}
        return {name: error for name, error in errors.items() if error is not None}

    @cached_property
    def problem(self) -> PurchaseProblem:
        """What may be bought, and what it is predicted to be worth."""
        return purchase_problem(self.study, self.fits)

    def objective(self, size: float) -> MetricObjective:
        """The predicted metric of mixtures at a size.

        Raises
        ------
        InputError
            If the size lies where nothing can be predicted.
        """
        self._check_size(size)
        objective = self.problem.objective_at(int(size))
        assert isinstance(objective, MetricObjective)
        return objective

    def _check_size(self, size: float) -> None:
        size = check_size(size)
        smallest, max_size = self.study.size_bounds
        free = self.study.config.selection.projection == "none"
        if size < smallest and not free:
            raise InputError(
                f"the size {size:,.0f} is below the smallest scale, {smallest:,}, where no probe "
                f"was trained. Ask for {smallest:,} samples or more"
            )
        if max_size is not None and size > max_size and not free:
            raise InputError(
                f"the study trained at one scale only, {max_size:,}, so the metric at {size:,.0f} "
                "samples cannot be projected. Train at a second scale, a factor of 4 away"
            )

    def _mixtures(self, mixtures: Mixtures) -> Floats:
        if isinstance(mixtures, Mapping):
            self.check_providers(mixtures)
            mixtures = [mixtures.get(name, 0.0) for name in self.providers]
        return check_mixtures(np.atleast_2d(np.asarray(mixtures, dtype=float)), len(self.providers))

    def check_providers(self, names: Iterable[str]) -> None:
        """Refuse names that are no provider's, with the nearest one that is."""
        for name in names:
            if name not in self.providers:
                hint = nearest(name, self.providers)
                raise InputError(f"the study has no provider {name!r}; {hint}")

    def offering(
        self, providers: Mapping[str, Mapping[str, Any]], aggregate: Any = None
    ) -> "FittedStudy":
        """The same study under other offers; parameters as of `select`.

        Raises
        ------
        InputError
            If a provider or a field is unknown, or a value cannot be used.
        """
        if not providers and aggregate is None:
            return self
        self.check_providers(providers)
        config = self.study.config.model_dump(mode="json", exclude_unset=True)
        config["providers"] = [
            _changed_provider(one, providers.get(one["name"], {})) for one in config["providers"]
        ]
        if aggregate is not None:
            config["selection"]["aggregate"] = aggregate
        changed = parse(StudyConfig, config)
        sets = [one.name for one in self.study.validations]
        check_goal(changed, sets, self.study.metric)
        by_name = {one.name: one for one in changed.providers}
        sold = tuple(by_name[name].sold_by() for name in self.providers)
        study = replace(self.study, config=changed, providers=sold)
        fits = tuple(replace(fit, study=of) for fit, of in zip(self.fits, study.each, strict=True))
        return replace(self, record=replace(self.record, study=study), fits=fits)


def _arrow(numbers: Floats) -> pa.Array:
    """Numbers as Arrow's, which `pyarrow.array` would import pandas for, and that is slow."""
    buffer = pa.py_buffer(np.ascontiguousarray(numbers, dtype=np.float64))
    return pa.Array.from_buffers(pa.float64(), len(numbers), [None, buffer])


def _changed_provider(known: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for key in changes:
        if key not in ProviderConfig.model_fields or key in ("name", "source"):
            fields = [one for one in ProviderConfig.model_fields if one not in ("name", "source")]
            raise InputError(
                f"an offer of {known['name']!r} has no field {key!r}; {nearest(key, fields)}"
            )
    return changed_offer(known, changes)
