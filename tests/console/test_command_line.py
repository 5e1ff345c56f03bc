"""The command line and the texts made from the declarations of the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console import settings_docs
from console.__main__ import main
from console.cli import UsageError, parse
from proxy_core import __version__
from proxy_core.config import load
from proxy_core.env_file import read_env_file
from proxy_core.settings import SPECS


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for spec in SPECS:
        monkeypatch.delenv(spec.name, raising=False)


def test_flags_of_settings_both_ways_and_the_last_one_wins() -> None:
    line = parse(["--port", "1", "--port=2", "--upstream", "http://h:1", "--host=", "--auth-token=a=b", "--no-tui"])
    assert line.settings == {
        "PROXY_PORT": "2",
        "LLAMA_CPP_BASE": "http://h:1",
        "PROXY_HOST": "",
        "PROXY_AUTH_TOKEN": "a=b",
    }
    assert line.face == "headless"


def test_what_is_not_a_setting() -> None:
    line = parse(["--demo", "--tui", "--env-file", "x.env", "--insecure-no-auth", "--json"])
    assert (line.demo, line.face, line.env_file, line.insecure_no_auth, line.json) == (
        True,
        "tui",
        Path("x.env"),
        True,
        True,
    )
    assert parse([]).face == "auto"


@pytest.mark.parametrize("flag", [spec.flag for spec in SPECS])
def test_every_setting_has_its_flag(flag: str) -> None:
    assert list(parse([flag, "x"]).settings.values()) == ["x"]


def test_all_mistakes_come_at_once_with_the_nearest_flag() -> None:
    with pytest.raises(UsageError) as refusal:
        parse(["--prot", "--zzz", "4000", "--no-tui=yes", "--demo", "--upstream=http://h", "--port"])
    assert refusal.value.problems == (
        "there is no flag --prot; did you mean --port?",
        "there is no flag --zzz",
        "'4000' is not understood; settings are given as --name value",
        "--no-tui takes no value",
        "--port needs a value",
        "--demo brings its own model server; leave --upstream out",
    )


@pytest.mark.parametrize(
    "arguments",
    [["--prot"], ["--port", "x"], ["--env-file", "missing.env"], ["--host", "0.0.0.0"]],
    ids=["flag", "value", "file", "open to all"],
)
def test_a_wrong_start_is_exit_status_2_in_plain_lines(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("interlock: ")
    assert error.endswith("interlock --help lists every flag and setting\n")
    assert "Traceback" not in error


def test_help_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for spec in SPECS:
        assert f"{spec.flag}, {spec.name}\n" in text
        assert spec.help.split()[0] in text
    for flag in ("--no-tui", "--tui", "--demo", "--env-file", "--insecure-no-auth", "--show-settings", "--version"):
        assert flag in text
    assert max(map(len, text.splitlines())) <= 120


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"interlock {__version__}\n"


def test_shown_settings_have_their_source_and_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_AUTH_TOKEN", "s3cret")
    Path(".env").write_text("PROXY_READ_TIMEOUT=30\n")
    assert main(["--port", "4100", "--show-settings"]) == 0
    text = capsys.readouterr().out
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in text.splitlines()}
    assert rows["PROXY_PORT"].split() == ["4100", "command", "line", "4000"]
    assert rows["PROXY_READ_TIMEOUT"].split() == ["30", "env", "file", "600"]
    assert rows["PROXY_AUTH_TOKEN"].split() == ["(set)", "environment", "(not", "set)"]
    assert "s3cret" not in text

    assert main(["--port", "4100", "--show-settings", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["PROXY_PORT"] == {"value": 4100, "source": "command line", "default": 4000, "live": False}
    assert document["PROXY_AUTH_TOKEN"]["value"] == "(set)"
    assert list(document) == [spec.name for spec in SPECS]


def test_a_warning_goes_to_stderr_and_stops_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_PROT", "1")
    assert main(["--show-settings"]) == 0
    assert "did you mean PROXY_PORT?" in capsys.readouterr().err


def test_the_table_is_markdown_with_a_row_each() -> None:
    header, rule, *rows = settings_docs.settings_table().splitlines()
    assert header.count("|") == rule.count("|")
    assert [row.split("`")[1] for row in rows] == [spec.name for spec in SPECS]
    assert {row.replace("\\|", "").count("|") for row in rows} == {header.count("|")}


def test_the_example_file_is_the_defaults_once_uncommented() -> None:
    text = settings_docs.env_example()
    assert all(not line or line.startswith("#") for line in text.splitlines())
    uncommented = "\n".join(line.removeprefix("#") for line in text.splitlines() if line[1:2].isupper())
    path = Path("example.env")
    path.write_text(uncommented)
    assert set(read_env_file(path).values) == {spec.name for spec in SPECS}
    loaded, defaults = load({}, {}, env_file=path), load({}, {})
    assert loaded.view.settings == defaults.view.settings


@pytest.mark.parametrize("verb", ["attach", "status", "serve"])
def test_the_commands_for_a_running_proxy_explain_themselves(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: interlock {verb} [URL] [")
    assert f"interlock {verb} [URL]" in settings_docs.help_text()


def test_a_command_that_was_meant_is_named() -> None:
    with pytest.raises(UsageError) as refusal:
        parse(["attahc"])
    assert refusal.value.problems == ("'attahc' is not understood; did you mean interlock attach?",)
