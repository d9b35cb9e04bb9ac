"""The project's family of errors.

Every message says what was expected, what came, and what to do. All take one message, so that they
survive pickling on their way out of a Ray worker.
"""


class ProjektorError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(ProjektorError, ValueError):
    """A user's input cannot be used: configuration, data, table or argument."""


class TooFewProbesError(InputError):
    """A predictor was asked to fit fewer probes than it can be determined from."""


class InfeasibleError(InputError):
    """No purchase plan keeps every constraint; the message names the one that cannot be kept."""


class LearnerError(ProjektorError):
    """A learner broke its contract: no such metric, a value that is not a finite number."""


class StorageError(ProjektorError):
    """The study's folder cannot be written: full, read-only, or failing for too long."""


class BusyError(ProjektorError):
    """Another driver works on the study's folder."""


class UnfinishedError(ProjektorError):
    """A run of trainings was ended from outside before all of them were."""
