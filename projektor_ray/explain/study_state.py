"""What a person should know of the folder of a study before relying on its answers."""

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count
from projektor_ray.storage.lease import living_drivers
from projektor_ray.study import FittedStudy


def study_state(study: FittedStudy) -> list[Fact]:
    """Whether probes are missing, and whether a driver is writing to the folder now."""
    facts = []
    if left := study.unfinished:
        total = len(study.study.wanted_probes())
        facts.append(
            fact(
                "unfinished",
                f"{left:,} of {count(total, 'probe')} of the study are not trained, and the models "
                "are fitted to the others. Run the study again to train them.",
                left=left,
                total=total,
            )
        )
    for driver in living_drivers(study.folder):
        facts.append(
            fact(
                "being_written",
                f"A driver works on this study ({driver}): results may change until it ends.",
                driver=driver,
            )
        )
    return facts
