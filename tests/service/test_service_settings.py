"""Where the service may listen, and with which tokens."""

from pathlib import Path

import pytest

from projektor_ray.errors import InputError
from projektor_ray.service.service_settings import (
    TOKEN_VARIABLE,
    ServiceSettings,
    check_address,
    is_loopback,
    read_token,
)

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "LOCALHOST"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    check_address(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "localhost.evil"])
def test_other_addresses_need_one(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(InputError, match="--token-file"):
        check_address(host, None)
    check_address(host, TOKEN)


@pytest.mark.parametrize("token", ["", "short", "with space in it 12345", "ümlaut-0123456789abc"])
def test_tokens_that_are_easily_guessed_or_cannot_be_sent_are_refused(token: str) -> None:
    with pytest.raises(InputError, match="token"):
        ServiceSettings(token=token)


def test_a_token_is_read_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert read_token(None) is None
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    assert read_token(None) == TOKEN
    file = tmp_path / "token"
    file.write_text(f"{TOKEN[::-1]}\n")
    assert read_token(file) == TOKEN[::-1]
    with pytest.raises(InputError, match="absent"):
        read_token(tmp_path / "absent")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="no text"):
        read_token(file)
