"""The state of the page, as its address has it: what is bought, of whom, and a mixture by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from projektor_ray.errors import InputError
from projektor_ray.explain.page_text import TARGET_MISSING
from projektor_ray.selection import Terms
from projektor_ray.service.new_providers import NewProvider
from projektor_ray.service.request_bodies import Body, SelectBody
from projektor_ray.storage.number_texts import plain_number
from projektor_ray.storage.settings import error_lines
from projektor_ray.study import FittedStudy

B = TypeVar("B", bound=Body)

SIZE, OPEN, TARGET = "size", "open", "target"
ASKS = (SIZE, OPEN, TARGET)
"""Kinds of question: the best plan of a size, of any size, or the cheapest to reach a target."""
MOST_LEFT_OUT = 12
"""Of more providers, the best plan without each one is not searched."""
MOST_FIELDS = 10_000
THREE = 3
"""Digits between two commas of a number."""
FIELDS = {"price": "price", "capacity": "capacity", "minimum": "minimum_order"}
"""Fields of a provider on the page, `price.NAME` → the key of a study file."""
NEW_TEXTS, NEW_NUMBERS = ("name", "label"), ("price", "capacity", "minimum_order")
"""Fields of a new provider on the page, `new-NAME`, as of `NewProvider`."""
FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Budgets of a frontier, as multiples of the budget."""


class UnfinishedError(InputError):
    """A question that is still to be completed; nothing in it is wrong."""


@dataclass(frozen=True)
class OfferRow:
    """A provider on the page: what the study has, and what the page has."""

    name: str
    price: str
    capacity: str
    minimum: str
    required: bool
    excluded: bool
    weight: str
    usual: Mapping[str, str]


@dataclass(frozen=True)
class PageState:
    """What the page asks.

    Attributes
    ----------
    ask : kind of question, one of `ASKS`.
    size, budget, target, max_size : as they are written in the fields.
    rows : the providers.
    body : the same as a request.
    budgets : of the frontier.
    """

    ask: str
    size: str
    budget: str
    target: str
    max_size: str
    rows: Sequence[OfferRow]
    body: SelectBody
    budgets: tuple[float, ...] = field(default=())

    @property
    def budgets_text(self) -> str:
        """The budgets as a field shows them."""
        return ", ".join(map(_text, self.budgets))

    @property
    def weights(self) -> dict[str, float]:
        """Shares of the mixture by hand, which sum to 1; empty where no slider was moved."""
        given = {row.name: _number("share", row.weight) for row in self.rows if row.weight}
        total = sum(given.values())
        return {name: weight / total for name, weight in given.items()} if total > 0 else {}


def read_state(study: FittedStudy, query: Iterable[tuple[str, str]]) -> PageState:
    """The state that an address has; what it does not name is as in the study.

    Raises
    ------
    InputError
        If a field cannot be used; in the words of the command line.
    """
    pairs = list(query)[:MOST_FIELDS]
    fields = dict(pairs)
    usual = study.study.config.selection
    ask = fields.get("ask") or (
        TARGET if usual.target is not None else SIZE if usual.size else OPEN
    )
    if ask not in ASKS:
        raise InputError(f"ask: must be one of {', '.join(ASKS)}; got {ask[:40]!r}")
    written = {
        "size": fields.get("size", _text(usual.size or max(study.scales))),
        "budget": fields.get("budget", _text(usual.budget or max(usual.frontier, default=None))),
        "target": fields.get("target", _text(usual.target)),
        "max_size": fields.get("max_size", _text(usual.max_size)),
    }
    rows = _rows(study, pairs)
    body = _body(ask, written, rows)
    return PageState(
        ask=ask,
        size=written["size"],
        budget=written["budget"],
        target=written["target"],
        max_size=written["max_size"],
        rows=rows,
        body=body,
        budgets=_budgets(fields, body),
    )


def read_new_provider(query: Iterable[tuple[str, str]]) -> NewProvider:
    """The offer of a new provider that the page's form has; empty fields are absent.

    Raises
    ------
    InputError
        If a field cannot be used.
    """
    fields = dict(query)
    written = {name: fields.get(f"new-{name}", "").strip() for name in (*NEW_TEXTS, *NEW_NUMBERS)}
    values = {key: text if key in NEW_TEXTS else _plain(text) for key, text in written.items()}
    return _checked(NewProvider, {key: text for key, text in values.items() if text})


