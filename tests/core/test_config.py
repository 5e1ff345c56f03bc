"""Where settings come from, and what a person is told when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy_core.config import BadConfiguration, Configuration, is_loopback, load
from proxy_core.env_file import read_env_file


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_env(text: str, name: str = ".env") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def problems(
    flags: dict[str, str] | None = None, environment: dict[str, str] | None = None, env_file: Path | None = None
) -> list[str]:
    with pytest.raises(BadConfiguration) as refusal:
        load(flags or {}, environment or {}, env_file=env_file)
    return list(refusal.value.problems)


def test_without_anything_the_defaults_stand() -> None:
    loaded = load({}, {"PATH": "/bin"})
    assert loaded.warnings == ()
    assert loaded.view.settings.port == 4000
    assert set(loaded.view.sources.values()) == {"default"}


def test_the_command_line_goes_before_the_environment_before_the_file() -> None:
    write_env("PROXY_PORT=1\nPROXY_READ_TIMEOUT=1\nPROXY_LOG_LEVEL=debug\n")
    loaded = load({"PROXY_PORT": "3"}, {"PROXY_PORT": "2", "PROXY_READ_TIMEOUT": "2"})
    settings, sources = loaded.view.settings, loaded.view.sources
    assert (settings.port, sources["PROXY_PORT"]) == (3, "command line")
    assert (settings.read_timeout, sources["PROXY_READ_TIMEOUT"]) == (2.0, "environment")
    assert (settings.log_level, sources["PROXY_LOG_LEVEL"]) == ("debug", "env file")
    assert sources["PROXY_HOST"] == "default"


def test_env_files_as_people_write_them() -> None:
    written = (
        "\ufeff# a comment\n\nexport PROXY_PORT = 4100  # why\nPROXY_AUTH_TOKEN='a b#c$X'\n"
        'PROXY_LOG_LEVEL="debug"\r\nPROXY_PORT=4200\nPROXY_HOST=\n'
    )
    loaded = load({}, {}, env_file=write_env(written, "other.env"))
    settings = loaded.view.settings
    assert (settings.port, settings.auth_token, settings.log_level) == (4200, "a b#c$X", "debug")
    assert settings.host == "127.0.0.1", "an empty value is like none"


def test_values_of_a_file_are_taken_as_written() -> None:
    path = write_env("PROXY_AUTH_TOKEN=${HOME}-x\n", "literal.env")
    assert read_env_file(path).values == {"PROXY_AUTH_TOKEN": "${HOME}-x"}


def test_an_explicit_file_replaces_the_one_of_the_folder() -> None:
    write_env("PROXY_PORT=1\n")
    loaded = load({}, {}, env_file=write_env("PROXY_LOG_LEVEL=debug\n", "x.env"))
    assert loaded.view.settings.port == 4000


def test_all_errors_come_at_once() -> None:
    write_env("PROXY_LOG_LEVEL=loud\nthis is no assignment\n")
    found = problems({"PROXY_PORT": "99999"}, {"PROXY_READ_TIMEOUT": "soon", "PROXY_HOST": "0.0.0.0"})
    assert found == [
        "PROXY_PORT: '99999' is not allowed; use 0 to 65535 (on the command line)",
        "PROXY_READ_TIMEOUT: 'soon' is not allowed; use 1 to 86400 s (in the environment)",
        ".env line 2 is not NAME=value",
        "PROXY_LOG_LEVEL: 'loud' is not allowed; use one of debug, info, warning, error (in .env)",
        (
            "PROXY_HOST: 0.0.0.0 can be reached from other machines; set PROXY_AUTH_TOKEN, or pass --insecure-no-auth "
            "to serve anybody"
        ),
    ]


def test_an_empty_value_on_the_command_line_is_meant() -> None:
    assert problems({"PROXY_PORT": ""}) == ["PROXY_PORT: '' is not allowed; use 0 to 65535 (on the command line)"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "no such file or directory"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"PROXY_PORT=\xff\xfe"), "UTF-8"),
    ],
    ids=["missing", "folder", "not text"],
)
def test_an_explicit_file_must_be_readable(make: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "given.env"
    make(path)  # type: ignore[operator]
    (problem,) = problems(env_file=path)
    assert str(path) in problem
    assert reason in problem


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("PROXY_LOG_LEVLE", "did you mean PROXY_LOG_LEVEL?"),
        ("LLAMA_CPP_BASES", "did you mean LLAMA_CPP_BASE?"),
        ("PROXY_QUUX", "has no effect"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_unknown_names_are_a_warning_with_the_nearest_name(name: str, hint: str, place: str) -> None:
    if place == "file":
        write_env(f"{name}=1\nOTHER_PROGRAM=1\n")
    loaded = load({}, {name: "1", "HTTP_PROXY": "http://x"} if place == "environment" else {})
    (warning,) = loaded.warnings
    assert name in warning
    assert hint in warning


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("models.example", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("environment", "insecure", "starts"),
    [
        ({"PROXY_HOST": "0.0.0.0"}, False, False),
        ({"PROXY_HOST": "0.0.0.0"}, True, True),
        ({"PROXY_HOST": "0.0.0.0", "PROXY_AUTH_TOKEN": "x"}, False, True),
        ({"PROXY_HOST": "0.0.0.0", "PROXY_AUTH_TOKEN": "  "}, False, False),
        ({"PROXY_HOST": "127.0.0.1"}, False, True),
    ],
)
def test_beyond_loopback_only_with_a_token_or_on_purpose(
    environment: dict[str, str], insecure: bool, starts: bool
) -> None:
    if starts:
        assert isinstance(load({}, environment, insecure_no_auth=insecure), Configuration)
        return
    (problem,) = problems(environment=environment)
    assert "PROXY_AUTH_TOKEN" in problem
    assert "--insecure-no-auth" in problem


def test_problems_never_hold_a_secret() -> None:
    found = problems({"PROXY_PORT": "x"}, {"PROXY_AUTH_TOKEN": "s3cret", "UPSTREAM_API_KEY": "t0psecret"})
    assert "s3cret" not in str(found)
    assert "t0psecret" not in str(found)
