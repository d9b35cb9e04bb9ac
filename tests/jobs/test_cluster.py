"""Addresses that no job can use, and a Ray that cannot start; no Ray is started."""

from typing import Any

import pytest
import ray

from jobs.cluster import check_reachable, connected
from projektor_ray.errors import InputError
from tests.helpers.free_port import free_port


def test_an_address_of_ray_client_is_refused_in_words() -> None:
    with pytest.raises(InputError, match=r"Ray Client.*ray job submit"):
        check_reachable("ray://127.0.0.1:10001")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:8265", r"where jobs are submitted to.*ray job submit"),
        ("ray://127.0.0.1:10001", "Ray Client"),
        ("127.0.0.1:{port}", "no Ray cluster answers"),
        ("127.0.0.1:many", "no Ray cluster answers"),
        ("auto", "no Ray cluster answers at 'auto' \\(none is running\\)"),
    ],
)
def test_an_address_in_the_environment_at_which_nothing_runs_is_one_line(
    address: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise ConnectionError("none is running\nand a hint in a further line")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", address.format(port=free_port()))
    with pytest.raises(InputError, match=words) as refused, connected(None, "out"):
        pass
    assert "\n" not in str(refused.value)


def test_a_folder_too_long_for_sockets_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(
            "validate_socket_filename failed: AF_UNIX path length cannot exceed 107 bytes"
        )

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    words = "Set RAY_TMPDIR to a short path"
    with pytest.raises(InputError, match=words) as refused, connected(None, "out"):
        pass
    assert "\n" not in str(refused.value)


def test_what_workers_print_does_not_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold control characters; Ray keeps it in its workers' log files."""
    asked: list[dict[str, Any]] = []

    def refuse(*arguments: Any, **options: Any) -> None:
        asked.append(options)
        raise ConnectionError("none")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    for address, submitted in (("auto", ""), ("local", ""), ("", "{}")):
        monkeypatch.setenv("RAY_ADDRESS", address)
        monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", submitted)
        with pytest.raises((InputError, ConnectionError)), connected(None, "out"):
            pass
    assert [options["log_to_driver"] for options in asked] == [False] * 3
