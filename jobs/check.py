"""What a study would run and cost, before it does; `--time` times one probe of each scale."""

from actors.nodes import living_nodes
from actors.probes import missing_probes
from jobs.probe import train
from jobs.workspace import Workspace
from projektor_ray.cli import screen
from projektor_ray.explain.data_lines import data_facts, foreign_label_facts, guessed_labels
from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.study_check import StudyCheck, check_hints, check_table
from projektor_ray.probes.cost_estimate import (
    estimate,
    remaining_sizes,
    slots_of,
    threads_of,
    untimed,
)
from projektor_ray.study import Study
from projektor_ray.study.fitting import unmeasured
from projektor_ray.transport.memory import MemoryPlan

SHOWN_SETS = 20


def check(workspace: Workspace, *, timed: bool = False) -> None:
    """Say what would run and what it would cost; nothing is trained, but what `timed` asks for.

    With `--time`, one probe is trained and recorded at each scale that has none.
    """
    study = workspace.study
    show_data(study)
    check_input(workspace)
    done = workspace.probes()
    missing = missing_probes(study, done)
    trained = untimed(study, done, missing) if timed else []
    if trained:
        train(workspace, trained, done)
        done = workspace.probes()
        missing = missing_probes(study, done)
    threads = threads_of(study)
    slots = slots_of(study, living_nodes())
    sizes = remaining_sizes(study, missing)
    numbers = StudyCheck(
        timed=len(trained),
        missing=len(missing),
        missing_samples=sum(sizes),
        slots=slots,
        threads=threads,
        cost=estimate(study, done, sizes, slots),
        distances=[_distances(one) for one in workspace.each],
    )
    screen.table(check_table(study, numbers))
    screen.statement(str(extrapolation(study.max_size, study.scales)))
    facts = [*foreign_label_facts(study.foreign_labels), *check_hints(study, threads)]
    screen.bullets("Hints", map(str, facts))


def _distances(workspace: Workspace) -> tuple[str, int, MemoryPlan]:
    missing = unmeasured(workspace.study, workspace.distances())
    return workspace.study.set_name, len(missing), workspace.pilot_distances.plan


def show_data(study: Study) -> None:
    """Say what was read of every pilot and validation set, and which labels were guessed."""
    facts = data_facts(study.validations, study.pilots)
    for one in facts[:SHOWN_SETS]:
        screen.status("Data", str(one))
    if len(facts) > SHOWN_SETS:
        screen.status("Data", f"and {len(facts) - SHOWN_SETS:,} more pilots")
    for hint in guessed_labels([*study.validations, *study.pilots]):
        screen.status("Hint", str(hint))


def check_input(workspace: Workspace) -> None:
    """Refuse, before any training, what cannot be fitted or projected, or no plan can keep, or
    no node can hold.
    """
    workspace.check_resources()
    workspace.study.check_fittable()
    workspace.study.check_projectable()
    workspace.study.check_buyable()
