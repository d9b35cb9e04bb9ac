"""What a study would run and cost, before it does; `--time` times one probe of each scale."""

from collections.abc import Mapping, Sequence

from actors.nodes import living_nodes
from actors.probes import missing_probes
from jobs.probe import train
from jobs.workspace import Workspace
from projektor_ray.cli import screen
from projektor_ray.explain.data_lines import data_facts, foreign_label_facts, guessed_labels
from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.facts import TextTable
from projektor_ray.probes.cost_estimate import (
    estimate,
    remaining_sizes,
    slots_of,
    threads_of,
    untimed,
)
from projektor_ray.projection import noise_gain
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Probe, Study
from projektor_ray.study.fitting import unmeasured

FARTHER_APART = 4
SHOWN_SETS = 20


def check(workspace: Workspace, *, timed: bool = False) -> None:
    """Say what would run and what it would cost; nothing is trained, but what `timed` asks for.

    With `--time`, one probe is trained and recorded at each scale that has none.
    """
    study, config = workspace.study, workspace.study.config
    show_data(study)
    check_input(workspace)
    done = workspace.probes()
    missing = missing_probes(study, done)
    trained = untimed(study, done, missing) if timed else []
    if trained:
        train(workspace, trained, done)
        done = workspace.probes()
        missing = missing_probes(study, done)
    rows = [
        *_design_rows(study, len(missing)),
        ["samples to train on", f"{_at_most(study)}{sum(remaining_sizes(study, missing)):,}"],
        *_cost_rows(study, done, missing),
        *(row for one in workspace.each for row in _transport_rows(one)),
        *_gain_rows(study),
    ]
    says = f"{len(trained)} probes timed" if trained else "nothing trained"
    title = f"Study {config.name}: everything checked, {says}"
    cells = tuple((name, text) for name, text in rows)
    screen.table(TextTable(title, ("what", ""), cells, left=("",)))
    screen.statement(str(extrapolation(study.max_size, study.scales)))
    screen.bullets("Hints", [*map(str, foreign_label_facts(study.foreign_labels)), *_hints(study)])


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


def _at_most(study: Study) -> str:
    return "at most " if study.open_probes else ""


def _design_rows(study: Study, missing: int) -> list[list[str]]:
    """Lines on mixtures, scales and probes."""
    wanted, more = len(study.mixtures) * study.probes_each, study.open_probes
    grows = f", at most {study.adaptive.most}" if study.adaptive and more else ""
    most = f", at most {wanted + more:,}" if more else ""
    return [
        ["mixtures", f"{len(study.mixtures)} over {len(study.providers)} providers{grows}"],
        ["scales", " < ".join(f"{scale:,}" for scale in study.scales)],
        ["probes in all", f"{wanted:,}{most}"],
        ["probes done", f"{wanted - missing:,}"],
        ["probes to train", f"{missing:,}" + (f", at most {missing + more:,}" if more else "")],
    ]


def _cost_rows(study: Study, done: Mapping[Key, Row], missing: Sequence[Probe]) -> list[list[str]]:
    """Lines on time and money of the probes, from the seconds of those in the ledger."""
    slots, threads = slots_of(study, living_nodes()), threads_of(study)
    at_once = f"{slots}, in {threads} thread{'s' if threads > 1 else ''} each"
    cost = estimate(study, done, remaining_sizes(study, missing), slots)
    if cost is None:
        unknown = "unknown: no probe is done yet; --check --time trains one of each scale"
        return [["probes at once", at_once], ["time to train", unknown]]
    guessed = ", ".join(f"{scale:,}" for scale in cost.guessed)
    note = f" (none done at {guessed}: in proportion to the size)" if guessed else ""
    return [
        ["probes at once", at_once],
        ["time to train", f"{_at_most(study)}about {cost.wall_seconds:,.0f} s{note}"],
        ["CPU-hours, GPU-hours", f"{cost.cpu_hours:,.2f}, {cost.gpu_hours:,.2f}"],
        ["share paid already", f"{cost.paid_share:.0%}"],
    ]


def _transport_rows(workspace: Workspace) -> list[list[str]]:
    """Lines on the distances to one validation set."""
    study, memory = workspace.study, workspace.pilot_distances.plan
    to = f" to {study.set_name}" if study.set_name else ""
    missing = len(unmeasured(study, workspace.distances()))
    needed = f"{memory.layout}, {memory.bytes_needed / 2**20:,.0f} MiB: {memory.reason}"
    return [[f"distances to measure{to}", f"{missing:,}"], [f"transport{to}", needed]]


def _gain_rows(study: Study) -> list[list[str]]:
    """Lines on what a projection does to errors."""
    return [
        [f"noise gain to {size:,}", f"{float(noise_gain(size, study.scales)):.2f}×"]
        for size in study.sizes
        if size > study.scales[-1] and len(study.scales) > 1
    ]


def _hints(study: Study) -> list[str]:
    hints, settings = [], study.config.probes
    if len(study.scales) > 1 and study.scales[-1] < FARTHER_APART * study.scales[0]:
        hints.append("errors grow less in the projection if N0 and N1 are a factor of 4 apart")
    if settings.cpus > 1 and threads_of(study) == 1:
        hints.append(
            f"{study.config.learner.name} trains in 1 thread: with probes.cpus: 1 instead of "
            f"{settings.cpus:g}, {settings.cpus:g} times as many run at once"
        )
    return hints
