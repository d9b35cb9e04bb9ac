"""How noise differs by mixture, in words."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.far_run_facts import MOST_SHARES
from projektor_ray.explain.formatting import shares_text, significant
from projektor_ray.projection import FittedModels
from projektor_ray.storage.array_types import Floats

if TYPE_CHECKING:
    from projektor_ray.runs import ScaleRegressor
    from projektor_ray.study.purchasing import SetFit


def noise_of_table(model: "ScaleRegressor", metric: str) -> list[Fact]:
    """Noise of a table's runs, if it differs by mixture."""
    return _facts(model.fitted_, model.providers_, metric, np.exp if model.log else None)


def noise_of_study(fit: "SetFit") -> list[Fact]:
    """Noise of a study's probes on one validation set, if it differs by mixture."""
    return _facts(fit.fitted, fit.study.names, fit.study.goal, None)


def _facts(
    fitted: FittedModels,
    names: Sequence[str],
    metric: str,
    back: Callable[[Floats], Floats] | None,
) -> list[Fact]:
    """Standard deviations of one training of the quietest and of the noisiest trained mixture.

    Parameters
    ----------
    back : from what the models predict to the metric; None: they predict the metric.
    """
    model, probes = fitted.model, fitted.probes
    at = probes.mixtures, probes.distances
    noise = model.uneven_noise(*at)
    if noise is None:
        return []
    if back is not None:
        noise = noise * back(model.predict(*at, model.scales[-1]))
    quiet, noisy = int(np.argmin(noise)), int(np.argmax(noise))
    shares = [shares_text(names, probes.mixtures[i], MOST_SHARES) for i in (quiet, noisy)]
    return [
        fact(
            "uneven_noise",
            f"Repeated runs show that noise differs by mixture. The standard deviation of {metric} "
            f"is {significant(float(noise[quiet]))} for {shares[0]}, and "
            f"{significant(float(noise[noisy]))} for {shares[1]}. Noisier runs weigh less.",
            lowest=float(noise[quiet]),
            lowest_at=shares[0],
            highest=float(noise[noisy]),
            highest_at=shares[1],
        )
    ]
