"""What a study would run and cost, before it does; `--time` times one probe of each scale."""

from typing import TYPE_CHECKING

from jobs.stage_lines import show_data, show_design
from jobs.study_tables import StudyTables
from projektor_ray.cli import screen
from projektor_ray.explain.data_lines import foreign_label_facts
from projektor_ray.explain.design_facts import cap_fact, repetition_facts, unspent_fact
from projektor_ray.explain.extrapolation import extrapolation, trained_sizes
from projektor_ray.explain.study_check import StudyCheck, check_hints, check_table, size_fact
from projektor_ray.probes.cost_estimate import (
    estimate,
    remaining_sizes,
    slots_of,
    threads_of,
    untimed,
)
from projektor_ray.study import Study
from projektor_ray.study.budget_options import budget_options
from projektor_ray.study.early_checks import check_purchase
from projektor_ray.study.fitting import missing_probes, unmeasured

if TYPE_CHECKING:
    from jobs.workspace import Workspace
    from projektor_ray.transport.memory import MemoryPlan


def check(workspace: "Workspace", *, timed: bool = False) -> None:
    """Say what would run and what it would cost; nothing is trained, but what `timed` asks for.

    With `--time`, one probe is trained and recorded at each scale that has none.
    """
    from actors.nodes import living_nodes
    from jobs.probe import Hints, train

    study = workspace.study
    show_data(study)
    check_input(workspace)
    done = workspace.probes()
    missing = missing_probes(study, done)
    trained = untimed(study, done, missing) if timed else []
    if trained:
        train(workspace, trained, done, Hints(workspace))
        done = workspace.probes()
        missing = missing_probes(study, done)
    threads = threads_of(study)
    slots = slots_of(study, living_nodes())
    show_design(study, done, missing, slots)
    sizes = remaining_sizes(study, missing)
    numbers = StudyCheck(
        timed=len(trained),
        missing=len(missing),
        missing_samples=sum(sizes),
        slots=slots,
        threads=threads,
        cost=estimate(study, done, sizes, slots),
        distances=[_distances(one) for one in workspace.each],
        budgets=budget_options(study),
    )
    _show(study, numbers)


def check_finished(tables: StudyTables) -> None:
    """The same for a study whose trainings and distances are all there; starts no Ray."""
    show_data(tables.study)
    check_study(tables.study)
    show_design(tables.study, tables.probes())
    distances = [(one.study.set_name, 0, None) for one in tables.each]
    threads = threads_of(tables.study)
    budgets = budget_options(tables.study)
    _show(tables.study, StudyCheck(0, 0, 0, None, threads, None, distances, budgets))


def _show(study: Study, numbers: StudyCheck) -> None:
    screen.table(check_table(study, numbers))
    for one in size_fact(study):
        screen.statement(str(one))
    screen.statement(str(extrapolation(study.max_size, trained_sizes(study))))
    facts = [
        *foreign_label_facts(study.foreign_labels),
        *repetition_facts(study),
        *cap_fact(study),
        *unspent_fact(study, advises=numbers.missing == len(study.wanted_probes())),
        *check_hints(study, numbers.threads),
    ]
    screen.bullets("Hints", map(str, facts))


def _distances(workspace: "Workspace") -> tuple[str, int, "MemoryPlan"]:
    missing = unmeasured(workspace.study, workspace.distances())
    return workspace.study.set_name, len(missing), workspace.pilot_distances.plan


def check_input(workspace: "Workspace") -> None:
    """Refuse, before any training, what cannot be fitted or projected, or no plan can keep, or
    no node can hold.
    """
    workspace.check_resources()
    check_study(workspace.study)


def check_study(study: Study) -> None:
    """Refuse what cannot be fitted or projected, or what no plan can keep."""
    study.check_fittable()
    study.check_projectable()
    check_purchase(study.config)
