"""A log of each finished probe that TensorBoard reads, where a study asks for it."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from projektor_ray.probes.train_probe import Outcome

logger = logging.getLogger(__name__)


def logging_to(
    folder: Path, providers: Sequence[str], metrics: Sequence[str]
) -> Callable[[Outcome], None]:
    """Logs finished probes; where that fails, says so once: no probe is worth less without it."""
    warned = False

    def log(outcome: Outcome) -> None:
        nonlocal warned
        try:
            log_probe(folder, providers, metrics, outcome)
        except Exception as failure:
            if not warned:
                logger.warning("TensorBoard's log in %s is not complete: %s", folder, failure)
            warned = True

    return log


def log_probe(
    folder: Path, providers: Sequence[str], metrics: Sequence[str], outcome: Outcome
) -> None:
    """Log a finished probe in a run of its own: shares, size and seed; metrics and seconds.

    TensorBoard compares the runs under HPARAMS, and draws the metric over the size under SCALARS.
    """
    from tensorboardX import SummaryWriter  # here: it takes a second, and few ask for it
    from tensorboardX.summary import hparams

    probe = outcome.probe
    shares: dict[str, float] = dict(zip(providers, probe.mixture, strict=True))
    shares |= {"size": probe.size, "seed": probe.seed}
    values = outcome.values or (None,) * len(metrics)
    measured = {**dict(zip(metrics, values, strict=True)), "seconds": outcome.seconds}
    run = folder / f"{probe.mixture_id}-{probe.size}-{probe.seed}"
    with SummaryWriter(str(run)) as writer:
        for part in hparams(shares, measured):  # of `measured` the names, which all runs must share
            writer.file_writer.add_summary(part)
        for name, value in measured.items():
            if value is not None:
                writer.add_scalar(name, value, probe.size)
