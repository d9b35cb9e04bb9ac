"""A result as plain values, for JSON: numbers, facts with their sentences, and tables."""

from typing import Any

import numpy as np

from projektor_ray.explain.cautions import warnings
from projektor_ray.explain.next_steps import next_steps
from projektor_ray.explain.plan_reasons import plan_facts
from projektor_ray.explain.plan_summary import plan_heading
from projektor_ray.explain.results import Results
from projektor_ray.explain.sensitivity import shadow_prices


def results_to_dict(results: Results) -> dict[str, Any]:
    """Everything that is known of a result."""
    bought, metric = results.bought, results.metric_text
    facts = [*plan_facts(results, always_search=True), *shadow_prices(bought, metric)]
    content = {
        "title": results.title,
        "metric": results.metric,
        "direction": results.direction,
        "source": results.source,
        "plan": plan_heading(bought).to_dict(),
        "plans": bought.rows(),
        "models": results.predictors,
        "projections": [
            {
                "model": one.model,
                "chosen": one.decides,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "gain_over_uniform": one.gain,
            }
            for one in results.opinions
        ],
        "profiles": {
            name: [profile.to_row() for profile in profiles]
            for name, profiles in results.profiles.items()
        },
        "reasons": list(results.reasons),
        "facts": [one.to_dict() for one in facts],
        "warnings": [one.to_dict() for one in warnings(results)],
        "next_steps": [one.to_dict() for one in next_steps(results)],
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def _plain(value: Any) -> Any:
    """Values that JSON can hold: no arrays, no numbers of numpy, null for what is not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
