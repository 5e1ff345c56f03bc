"""Live changes are saved to the `.env` file: what is written, what is told, and what can go wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proxy_core.config import load
from proxy_core.events import EngineEvent
from proxy_core.live_settings import LiveSettings
from proxy_core.saving import SavedLine, save, unsaved

ENV = """\
# my proxy
PROXY_AUTH_TOKEN=very-secret
PROXY_LOOP_BREAKER=on # until it annoys
SOMETHING_ELSE='kept as it is'
"""


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(ENV)
    return path


def started(env_file: Path, **environment: str) -> LiveSettings:
    return LiveSettings(load({}, environment, env_file=env_file).view, env_file)


def test_changes_survive_a_restart(env_file: Path) -> None:
    settings = started(env_file)
    settings.update(
        {"PROXY_LOOP_BREAKER": "off", "PROXY_MODEL_MAP": "claude-*=qwen, b=c", "PROXY_PRUNE_KEEP_LAST": "9"}
    )
    events: list[EngineEvent] = []
    assert set(unsaved(settings.view)) == {"PROXY_LOOP_BREAKER", "PROXY_MODEL_MAP", "PROXY_PRUNE_KEEP_LAST"}
    result = save(settings, unsaved(settings.view), events.append, write=True)
    assert (result.saved, result.error, result.path) == (True, "", str(env_file))
    assert env_file.read_text() == (
        ENV.replace("BREAKER=on", "BREAKER=off") + "PROXY_MODEL_MAP='claude-*=qwen, b=c'\nPROXY_PRUNE_KEEP_LAST=9\n"
    )
    assert started(env_file).current == settings.current
    assert unsaved(settings.view) == ()
    assert settings.view.sources["PROXY_MODEL_MAP"] == "env file"
    assert [event.kind for event in events] == ["operator.acted"]


def test_looking_first_writes_nothing(env_file: Path) -> None:
    settings = started(env_file, PROXY_OVERFLOW="auto")
    settings.update({"PROXY_LOOP_BREAKER": "off", "PROXY_OVERFLOW": "prune"})
    result = save(settings, unsaved(settings.view), pytest.fail, write=False)
    assert result.saved is False
    assert result.lines == (
        SavedLine("PROXY_LOOP_BREAKER", "on", "off"),
        SavedLine(
            "PROXY_OVERFLOW", None, "prune", "the environment of the proxy has it, too, and goes before the file"
        ),
    )
    assert env_file.read_text() == ENV
    assert set(unsaved(settings.view)) == {"PROXY_LOOP_BREAKER", "PROXY_OVERFLOW"}


def test_a_new_file_is_made(tmp_path: Path) -> None:
    settings = LiveSettings(load({}, {}).view, tmp_path / "new.env")
    settings.update({"PROXY_TOOL_CHOICE": "smart"})
    assert save(settings, unsaved(settings.view), lambda _: None, write=True).saved
    assert (tmp_path / "new.env").read_text() == "PROXY_TOOL_CHOICE=smart\n"


def test_only_live_settings_are_saved(env_file: Path) -> None:
    settings = started(env_file)
    names = ("PROXY_AUTH_TOKEN", "PROXY_PORT", "HOME", "PROXY_LOOP_BREAKER")
    result = save(settings, names, lambda _: None, write=True)
    assert result.lines == ()
    assert env_file.read_text() == ENV


def test_what_goes_wrong_is_a_sentence(tmp_path: Path) -> None:
    def outcome(path: Path) -> str:
        settings = LiveSettings(load({}, {}).view, path)
        settings.update({"PROXY_TOOL_CHOICE": "smart"})
        result = save(settings, unsaved(settings.view), pytest.fail, write=True)
        assert not result.saved
        assert unsaved(settings.view) == ("PROXY_TOOL_CHOICE",)
        return result.error.replace(str(path), "FILE")

    (tmp_path / "latin").write_bytes(b"A=\xe4\n")
    assert outcome(tmp_path / "latin") == "FILE is not a UTF-8 text file"
    assert outcome(tmp_path / "missing" / ".env") == "FILE cannot be saved: no such file or directory"
    assert outcome(tmp_path) == "FILE cannot be saved: is a directory"
    if os.getuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        assert outcome(tmp_path / "locked" / ".env") == "FILE cannot be saved: permission denied"
