"""Every block of commands, Python and YAML in the README and the documentation is run, small."""

import importlib.util
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from actors.pilot_holder import PilotHolder
from jobs.command_line import main as jobs_main
from projektor_ray.cli.options import ServiceOptions
from projektor_ray.service import create_app
from projektor_ray.study import StudyConfig, read_study
from tests.helpers.docs_workspace import ROOT, write_workspace
from tests.helpers.local_ray import share_ray
from tests.helpers.markdown import Block, blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [block for path in PAGES if path.parent.name != "generated" for block in blocks(path)]
ALREADY_RUN: set[str] = set()
"""Commands of earlier blocks, in the same folder: pages repeat those of the README."""
NEEDS_STUDY = re.compile(r"\bjobs\.|out/digits|studies/digits")
LANGUAGES = {"sh", "python", "yaml", "text"}
"""What may follow a fence, besides directives of Sphinx; text is not run."""


def cases(language: str) -> list[Any]:
    """A parameter per block of a language; those that need Ray are marked."""
    return [
        pytest.param(
            block,
            id=f"{block.path.relative_to(ROOT)}:{block.line}",
            marks=[pytest.mark.ray] if NEEDS_STUDY.search(block.text) else [],
        )
        for block in BLOCKS
        if block.language == language
    ]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_workspace(folder)
    return folder


@pytest.fixture
def docs_folder(
    files: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The files, as the current folder; with a finished study where the test needs Ray."""
    monkeypatch.chdir(files)
    monkeypatch.setenv("PROJEKTOR_DATA", str(files))
    if request.node.get_closest_marker("ray"):
        share_ray(cpus=2)
        request.getfixturevalue("finished")
    return files


@pytest.fixture(scope="module")
def finished(files: Path) -> None:
    """Ray, and the finished study of `examples/digits.yaml` in `out/digits`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(files)
        run_module("jobs.study", ["examples/digits.yaml", "--out", "out/digits"])
        write_own_study()


def write_own_study() -> None:
    """`my-study.yaml`, as the documentation has it, with its own scales and a small design."""
    (text,) = {block.text for block in BLOCKS if "name: my-study" in block.text}
    Path("my-study.yaml").write_text(text, encoding="utf-8")


def run_module(module: str, arguments: list[str]) -> None:
    """`python -m MODULE ARGUMENTS…` in this process, whose Ray it shares."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [module, *arguments])
        patch.setattr(os, "_exit", sys.exit)
        patch.delitem(sys.modules, module, raising=False)
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                pytest.fail(f"{module} {arguments} ended with {ended.code}")


def run(command: str) -> None:
    """Run a command, or check what can be checked of a command for other machines."""
    program, *arguments = shlex.split(command)
    if program == "projektor":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("projektor_ray.service.serve", lambda *_: None)
            run_module("projektor_ray", arguments)
    elif program == "curl":
        ask_service(arguments)
    elif program == "python" and arguments[0] == "-c":
        with_python = command.replace("python", shlex.quote(sys.executable), 1)
        subprocess.run(with_python, shell=True, check=True)
    elif program == "python" and arguments[0] == "-m":
        module, *arguments = arguments[1:]
        if module.startswith("benchmarks."):
            assert importlib.util.find_spec(module), command
        elif module == "jobs.serve":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("jobs.serve.serve_studies", serve_nothing)
                run_command_line("serve", arguments)
        else:
            run_module(module, [re.sub(r"^s3://bucket/", "out/", one) for one in arguments])
    elif program == "make":
        makefile = ["make", "--dry-run", "--directory", str(ROOT), *arguments]
        subprocess.run(makefile, check=True, capture_output=True)
    elif program == "pip":
        extras = re.findall(r"\[(.*?)\]", command)
        known = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
        assert arguments[0] == "install"
        assert all(set(names.split(",")) <= set(known) for names in extras), command
    elif program == "ray" and arguments[:2] == ["job", "submit"]:
        run(shlex.join(arguments[arguments.index("--") + 1 :]))
    elif program == "ray":
        assert arguments[0] in ("up", "down")
        assert (ROOT / arguments[1]).exists()
    elif program == "serve":
        assert arguments[0] == "deploy"
        assert (ROOT / arguments[1]).exists()
    elif program == "cd":
        assert arguments == ["projektor-ray"]
    elif program == "git":
        assert arguments[0] == "clone"
    else:
        pytest.fail(f"this test does not know how to run: {command}")


def serve_nothing(options: ServiceOptions, pilots: list[str], **_: Any) -> None:
    """In place of serving under Ray Serve: what it is given exists."""
    assert all(Path(path).exists() for path in (*options.studies, *pilots))


def run_command_line(job: str, arguments: list[str]) -> None:
    """The command line of a job that was imported already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"jobs.{job}", *arguments])
        with pytest.raises(SystemExit) as ended:
            jobs_main(job)
        assert not ended.value.code


