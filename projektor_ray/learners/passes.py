"""How often a training sees each of its samples."""

from projektor_ray.learners.learner_config import LearnerConfig
from projektor_ray.learners.named_learners import NETWORKS
from projektor_ray.learners.network_settings import NetworkSettings
from projektor_ray.storage.settings import parse


def passes_of(config: LearnerConfig, count: int) -> float | None:
    """How often a training on `count` samples sees each of them.

    None for all learners but the networks that are built in.
    """
    if config.name not in NETWORKS:
        return None
    batch, steps = parse(NetworkSettings, config.settings).length(count)
    return batch * steps / count
