"""Advice on a study's design, in the keys that its own file takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from projektor_ray.errors import listed
from projektor_ray.study import Study
from projektor_ray.study.placement import default_design


@dataclass(frozen=True)
class DesignSettings:
    """What a study's file says of its design.

    Attributes
    ----------
    by_budget : whether it gives `probes.budget` in place of scales and a design.
    n_mixtures : that the budget bought, besides those that the file lists.
    plans, plan_samples : of a second stage; 0 where there is none.
    unnamed_design : the design that the study has by default; None where the file names one.
    """

    by_budget: bool = False
    n_mixtures: int = 0
    plans: int = 0
    plan_samples: int = 0
    unnamed_design: str | None = None

    @staticmethod
    def of(study: Study) -> "DesignSettings":
        """Of a study, or of one that was opened from its record, which spells a budget out."""
        probes = study.config.probes
        second = probes.second_stage
        named = probes.mixtures or probes.design or probes.lattice or probes.n_mixtures
        return DesignSettings(
            by_budget=study.budget is not None or "budget" in probes.model_fields_set,
            n_mixtures=probes.n_mixtures or 0,
            plans=0 if second is None else second.plans,
            plan_samples=0 if second is None else second.samples,
            unnamed_design=None if named else default_design(probes, study.base),
        )

    def with_scales(self, known: Sequence[int], further: int) -> str:
        """How the file asks for a further scale, and which finished probes stay."""
        scales = ", ".join(str(scale) for scale in (*known, further))
        if self.by_budget:
            settings = f"`design: maximin`, `n_mixtures: {self.n_mixtures}` and `seeds: 1`"
            at = listed([f"{scale:,}" for scale in known])
            text = (
                f"In the study file, replace `probes.budget` (and `stages`) by "
                f"`scales: [{scales}]`, {settings}: the finished probes at {at} samples are used "
                "again."
            )
            return f"{text} Those of the second stage are not." if self.plans else text
        text = f"Set `probes.scales: [{scales}]`"
        if self.plans * further > self.plan_samples:
            samples = self.plans * further
            text += f" and `probes.second_stage: {{plans: {self.plans}, samples: {samples}}}`"
        return f"{text}.{self._plans_anew}"

    def with_mixture(self, written: str) -> str:
        """How the file asks for a further mixture, written as YAML."""
        text = f"Add `probes.mixtures: {written}`"
        if self.unnamed_design:
            text += f" and `probes.design: {self.unnamed_design}`"
        return f"{text} to the study file.{self._plans_anew}"

    @property
    def _plans_anew(self) -> str:
        return " The plans of the second stage are then chosen anew." if self.plans else ""
