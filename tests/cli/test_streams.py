"""Errors go to standard error, results to standard output, by every command; `--version`."""

import sys

import pytest

from jobs import command_line
from projektor_ray import __version__
from projektor_ray.cli.app import main

COMMANDS = {
    "fit": (),
    "project": ("--at", "9"),
    "select": ("--at", "9"),
    "predict": ("--mixture", "a=1"),
    "compare": ("--plan", "a=1", "--plan", "b=1"),
    "report": ("--at", "9", "--out", "x.html"),
    "serve": (),
}


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str, job: str = "") -> int:
    monkeypatch.setattr(sys, "argv", [job or "projektor", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main(job) if job else main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_errors_of_commands_go_to_standard_error(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, command, "nowhere.csv", *COMMANDS[command]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "Error" in err


@pytest.mark.parametrize("job", command_line.COMMANDS)
def test_errors_of_jobs_go_to_standard_error(
    job: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, "nowhere.yaml", job=job) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "Error" in err


@pytest.mark.parametrize("job", ["", "study", "serve"])
def test_the_version_goes_to_standard_output(
    job: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, "--version", job=job) == 0
    out, err = capsys.readouterr()
    assert out == f"projektor-ray {__version__}\n"
    assert not err


def test_a_shell_completes_the_names_of_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_PROJEKTOR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "projektor pro")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert status(monkeypatch) == 0
    assert capsys.readouterr().out.split() == ["project"]
