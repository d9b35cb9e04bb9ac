"""What a table of mixtures cannot tell, and how to train mixtures that do."""

from collections.abc import Sequence

from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.runs.identifiability import Unidentified, unidentified
from projektor_ray.storage.array_types import Floats

SHOWN = 6


def unidentified_effects(
    mixtures: Floats, providers: Sequence[str], distances: Floats | None = None
) -> list[Fact]:
    """A fact for each effect that these mixtures (k, m) and distances (k,) cannot tell."""
    return [
        fact(one.kind, _text(one), providers=one.providers, rows=one.rows)
        for one in unidentified(mixtures, providers, distances)
    ]


def _text(one: Unidentified) -> str:
    names = listed(one.providers, SHOWN)
    return {
        "absent": f"No row has any of {names}, so its effect is unknown. Train mixtures that "
        "contain it.",
        "constant": f"The share of {names} is the same in all rows, so its effect cannot be "
        "separated from the constant. Vary it.",
        "tied": f"The shares of {names} only change together, so no predictor that is linear in "
        f"them can separate their effects. Train more mixtures ({one.rows} rows), or vary the "
        "shares independently.",
        "constant_distance": "The distance is the same in all rows: no predictor learns from it, "
        "and 'cs' uses nothing else. Check the measurement.",
        "linear_distance": "The distance is a linear function of the shares in these rows: no "
        "predictor that is linear in both can separate their effects.",
    }[one.kind]
