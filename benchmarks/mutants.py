"""Faults planted into the code that keeps finished work: does a test notice each of them?

python -m benchmarks.mutants [NAME ...]

`make mutants` runs it. Each mutant is a changed line or two in a copy of the project, tried with
the fast tests of its file; the status is 1 if one survives. Writes `benchmarks/results/mutants.md`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("projektor_ray", "actors", "jobs", "tests", "pyproject.toml")
SECONDS = 300

LEDGER = "projektor_ray/storage/ledger.py"
LEASE = "projektor_ray/storage/lease.py"
FOLDER = "projektor_ray/storage/folder.py"
CHECKSUM = "projektor_ray/storage/checked_parquet.py"
WRITER = "actors/ledger.py"
TRIAL = "actors/trial.py"
TEMPORARY = "projektor_ray/storage/temporary_folders.py"
HEAD_WATCH = "jobs/head_watch.py"
GATE = "projektor_ray/service/gate.py"
ERRORS = "projektor_ray/errors.py"
SIGNALS = "projektor_ray/cli/signals.py"
FINISHED = "jobs/finished.py"
STUDY_TABLES = "jobs/study_tables.py"
FOLDER_FILES = "projektor_ray/storage/folder_files.py"
RETRIES = "projektor_ray/storage/retries.py"
FAULTS = "projektor_ray/probes/faults.py"
SERVED = "actors/served.py"
TABLE_FILES = "projektor_ray/runs/table_files.py"
OUTPUT_FILES = "projektor_ray/cli/output_files.py"
PAGE_TEXT = "projektor_ray/explain/page_text.py"
DAMAGED = (
    "tests/jobs/test_finished.py::"
    "test_a_missing_or_damaged_table_that_needs_the_pilots_goes_the_usual_way"
)

HEAD = """# Mutants

Written by `python -m benchmarks.mutants` (`make mutants`): a fault planted into the code that keeps
finished work, and the first test that fails.

| fault | file | noticed by |
|---|---|---|
"""


@dataclass(frozen=True)
class Mutant:
    """A fault: in `file` the text `sound` becomes `broken`; `tests` are to notice it."""

    name: str
    file: str
    sound: str
    broken: str
    tests: str


MUTANTS = (
    Mutant(
        "compaction deletes parts before it writes the merged one",
        LEDGER,
        """            self._write(tier, merged.replace_schema_metadata(metadata.metadata()))
            for part in group:
                self.folder.delete(part.name)
""",
        """            for part in group:
                self.folder.delete(part.name)
            self._write(tier, merged.replace_schema_metadata(metadata.metadata()))
