"""Where a size lies among the trained scales, in words."""

import pytest

from projektor_ray.explain.extrapolation import error_growth, extrapolation, trained_sizes
from tests.helpers.studies import changed, resolved


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1000, "1,000 samples is a trained scale."),
        (4000, "4,000 samples is 4 times the largest trained scale."),
        (500, "500 samples lies between trained scales: the metric is interpolated."),
        (100, "100 samples lies below the smallest trained scale, 250, and no probe supports"),
    ],
)
def test_a_size_lies_at_between_or_beyond_the_scales(size: int, text: str) -> None:
    assert str(extrapolation(size, (250, 1000))).startswith(text)


def test_errors_grow_beyond_the_largest_scale_only() -> None:
    assert error_growth(1000, (250, 1000)) is None
    assert error_growth(4000, (1000,)) is None
    growth = error_growth(10_000, (1000, 1500))
    assert growth is not None
    assert growth.values["noise_gain"] == pytest.approx(7.36, abs=0.01)
    assert str(growth) == (
        "With Eq. 3, errors of the trainings would grow 7.4 times on the way to 10,000 samples. "
        "Other models have other factors."
    )


def test_the_plans_of_a_second_stage_are_trained_sizes() -> None:
    values = changed("probes", to={"budget": 600})
    values["selection"] = {"size": 60}
    study = resolved(values)
    assert trained_sizes(study) == study.scales
    grown = study.grown(study.mixtures[:2], [50, 60])
    assert trained_sizes(grown) == (*study.scales, 50, 60)


def test_a_size_far_beyond_the_scales_is_written_in_full() -> None:
    assert str(extrapolation(99_999_999, (500, 2000))) == (
        "99,999,999 samples is 50,000 times the largest trained scale."
    )
    assert "is 2.81 times" in str(extrapolation(450, (40, 160)))
