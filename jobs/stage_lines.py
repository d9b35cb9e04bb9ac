"""The lines that stages show, the same whether a stage has work to do or finds all of it done."""

from collections.abc import Mapping, Sequence

from jobs.study_tables import StudyTables
from projektor_ray.cli.screen import status
from projektor_ray.explain.data_lines import data_facts, foreign_label_facts, guessed_labels
from projektor_ray.explain.design_facts import new_probes, other_scales_fact, reuse_facts
from projektor_ray.explain.formatting import count
from projektor_ray.probes.cost_estimate import estimate
from projektor_ray.probes.faults import last_line
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study
from projektor_ray.study.base_design import Reuse, other_scales

SHOWN_SETS = 20


def show_data(study: Study) -> None:
    """Say what was read of every pilot and validation set, and which labels were guessed."""
    facts = data_facts(study.validations, study.pilots)
    for one in facts[:SHOWN_SETS]:
        status("Data", str(one))
    if len(facts) > SHOWN_SETS:
        status("Data", f"and {len(facts) - SHOWN_SETS:,} more pilots")
    for hint in guessed_labels([*study.validations, *study.pilots]):
        status("Hint", str(hint))


def show_cautions(study: Study) -> None:
    """Say what is amiss with the pilots' labels."""
    for caution in foreign_label_facts(study.foreign_labels):
        status("Caution", str(caution))


def show_design(
    study: Study, done: Mapping[Key, Row], missing: Sequence[Probe] = (), slots: int = 1
) -> None:
    """Say what stays of earlier probes where providers joined or left, and what is new.

    Parameters
    ----------
    done, missing : rows of the ledger, and the probes to train.
    slots : probes that run at once.
    """
    new = new_probes(study, missing)
    cost = estimate(study, done, [probe.size for probe in new], slots) if new else None
    seconds = None if cost is None else cost.wall_seconds
    facts = reuse_facts(study, Reuse.of(study, done), missing, seconds)
    for one in (*facts, *other_scales_fact(study, other_scales(study, done))):
        status("Design", str(one))


def show_distances(study: Study, reused: int, measured: str = "0 measured") -> None:
    """How many mixtures' distances to a validation set were reused and measured."""
    to = f" to {study.set_name}" if study.set_name else ""
    mixtures = count(len(study.measured), "mixture")
    status("Distances", f"{mixtures}{to} ({reused:,} reused, {measured})")


def show_probes(tables: StudyTables, before: Mapping[Key, Row]) -> None:
    """How many probes were reused, trained, left and failed; an example of those that failed.

    Parameters
    ----------
    before : rows of the ledger before anything was trained.
    """
    wanted, rows = tables.study.wanted_probes(), tables.probes()
    present = [one.key for one in wanted if one.key in rows]
    trained = sum(
        key not in before or rows[key]["attempt"] > before[key]["attempt"] for key in present
    )
    failed = [p for p in wanted if p.key in rows and rows[p.key]["status"] == "failed"]
    left = len(wanted) - len(present)
    parts = [
        f"{len(present) - trained:,} reused",
        f"{trained:,} trained",
        f"{len(failed):,} failed",
    ]
    parts += [f"{left:,} left to the next run"] if left else []
    status("Probes", f"{len(wanted):,} ({', '.join(parts)})")
    if failed:
        status("Failure", last_line(rows[failed[0].key]["error"]))
        status(
            "Help",
            "`--failures` of jobs.probe shows all tracebacks, `--replay "
            f"{failed[0].label}` repeats this probe here, `--retry-failed` trains all failed "
            "probes again.",
        )


def show_left(left: int) -> None:
    """Say that probes are missing, and what to do."""
    if left:
        status(
            "Unfinished",
            f"{count(left, 'probe')} could not be trained; the same command tries again.",
        )
