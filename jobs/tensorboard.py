"""A log of each finished probe that TensorBoard reads, where a study asks for it."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from projektor_ray.tables import Row

logger = logging.getLogger(__name__)


def logging_to(folder: Path, providers: Sequence[str]) -> Callable[[Row], None]:
    """Logs finished probes; where that fails, says so once: no probe is worth less without it."""
    told = False

    def log(row: Row) -> None:
        nonlocal told
        try:
            log_probe(folder, providers, row)
        except Exception as failure:
            if not told:
                logger.warning("TensorBoard's log in %s is not complete: %s", folder, failure)
            told = True

    return log


def log_probe(folder: Path, providers: Sequence[str], row: Row) -> None:
    """Log a finished probe in a run of its own: shares, size and seed; metric and seconds.

    TensorBoard compares the runs under HPARAMS, and draws the metric over the size under SCALARS.
    """
    from tensorboardX import SummaryWriter  # here: it takes a second, and few ask for it
    from tensorboardX.summary import hparams

    asked = dict(zip(providers, row["mixture"], strict=True))
    asked |= {"size": row["size"], "seed": row["seed"]}
    found = {row["metric"]: row["value"], "seconds": row["seconds"]}
    run = folder / f"{row['mixture_id']}-{row['size']}-{row['seed']}"
    with SummaryWriter(str(run)) as writer:
        for part in hparams(asked, found):  # of `found` the names, which all runs must share
            writer.file_writer.add_summary(part)
        for name, value in found.items():
            if value is not None:
                writer.add_scalar(name, value, row["size"])
