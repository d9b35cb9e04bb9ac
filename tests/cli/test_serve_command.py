"""`projektor serve`: refused in words before anything listens."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from projektor_ray.cli.options import ServiceOptions
from projektor_ray.cli.serve_command import serve
from projektor_ray.errors import InputError
from projektor_ray.service.service_settings import TOKEN_VARIABLE
from tests.helpers.study_folders import small_study, write_study


def ask(*studies: object, host: str = "127.0.0.1", token_file: Path | None = None) -> None:
    serve(ServiceOptions(studies=[str(one) for one in studies], host=host, token_file=token_file))


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "projektor_ray" and "service" in (rest[2] or ()):
            raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'projektor-ray\[service\]'"):
        ask(tmp_path)


def test_other_addresses_need_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    with pytest.raises(InputError, match=f"--token-file FILE, or set {TOKEN_VARIABLE}"):
        ask(tmp_path, host="0.0.0.0")


def test_a_folder_without_a_study_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no table study\.parquet"):
        ask(tmp_path / "nothing")


def test_it_serves_what_it_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_study(tmp_path, small_study())
    served: list[Any] = []
    monkeypatch.setattr("projektor_ray.service.serve", lambda *asked: served.append(asked))
    ask(tmp_path)
    ((_, host, port),) = served
    assert (host, port) == ("127.0.0.1", 8080)
