"""Ctrl-C and SIGTERM end a command in one line, with status 130 or 143."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from projektor_ray.cli.signals import NOT_DONE, SERVED, STOPPED
from tests.helpers.free_port import free_port
from tests.helpers.study_folders import small_study, write_study

SCRIPT = """
import os, signal, sys, time
from projektor_ray.cli.signals import stop_at_once, stop_in_order
stop_at_once()
{early}
from projektor_ray.cli.command import command_line, guarded, run

@guarded
def command() -> None:
    with stop_in_order():
        try:
            {inside}
        finally:
            print("given back", flush=True)
            {ending}
    {after}

app = command_line("")
app.command()(command)
run(app, "command")
"""
STATUS = {"SIGINT": 130, "SIGTERM": 143}


def ended(heeds_ctrl_c: bool = True, **parts: str) -> tuple[int, str, str]:
    """Status, output and messages of a command with these lines."""
    lines = {"early": "", "inside": "pass", "ending": "pass", "after": "pass", **parts}
    handler = signal.SIG_DFL if heeds_ctrl_c else signal.SIG_IGN

    def prepare() -> None:
        signal.signal(signal.SIGINT, handler)

    process = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(**lines)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )
    return process.returncode, process.stdout, process.stderr


def kill(name: str) -> str:
    return f"os.kill(os.getpid(), signal.{name}); time.sleep(20)"


@pytest.mark.parametrize("name", STATUS)
@pytest.mark.parametrize("when", ["early", "after"])
def test_a_command_that_holds_nothing_ends_at_once(name: str, when: str) -> None:
    status, out, err = ended(**{when: kill(name)})
    assert status == STATUS[name]
    assert out == ("" if when == "early" else "given back\n")
    assert err.startswith("Stopped: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", STATUS)
def test_a_job_gives_back_what_it_holds(name: str) -> None:
    status, out, err = ended(inside=kill(name), ending="sys.stdout.write('no line break')")
    assert status == STATUS[name]
    assert out == "given back\nno line break", "what was written is not lost"
    assert err == f"Stopped: {STOPPED}\n"


def test_a_second_signal_ends_a_job_that_does_not_end() -> None:
    status, out, err = ended(inside=kill("SIGINT"), ending=kill("SIGTERM"))
    assert (status, out, err) == (143, "given back\n", "")


@pytest.mark.parametrize("code", [15, 1])
def test_the_way_in_which_ray_ends_on_sigterm_while_it_starts(code: int) -> None:
    status, _, err = ended(inside=f"sys.exit({code})")
    assert status == STATUS["SIGTERM"]
    assert err.startswith("Stopped: ")


def test_any_other_exit_stays_what_it_is() -> None:
    assert ended(inside="sys.exit(7)") == (7, "given back\n", "")


def test_what_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    """A command that a shell starts in the background."""
    parts = {"inside": "os.kill(os.getpid(), signal.SIGINT)", "after": "print('the end')"}
    assert ended(**parts)[0] == 130
    assert ended(heeds_ctrl_c=False, **parts) == (0, "given back\nthe end\n", "")


def test_a_run_that_is_not_finished_has_a_status_of_its_own() -> None:
    status, out, err = ended(
        early="from projektor_ray.errors import UnfinishedError",
        inside="raise UnfinishedError('3 probes are missing')",
    )
    assert (status, out) == (3, "given back\n")
    assert err == "Error: 3 probes are missing\n"


@pytest.mark.parametrize("sentence", [STOPPED, NOT_DONE, SERVED])
@pytest.mark.parametrize("when", ["early", "inside"])
def test_what_is_left_is_said_of_each_kind_of_command(sentence: str, when: str) -> None:
    parts = {"early": "", "inside": "pass", when: kill("SIGTERM")}
    parts["early"] = f"stop_at_once({sentence!r})\n{parts['early']}"
    assert ended(**parts)[2] == f"Stopped: {sentence}\n"


def begun_and_told(command: list[str], begun: str, number: int, **pipes: int) -> tuple[int, str]:
    """The status of `projektor` that gets a signal after a line, and what it says from there on."""
    arguments = [sys.executable, "-m", "projektor_ray", *command]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, **pipes) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(begun):
                process.send_signal(number)
                break
        said = process.stderr.read()
    return process.returncode, said


def test_a_command_that_keeps_nothing_promises_nothing() -> None:
    read, write = os.pipe()  # a table that never ends
    ended = begun_and_told(["fit", "-"], "Read: ", signal.SIGINT, stdin=read)
    os.close(read)
    os.close(write)
    assert ended == (130, f"Stopped: {NOT_DONE}\n")


def test_a_service_says_that_it_answers_no_more(tmp_path: Path) -> None:
    write_study(tmp_path, small_study())
    serve = ["serve", str(tmp_path), "--port", str(free_port())]
    ended = begun_and_told(serve, "Serving: ", signal.SIGTERM)
    assert ended == (143, f"Stopped: {SERVED}\n")
