"""Directions and ranges of metrics by their names and the signs of their values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.errors import InputError
from projektor_ray.runs.metric_direction import guess_bounds, guess_direction, unbounded_note

LOSSES = ("loss", "log_loss", "error", "mae", "rmse", "ppl", "perplexity", "bpb", "bits_per_byte")
SCORES = ("accuracy", "acc", "f1", "auc", "score", "exact_match", "recall", "top-5 accuracy")


@pytest.mark.parametrize(
    ("name", "highest", "direction"),
    [
        ("metric/the_pile_pile_cc_val_loss", 3.0, "minimize"),
        ("summary.val.acc", 0.9, "maximize"),
        ("valLoss", 3.0, "minimize"),
        ("Val Loss", 3.0, "minimize"),
        ("mean_test_neg_log_loss", -1.1, "maximize"),
        ("neg_mae", -0.2, "maximize"),
        ("-loss", -0.2, "maximize"),
        ("val_loss", -0.2, "maximize"),
        ("perplexity_reduction", 3.0, "maximize"),
        ("loss_reduction", -3.0, "maximize"),
        ("accuracy_drop", 0.1, "minimize"),
        ("loss_improvement", 0.1, "maximize"),
        ("neg_log_likelihood", 3.0, "minimize"),
        ("nll", 3.0, "minimize"),
        ("brier_score", 0.2, "minimize"),
        ("mean_test_score", -0.2, "maximize"),
        ("1-accuracy", 0.2, "minimize"),
        ("one_minus_f1", 0.2, "minimize"),
        ("1 - val_f1", 0.2, "minimize"),
        ("1-error", 0.8, "maximize"),
        ("one-minus-wer", 0.8, "maximize"),
        ("loss * (-1)", -0.8, "maximize"),
        ("(-loss)", -0.8, "maximize"),
        ("reciprocal_loss", 0.8, "maximize"),
        ("negLogLik", 3.0, "minimize"),
        ("-log_likelihood", 3.0, "minimize"),
        ("neg_root_mean_squared_error", -0.8, "maximize"),
        ("relative_error_reduction", 0.2, "maximize"),
        ("1-shot accuracy", 0.2, "maximize"),
        ("false_negative_rate", 0.2, "minimize"),
        ("acc5", 0.2, "maximize"),
        ("cross_entropy", 0.2, "minimize"),
        ("acc,none", 0.2, "maximize"),
    ],
)
def test_the_direction_is_that_of_the_name(name: str, highest: float, direction: str) -> None:
    assert guess_direction(name, highest) == direction


DERIVED = (
    *("accuracy_gap", "acc_delta", "accuracy_std_dev", "time_to_accuracy", "loss_variance"),
    *("steps_to_accuracy", "accuracy_rank", "loss_change", "inverted_loss", "signed_error"),
)


@pytest.mark.parametrize(
    ("name", "highest"),
    [
        ("value", 1.0),
        ("objective", -1.0),
        ("acc_loss", 0.5),
        ("neg_mae", 0.5),
        ("accuracy", -0.5),
        ("nll", -0.5),
        ("negative_log_likelihood", -0.5),
        ("(-loss)", 0.5),
        ("1/loss", 0.5),
        ("neg_loss_reduction", 0.5),
        ("one_minus_accuracy_drop", 0.5),
        ("log_mse", -0.5),
        ("rmse_db", -3.0),
        ("toxicity_score", 0.5),
        ("interval_score", 0.5),
        *((name, 0.3) for name in DERIVED),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_about(name: str, highest: float) -> None:
    with pytest.raises(InputError, match="--direction maximize"):
        guess_direction(name, highest)


@given(
    st.sampled_from(LOSSES + SCORES),
    st.sampled_from(("", "val_", "summary.val/", "metrics.", "eval ", "Test ")),
    st.sampled_from(("", "neg_", "negative_", "-")),
    st.booleans(),
    st.floats(0.01, 0.99),
)
def test_a_negation_turns_the_direction_round_or_is_asked_about(
    name: str, prefix: str, negation: str, upper: bool, size: float
) -> None:
    negated = bool(negation)
    whole = f"{negation}{prefix}{name}" if negation == "-" else f"{prefix}{negation}{name}"
    whole = whole.upper() if upper else whole
    expected = "minimize" if (name in LOSSES) != negated else "maximize"
    assert guess_direction(whole) == expected
    assert guess_direction(whole, -size if negated else size) == expected
    if negated:
        with pytest.raises(InputError):
            guess_direction(whole, size)
    elif name in LOSSES:
        assert guess_direction(whole, -size) == "maximize"


@given(
    st.sampled_from(tuple(set(LOSSES + SCORES) - {"score"})),
    st.sampled_from(("1-", "1 - ", "val/1-", "1 − ", "one_minus_", "metrics.1-val_")),
)
def test_one_minus_a_metric_turns_the_direction_round(name: str, minus: str) -> None:
    expected = "maximize" if name in LOSSES else "minimize"
    assert guess_direction(f"{minus}{name}", 0.4) == expected


def test_bounds_are_those_of_an_accuracy_and_turn_with_its_sign() -> None:
    assert guess_bounds("val_accuracy") == (0.0, 1.0)
    assert guess_bounds("neg_accuracy") == (-1.0, 0.0)
    assert guess_bounds("1-accuracy") == (0.0, 1.0)
    for name in (*DERIVED, "accuracy_drop", "accuracy_loss", "val_loss", "value"):
        assert guess_bounds(name) is None


def test_a_loss_whose_values_are_none_below_0_has_that_bound() -> None:
    for name in (
        "val_loss",
        "log_loss",
        "cross_entropy",
        "rmse",
        "ppl",
        "top1_error",
        "bits_per_byte",
    ):
        assert guess_bounds(name, 0.0) == guess_bounds(name, 3.0) == (0.0, math.inf)
        assert guess_bounds(name, -0.1) is None
    signed = ("nll", "kl_loss", "log_mse", "neg_loss", "neg_log_likelihood", "r2_loss", "loss_drop")
    for name in (*signed, "steps_to_loss", "accuracy_loss", "1-loss", "value"):
        assert guess_bounds(name, 0.5) is None
    assert guess_bounds("val_accuracy", 0.5) == (0.0, 1.0)


def test_a_metric_that_may_be_an_accuracy_is_asked_about() -> None:
    values = np.array([0.2, 0.9])
    assert "--bounds 0,1" in unbounded_note("val_a", values, None)
    assert unbounded_note("val_a", values, (0.0, 1.0)) == ""
    assert unbounded_note("val_loss", values, None) == ""
    assert unbounded_note("val_a", 2 * values, None) == ""