class WithoutDeadline:
    """A holder in this process, asked as the replicas ask theirs."""

    def __init__(self, holder: PilotHolder) -> None:
        self._holder = holder

    def receive(self, *asked: Any, deadline: float) -> Any:
        return self._holder.receive(*asked)

    def measure(self, *asked: Any, deadline: float) -> Any:
        return self._holder.measure(*asked)


def ask_service(arguments: list[str]) -> None:
    """What `curl` asks of the service over `out/digits`, with its pilots for an upload."""
    url, options = arguments[0], dict(zip(arguments[1::2], arguments[2::2], strict=True))
    headers = dict([options["-H"].split(": ", 1)]) if "-H" in options else {}
    content, pilots = options.get("-d", "").encode(), {}
    if "--data-binary" in options:
        content = Path(options["--data-binary"].removeprefix("@")).read_bytes()
        holder = PilotHolder(read_study("examples/digits.yaml"), "out/digits")
        pilots = {"digits": WithoutDeadline(holder)}
    app = create_app(["out/digits"], pilots=pilots)
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        method = "POST" if content else "GET"
        answer = client.request(method, url, content=content, headers=headers)
    assert answer.status_code == 200, answer.text


def test_every_block_has_a_language_that_is_known() -> None:
    for block in BLOCKS:
        if block.language.startswith("{"):  # a directive of the documentation
            continue
        assert block.language in LANGUAGES, f"{block.path}:{block.line}"
    assert {block.language for block in BLOCKS} >= {"sh", "python", "yaml"}


@pytest.mark.filterwarnings("ignore:.*found in sys.modules after import of package")
@pytest.mark.parametrize("block", cases("sh"))
def test_a_block_of_commands_runs(block: Block, docs_folder: Path) -> None:
    assert block.commands
    for command in block.commands:
        if command not in ALREADY_RUN:
            run(command)
            ALREADY_RUN.add(command)


@pytest.mark.parametrize("block", cases("python"))
def test_a_block_of_python_runs(block: Block, docs_folder: Path) -> None:
    """After the earlier blocks of its page, whose names it may use."""
    names: dict[str, Any] = {"__name__": "documentation"}
    for earlier in BLOCKS:
        if earlier.language == "python" and earlier.path == block.path:
            if earlier.line > block.line:
                break
            exec(compile(earlier.text, f"{earlier.path}:{earlier.line}", "exec"), names)


@pytest.mark.parametrize("block", cases("yaml"))
def test_a_block_of_yaml_is_a_study_or_a_part_of_one(block: Block, docs_folder: Path) -> None:
    values = yaml.safe_load(os.path.expandvars(block.text))
    assert set(values) <= set(StudyConfig.model_fields)
    if "learner" in values and "providers" in values:
        read_study(values)
        return
    whole = yaml.safe_load((docs_folder / "examples" / "digits.yaml").read_text(encoding="utf-8"))
    if "validations" in values:
        del whole["validation"]
    if "design" in values.get("probes", {}):
        del whole["probes"]["lattice"]
    if "budget" in values.get("probes", {}):
        whole["probes"] = {}
    for key, value in values.items():
        own = key in ("selection", "probes") and isinstance(value, dict)
        whole[key] = {**whole[key], **value} if own else value
    read_study(whole)
