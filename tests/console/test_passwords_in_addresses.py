"""An address with a password in it is refused wherever it is given, and no refusal repeats the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.__main__ import main
from console.http_link import LinkFailed, clean_url
from proxy_core.live_settings import LiveSettings
from proxy_core.settings import SPECS
from tests.console.fake_port import settings_view

PASSWORD = "hunter2-geheim"
ADDRESS = f"http://operator:{PASSWORD}@127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for spec in SPECS:
        monkeypatch.delenv(spec.name, raising=False)


@pytest.mark.parametrize("given", ["environment", "file", "flag"])
@pytest.mark.parametrize("words", [["--no-tui"], ["--show-settings"], ["--show-settings", "--json"]])
def test_of_the_model_server(
    given: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if given == "environment":
        monkeypatch.setenv("LLAMA_CPP_BASE", ADDRESS)
    elif given == "file":
        Path(".env").write_text(f"LLAMA_CPP_BASE={ADDRESS}\n", encoding="utf-8")
    else:
        words = [*words, "--upstream", ADDRESS]
    assert main(words) == 2
    out, error = capsys.readouterr()
    assert "must not hold a user name or password; set UPSTREAM_API_KEY" in error
    assert PASSWORD not in out + error


def test_of_the_model_server_while_it_runs(tmp_path: Path) -> None:
    live = LiveSettings(settings_view(), tmp_path / ".env")
    result = live.update({"LLAMA_CPP_BASE": ADDRESS})
    assert result.errors
    assert not result.changes
    assert PASSWORD not in repr(result.errors)


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS,
        f"operator:{PASSWORD}@gpu-box:4000",
        f"https://operator:{PASSWORD}/@gpu-box:4000",
        f"http://{PASSWORD}@gpu-box:port",
        f"ftp://operator:{PASSWORD}@gpu-box",
    ],
)
def test_of_the_proxy(written: str) -> None:
    with pytest.raises(LinkFailed) as refusal:
        clean_url(written)
    assert PASSWORD not in str(refusal.value)
