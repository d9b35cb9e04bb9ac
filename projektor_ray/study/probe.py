"""One training that a study asks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """One training: (mixture, size, seed) → metric."""

    mixture_id: str
    mixture: tuple[float, ...]
    size: int
    seed: int
    learner: str
    metric: str

    @property
    def key(self) -> tuple[str, int, int, str, str]:
        """The ledger's key of this probe."""
        return (self.mixture_id, self.size, self.seed, self.learner, self.metric)

    @property
    def label(self) -> str:
        """What names this probe within its study: MIXTURE:SIZE:SEED."""
        return f"{self.mixture_id}:{self.size}:{self.seed}"
