"""What the name of a metric tells: whether more is better, and its range."""

from projektor_ray.errors import InputError
from projektor_ray.selection import Direction
from projektor_ray.storage.arrays import Floats

Bounds = tuple[float, float]

LOWER_IS_BETTER = ("loss", "error", "perplexity", "ppl", "rmse", "mse", "mae")
HIGHER_IS_BETTER = ("accuracy", "acc", "f1", "auc", "score", "precision", "recall")
BOUNDED = ("accuracy", "acc", "f1", "auc", "precision", "recall")


def names_a_metric(name: str) -> bool:
    """Whether one of its words is that of a metric: `val_loss`, `top-1 accuracy`."""
    return bool(_words(name) & {*LOWER_IS_BETTER, *HIGHER_IS_BETTER})


def guess_bounds(metric: str) -> Bounds | None:
    """(0, 1) where the metric's name is that of an accuracy or the like; else None."""
    return (0.0, 1.0) if _words(metric) & {*BOUNDED} else None


def guess_direction(metric: str) -> Direction:
    """Whether more is better, by the metric's name.

    Raises
    ------
    InputError
        If the name does not tell.
    """
    words = _words(metric)
    if words & {*LOWER_IS_BETTER}:
        return "minimize"
    if words & {*HIGHER_IS_BETTER}:
        return "maximize"
    raise InputError(
        f"the name of the metric {metric!r} does not tell whether more is better; "
        "say direction 'maximize' or 'minimize' (--direction maximize on the command line)"
    )


def unbounded_note(metric: str, values: Floats, bounds: Bounds | None) -> str:
    """That a metric which could be an accuracy has no known bounds; else empty."""
    lower = _words(metric) & {*LOWER_IS_BETTER}
    if bounds is not None or lower or values.min() < 0 or values.max() > 1:
        return ""
    return (
        f"no bounds are known for {metric!r}, so predictions may pass 0 and 1; if it is an "
        "accuracy or the like, say --bounds 0,1: the model is another then"
    )


def _words(name: str) -> set[str]:
    return set("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())