def _rows(study: FittedStudy, pairs: Sequence[tuple[str, str]]) -> list[OfferRow]:
    fields = dict(pairs)
    excluded = {value for key, value in pairs if key == "exclude"}
    required = {value for key, value in pairs if key == "require"}
    study.check_providers({*excluded, *required})
    known = {f"{name}.{one}" for name in (*FIELDS, "share") for one in study.providers}
    for key in fields:
        if "." in key and key not in known:
            study.check_providers([key.partition(".")[2]])
    changed = "form" in fields
    rows = list[OfferRow]()
    for provider in study.study.providers:
        name, terms = provider.name, study.study.config.terms.get(provider.name, Terms())
        usual = {
            "price": _text(provider.price),
            "capacity": _text(provider.capacity),
            "minimum": _text(terms.minimum_order or None),
        }
        written = {key: fields.get(f"{key}.{name}", usual[key]).strip() for key in FIELDS}
        rows.append(
            OfferRow(
                name=name,
                price=written["price"],
                capacity=written["capacity"],
                minimum=written["minimum"],
                required=name in required if changed else terms.required,
                excluded=name in excluded if changed else terms.excluded,
                weight=fields.get(f"share.{name}", "").strip(),
                usual=usual,
            )
        )
    return rows


def _body(ask: str, written: Mapping[str, str], rows: Sequence[OfferRow]) -> SelectBody:
    """The request; only what differs from the study's own offers is named in it."""
    values: dict[str, Any] = {
        "budget": _optional("budget", written["budget"]),
        "providers": {row.name: _offer(row) for row in rows},
        "without_each": len(rows) <= MOST_LEFT_OUT,
    }
    if ask == SIZE:
        values["size"] = _whole("size", written["size"])
    elif ask == TARGET:
        if not written["target"].strip():
            raise UnfinishedError(TARGET_MISSING)
        values["target"] = _number("target", written["target"])
    if ask != SIZE:
        values["max_size"] = _optional_whole("max_size", written["max_size"])
    return _checked(SelectBody, values)


def _checked(kind: type[B], values: Mapping[str, Any]) -> B:
    """A body of these values.

    Raises
    ------
    InputError
        If one of them cannot be used; a line for each.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as failure:
        lines = error_lines(failure.errors(), values, kind)
        raise InputError("\n  ".join(["the request cannot be used:", *lines])) from None


def _offer(row: OfferRow) -> dict[str, Any]:
    changes: dict[str, Any] = {"required": row.required, "excluded": row.excluded}
    if row.price != row.usual["price"]:
        changes["price"] = _number(f"price of {row.name}", row.price or "0")
        changes["tiers"] = []
    if row.capacity != row.usual["capacity"]:
        changes["capacity"] = _optional_whole(f"capacity of {row.name}", row.capacity)
    if row.minimum != row.usual["minimum"]:
        changes["minimum_order"] = _whole(f"minimum order of {row.name}", row.minimum or "0")
    return changes


def _budgets(fields: Mapping[str, str], body: SelectBody) -> tuple[float, ...]:
    """Budgets of the frontier: those that are given, else around the budget."""
    given = fields.get("frontier", "").replace(";", ",").split(",")
    numbers = [_number("frontier", one) for one in given if one.strip()][:20]
    if numbers or body.budget is None:
        return tuple(sorted(set(numbers)))
    return tuple(float(f"{factor * body.budget:.6g}") for factor in FACTORS)


def _text(value: float | None) -> str:
    """A number as a field shows it; nothing where there is none."""
    return "" if value is None else f"{value:.15g}"


def _number(name: str, text: str) -> float:
    value = plain_number(_plain(text.strip()))
    if value is None or (value < 0 and name != "target"):
        raise InputError(f"{name}: must be a number of 0 or more; got {text[:40]!r}")
    return value


def _plain(text: str) -> str:
    """The same number without commas between thousands; a comma elsewhere is no number."""
    first, *groups = text.partition(".")[0].lstrip("+-").split(",")
    is_grouped = 0 < len(first.lstrip("0")) <= THREE and all(len(one) == THREE for one in groups)
    return text.replace(",", "") if groups and is_grouped else text


def _whole(name: str, text: str) -> int:
    value = _number(name, text)
    if value != int(value):
        raise InputError(f"{name}: must be a whole number; got {text[:40]!r}")
    return int(value)


def _optional(name: str, text: str) -> float | None:
    return _number(name, text) if text.strip() else None


def _optional_whole(name: str, text: str) -> int | None:
    return _whole(name, text) if text.strip() else None