""",
        "tests/storage/test_ledger.py",
    ),
    Mutant(
        "a failure wins over an earlier success",
        LEDGER,
        "np.lexsort((attempt, done))",
        "np.lexsort((done, attempt))",
        "tests/storage/test_ledger.py",
    ),
    Mutant(
        "a damaged part is deleted instead of set aside",
        LEDGER,
        "self.folder.move(name, target)",
        "self.folder.delete(name)",
        "tests/storage/test_ledger.py",
    ),
    Mutant(
        "tables are written in place on a disk",
        FOLDER,
        """            with Path(temporary).open("wb") as file:""",
        """            temporary = target
            with Path(temporary).open("wb") as file:""",
        "tests/storage/test_folder.py",
    ),
    Mutant(
        "tables are written in place in an object storage",
        FOLDER,
        """            with self._filesystem.open_output_stream(temporary) as stream:""",
        """            temporary = target
            with self._filesystem.open_output_stream(temporary) as stream:""",
        "tests/storage/test_folder.py",
    ),
    Mutant(
        "a file is renamed before it is flushed",
        FOLDER,
        "os.fsync(file.fileno())",
        "file.fileno()",
        "tests/storage/test_folder.py",
    ),
    Mutant(
        "the checksum is not compared",
        CHECKSUM,
        "if not _is_whole(content):",
        "if not content:",
        "tests/storage/test_checked_parquet.py",
    ),
    Mutant(
        "a damaged part stays where it is",
        LEDGER,
        "self.folder.move(name, target)",
        "self.folder.names(target)",
        "tests/storage/test_ledger.py::test_a_damaged_part_is_named_and_set_aside",
    ),
    Mutant(
        "a reader stops at a damaged part",
        LEDGER,
        """        except DamagedError:
            logger.warning(
                "ignoring the damaged part""",
        """        except KeyError:
            logger.warning(
                "ignoring the damaged part""",
        "tests/storage/test_ledger.py::test_a_damaged_part_is_named_and_set_aside",
    ),
    Mutant(
        "damaged tables are not named",
        STUDY_TABLES,
        "and folder.is_damaged(name):",
        "and not name:",
        DAMAGED,
    ),
    Mutant(
        "missing trainings count as done",
        FINISHED,
        "if study.open_probes or missing_probes(",
        "if study.open_probes and missing_probes(",
        DAMAGED,
    ),
    Mutant(
        "failed trainings are not tried again where that is wanted",
        FINISHED,
        "missing_probes(study, tables.probes(), retry_failed=retry_failed)",
        "missing_probes(study, tables.probes())",
        "tests/jobs/test_finished.py::test_failed_probes_are_trained_again_where_that_is_wanted",
    ),
    Mutant(
        "missing distances count as measured",
        FINISHED,
        "len(unmeasured(one.study, one.distances())) or known_profiles(one) is None",
        "known_profiles(one) is None",
        DAMAGED,
    ),
    Mutant(
        "missing provider profiles count as known",
        FINISHED,
        "len(unmeasured(one.study, one.distances())) or known_profiles(one) is None",
        "len(unmeasured(one.study, one.distances()))",
        DAMAGED,
    ),
    Mutant(
        "distances that are interpolated too roughly count as exact",
        FINISHED,
        "if error is None or error.error > error_bound(one.fitted, one.runs.arrays())[0]:",
        "if error is None:",
        "tests/jobs/test_finished.py::test_interpolation_that_is_too_rough_goes_the_usual_way",
    ),
    Mutant(
        "results are written while another driver works on the folder",
        FINISHED,
        "    with leased(tables.folder) as lease:\n",
        "    if lease := tables.lease or True:\n",
        "tests/jobs/test_finished.py::test_a_folder_that_a_driver_works_on_is_refused",
    ),
    Mutant(
        "an error that no attempt mends is tried again",
        RETRIES,
        "return isinstance(error, OSError) and error.errno not in ADVICE",
        "return isinstance(error, OSError)",
        "tests/storage/test_retries.py",
    ),
    Mutant(
        "any error of the operating system that a learner raises is tried again",
        FAULTS,
        "known = isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS",
        "known = isinstance(error, OSError)",
        "tests/probes/test_faults.py",
    ),
    Mutant(
        "a plan is written over the earlier one",
        OUTPUT_FILES,
        "Folder(out.absolute().parent).write(out.name, content)",
        "out.write_bytes(content)",
        "tests/cli/test_output_files.py",
    ),
    Mutant(
        "a link to a folder above gives its files again",
        FOLDER_FILES,
        "if own in above:",
        "if own in above[:0]:",
        "tests/storage/test_folder_files.py",
    ),
    Mutant(
        "a folder of any number of files is listed",
        FOLDER_FILES,
        "len(files) > MOST_FILES or (is_local",
        "False or (is_local",
        "tests/storage/test_folder_files.py",
    ),
    Mutant(
        "the loss of a pilot's data is no loss of the pilots",
        SERVED,
        "            if isinstance(cause, RayError):\n",
        "            if cause is None:\n",
        "tests/actors/test_served.py::test_a_failure_of_the_keeper_is_told_as_what_it_is",
    ),
    Mutant(
        "a spreadsheet takes a name for a formula",
        TABLE_FILES,
        'FORMULA = tuple("=+-@＝＋－＠\\t\\r\\n")',
        'FORMULA = tuple("=+-@")',
        "tests/runs/test_table_files.py",
    ),
    Mutant(
        "pages show characters that reorder text",
        PAGE_TEXT,
        "    environment.finalize = _visible\n",
        "",
        "tests/report/test_page.py::test_no_name_reorders_or_hides_text",
    ),
    Mutant(
        "the heartbeat stands still",
        LEASE,
        "self._write(heartbeat)",
        "self._write(0)",
        "tests/storage/test_lease.py",
    ),
    Mutant(
        "a driver takes the lease without a look at others",
        LEASE,
        "while others := self._others():",
        "while others := []:",
        "tests/storage/test_lease.py",
    ),
    Mutant(
        "any file in the lease's folder counts as a claim",
        LEASE,
        "if not CLAIM_FILE.fullmatch(file):",
        "if not file:",
        "tests/storage/test_lease.py",
    ),
    Mutant(
        "the writer reports an outcome before its row is stored",
        WRITER,
        """        if final:
            self.append(outcome)
        self._note(trial, replace(self.state(trial), outcome=outcome))
""",
        """        self._note(trial, replace(self.state(trial), outcome=outcome))
        if final:
            self.append(outcome)
""",
        "tests/actors/test_ledger.py",
    ),
    Mutant(
        "a trial reports to Tune before its row is stored",
        TRIAL,
        "        fetch(context.report(index, outcome))\n",
        """        tune.report({"outcome": outcome, "refusal": refusal})
        fetch(context.report(index, outcome))
""",
        "tests/actors/test_trial.py",
    ),
    Mutant(
        "the temporary folder of a process that still runs is removed",
        TEMPORARY,
        "strict=True).has_ended",
        "strict=True) is not None",
        "tests/storage/test_temporary_folders.py",
    ),
    Mutant(
        "a driver waits for Ray's head for ever",
        HEAD_WATCH,
        "if time.monotonic() - silent_since >= self._patience:",
        "if time.monotonic() < silent_since:",
        "tests/jobs/test_head_watch.py",
    ),
    Mutant(
        "a second signal is ignored while a job ends",
        SIGNALS,
        "    _handle(_end_silently)\n",
        "    _handle(lambda number, frame: None)\n",
        "tests/cli/test_signals.py",
    ),
    Mutant(
        "an empty session cookie signs in",
        GATE,
        'return _equal(_cookie(scope), session_of(self._settings.token or ""))',
        'return _cookie(scope) in ("", session_of(self._settings.token or ""))',
        "tests/service/test_gate.py",
    ),
    Mutant(
        "errors show the credentials of addresses",
        ERRORS,
        "super().__init__(*(redacted(a) if isinstance(a, str) else a for a in arguments))",
        "super().__init__(*arguments)",
        "tests/test_errors.py",
    ),
)


