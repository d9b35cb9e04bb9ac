"""What a design makes of the probes that its folder has, and what its new mixtures cost."""

from collections.abc import Iterator, Sequence

from projektor_ray.designs.budget import MOST_PER_PROVIDER
from projektor_ray.designs.candidates import default_count
from projektor_ray.designs.drawing import Repetition, repetitions
from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count
from projektor_ray.learners.passes import passes_of
from projektor_ray.study import Probe, Study
from projektor_ray.study.base_design import OtherScales, Reuse
from projektor_ray.study.budget_options import unspent_samples
from projektor_ray.study.placement import added_count, lists_all

MORE_OFTEN = 1.5
"""Passes over a sample of a probe, to those over one of the purchase, from which they are named."""


def reuse_facts(
    study: Study, reuse: Reuse, missing: Sequence[Probe], seconds: float | None
) -> Iterator[Fact]:
    """What stays of earlier probes, and what the new mixtures cost, before they are trained.

    Parameters
    ----------
    missing : the probes to train.
    seconds : estimated time of those of new mixtures, where some probe is finished.
    """
    if len(study.base) and not lists_all(study.config.probes):
        yield _base(study, reuse)
        yield _added(study, missing, seconds)
    if reuse.unused:
        yield _unused(study, reuse.unused)
    if reuse.obsolete:
        yield fact(
            "obsolete_probes",
            f"{count(reuse.obsolete, 'finished probe')} cannot be used: their samples are of "
            "providers that left, or of pilots that have changed.",
            probes=reuse.obsolete,
        )


def new_probes(study: Study, missing: Sequence[Probe]) -> list[Probe]:
    """The missing probes of mixtures that are not in the study's base."""
    base = {study.identify(mixture) for mixture in study.base}
    return [probe for probe in missing if probe.mixture_id not in base]


def _base(study: Study, reuse: Reuse) -> Fact:
    base = len(study.base)
    return fact(
        "base_design",
        f"Providers joined or left. The design continues from all {count(base, 'mixture')} that "
        f"{'was' if base == 1 else 'were'} trained and can still be mixed; "
        f"{count(reuse.used, 'finished probe')} {'is' if reuse.used == 1 else 'are'} used.",
        mixtures=base,
        probes=reuse.used,
    )


def _added(study: Study, missing: Sequence[Probe], seconds: float | None) -> Fact:
    """How many mixtures are new and what they cost; what another design would add."""
    probes = study.config.probes
    added, new = len(study.mixtures) - len(study.base), new_probes(study, missing)
    samples = sum(probe.size for probe in new)
    newcomers = [
        name for name, share in zip(study.names, study.base.sum(axis=0), strict=True) if not share
    ]
    text = f"{count(added, 'mixture')} {'is' if added == 1 else 'are'} new"
    text += f", for {listed(newcomers)}" if newcomers and added else ""
    if new:
        time = "" if seconds is None else f", about {seconds:,.0f} s"
        text += f": {count(len(new), 'probe')} to train, {samples:,} samples in all{time}"
    fewest = added_count(probes.n_mixtures or default_count(len(study.names)), study.base)
    if probes.design == "sobol":
        text += ". A sobol design over other providers shares no mixture with an earlier one"
    if fewest < added - len(probes.mixtures) and probes.design != "adaptive":
        text += f". probes.design: maximin would add {count(fewest, 'mixture')}"
    return fact(
        "added_mixtures",
        f"{text}.",
        mixtures=added,
        probes=len(new),
        samples=samples,
        seconds=seconds,
        fewest=fewest,
    )


def _unused(study: Study, probes: int) -> Fact:
    are = "is of a mixture" if probes == 1 else "are of mixtures"
    text = f"{count(probes, 'finished probe')} {are} that this design does not have"
    if len(study.base) and lists_all(study.config.probes):
        text += (
            ", since probes.mixtures lists the whole design. With probes.design: maximin besides "
            "the list, the study uses them"
        )
    else:
        text += ". List their mixtures in probes.mixtures to use them"
    return fact("unused_probes", f"{text}.", probes=probes)


def other_scales_fact(study: Study, others: OtherScales | None) -> Iterator[Fact]:
    """That a budget over other providers bought other scales, what that costs, and how to keep its
    probes.
    """
    if others is not None:
        sizes, number = list(others.probes), sum(others.probes.values())
        now, earlier = (listed([f"{one:,}" for one in of]) for of in (study.scales, sizes))
        anew = sum(probe.size for probe in study.wanted_probes())
        yield fact(
            "other_scales",
            f"{count(number, 'finished probe')} of today's pilots at {earlier} samples cannot be "
            f"used: over these providers probes.budget buys the scales {now}. All mixtures are "
            f"trained anew, on {anew:,} samples. To keep the finished probes, replace "
            f"probes.budget by `scales: {sizes}`, `design: maximin` and `seeds: 1` before the "
            f"study runs again. Then {count(others.added, 'new mixture')} are trained, on "
            f"{others.samples:,} samples.",
            probes=number,
            earlier=sizes,
            scales=list(study.scales),
            samples=anew,
            continued_samples=others.samples,
        )


