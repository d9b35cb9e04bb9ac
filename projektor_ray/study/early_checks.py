"""What can be refused before Ray starts: by the configuration alone, and by the sources' files."""

from collections.abc import Collection

from projektor_ray.data import SourceConfig
from projektor_ray.data.sources import check_source
from projektor_ray.errors import InputError
from projektor_ray.learners.metrics import METRICS
from projektor_ray.selection.size_search import check_target
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.placement import feasible_purchases
from projektor_ray.study.validation_sets import UNNAMED


def check_purchase(config: StudyConfig) -> None:
    """Refuse what no plan can keep, or reach, whatever the samples are.

    Raises
    ------
    InfeasibleError
        Names the constraint that cannot be kept.
    InputError
        If the target is beyond what the metric can be.
    """
    target, metric = config.selection.target, METRICS[config.metric]
    if target is not None:
        check_target(target, (metric.low, metric.high))
    by_name = sorted(config.providers, key=lambda provider: provider.name)
    feasible_purchases(config, tuple(provider.sold_by() for provider in by_name))


def check_sources(config: StudyConfig, given: Collection[str] = ()) -> None:
    """Refuse local sources that are absent, or small tables that cannot be opened.

    Parameters
    ----------
    given : names of pilots and validation sets that a driver passes in place of sources.

    Raises
    ------
    InputError
        Names the first provider or validation set; in the words of reading it whole.
    """
    for name, source in config.validation_sources.items():
        if name not in given:
            _check(name if name == UNNAMED else f"validation set {name!r}", source)
    for name, pilot in config.pilot_sources.items():
        if name not in given and pilot is not None:
            _check(f"provider {name!r}", pilot)


def _check(whose: str, source: SourceConfig) -> None:
    try:
        check_source(source.absolute())
    except InputError as failure:
        raise InputError(f"{whose}: {failure}") from None
