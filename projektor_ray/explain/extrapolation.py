"""How far a size lies from the trained scales, and what that does to errors."""

from collections.abc import Sequence

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import significant
from projektor_ray.projection import noise_gain
from projektor_ray.study import Study


def trained_sizes(study: Study) -> tuple[int, ...]:
    """Sizes of all probes of a study, of a second stage's plans once they are chosen, too."""
    return tuple(sorted({probe.size for probe in study.wanted_probes()}))


def extrapolation(size: int, scales: Sequence[int]) -> Fact:
    """Whether a size was trained, lies between the trained scales, or beyond them."""
    first, last = scales[0], scales[-1]
    if size in scales:
        text = f"{size:,} samples is a trained scale."
    elif size > last:
        times = float(significant(size / last, 3))
        text = f"{size:,} samples is {times:,.10g} times the largest trained scale."
    elif size > first:
        text = f"{size:,} samples lies between trained scales: the metric is interpolated."
    else:
        text = (
            f"{size:,} samples lies below the smallest trained scale, {first:,}, and no probe "
            "supports the prediction there. Train at a smaller scale."
        )
    return fact("extrapolation", text, size=size, smallest_scale=first, largest_scale=last)


def error_growth(size: int, scales: Sequence[int]) -> Fact | None:
    """By how much a projection by Eq. 3 would amplify errors of trainings; None where nothing is
    projected.
    """
    if len(scales) == 1 or size <= scales[-1]:
        return None
    gain = float(noise_gain(size, scales))
    text = (
        f"With Eq. 3, errors of the trainings would grow {gain:.1f} times on the way to {size:,} "
        "samples. Other models have other factors."
    )
    return fact("error_growth", text, size=size, noise_gain=gain)