def repetition_facts(study: Study) -> Iterator[Fact]:
    """A fact for each provider of whom probes repeat samples, and a purchase would not; and where
    a network sees each sample of a probe more often than each of a purchase.
    """
    yield from _passes(study)
    scale = study.scales[-1]
    design = repetitions(study.mixtures, scale, study.pilot_sizes, study.names)
    drawn = {one.provider: one.drawn for one in design}
    more = [one for one in _of_plans(study) if one.drawn > drawn.get(one.provider, 0)]
    for one in (*design, *more):
        yield fact(
            "repeated_draws",
            f"Probes repeat samples of {one.provider}: {_where(one, scale)} up to {one.drawn:,} "
            f"are drawn from its pilot of {one.revealed:,}, about {one.different:,.0f} different "
            f"ones. A purchase has {one.drawn:,} different ones, so predictions for plans with "
            f"much of {one.provider} may mislead. Reveal a larger pilot, or use smaller scales.",
            provider=one.provider,
            revealed=one.revealed,
            drawn=one.drawn,
            different=one.different,
            scale=one.size,
        )


def _of_plans(study: Study) -> list[Repetition]:
    """The same of the plans of a second stage that are larger than the design, chosen or not."""
    second = study.second_stage
    if second is None or not study.config.probes.replacement:
        return []
    plans, sizes = second.candidates, [second.max_size] * len(second.candidates)
    if study.plans is not None:
        plans, sizes = study.plans, list(study.plan_sizes)
    most: dict[str, Repetition] = {}
    for plan, size in zip(plans, sizes, strict=True):
        drawn = repetitions(plan[None], size, study.pilot_sizes, study.names)
        for one in drawn if size > study.scales[-1] else []:
            if one.provider not in most or one.drawn > most[one.provider].drawn:
                most[one.provider] = one
    return [most[name] for name in study.names if name in most]


def _where(one: Repetition, scale: int) -> str:
    if one.size > scale:
        return f"in the second stage, at {one.size:,} samples,"
    return f"at scale {scale:,}"


def _passes(study: Study) -> Iterator[Fact]:
    """That the least number of steps of a network makes it see a probe's samples more often."""
    learner, name = study.config.learner, study.config.learner.name
    at_scales = [passes_of(learner, size) for size in study.scales]
    bought = passes_of(learner, study.max_size)
    known = [one for one in at_scales if one is not None]
    if bought is None or max(known) < MORE_OFTEN * bought:
        return
    seen = [
        f"{passes:,.0f} times at {size:,} samples"
        for passes, size in zip(known, study.scales, strict=True)
    ]
    yield fact(
        "repeated_passes",
        f"{name} sees each sample of a probe {listed(seen)}, and each sample of the purchase "
        f"{bought:,.0f} times: min_steps lengthens trainings on few samples. Small probes may "
        "mislead where repetition helps or harms. Use larger scales, or a smaller "
        "learner.settings.min_steps.",
        scales=list(study.scales),
        passes=known,
        bought=bought,
    )


def cap_fact(study: Study) -> Iterator[Fact]:
    """The smallest pilot, where it bounds the largest scale that a budget buys."""
    sizes = study.pilot_sizes
    smallest = int(sizes.argmin())
    cap = int(sizes[smallest])
    replacement = study.config.probes.replacement
    if study.budget is None or replacement or study.scales[-1] != cap or cap >= study.max_size:
        return
    yield fact(
        "pilot_bounds_scale",
        f"The pilot of {study.names[smallest]}, with {count(cap, 'sample')} the smallest one, "
        "bounds the largest scale. More samples from it allow a larger scale, which predicts "
        "better.",
        provider=study.names[smallest],
        revealed=cap,
    )


def unspent_fact(study: Study, *, advises: bool) -> Iterator[Fact]:
    """How many samples of a budget stay unspent, and why.

    Parameters
    ----------
    advises : whether to name the budget that buys the same, as before anything is trained. Another
        budget buys another design, so that finished probes would be lost.
    """
    unspent = unspent_samples(study)
    if not unspent or study.budget is None:
        return
    second, scale = study.second_stage, study.scales[-1]
    of_pilots = not study.config.probes.replacement and scale == study.pilot_sizes.min()
    reasons = []
    if scale == study.max_size:
        reasons.append(f"no scale is larger than the purchase ({count(scale, 'sample')})")
    elif of_pilots:
        reasons.append(f"no scale is larger than the smallest pilot ({count(scale, 'sample')})")
    if len(study.mixtures) >= MOST_PER_PROVIDER * len(study.names):
        reasons.append(f"a budget buys {MOST_PER_PROVIDER} mixtures per provider at most")
    if second is not None:
        reasons.append(
            f"of {count(second.most_plans, 'plan')} at most, none has more samples than the "
            "purchase or its pilots allow"
        )
    spent = study.budget - unspent
    yield fact(
        "unspent_budget",
        f"{'' if study.plans is not None or second is None else 'At least '}{unspent:,} of the "
        f"{study.budget:,} samples in probes.budget stay unspent: {listed(reasons)}."
        + (f" probes.budget: {spent} buys nearly the same." if advises else ""),
        samples=unspent,
        budget=study.budget,
        spent=spent,
    )
