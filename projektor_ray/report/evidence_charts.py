"""Charts of the trainings: the metric against the distance, and predicted against observed."""

from functools import partial

import numpy as np
from markupsafe import Markup

from projektor_ray.explain.formatting import significant
from projektor_ray.explain.results import Results
from projektor_ray.report.svg_shapes import (
    MARKS,
    WIDTH,
    Entry,
    Scale,
    horizontal_axis,
    label,
    legend,
    line,
    mark,
    scale,
    svg,
    vertical_axis,
)
from projektor_ray.storage.array_types import Floats

LEFT, TOP, BOTTOM, RIGHT = 56.0, 14.0, 250.0, WIDTH - 16.0
COLOURS = 4


def fit_chart(results: Results) -> Markup:
    """Predicted against observed, each mixture left out when it is predicted."""
    trained, predicted = results.probes, results.cross_validation.predicted
    how = "predicted without its mixture" if results.cross_validation.left_out else "fitted"
    both = [*trained.values.tolist(), *predicted.tolist()]
    x, y = scale(both, LEFT, RIGHT), scale(both, BOTTOM, TOP)
    diagonal = line(x(x.low), y(x.low), x(x.high), y(x.high), "curve muted thin")
    words = (
        f"Each of {len(trained.values)} trainings against what is {how}; "
        f"mean absolute error {significant(results.cross_validation.error)} {results.metric}."
    )
    return _scatter(
        results,
        (x, y),
        (trained.values, predicted),
        (f"{results.metric_label} of the training", how),
        ("Predicted against observed", words),
        [diagonal],
    )


def distance_chart(results: Results) -> Markup | None:
    """The metric of each training against its mixture's distance to validation, as the paper's
    figure 2 has it; None where the distances are not known, or are all the same.
    """
    trained = results.probes
    if not results.measured or np.ptp(trained.distances) == 0:
        return None
    x = scale(trained.distances.tolist(), LEFT, RIGHT)
    y = scale(trained.values.tolist(), BOTTOM, TOP)
    words = "; ".join(
        f"correlation {correlation:.2f} at {size:,} samples"
        for size, correlation in results.distance_correlations.items()
    )
    return _scatter(
        results,
        (x, y),
        (trained.distances, trained.values),
        ("optimal-transport distance to validation", results.metric_label),
        (f"{results.metric_label} against the distance", words or "one training for each size"),
        [],
    )


def _scatter(
    results: Results,
    scales: tuple[Scale, Scale],
    points: tuple[Floats, Floats],
    names: tuple[str, str],
    description: tuple[str, str],
    parts: list[str],
) -> Markup:
    """A mark for each training, whose shape and colour are those of its size."""
    x, y = scales
    drawn = [vertical_axis(x, TOP, BOTTOM), horizontal_axis(y, LEFT, RIGHT), *parts]
    entries: list[Entry] = []
    for which, size in enumerate(results.probes.scales):
        shape, kind = MARKS[which % len(MARKS)], f"size-{which % COLOURS}"
        entries.append((partial(mark, shape, kind=kind), f"{size:,} samples"))
        for i in np.flatnonzero(results.probes.sizes == size).tolist():
            across, up = float(points[0][i]), float(points[1][i])
            says = (
                f"{size:,} samples, {results.shares_text(results.probes.mixtures[i])}: "
                f"{names[0]} {significant(across)}, {names[1]} {significant(up)}"
            )
            drawn.append(mark(shape, x(across), y(up), kind, says))
    drawn.append(label((LEFT + RIGHT) / 2, BOTTOM + 38, names[0], "middle"))
    middle = (TOP + BOTTOM) / 2
    drawn.append(
        f'<g transform="rotate(-90 13 {middle:g})">{label(13, middle, names[1], "middle")}</g>'
    )
    named, height = legend(entries, BOTTOM + 48)
    return svg(height, *description, [*drawn, *named])
