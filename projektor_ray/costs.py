"""What the probes that are missing will cost, from the seconds of those that are done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projektor_ray.study import Probe, Study
from projektor_ray.tables import Key, Row

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Cost:
    """Time of trainings, paid and to come.

    Attributes
    ----------
    paid : seconds of the wanted probes that are in the ledger.
    ahead : estimated seconds of those that are missing.
    longest : estimated seconds of the longest of them.
    slots : probes that run at once.
    cpus, gpus : of one probe.
    guessed : scales at which no probe is done; their seconds are those of the nearest scale that
        has some, in proportion to the size.
    """

    paid: float
    ahead: float
    longest: float
    slots: int
    cpus: float
    gpus: float
    guessed: tuple[int, ...]

    @property
    def wall_seconds(self) -> float:
        """`max(ahead / slots, longest)`: no schedule is shorter; largest first comes near."""
        return max(self.ahead / self.slots, self.longest)

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


def slots_of(study: Study, cpus: float, gpus: float) -> int:
    """Probes that run at once where so many CPUs and GPUs are; at least 1."""
    asked = study.config.probes
    room = [
        int(there / each + 1e-9) for there, each in [(cpus, asked.cpus), (gpus, asked.gpus)] if each
    ]
    if asked.concurrency is not None:
        room.append(asked.concurrency)
    return max(1, min(room, default=1))


def estimate(
    study: Study, rows: Mapping[Key, Row], missing: Sequence[Probe], slots: int
) -> Cost | None:
    """Cost of the missing probes: at each scale, the mean seconds of the probes done there.

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
    asked = study.config.probes
    ahead = [_seconds(probe.size, means) for probe in missing]
    wanted = {probe.key for probe in study.wanted_probes()}
    return Cost(
        paid=sum(row["seconds"] for key, row in rows.items() if key in wanted),
        ahead=sum(ahead),
        longest=max(ahead, default=0.0),
        slots=slots,
        cpus=asked.cpus,
        gpus=asked.gpus,
        guessed=tuple(sorted({probe.size for probe in missing} - means.keys())),
    )


def _seconds(size: int, means: Mapping[int, float]) -> float:
    """The mean at the nearest size by ratio, in proportion to the size."""
    nearest = min(means, key=lambda known: (max(known / size, size / known), known))
    return means[nearest] * size / nearest
