"""Reports with known numbers, without fitting anything; and how a page is read back."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np

from projektor_ray.explain.results import Curve, ModelPrediction, Results, Surface
from projektor_ray.predictors import ProbeArrays
from projektor_ray.profiles import ProviderProfile, Share
from projektor_ray.projection.cross_validation import CrossValidation
from projektor_ray.selection import Provider, PurchasePlans, select
from projektor_ray.selection.gains import Gain


def names_of(count: int) -> tuple[str, ...]:
    return tuple(f"seller-{i:03d}" for i in range(count))


def bought_of(providers: tuple[Provider, ...], size: int) -> PurchasePlans:
    """A plan that buys what is worth most, and two others; linear, so that all is known."""
    count = len(providers)
    worth = np.linspace(1.0, 0.0, count)

    def objective(mixtures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return mixtures @ worth, np.tile(worth, (len(mixtures), 1))

    best = select(objective, providers, size, restarts=2)
    each = np.full(count, size // count)
    each[0] += size - each.sum()
    samples = {"uniform": each, "single": np.eye(count, dtype=np.int64)[-1] * size}
    other_models = {
        name: replace(
            best,
            samples=bought,
            predicted=float(bought @ worth / size),
            restarts=0,
            restarts_converged=0,
        )
        for name, bought in samples.items()
    }
    whole = {"selected": best, **other_models}
    told = {
        name: replace(plan, interval=(plan.predicted - 0.05, plan.predicted + 0.05))
        for name, plan in whole.items()
    }
    gains = {name: Gain(0.2 + 0.1 * i, 0.1, 0.5) for i, name in enumerate(other_models)}
    return PurchasePlans(told, providers, gains)


def profile(name: str, **changes: Any) -> ProviderProfile:
    clean = Share(0.01, 0.0, 0.03)
    told = ProviderProfile(
        provider=name,
        samples=200,
        distance=1.25,
        wrong_labels=clean,
        outliers=clean,
        classes=("0", "1"),
        missing_classes=("2",),
        unknown_classes=0.0,
        duplicates_within=0,
        near_duplicates_within=0,
        duplicates_in_others=0,
        near_duplicates_in_others=0,
        duplicates_in_validation=0,
        near_duplicates_in_validation=0,
        near_duplicates_by_chance=0.0,
        closest_provider=None,
        duplicates_in_closest=0,
        planned_samples=50,
    )
    return replace(told, **changes)


def for_one_set(*profiles: ProviderProfile) -> dict[str, tuple[ProviderProfile, ...]]:
    """Cards beside the one validation set."""
    return {"validation": profiles}


def a_report(count: int, scales: tuple[int, ...] = (100, 400), **changes: Any) -> Results:
    """Of so many providers; the first sells at most 600 samples of the 1,000 to buy."""
    providers = tuple(
        Provider(name, capacity=600 if i == 0 else None, price=0.5)
        for i, name in enumerate(changes.pop("names", names_of(count)))
    )
    bought = replace(bought_of(providers, 1000), budget=changes.pop("budget", None))
    mixtures = np.tile(np.eye(count), (2, 1)) if count > 1 else np.ones((2, 1))
    sizes = np.resize(np.array(scales, dtype=np.float64), len(mixtures))
    values = np.linspace(0.2, 0.9, len(mixtures))
    probes = ProbeArrays.check(mixtures, None, values, sizes)
    found = CrossValidation(probes, values + 0.02, left_out=True)
    best = bought.selected
    along = np.array([scales[0], 1000.0, 2000.0])
    growth = np.array([0.5, 0.8, 0.9])
    drawn = [
        Curve(name, along, growth - 0.1 * i, np.stack([growth - 0.2, growth + 0.1], axis=1))
        for i, name in enumerate(("selected", "uniform", "eq3"))
    ]
    surface = None
    if count == 3:
        surface = Surface(
            np.vstack([np.eye(3), np.full((1, 3), 1 / 3)]), np.array([1, 0.5, 0, 0.5])
        )
    rows = [
        {
            "predictor": name,
            "on": "",
            "size": scale,
            "mae": 0.01,
            "mae_cv": 0.02,
            "r2": 0.9,
            "chosen": name == "joint",
        }
        for name in ("cs", "joint")
        for scale in scales
    ]
    without = {providers[0].name: bought.plans["uniform"], providers[1].name: None}
    made = Results(
        title="a study",
        metric="accuracy",
        direction="maximize",
        cross_validation=found,
        measured=True,
        predictors=rows,
        errors_of="accuracy",
        bought=replace(bought, without=without),
        curves=tuple(drawn[:2]) if len(scales) > 1 else (),
        other_models=tuple(drawn[2:]) if len(scales) > 1 else (),
        opinions=(ModelPrediction("joint", True, best.predicted, 0.1, 0.9, 0.2),),
        marginal_values=best.marginal_value / 1000,
        surface=surface,
        reasons=("joint was asked for",),
        notes=(),
    )
    return replace(made, **changes)


def with_probes(report: Results, **changes: Any) -> Results:
    """The same results of other finished probes."""
    probes = replace(report.probes, **changes)
    return replace(report, cross_validation=replace(report.cross_validation, probes=probes))


def sound(**changes: Any) -> Results:
    """A report that nothing is amiss with: its plan was trained, at the size to buy."""
    report = a_report(4, scales=(1000,))
    made = with_probes(report, mixtures=np.tile(report.selected.mixture, (8, 1)))
    made = replace(made, **changes)
    return with_plan(made, capacity_shadow_price=np.zeros(4))


def with_plan(report: Results, **changes: Any) -> Results:
    plans = {**report.bought.plans, "selected": replace(report.selected, **changes)}
    return replace(report, bought=replace(report.bought, plans=plans))


def with_gain(report: Results, gain: Gain) -> Results:
    return replace(report, bought=replace(report.bought, gains={"single": gain}))


@dataclass
class Read(HTMLParser):
    """A page's tables, all that is said, texts by tag, attributes, and whether its elements are
    nested rightly."""

    tables: list[list[list[str]]] = field(default_factory=list)
    said: str = ""
    texts: dict[str, list[str]] = field(default_factory=dict)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.texts.setdefault(tag, []).append("")
        self.said += "" if tag == "em" else " "
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.said += data
        for tag in self.open[-1:]:
            self.texts[tag][-1] += data
        if self.open[-1:] in (["td"], ["th"]):
            self.tables[-1][-1][-1] += data

    def titled(self, *head: str) -> list[list[str]]:
        """The rows of all tables whose header begins so."""
        found = [t for t in self.tables if t and t[0][: len(head)] == list(head)]
        return [row for table in found for row in table[1:]]


def read(page: str) -> Read:
    found = Read()
    found.feed(page)
    found.close()
    assert not found.open, f"not closed: {found.open}"
    return found
