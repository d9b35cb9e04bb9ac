"""The two streams of a command: what is printed is never markup, and fits the screen."""

import json
import logging
import re
import subprocess
import sys
import unicodedata

import pytest

from projektor_ray.cli import screen
from projektor_ray.explain import TextTable
from tests.helpers.hostile_names import HOSTILE_NAMES

FORBIDDEN = {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("wide", [True, False])
def test_hostile_names_leave_no_control_byte(
    wide: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(set(HOSTILE_NAMES)) == 58
    if not wide:
        monkeypatch.setenv("COLUMNS", "40")
    for name in HOSTILE_NAMES:
        screen.status(name, name)
        screen.error(name)
        screen.statement(name)
        screen.bullets(name, [name])
        screen.table(TextTable(name, (name, "n"), ((name, "1"),), caption=name, chosen=(True,)))
    out, err = capsys.readouterr()
    found = {letter for letter in out + err if unicodedata.category(letter) in FORBIDDEN}
    assert found <= {"\n", "\t"}
    (out + err).encode()
    for name in ("[/INST]", "[bold red]BUY ALL[/]", "[float32]", "\\[bold]", ":smile:"):
        assert name in out
        assert name in err


def test_no_credentials_of_a_uri_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    uri = "s3://KEY:SECRET@bucket/x.csv?secret_key=SECRET"
    screen.status("Read", uri)
    screen.error(f"cannot read {uri}")
    screen.statement(uri)
    screen.bullets("Hints", [uri])
    screen.table(TextTable("Pilots", ("pilot", "n"), ((uri, "1"),)))
    record = logging.LogRecord("x", logging.WARNING, "", 1, "cannot read %s", (uri,), None)
    said = "".join(capsys.readouterr()) + screen._Printable("%(message)s").format(record)
    assert said.count("s3://***@bucket/x.csv?secret_key=***") == 6
    assert "SECRET" not in said


def test_a_log_record_is_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 1, "%s: %s", ("\x1b[31m", "[/x]"), None)
    assert screen._Printable("%(message)s").format(record) == "[31m: [/x]"


def test_a_traceback_in_the_log_is_safe_too(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("tests.hostile")
    logger.propagate = False
    handler = screen.log_handler(verbose=False)
    logger.addHandler(handler)
    try:
        raise ValueError("".join(HOSTILE_NAMES) + "s3://KEY:SECRET@bucket")
    except ValueError:
        logger.exception("it failed \x1b[2J")
    finally:
        logger.removeHandler(handler)
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert "SECRET" not in err
    assert not {letter for letter in err if unicodedata.category(letter) in FORBIDDEN} - {
        "\n",
        "\t",
    }


def test_results_and_messages_have_streams_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.status("Probes", "140")
    screen.error("no")
    screen.statement("yes")
    out, err = capsys.readouterr()
    assert out == "yes\n"
    assert err == "Probes: 140\nError: no\n"
    monkeypatch.setattr(screen.results, "stderr", False)
    screen.results_to_stderr()
    screen.statement("yes")
    screen.print_json({"a": [1, "b"]})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": [1, "b"]}
    assert err == "yes\n"


def test_json_is_exact_and_shows_no_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = {"names": [*HOSTILE_NAMES, "数据 👩\u200d🔬"]}
    screen.print_json(values)
    out = capsys.readouterr().out
    assert json.loads(out) == values
    assert {letter for letter in out if unicodedata.category(letter) in FORBIDDEN} == {
        *("\n", "\u200d")
    }
    assert "数据" in out


TABLE = TextTable(
    "Plan",
    ("provider", "samples", "capacity", "+100 samples"),
    (("everyday", "1,234", "2,000", "+0.0117"), ("a long name of a seller", "5", "–", "±0")),
    optional=("capacity",),
)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_table_in_a_pipe_has_every_column_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    screen.table(TABLE)
    shown = lines(capsys)
    assert any(re.fullmatch(r" everyday +1,234 +2,000 +\+0\.0117 ?", line) for line in shown)


@pytest.mark.parametrize(("width", "capacity"), [(80, True), (44, False)])
def test_a_narrow_screen_does_without_columns_that_can_be_spared(
    width: int,
    capacity: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    screen.table(TABLE)
    shown = lines(capsys)
    assert max(map(len, shown)) <= width
    assert ("2,000" in " ".join(shown)) is capacity
    for cell in ("everyday", "1,234", "+0.0117"):
        assert any(cell in line for line in shown)


def test_a_very_narrow_screen_breaks_names_and_no_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    screen.table(TABLE)
    shown = lines(capsys)
    assert max(map(len, shown)) <= 30
    assert any("1,234" in line and "+0.0117" in line for line in shown)
    assert "a long name of a seller" not in "\n".join(shown)
    assert "seller" in "\n".join(shown)


def test_one_empty_line_is_around_tables_and_lists(capsys: pytest.CaptureFixture[str]) -> None:
    screen.statement("first")
    screen.table(TextTable("Table", ("plan", "cost"), (("uniform", "12.00"),)))
    screen.bullets("List", ["one", "two"])
    screen.bullets("Nothing", [])
    screen.statement("last")
    shown = [" ".join(line.split()) for line in lines(capsys) if "──" not in line]
    assert shown == [
        *("first", "", "Table", "", "plan cost", "uniform 12.00", ""),
        *("List", "- one", "- two", "", "last"),
    ]


def test_behind_head_a_command_goes_on_and_ends_well() -> None:
    code = (
        "import sys\n"
        "from projektor_ray.cli import screen\n"
        "for i in range(20000): screen.statement(f'line {i}')\n"
        "sys.stderr.write('finished')\n"
    )
    ended = subprocess.run(
        f'set -o pipefail; "{sys.executable}" -c "{code}" | head -n 1',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "line 0\n", "finished")


@pytest.mark.parametrize("refused", [True, False])
def test_no_color_is_respected(
    refused: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, which `FORCE_COLOR` stands for, colours are used unless `NO_COLOR` is set."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if refused:
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(screen, "messages", screen.Screen(stderr=True))
    screen.status("Probes", "140")
    screen.error("no")
    err = capsys.readouterr().err
    colours = re.findall(r"\x1b\[(?:\d+;)*3\d", err)
    assert bool(colours) is not refused
    assert "140" in err


def test_a_pipe_has_no_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(screen, "messages", screen.Screen(stderr=True))
    screen.error("no")
    assert capsys.readouterr().err == "Error: no\n"
