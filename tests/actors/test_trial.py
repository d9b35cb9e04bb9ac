"""A trial in this process: what it writes down before Tune, or its end, can be seen by anybody."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import trial as module
from actors.ledger import LedgerWriter
from actors.trial import TrialContext, trial
from projektor_ray.learners import Learner, LearnerConfig
from projektor_ray.probes.limits import Limits
from projektor_ray.probes.retries import PendingProbe
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
    """A trial of one probe, or of a pack of two, with a learner that does as it is told."""

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

    def train(self, learner: Any, packed: bool = False, more_room: bool = False) -> None:
        """Run the trial to its end."""
        self.patch.setattr(module, "build_learner", lambda _: learner)
        calls = {
            name: SimpleNamespace(remote=getattr(self.writer, name)) for name in ("begin", "finish")
        }
        shared = TrialContext(
            todo=tuple(PendingProbe(probe, 1) for probe in PROBES),
            packs=((0, 1),) if packed else ((0,), (1,)),
            learner=LearnerConfig(name="x"),
            replacement=False,
            threads=1,
            limits=Limits(60.0),
            retries=1,
            more_room=more_room,
            pilots=PILOTS,
            validations=(VALIDATION,),
            ledger=SimpleNamespace(**calls),
        )
        trial({"index": 0}, shared)

    def breach(self, fault: str) -> None:
        """Let the trial exceed a limit as soon as it trains."""

        @contextmanager
        def watched(limits: Limits, stop: Any) -> Any:
            stop(fault, f"Stopped here\nits {fault} is up", 61.0)
            yield

        self.patch.setattr(module, "watched", watched)


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
    ("error", "more_room", "on_disk"),
    [
        (ValueError("boom"), True, ["ValueError: boom"]),
        (MemoryError("full"), False, ["MemoryError: full"]),
        (MemoryError("full"), True, []),
        (ConnectionError("down"), True, []),
    ],
)
def test_a_failure_that_is_final_is_on_the_disk_before_the_process_ends(
    scene: Scene, error: Exception, more_room: bool, on_disk: list[str]
) -> None:
    with pytest.raises(EndedError):
        scene.train(raises(error), more_room=more_room)
    assert scene.on_disk() == on_disk
    assert not scene.reported
    assert [one.error.strip().endswith(str(error)) for one in scene.writer.fate(0).outcomes] == [
        True
    ]


@pytest.mark.parametrize(
    ("fault", "more_room", "on_disk"),
    [
        ("time", False, ["its time is up"]),
        ("memory", False, ["its memory is up"]),
        ("memory", True, []),
    ],
)
def test_so_is_one_that_a_limit_ends(
    scene: Scene, fault: str, more_room: bool, on_disk: list[str]
) -> None:
    scene.breach(fault)
    with pytest.raises(EndedError):
        scene.train(FINE, more_room=more_room)
    assert scene.on_disk() == on_disk
    assert [(one.fault, one.seconds) for one in scene.writer.fate(0).outcomes] == [(fault, 61.0)]


def test_of_a_pack_that_fails_nothing_is_final(scene: Scene) -> None:
    class Pack(Learner):
        def measure(self, *_: Any) -> list[dict[str, float]]:
            raise AssertionError

        def train_many(self, *_: Any) -> list[list[dict[str, float]]]:
            raise ValueError("boom")

    with pytest.raises(EndedError):
        scene.train(Pack(), packed=True)
    assert [one.fault for one in scene.writer.fate(0).outcomes] == ["learner"] * 2
    scene.breach("time")
    with pytest.raises(EndedError):
        scene.train(Pack(), packed=True)
    assert [one.fault for one in scene.writer.fate(0).outcomes] == ["time"] * 2
    assert scene.on_disk() == []
