"""A trial in this process: what it writes down before Tune, or its end, can be seen by anybody."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import trial as module
from actors.ledger import LedgerWriter
from actors.trial import TrialContext, trial
from projektor_ray.errors import StorageError
from projektor_ray.learners import LearnerConfig
from projektor_ray.probes.faults import Fault
from projektor_ray.probes.limits import LimitExceeded, Limits
from projektor_ray.probes.pending_probe import PendingProbe
from projektor_ray.probes.train_probe import storable
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from tests.helpers.job_studies import arrays, config, resolved
from tests.helpers.learner_data import Alone

STUDY = resolved(config())
PROBES = STUDY.wanted_probes()[:2]
PILOTS, VALIDATION = arrays()


class EndedError(Exception):
    """In place of the end of this process."""


class Scene:
    """A trial of one probe, with a learner that does as it is told."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (place / "scratch").mkdir()
        self.out = Folder(place / "out")
        self.writer = LedgerWriter(self.out.uri, [STUDY.probes_metadata], str(place / "scratch"))
        self.reported: list[list[str]] = []
        self.patch = monkeypatch
        monkeypatch.setattr(module, "fetch", lambda found: found)
        monkeypatch.setattr(module.ray, "get", lambda references: references)
        monkeypatch.setattr(module.ray, "wait", lambda references, timeout: (references, []))
        monkeypatch.setattr(
            module.ray,
            "get_runtime_context",
            lambda: SimpleNamespace(get_node_id=lambda: "here"),
        )
        monkeypatch.setattr(module.tune, "report", lambda _: self.reported.append(self.on_disk()))
        monkeypatch.setattr(module, "end_process", self.end)
        monkeypatch.setattr(module, "_samples", lambda *references: list(references))

    def end(self) -> None:
        raise EndedError

    def on_disk(self) -> list[str]:
        """How the probes ended that the ledger has."""
        rows = Ledger(self.out, "probes").rows(STUDY.probes_metadata.input_hash)
        return [row["error"].strip().rsplit("\n", 1)[-1] or row["status"] for row in rows.values()]

    def train(self, learner: Any, more_memory: bool = False) -> None:
        """Run the trial to its end."""
        self.patch.setattr(module, "build_learner", lambda _: learner)
        calls = {
            name: SimpleNamespace(remote=getattr(self.writer, name)) for name in ("begin", "finish")
        }
        shared = TrialContext(
            pending=tuple(PendingProbe(probe, 1) for probe in PROBES),
            learner=LearnerConfig(name="x"),
            replacement=False,
            threads=1,
            limits=Limits(60.0),
            retries=1,
            more_memory=more_memory,
            pilots=PILOTS,
            validations=(VALIDATION,),
            writer=SimpleNamespace(**calls),
        )
        trial({"index": 0}, shared)

    def exceed(self, fault: Fault) -> None:
        """Let the trial exceed a limit as soon as it trains."""

        @contextmanager
        def enforce_limits(limits: Limits, stop: Any) -> Any:
            stop(LimitExceeded(fault, f"Stopped here\nits {fault} is up", 61.0))
            yield

        self.patch.setattr(module, "enforce_limits", enforce_limits)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def raises(error: Exception) -> Any:
    def learner(*_: Any) -> dict[str, float]:
        raise error

    return Alone(learner)


FINE = Alone(lambda *_: {"accuracy": 0.5})


def test_what_is_done_is_on_the_disk_before_tune_hears_of_it(scene: Scene) -> None:
    scene.train(FINE)
    assert scene.reported == [["done"]]


@pytest.mark.parametrize(
    ("error", "more_memory", "on_disk"),
    [
        (ValueError("boom"), True, ["ValueError: boom"]),
        (MemoryError("full"), False, ["MemoryError: full"]),
        (MemoryError("full"), True, []),
        (ConnectionError("down"), True, []),
        (ValueError("b\udcffad.png"), False, [r"ValueError: b\udcffad.png"]),
    ],
)
def test_a_failure_that_is_final_is_on_the_disk_before_the_process_ends(
    scene: Scene, error: Exception, more_memory: bool, on_disk: list[str]
) -> None:
    with pytest.raises(EndedError):
        scene.train(raises(error), more_memory=more_memory)
    assert scene.on_disk() == on_disk
    assert not scene.reported
    outcome = scene.writer.state(0).outcome
    assert outcome is not None
    assert outcome.error.strip().endswith(storable(str(error)))


def test_a_row_that_cannot_be_stored_ends_the_run_and_is_never_trained_again(scene: Scene) -> None:
    """It is no fault of a network: another attempt would find the same."""

    def refuse(*_: Any) -> None:
        raise StorageError("a value does not fit its column")

    scene.patch.setattr(scene.writer._ledger, "append", refuse)
    told: list[dict[str, Any]] = []
    scene.patch.setattr(module.tune, "report", told.append)
    scene.train(FINE)
    (report,) = told
    assert report["refusal"] == "a value does not fit its column"


@pytest.mark.parametrize(
    ("fault", "more_memory", "on_disk"),
    [
        ("time", False, ["its time is up"]),
        ("memory", False, ["its memory is up"]),
        ("memory", True, []),
    ],
)
def test_so_is_one_that_a_limit_ends(
    scene: Scene, fault: Fault, more_memory: bool, on_disk: list[str]
) -> None:
    scene.exceed(fault)
    with pytest.raises(EndedError):
        scene.train(FINE, more_memory=more_memory)
    assert scene.on_disk() == on_disk
    outcome = scene.writer.state(0).outcome
    assert outcome is not None
    assert (outcome.fault, outcome.seconds) == (fault, 61.0)
