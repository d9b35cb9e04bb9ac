"""What `--check` shows: what a study would run, what that costs, and how to make it cheaper."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from projektor_ray.designs.budget import is_loss
from projektor_ray.explain.extrapolation import trained_sizes
from projektor_ray.explain.facts import Fact, TextTable, fact
from projektor_ray.explain.formatting import count
from projektor_ray.explain.memory_plan import memory_text
from projektor_ray.probes.cost_estimate import Cost
from projektor_ray.projection import noise_gain
from projektor_ray.study import Study
from projektor_ray.study.budget_options import BudgetOption

if TYPE_CHECKING:
    from projektor_ray.transport.memory import MemoryPlan

FARTHER_APART = 4
SAME = "buys the same, since pilots or the size to buy bound it"
IDENTITY = "identity"
EXPECTED = (
    "Expected half-widths are of 90% intervals in simulated studies, whose metric at the size to "
    "buy is an accuracy of 0.7 or a loss of 2. Compare budgets by them; intervals of this study "
    "will differ."
)


@dataclass(frozen=True)
class StudyCheck:
    """The numbers of a study that has not run, or not all of it.

    Attributes
    ----------
    timed : probes that were trained to be timed.
    missing : how many probes are to be trained.
    missing_samples : the sum of their sizes.
    slots, threads : probes that run at once, and CPU threads of each; slots are None where nothing
        is to be trained and no node was looked at.
    cost : of the missing probes; None where no probe is finished.
    distances : of each validation set: its name, mixtures to measure, and the memory plan;
        None where nothing is to be measured.
    budgets : what a budget of samples buys, then half and twice of it; empty without a budget.
    """

    timed: int
    missing: int
    missing_samples: int
    slots: int | None
    threads: int
    cost: Cost | None
    distances: Sequence[tuple[str, int, "MemoryPlan | None"]]
    budgets: Sequence[BudgetOption] = ()


def check_table(study: Study, numbers: StudyCheck) -> TextTable:
    """What would run, and what it would cost."""
    says = f"{count(numbers.timed, 'probe')} timed" if numbers.timed else "nothing trained"
    title = f"Study {study.config.name}: everything checked, {says}"
    rows = [
        ("learner", learner_text(study)),
        *_budget_rows(study, numbers.budgets),
        *_design_rows(study, numbers.missing),
        ("samples to train on", f"{_at_most(study)}{numbers.missing_samples:,}"),
        *_cost_rows(study, numbers),
        *(row for one in numbers.distances for row in _distance_rows(*one)),
        *_noise_gain_rows(study),
    ]
    return TextTable(title, ("what", ""), tuple(rows), EXPECTED * bool(numbers.budgets), left=("",))


def _budget_rows(study: Study, options: Sequence[BudgetOption]) -> list[tuple[str, str]]:
    """What a budget buys, and for comparison half and twice of it."""
    names = {1.0: "budget of samples", 0.5: "half the budget", 2.0: "twice the budget"}
    same = [
        one.share != 1 and one.bought is not None and one.bought == options[0].bought
        for one in options
    ]
    texts = [
        SAME if equal else _bought(study, one) + _doubling(options[0], one)
        for one, equal in zip(options, same, strict=True)
    ]
    return [
        (names[one.share], f"{one.budget:,}: {text}")
        for one, text in zip(options, texts, strict=True)
    ]


def _doubling(budget: BudgetOption, option: BudgetOption) -> str:
    """By how much twice the budget narrows the expected interval."""
    if option.share != 2 or not budget.half_width or option.half_width is None:
        return ""
    narrower = round(100 * (1 - option.half_width / budget.half_width))
    if narrower <= 0:
        return "; doubling the budget does not narrow the interval"
    return f"; doubling the budget narrows the interval by {narrower}%"


def _bought(study: Study, option: BudgetOption) -> str:
    bought, width = option.bought, option.half_width
    if bought is None:
        return "too few for two scales"
    scales = " and at ".join(f"{scale:,}" for scale in bought.scales)
    design = f"{count(bought.mixtures, 'mixture')} at {scales} samples"
    if bought.second_stage:
        design = f"first {design}, then the best plans with at most {bought.second_stage:,} samples"
    if width is None:
        return design
    of = (
        f"{100 * width:.0f}% of the {_loss_name(study)}"
        if is_loss(study.metric)
        else f"{width:.3f}"
    )
    return f"{design}; expected half-width at {study.max_size:,}: {of}"


def _loss_name(study: Study) -> str:
    return f"gap to {study.metric.high:g}" if study.metric.maximize else study.config.metric


def learner_text(study: Study) -> str:
    """The learner and what it sees: `sklearn.svm.SVC, on the samples as read; …`."""
    learner, embedder = study.config.learner, study.config.embedder.name
    if learner.input == "embedded":
        return f"{learner.name}, on the features of the embedder {embedder}"
    seen = "each feature standardized" if learner.input == "standardized" else "the samples as read"
    alone = "" if embedder == IDENTITY else f"; the embedder {embedder} is for distances only"
    return f"{learner.name}, on {seen}{alone}"


def _at_most(study: Study) -> str:
    return "at most " if study.open_probes else ""


def _design_rows(study: Study, missing: int) -> list[tuple[str, str]]:
    total, more = len(study.wanted_probes()), study.open_probes
    grows = f", at most {study.adaptive.most}" if study.adaptive and more else ""
    grows += f", then at most {count(more, 'plan')}" if study.second_stage and more else ""
    most = f", at most {total + more:,}" if more else ""
    mixtures = f"{len(study.mixtures)} over {count(len(study.providers), 'provider')}{grows}"
    return [
        ("mixtures", mixtures),
        ("scales", " < ".join(f"{scale:,}" for scale in study.scales)),
        ("probes in all", f"{total:,}{most}"),
        ("probes done", f"{total - missing:,}"),
        ("probes to train", f"{missing:,}" + (f", at most {missing + more:,}" if more else "")),
    ]


def _cost_rows(study: Study, numbers: StudyCheck) -> list[tuple[str, str]]:
    if numbers.slots is None:
        return []
    at_once = f"{numbers.slots}, with {count(numbers.threads, 'thread')} each"
    cost = numbers.cost
    if cost is None:
        unknown = "unknown: no probe is finished; --check --time trains one at each scale"
        return [("probes at once", at_once), ("time to train", unknown)]
    scales = ", ".join(f"{scale:,}" for scale in cost.guessed)
    per_hour = 3600 * numbers.missing_samples * numbers.slots / max(cost.ahead, 1e-9)
    covers = [("samples trained per hour", f"about {per_hour:,.0f}")] if cost.ahead else []
    note = f" (no probe is finished at {scales}: in proportion to the size)" if scales else ""
    return [
        ("probes at once", at_once),
        ("time to train", f"{_at_most(study)}about {cost.wall_seconds:,.0f} s{note}"),
        *covers,
        ("CPU-hours, GPU-hours", f"{cost.cpu_hours:,.2f}, {cost.gpu_hours:,.2f}"),
        ("share already trained", f"{cost.paid_share:.0%}"),
    ]


def _distance_rows(name: str, missing: int, plan: "MemoryPlan | None") -> list[tuple[str, str]]:
    to = f" to {name}" if name else ""
    rows = [(f"distances to measure{to}", f"{missing:,}")]
    return rows if plan is None else [*rows, (f"memory for distances{to}", memory_text(plan))]


def size_fact(study: Study) -> Iterator[Fact]:
    """Where the largest size of a plan comes from, where no size to buy is given."""
    selection = study.config.selection
    if selection.size is None:
        bound = "selection.max_size"
        if selection.max_size != study.max_size:
            bound = "capacities and the budget" if selection.request.money else "capacities"
        yield fact(
            "largest_plan",
            f"The size to buy is open. A plan has at most {count(study.max_size, 'sample')}, "
            f"which {bound} {'allow' if bound.startswith('capacities') else 'allows'}.",
            size=study.max_size,
        )


def _noise_gain_rows(study: Study) -> Iterator[tuple[str, str]]:
    trained = trained_sizes(study)
    for size in study.sizes:
        if size > trained[-1] and len(trained) > 1:
            gain = float(noise_gain(size, trained))
            yield f"error amplification at {size:,}", f"{gain:.2f} times"


def check_hints(study: Study, threads: int) -> Iterable[Fact]:
    """How the same study would err less, or train faster."""
    cpus = study.config.probes.cpus
    if len(study.scales) > 1 and study.scales[-1] < FARTHER_APART * study.scales[0]:
        yield fact(
            "scales_too_close",
            f"Errors grow less in the projection if the scales are a factor of {FARTHER_APART} "
            "apart or more.",
            scales=study.scales,
        )
    if cpus > 1 and threads == 1:
        yield fact(
            "idle_cpus",
            f"{study.config.learner.name} trains with 1 thread. With probes.cpus: 1 instead of "
            f"{cpus:g}, {cpus:g} times as many probes run at once.",
            cpus=cpus,
        )
