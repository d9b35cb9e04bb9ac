"""What the probes that are missing will cost, from the seconds of those that are done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projektor_ray.probes.resources import Resources, slots
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.probe import Probe
from projektor_ray.study.study import Study

SECONDS_PER_HOUR = 3600.0
START_SECONDS = 8.0
"""Until the first trial of a run begins: Tune, and workers that import the learner."""
SECONDS_BETWEEN = 0.1
"""What Tune and the ledger add to a probe."""


@dataclass(frozen=True)
class Cost:
    """Time of trainings, paid and to come.

    Attributes
    ----------
    paid : seconds of the wanted probes that are in the ledger.
    ahead : estimated seconds of those that are missing.
    longest : estimated seconds of the longest of them.
    count : how many are missing.
    slots : probes that run at once.
    cpus, gpus : of one probe.
    guessed : scales at which no probe is done; their seconds are those of the nearest scale that
        has some, in proportion to the size.
    """

    paid: float
    ahead: float
    longest: float
    count: int
    slots: int
    cpus: float
    gpus: float
    guessed: tuple[int, ...]

    @property
    def wall_seconds(self) -> float:
        """`start + max((ahead + count · between) / slots, longest)`, 0 if nothing is missing: no
        schedule is shorter; largest first comes near.
        """
        if not self.count:
            return 0.0
        busy = (self.ahead + self.count * SECONDS_BETWEEN) / self.slots
        return START_SECONDS + max(busy, self.longest)

    @property
    def cpu_hours(self) -> float:
        return self.ahead * self.cpus / SECONDS_PER_HOUR

    @property
    def gpu_hours(self) -> float:
        return self.ahead * self.gpus / SECONDS_PER_HOUR

    @property
    def paid_share(self) -> float:
        """Share of all training time that is paid already, in [0, 1]."""
        total = self.paid + self.ahead
        return self.paid / total if total > 0 else 1.0


def slots_of(study: Study, nodes: Sequence[Resources]) -> int:
    """Probes that run at once on these nodes, each on one; at least 1.

    Of an adaptive design no more than those of two batches.
    """
    settings = study.config.probes
    most = [slots(settings.reservation, nodes)] if settings.reservation else []
    if settings.concurrency is not None:
        most.append(settings.concurrency)
    if study.adaptive is not None:
        most.append(2 * settings.batch * study.probes_each)
    return max(1, min(most, default=1))


def threads_of(study: Study) -> int:
    """CPU threads of one probe: its CPUs for a learner of the user's own, else 1.

    The learners that come with the project keep to one thread, so that a probe has the same bits on
    every worker; many of them at once use the cores better than one after the other in many
    threads.
    """
    config = study.config
    own = ":" in config.learner.name
    return max(1, int(config.probes.cpus)) if own else 1


def untimed(study: Study, rows: Mapping[Key, Row], missing: Sequence[Probe]) -> list[Probe]:
    """The first missing probe of each scale at which none is done, largest first."""
    timed = {row["size"] for row in rows.values() if row["status"] == "done"}
    first: dict[int, Probe] = {}
    for probe in missing:
        if probe.size not in timed:
            first.setdefault(probe.size, probe)
    return [first[size] for size in sorted(first, reverse=True)]


def remaining_sizes(study: Study, missing: Sequence[Probe]) -> list[int]:
    """Sizes of the probes that are missing, and of those that may be placed after trainings."""
    return [probe.size for probe in missing] + study.open_sizes


def estimate(
    study: Study, rows: Mapping[Key, Row], sizes: Sequence[int], slots: int
) -> Cost | None:
    """Cost of probes of these sizes: at each scale, the mean seconds of the probes done there.

    Probes of any mixture and seed at a scale count, as long as they are of this learner. None if
    no probe is done, since nothing then says how long one takes.
    """
    timed: dict[int, list[float]] = {}
    for row in rows.values():
        if row["status"] == "done":
            timed.setdefault(row["size"], []).append(row["seconds"])
    if not timed:
        return None
    means = {size: sum(seconds) / len(seconds) for size, seconds in timed.items()}
    settings = study.config.probes
    ahead = [_seconds(size, means) for size in sizes]
    wanted = {probe.key for probe in study.wanted_probes()}
    return Cost(
        paid=sum(row["seconds"] for key, row in rows.items() if key in wanted),
        ahead=sum(ahead),
        longest=max(ahead, default=0.0),
        count=len(ahead),
        slots=slots,
        cpus=settings.cpus,
        gpus=settings.gpus,
        guessed=tuple(sorted(set(sizes) - means.keys())),
    )


def _seconds(size: int, means: Mapping[int, float]) -> float:
    """The mean at the nearest size by ratio, in proportion to the size."""
    nearest = min(means, key=lambda known: (max(known / size, size / known), known))
    return means[nearest] * size / nearest
