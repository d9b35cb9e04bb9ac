"""What a mixture given by hand is predicted to reach, by size."""

from collections.abc import Mapping, Sequence

from projektor_ray.explain.facts import TextTable
from projektor_ray.explain.formatting import (
    decimals_from_intervals,
    interval_text,
    percent,
    rounded,
)


def predictions_table(
    metric: str, mixture: Mapping[str, float], rows: Sequence[Mapping[str, float]]
) -> TextTable:
    """A row per size, from rows `size, value, low, high`."""
    shares = ", ".join(f"{name} {percent(share, 1)}" for name, share in mixture.items() if share)
    intervals = [(row["low"], row["high"]) for row in rows]
    decimals = decimals_from_intervals(intervals)
    cells = tuple(
        (
            f"{row['size']:,.0f}",
            f"{rounded(row['value'], decimals):,.{decimals}f}",
            interval_text(interval, decimals),
        )
        for row, interval in zip(rows, intervals, strict=True)
    )
    title = f"Predicted {metric} of {shares}"
    return TextTable(title, ("samples", "predicted", "90% interval"), cells)
