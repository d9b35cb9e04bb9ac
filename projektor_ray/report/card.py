"""The cards of the providers, as a part of the page."""

from collections.abc import Mapping, Sequence
from html import escape

from projektor_ray.explain.content import NEEDED, Report
from projektor_ray.profiles import ProviderCard, Share
from projektor_ray.report.html import section, unfolding

OPEN_CARDS = 12
"""Cards that are shown; the others unfold."""
MOST_CLASSES = 6
"""Of those missing, that are named."""
SAYS = (
    "Of each provider’s pilot beside the validation set. Distance: of all of it, in units of the "
    "mean cost between samples; less is more alike. In brackets, 90% intervals. Outliers: samples "
    "unlike any of validation. Repeated: samples with a near-copy in the same pilot; also "
    "elsewhere: in another one. Worth least: rows of the pilot, from 0, that serve validation "
    f"least, to be looked at first. Without it: how the metric of the best plan changes; {NEEDED}, "
    "where no plan keeps the constraints without the provider."
)

OfSets = Mapping[str, ProviderCard]
"""A provider's cards, by the validation set that each is beside."""


def cards_section(report: Report) -> str:
    """A card for each provider, those of whom most is bought first; nothing without pilots."""
    if not report.cards:
        return ""
    each = [
        dict(zip(report.cards, of, strict=True)) for of in zip(*report.cards.values(), strict=True)
    ]
    order = sorted(each, key=lambda of: -(next(iter(of.values())).planned or 0))
    shown = _grid(report, order[:OPEN_CARDS])
    if order[OPEN_CARDS:]:
        rest = order[OPEN_CARDS:]
        shown += unfolding(f"{len(rest):,} more", _grid(report, rest))
    says = f'<p class="small">{escape(SAYS)}</p>'
    return section("What the pilots tell", says, shown)


def _grid(report: Report, cards: Sequence[OfSets]) -> str:
    shown = "".join(f"<li>{_card(report, of)}</li>" for of in cards)
    return f'<ul class="cards">{shown}</ul>'


def _card(report: Report, of: OfSets) -> str:
    """What is the same beside all validation sets once, else the name of each set with it."""
    rows = {name: _rows(report, card) for name, card in of.items()}
    told = []
    for row in next(iter(rows.values())):
        values = {name: said[row] for name, said in rows.items()}
        if len(set(values.values())) == 1:
            told.append((row, next(iter(values.values()))))
        else:
            told += [(f"{row} ({name})", value) for name, value in values.items()]
    drawn = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
    provider = next(iter(of.values())).provider
    return f"<h3>{escape(provider)}</h3><dl>{drawn}</dl>"


def _rows(report: Report, card: ProviderCard) -> dict[str, str]:
    return {
        "in the plan": "–" if card.planned is None else f"{card.planned:,}",
        "without it": report.show_without(card.provider),
        "pilot": f"{card.samples:,}",
        "distance": f"{card.distance:.3f}",
        "wrong labels": _share(card.wrong_labels),
        "outliers": _share(card.outliers),
        "lacks classes": _missing(card),
        "repeated": f"{card.copies_within:,}",
        "also elsewhere": _copies(card),
        "worth least": ", ".join(f"{x}" for x in card.least_valuable[:3]) or "–",
    }


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
    return f"{card.copies_in_closest:,} in {card.closest_provider}"
