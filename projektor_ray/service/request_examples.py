"""Examples of requests for the OpenAPI page, with the names and sizes of a study."""

from typing import Any

from fastapi.openapi.models import Example

from projektor_ray.service.catalogue import ServedStudy

Examples = dict[str, Example]


def examples_of(served: ServedStudy) -> dict[str, Examples]:
    """By the endpoint's last part: requests that the study can answer."""
    study = served.study
    first, last = study.providers[0], study.providers[-1]
    mixture = {first: 0.5, last: 0.5} if first != last else {first: 1.0}
    size = max(study.scales)
    return {
        "predict": _one("Two mixtures", {"mixtures": [mixture, {first: 1.0}], "size": size}),
        "project": _one("A curve", {"mixture": mixture, "sizes": sorted(study.scales)}),
        "select": {
            **_one("What the study asks for", {}),
            **_one("Without a provider", {"size": size, "providers": {last: {"excluded": True}}}),
        },
        "frontier": _one("Three budgets", {"budgets": [10.0, 20.0, 40.0], "max_size": 4 * size}),
        "compare": _one("Two purchases", {"first": {first: size}, "second": {last: size}}),
    }


def _one(summary: str, value: dict[str, Any]) -> Examples:
    return {summary.lower().replace(" ", "-"): Example(summary=summary, value=value)}
