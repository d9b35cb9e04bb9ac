"""Hostile study files, pilots, tables and names: what each does to the process that reads it.

python -m benchmarks.hostile_inputs

Each file is read in a process of its own, which has ten seconds. Counted are errors that are not
the project's own (a traceback), readings that do not end, and memory: at most 1 GB, or three times
the file. Names are shown in every form on a terminal; counted are the control characters there.
Writes `benchmarks/results/hostile_inputs.md`; the status is 1 if anything went wrong.
"""

import io
import multiprocessing
import resource
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from projektor_ray.cli import screen
from projektor_ray.data import read_source
from projektor_ray.data.source_config import SourceConfig
from projektor_ray.errors import ProjektorError
from projektor_ray.explain.facts import TextTable
from projektor_ray.runs.run_sources import read_run_table
from projektor_ray.storage.settings import parse
from projektor_ray.study import read_study
from tests.helpers.hostile_names import HOSTILE_NAMES
from tests.helpers.hostile_sources import hostile_sources
from tests.helpers.hostile_studies import HOSTILE_STUDIES

RESULTS = Path(__file__).parent / "results" / "hostile_inputs.md"
SECONDS = 10.0
PATIENCE = 60.0
"""Seconds after which a process is ended; it may wait for a core."""
MOST_BYTES, MOST_TIMES = 2**30, 3
FORBIDDEN = {"Cc", "Cf", "Cs"}
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["projektor_ray.study", "projektor_ray.runs.run_sources", "tests.helpers.hostile_sources"]
)


@dataclass(frozen=True)
class Ending:
    """How the reading of one file ended.

    Attributes
    ----------
    kind : `read`, `refused`, `traceback`, `ended` (the process, without a word) or `hang`.
    memory : bytes that the process took beyond those it began with.
    """

    name: str
    kind: str
    says: str
    seconds: float
    memory: int
    stored: int

    @property
    def is_wrong(self) -> bool:
        allowed = max(MOST_BYTES, MOST_TIMES * self.stored)
        return self.kind not in ("read", "refused") or self.memory > allowed


def study_of(path: str) -> None:
    read_study(path)


def source_of(values: dict[str, Any]) -> None:
    read_source(parse(SourceConfig, values))


def table_of(values: dict[str, Any]) -> None:
    read_run_table(values["path"])


def ending_of(name: str, read: Callable[[Any], None], argument: Any, stored: int) -> Ending:
    """Read one file in a process of its own."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_read, args=(theirs, read, argument))
    process.start()
    theirs.close()
    started = time.monotonic()
    found: tuple[str, str, float, int] = ("hang", "", SECONDS, 0)
    if ours.poll(PATIENCE):
        try:
            found = ours.recv()
        except EOFError:
            found = ("ended", "", time.monotonic() - started, 0)
    process.kill()
    process.join()
    kind, says, seconds, memory = found
    return Ending(name, "hang" if seconds > SECONDS else kind, says, seconds, memory, stored)


def _read(pipe: Connection, read: Callable[[Any], None], argument: Any) -> None:
    began, started = _memory(), _seconds()
    kind, says = "read", ""
    try:
        read(argument)
    except ProjektorError as failure:
        kind, says = "refused", str(failure)
    except BaseException as failure:
        kind, says = "traceback", repr(failure)
    pipe.send((kind, says, _seconds() - started, _memory() - began))


def _seconds() -> float:
    """Time, without that in which this process waited for a core that others used."""
    waited = Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]
    return time.monotonic() - int(waited) / 1e9


def _memory() -> int:
    """Most bytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def studies(place: Path) -> list[Ending]:
    found = []
    for number, (name, content) in enumerate(HOSTILE_STUDIES.items()):
        path = place / f"{number}.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found.append(ending_of(name, study_of, str(path), path.stat().st_size))
    return found


def sources(given: Sequence[tuple[str, dict[str, Any]]]) -> list[Ending]:
    return [ending_of(name, source_of, values, _stored(values)) for name, values in given]


def tables(given: Sequence[tuple[str, dict[str, Any]]]) -> list[Ending]:
    """The same files as tables of runs; folders of images and options are none."""
    return [
        ending_of(name, table_of, values, _stored(values))
        for name, values in given
        if list(values) == ["path"] and "npz" not in name and "image" not in name
    ]


def _stored(values: dict[str, Any]) -> int:
    try:
        path = Path(values.get("path", ""))
        return path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        return 0


def control_characters() -> int:
    """Control characters on both streams after every name was shown in every form."""
    streams = [io.StringIO(), io.StringIO()]
    screen.results.file, screen.messages.file = streams
    for name in HOSTILE_NAMES:
        screen.status(name, name)
        screen.error(name)
        screen.statement(name)
        screen.bullets(name, [name])
        screen.table(TextTable(name, (name, "n"), ((name, "1"),), caption=name, chosen=(True,)))
    text = "".join(one.getvalue() for one in streams)
    return sum(
        unicodedata.category(letter) in FORBIDDEN and letter not in "\n\t" for letter in text
    )


def row(what: str, endings: Sequence[Ending]) -> str:
    count = Counter(one.kind for one in endings)
    bad = count["traceback"] + count["ended"]
    slowest = max(one.seconds for one in endings)
    memory = max(one.memory for one in endings) / 2**20
    over = sum(one.memory > max(MOST_BYTES, MOST_TIMES * one.stored) for one in endings)
    cells = (len(endings), count["read"], count["refused"], bad, count["hang"], over)
    numbers = " | ".join(map(str, cells))
    return f"| {what} | {numbers} | {slowest:.1f} s | {memory:,.0f} MiB |\n"


HEAD = """# Hostile inputs

Written by `python -m benchmarks.hostile_inputs`. Each file was read in a process of its own. Times
are without those in which it waited for a core; sizes are memory beyond that of the process before
it read. Too large: more than 1 GiB and than three times the file.

| files | number | read | refused | tracebacks | over 10 s | too large | slowest | most memory |
|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="projektor-hostile-") as place:
        (Path(place) / "studies").mkdir()
        (Path(place) / "sources").mkdir()
        given = list(hostile_sources(Path(place) / "sources"))
        each = {
            "study files": studies(Path(place) / "studies"),
            "pilots": sources(given),
            "tables of runs": tables(given),
        }
    wrong = [one for endings in each.values() for one in endings if one.is_wrong]
    letters = control_characters()
    text = HEAD + "".join(row(what, endings) for what, endings in each.items())
    text += f"\nControl characters on the terminal after {len(HOSTILE_NAMES)} hostile names: "
    text += f"{letters}.\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    for one in wrong:
        print(repr(one)[:500])
    sys.exit(1 if wrong or letters else 0)


if __name__ == "__main__":
    main()
