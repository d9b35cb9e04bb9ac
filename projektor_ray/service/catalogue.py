"""The studies that are served, by name: opened once, and opened again when their tables change."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from projektor_ray.errors import InputError, ProjektorError, nearest
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import DEAD_SECONDS
from projektor_ray.storage.schemas import KEYS
from projektor_ray.study import FittedStudy, open_study

if TYPE_CHECKING:
    from projektor_ray.profiles import ProviderProfile

logger = logging.getLogger(__name__)

TABLES = ("plans", "predictors", "projections", "provider_profiles", "validation_sets")
"""Tables of a study's folder that are served, of several validation sets each; and `runs`."""
RUNS = "runs"
LEASE = "lease"
MOST_ANSWERS = 32
"""Plans that are remembered for each study."""

State = tuple[tuple[str, int, int], ...]
"""Names, bytes and times of change of a folder's files."""


class Answers:
    """The last answers of a study: a plan that is asked for again is not searched again."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._computing: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self._most = most

    def get(self, key: Hashable, deadline: float, compute: Callable[[], Any]) -> Any:
        """The answer to a question, computed unless it is remembered, by one thread at a time.

        Threads that ask meanwhile wait for that answer. If its computation fails, the next of them
        computes.

        Raises
        ------
        TimeoutError
            If another thread computes the answer beyond the deadline, of `time.monotonic`.
        """
        while True:
            with self._lock:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    return self._answers[key]
                other = self._computing.get(key)
                if other is None:
                    ended = self._computing[key] = threading.Event()
                    break
            if not other.wait(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
        try:
            answer = compute()
            with self._lock:
                self._answers[key] = answer
                while len(self._answers) > self._most:
                    self._answers.popitem(last=False)
            return answer
        finally:
            with self._lock:
                del self._computing[key]
            ended.set()


@dataclass(frozen=True, eq=False)
class ServedStudy:
    """A study as it was opened.

    Attributes
    ----------
    study : the model.
    profiles : by validation set; empty where the folder has none.
    tables : that are served, by name.
    state : of the folder when it was read.
    opened_at : time (UTC).
    answers : remembered plans.
    """

    study: FittedStudy
    profiles: "dict[str, list[ProviderProfile]]"
    tables: dict[str, pa.Table]
    state: State
    opened_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    answers: Answers = field(default_factory=Answers)

    def table(self, name: str) -> pa.Table:
        """A table by its name.

        Raises
        ------
        RefusedError
            If there is none.
        """
        if name not in self.tables:
            hint = nearest(name[:100], self.tables)
            raise RefusedError(404, "unknown-table", f"the study has no such table; {hint}")
        return self.tables[name]


class Catalogue:
    """Studies by name. Requests read it, and one thread opens anew what has changed.

    Parameters
    ----------
    folders : of the studies, paths or URIs; those that requests can reach.

    Raises
    ------
    InputError
        If a folder holds no study that can be opened, or two studies have one name.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        if not folders:
            raise InputError("there is no study to serve; give the folder of a finished study")
        self._studies: dict[str, ServedStudy] = {}
        self._watched: dict[str, _Watched] = {}
        self.failures = 0
        for uri in dict.fromkeys(folders):
            served = _load(Folder(uri))
            name = served.study.name
            if name in self._studies:
                other = self._watched[name].folder.shown
                raise InputError(
                    f"the studies in {other} and {uri} are both called {name!r}; serve one of "
                    "them, or give one another name in its study file"
                )
            self._studies[name] = served
            self._watched[name] = _Watched(Folder(uri))
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._studies)

    def __getitem__(self, name: str) -> ServedStudy:
        """A study by its name.

        Raises
        ------
        RefusedError
            If there is none.
        """
        study = self._studies.get(name)
        if study is None:
            hint = nearest(name[:100], self._studies)
            raise RefusedError(404, "unknown-study", f"there is no study {name[:100]!r}; {hint}")
        return study

    def refresh(self) -> None:
        """Open anew each study whose tables have changed; one that is being written stays as it is.

        A folder counts as written to while a driver's claim on it changes, or while two looks at it
        differ. What cannot be opened is logged, and the study stays as it is.
        """
        for name, served in list(self._studies.items()):
            try:
                if self._watched[name].has_settled_since(served.state):
                    self._replace(name, served)
            except ProjektorError as failure:
                self.failures += 1
                logger.warning("the study %s stays as it was: %s", name, failure)

    def _replace(self, name: str, served: ServedStudy) -> None:
        loaded = _load(self._watched[name].folder)
        if loaded.study.name != name:
            raise InputError(f"its folder now holds the study {loaded.study.name!r}")
        if loaded.study.unfinished > served.study.unfinished:
            raise InputError(f"{loaded.study.unfinished:,} of its probes are not trained yet")
        self._studies[name] = loaded
        logger.info("the study %s was opened anew", name)

    def watch(self, seconds: float) -> None:
        """Refresh every few seconds until `close`."""

        def repeat() -> None:
            while not self._over.wait(seconds):
                self.refresh()

        self._thread = threading.Thread(target=repeat, name="catalogue", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking at the folders."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)


class _Watched:
    """A folder, how it was when it was last looked at, and when a claim on it last changed."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._state: State | None = None
        self._claims: State = ()
        self._claimed = -float("inf")
        self._refused: State | None = None

    def has_settled_since(self, opened: State) -> bool:
        """Whether the folder has changed since it was opened, and has stopped changing.

        The state that is found is tried once: what could not be opened is not tried again until the
        folder changes.
        """
        claims = tuple(self.folder.changes(LEASE))
        if claims != self._claims:
            self._claims, self._claimed = claims, time.monotonic()
        written = bool(claims) and time.monotonic() - self._claimed < DEAD_SECONDS
        before, self._state = self._state, _state(self.folder)
        if written or self._state in (opened, self._refused) or self._state != before:
            return False
        self._refused = self._state
        return True


def _state(folder: Folder) -> State:
    """Of the tables and ledgers of a folder."""
    tables = [one for one in folder.changes() if one[0].endswith(".parquet")]
    parts = [
        (f"{ledger}/{name}", size, time)
        for ledger in KEYS
        for name, size, time in folder.changes(ledger)
    ]
    return (*tables, *parts)


def _load(folder: Folder) -> ServedStudy:
    """Open a study, twice if its folder changes meanwhile.

    Raises
    ------
    InputError
        If it cannot be opened, or its folder goes on changing.
    """
    for _ in range(2):
        state = _state(folder)
        study = open_study(folder.uri)
        served = ServedStudy(study, _profiles(study, state), _tables(study, state), state)
        _ = study.problem  # which is computed once, and not by the first request
        if _state(folder) == state:
            return served
    raise InputError(f"the study in {folder.shown} is being written to; wait until it is done")


def _profiles(study: FittedStudy, state: State) -> "dict[str, list[ProviderProfile]]":
    known = any(name.startswith("provider_profiles") for name, _, _ in state)
    return study.profiles() if known else {}


def _tables(study: FittedStudy, state: State) -> dict[str, pa.Table]:
    """The tables that are served, with those of each of several validation sets."""
    names = [name.removesuffix(".parquet") for name, _, _ in state if "/" not in name]
    served = [name for name in names if name.partition("-")[0] in TABLES]
    return {RUNS: study.runs(), **{name: study.folder.read_table(name) for name in served}}