def failing_test(mutant: Mutant) -> str:
    """The first test that fails with the fault; "" if none does."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for name in COPIED:
            source = ROOT / name
            copying = shutil.copytree if source.is_dir() else shutil.copy
            copying(source, copy / name)
        file = copy / mutant.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutant.sound) != 1:
            raise ValueError(f"{mutant.file} does not hold the text of {mutant.name!r} once")
        file.write_text(text.replace(mutant.sound, mutant.broken), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", mutant.tests]
        try:
            ended = subprocess.run(
                command,
                cwd=copy,
                env={**os.environ, "PYTHONPATH": str(copy)},
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"a test that does not end within {SECONDS} s"
    for line in ended.stdout.splitlines():
        if line.startswith(("FAILED", "ERROR")):
            return line.split(" ")[1].split("::")[-1].split("[")[0]
    if ended.returncode:
        raise RuntimeError(ended.stdout + ended.stderr)
    return ""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("words", nargs="*", help="only the mutants whose names hold one of these")
    words = options.parse_args().words
    mutants = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    text, survivors = HEAD, 0
    for mutant in mutants:
        noticed = failing_test(mutant)
        survivors += not noticed
        by = f"`{noticed}`" if noticed else "**nothing**"
        text += f"| {mutant.name} | `{mutant.file}` | {by} |\n"
        print(text.splitlines()[-1], flush=True)
    if not words:
        (ROOT / "benchmarks" / "results" / "mutants.md").write_text(text, encoding="utf-8")
    sys.exit(f"{survivors} mutants survive" if survivors else 0)


if __name__ == "__main__":
    main()
