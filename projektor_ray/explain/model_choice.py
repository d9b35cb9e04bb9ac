"""Why a model projects and selects, in words."""

from collections.abc import Mapping

from projektor_ray.errors import listed
from projektor_ray.projection import FittedModels, Grouped, JointPower
from projektor_ray.projection.choose import JOINT, JOINTS
from projektor_ray.projection.joint_power import ACCURACY
from projektor_ray.projection.per_scale import CARRIED

FAMILY_GROWTH = {"saturating": " (growth flattens)"}
"""What is said of a family of learners besides its name."""


def describe_choice(fitted: FittedModels) -> str:
    """Which model projects and selects, and why."""
    reason, projection = fitted.reason, fitted.projection
    if reason.rule == "one_scale":
        return f"one scale only: the value there, predicted by {_predictor(fitted)}"
    text = f"{projection}{'' if projection in JOINTS else f' over {fitted.predictor}'}"
    if reason.rule == "requested":
        text += ", as requested"
    elif reason.errors:
        text += f", {_compared(fitted)}: {_with_errors(reason.errors)}"
    elif projection in JOINTS:
        text += f", the default with two scales{_plans_beyond(fitted)}"
    if projection not in JOINTS:
        text += f"; predictor: {_predictor(fitted)}"
    if JOINT in fitted.refused and reason.predictor_rule == "default":
        text += f"; joint cannot be fitted: {fitted.refused[JOINT]}"
    model = fitted.model
    joint = model.joint if isinstance(model, Grouped) else model
    if isinstance(joint, JointPower) and joint.bounds == ACCURACY:
        text += f"; learner family: {joint.family}{FAMILY_GROWTH.get(joint.family, '')}"
        text += "; classes that a mixture lacks stay wrong" if joint.has_ceilings else ""
    if isinstance(model, Grouped):
        text += (
            f"; {len(model.groups)} providers are fitted as {model.n_groups} groups whose samples "
            "move the distance alike, because there are fewer mixtures than providers"
        )
    return text


def _plans_beyond(fitted: FittedModels) -> str:
    """Which further sizes have too few probes for a scale, such as plans of a second stage."""
    full = fitted.probes.full_scales
    few = [f"{size:,}" for size in fitted.probes.scales if size not in full]
    return f" (the few probes at {listed(few)} samples count, but are no scale)" if few else ""


def _compared(fitted: FittedModels) -> str:
    """Why a model was chosen by a comparison at the held-out scale."""
    measure = f"error at {fitted.scales[-1]:,} when held out"
    if fitted.reason.rule == "held_out":
        return f"whose {measure} is lower than the default's by more than noise"
    if next(iter(fitted.reason.errors)) == fitted.projection:
        return f"the default, with the least {measure}"
    at = f"the runs at {fitted.scales[-1]:,}"
    return f"the default; no other model predicted {at} better by more than noise; errors there"


def _predictor(fitted: FittedModels) -> str:
    """The predictor that is joined over the scales, why, and the errors of all."""
    rule = {
        "requested": "as requested",
        "default": "the default",
        "least_error": "of least error",
    }[fitted.reason.predictor_rule]
    where = ""
    if len(fitted.scales) > 1:
        where = f" projected to {CARRIED * fitted.scales[-1]:,}"
    errors = _with_errors(fitted.reason.predictor_errors)
    return f"{fitted.predictor}, {rule} (cross-validated error{where}: {errors})"


def _with_errors(errors: Mapping[str, float]) -> str:
    return listed([f"{name} {error:.3g}" for name, error in errors.items()])
