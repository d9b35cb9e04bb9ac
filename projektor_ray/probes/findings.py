"""What finished probes tell of the learner: warnings, and metrics that suggest a mistake."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from projektor_ray.storage.schemas import Row

FindingKind = Literal["warning", "near_constant", "flat_in_size", "perfect"]
NEGLIGIBLE = 0.05
"""Of the way from a constant prediction to a perfect one: less is barely better than constant."""
FEWEST = 4
"""Probes that it takes to tell anything of the metric."""


@dataclass(frozen=True)
class ProbeFinding:
    """One finding.

    Attributes
    ----------
    kind : `warning`: the learner warned. `near_constant`: the best probe is barely better than a
        constant prediction. `flat_in_size`: the largest scale is no better than the smallest.
        `perfect`: every probe has the best value that there is.
    values : its numbers and names.
    """

    kind: FindingKind
    values: Mapping[str, Any]


def probe_findings(
    rows: Iterable[Row], *, maximize: bool, best: float, constant: float | None
) -> list[ProbeFinding]:
    """Findings on the finished probes of one validation set.

    Parameters
    ----------
    rows : of the table `probes`.
    best : best value that the metric can have, such as 1 for an accuracy; infinite if it has none.
    constant : metric of always predicting the majority class, or the mean; None if not known.
    """
    done = [row for row in rows if row["status"] == "done"]
    counts = Counter(note for row in done for note in row.get("warnings") or ())
    findings = [
        ProbeFinding("warning", {"warning": note, "probes": count, "of": len(done)})
        for note, count in counts.most_common()
    ]
    if len(done) < FEWEST:
        return findings
    values = np.array([row["value"] for row in done])
    sizes = np.array([row["size"] for row in done])
    sign = 1.0 if maximize else -1.0
    top = float(sign * (sign * values).max())
    if (values == best).all():
        findings.append(ProbeFinding("perfect", {"metric": best, "probes": len(done)}))
    elif constant is not None and np.isfinite(best):
        share = (top - constant) / (best - constant) if best != constant else 1.0
        if share < NEGLIGIBLE:
            findings.append(ProbeFinding("near_constant", {"metric": top, "constant": constant}))
    first, last = sizes.min(), sizes.max()
    small, large = values[sizes == first], values[sizes == last]
    if first < last and min(len(small), len(large)) >= FEWEST and not (values == best).all():
        gain = sign * (large.mean() - small.mean())
        error = np.sqrt(small.var(ddof=1) / len(small) + large.var(ddof=1) / len(large))
        if gain <= error:
            findings.append(
                ProbeFinding(
                    "flat_in_size",
                    {
                        "smallest": int(first),
                        "largest": int(last),
                        "metric_smallest": float(small.mean()),
                        "metric_largest": float(large.mean()),
                    },
                )
            )
    return findings
