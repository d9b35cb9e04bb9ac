"""Runs that are far from all others, in words."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count, shares_text, significant
from projektor_ray.projection import FarRun
from projektor_ray.storage.array_types import Floats

if TYPE_CHECKING:
    from projektor_ray.runs import ScaleRegressor
    from projektor_ray.study.purchasing import SetFit

MOST_LISTED = 3
MOST_SHARES = 3
DIGITS = 4


def far_runs_of_table(model: "ScaleRegressor", metric: str) -> list[Fact]:
    """Far runs of a table, by the model that was fitted to them."""
    fitted, probes = model.fitted_, model.probes_
    sizes = probes.sizes if len(probes.scales) > 1 else None
    return _facts(
        fitted.far,
        [_described(probes.mixtures[run.row], model.providers_, sizes, run) for run in fitted.far],
        metric,
        "`--no-robust` (in Python robust=False)",
        np.exp if model.log else float,
    )


def far_runs_of_study(fit: "SetFit") -> list[Fact]:
    """Far probes of a study, on one validation set."""
    runs, far = fit.runs, fit.fitted.far
    return _facts(
        far,
        [_described(runs.mixtures[run.row], fit.study.names, runs.sizes, run) for run in far],
        fit.study.goal,
        "`selection.robust: false`",
        float,
    )


def _described(mixture: Floats, names: Sequence[str], sizes: Floats | None, run: FarRun) -> str:
    """A run by its mixture and size: `code 63%, web 19%, …, 4,000 samples`."""
    size = "" if sizes is None else f", {count(int(sizes[run.row]), 'sample')}"
    return f"{shares_text(names, mixture, MOST_SHARES)}{size}"


def _facts(
    far: Sequence[FarRun],
    described: Sequence[str],
    metric: str,
    option: str,
    back: Callable[[float], float],
) -> list[Fact]:
    """One fact for each of the farthest runs, and one for how many more there are."""
    order = sorted(range(len(far)), key=lambda i: -far[i].deviations)
    facts = [
        fact(
            "far_run",
            f"One run is far from all others ({described[i]}): {metric} is "
            f"{significant(back(far[i].value), DIGITS)}; the other runs predict "
            f"{significant(back(far[i].expected), DIGITS)}, which is {far[i].deviations:,.0f} "
            f"times their spread away. {_consequence(far[i], option)} Check this training.",
            value=back(far[i].value),
            expected=back(far[i].expected),
            deviations=far[i].deviations,
            run=described[i],
        )
        for i in order[:MOST_LISTED]
    ]
    more = len(far) - MOST_LISTED
    if more > 0:
        facts.append(
            fact(
                "further_far_runs",
                f"{count(more, 'further run')} of {metric} {'is' if more == 1 else 'are'} far from "
                "all others.",
                runs=more,
            )
        )
    return facts


def _consequence(run: FarRun, option: str) -> str:
    if run.weighed_as == run.value:
        return "The run counts in full."
    return f"The run weighs less in every model; {option} counts it in full."
