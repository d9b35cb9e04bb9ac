"""The cards of the providers, as a part of the page."""

from collections.abc import Mapping, Sequence
from html import escape

from projektor_ray.cards import ProviderCard, Share
from projektor_ray.report.content import Report
from projektor_ray.report.html import section, unfolding

OPEN_CARDS = 12
"""Cards that are shown; the others unfold."""
MOST_CLASSES = 6
"""Of those missing, that are named."""


def cards_section(report: Report) -> str:
    """A card for each provider, those of whom most is bought first; nothing without pilots."""
    return "".join(
        _section(report, name if len(report.cards) > 1 else "", cards)
        for name, cards in report.cards.items()
    )


def _section(report: Report, beside: str, cards: Sequence[ProviderCard]) -> str:
    order = sorted(cards, key=lambda card: -(card.planned or 0))
    shown = _grid(report, order[:OPEN_CARDS])
    if order[OPEN_CARDS:]:
        rest = order[OPEN_CARDS:]
        shown += unfolding(f"{len(rest):,} more", _grid(report, rest))
    return section(f"What the pilots tell{f' beside {beside}' if beside else ''}", shown)


def _grid(report: Report, cards: Sequence[ProviderCard]) -> str:
    shown = "".join(f"<li>{_card(report, card)}</li>" for card in cards)
    return f'<ul class="cards">{shown}</ul>'


def _card(report: Report, card: ProviderCard) -> str:
    rows: Mapping[str, str] = {
        "in the plan": "–" if card.planned is None else f"{card.planned:,}",
        "without it": report.show_without(card.provider),
        "pilot": f"{card.samples:,}",
        "distance": f"{card.distance:.3f}",
        "wrong labels": _share(card.wrong_labels),
        "outliers": _share(card.outliers),
        "lacks": _missing(card),
        "copies within": f"{card.copies_within:,}",
        "copies elsewhere": _copies(card),
        "least valuable": " ".join(f"#{x}" for x in card.least_valuable[:3]) or "–",
    }
    told = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
    return f"<h3>{escape(card.provider)}</h3><dl>{told}</dl>"


def _missing(card: ProviderCard) -> str:
    missing = card.missing_classes
    if len(missing) <= MOST_CLASSES:
        return ", ".join(missing) or "none"
    return f"{len(missing)} of {len(missing) + len(card.classes)}"


def _share(share: Share | None) -> str:
    if share is None:
        return "cannot tell"
    return f"{share.value:.0%} ({100 * share.low:.0f}–{100 * share.high:.0f})"


def _copies(card: ProviderCard) -> str:
    if card.closest_provider is None:
        return "0"
    return f"{card.copies_in_closest:,} with {card.closest_provider}"
