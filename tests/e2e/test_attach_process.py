"""`interlock attach` and `interlock status` as processes: exit statuses, words, and traffic that notices nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.console.served import Served
from tests.e2e.conftest import Start
from tests.e2e.endless_model import EndlessModel, StreamingClient
from tests.e2e.terminal import FULL_SCREEN, Terminal, environment, free_port, until

TOKEN = "a-long-token"
KEPT_TITLE, TITLE_BACK = b"\x1b[22;2t", b"\x1b[23;2t"


def run(tmp_path: Path, *words: str, **env: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "console", *words],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=environment(tmp_path, **env),
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_twenty_killed_consoles_and_no_client_notices(model: EndlessModel, tmp_path: Path, start: Start) -> None:
    with Served(model.url, tmp_path) as proxy:
        clients = [StreamingClient(proxy.url) for _ in range(4)]
        until(lambda: all(client.streaming for client in clients), "streams")
        for _ in range(5):
            consoles = [start("attach", proxy.url) for _ in range(4)]
            for console in consoles:
                console.wait_for("4 active")
                console.process.kill()
                console.status()
        before = [len(client.received) for client in clients]
        until(lambda: all(len(c.received) > had for c, had in zip(clients, before, strict=True)), "streams going on")
        assert proxy.events_of("request.failed") == proxy.events_of("request.cancelled") == []
        proxy.engine.end_turns()
        for client in clients:
            client.wait()
            numbers = [int(number) for number in re.findall(r"word(\d+) ", client.text)]
            assert len(numbers) > 20
            assert numbers == list(range(1, len(numbers) + 1)), "every word came once, in order"


def test_leaving_asks_nothing_and_the_proxy_goes_on(model: EndlessModel, tmp_path: Path, start: Start) -> None:
    with Served(model.url, tmp_path, PROXY_AUTH_TOKEN=TOKEN) as proxy:
        client = StreamingClient(proxy.url, token=TOKEN)
        until(lambda: client.streaming, "a stream")
        console = start("attach", proxy.url, PROXY_AUTH_TOKEN=TOKEN)
        console.wait_for("1 active")
        console.press("L")
        console.wait_for("loop breaker on → off")
        assert proxy.engine.settings.current.loop_breaker is False
        console.press("q")
        assert console.status() == 0
        assert console.given_back() == []
        assert console.output.count(KEPT_TITLE) == console.output.count(TITLE_BACK) == 1
        assert b"\x1b]2;interlock " in console.output
        assert proxy.engine.active == 1
        assert TOKEN.encode() not in console.output


def test_a_signal_ends_it_in_order(model: EndlessModel, tmp_path: Path, start: Start) -> None:
    import signal

    with Served(model.url, tmp_path) as proxy:
        console = start("attach", proxy.url)
        console.wait_for("SERVING")
        console.signal(signal.SIGTERM)
        assert console.status() == 143
        assert console.given_back() == []


def test_a_proxy_that_goes_away_and_comes_back(model: EndlessModel, tmp_path: Path, start: Start) -> None:
    with Served(model.url, tmp_path) as proxy:
        console = start("attach", str(proxy.port))
        console.wait_for("SERVING")
    console.wait_for("LOST")
    with Served(model.url, tmp_path, proxy.port):
        console.wait_for("SERVING")
        console.press("q")
        assert console.status() == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["URL"], 69, "nobody answers at URL"),
        (["URL", "--tokn", "x"], 2, "there is no flag --tokn here"),
        (["URL", "URL"], 2, "one address, not 2"),
        (["URL", "--token"], 2, "--token needs a value"),
        (["http://"], 69, "is not the address of a proxy"),
    ],
)
def test_a_wrong_start_is_one_plain_line(start: Start, words: list[str], status: int, said: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    console = start("attach", *[url if word == "URL" else word for word in words])
    assert console.status() == status
    (line,) = console.output.decode().splitlines()
    assert line.startswith("interlock")
    assert said.replace("URL", url) in line
    assert FULL_SCREEN not in console.output


def test_a_wrong_token_is_one_plain_line(model: EndlessModel, tmp_path: Path, start: Start) -> None:
    with Served(model.url, tmp_path, PROXY_AUTH_TOKEN=TOKEN) as proxy:
        for words in ([], ["--token", "wrong"]):
            console: Terminal = start("attach", proxy.url, *words)
            assert console.status() == 69
            assert b"wants its token" in console.output
            assert FULL_SCREEN not in console.output
            assert TOKEN.encode() not in console.output


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    assert run(tmp_path, "attach", "4000") == (
        2,
        "",
        "interlock: attach needs a terminal on stdin and stdout (and TERM set to more than dumb)\n",
    )


def test_status_is_one_line(model: EndlessModel, tmp_path: Path) -> None:
    with Served(model.url, tmp_path, PROXY_AUTH_TOKEN=TOKEN) as proxy:
        until(lambda: proxy.engine.watch.state == "up", "the model server")
        assert run(tmp_path, "status", proxy.url, "--token", TOKEN) == (0, "idle\n", "")
        (tmp_path / ".env").write_text(f"PROXY_AUTH_TOKEN={TOKEN}\nPROXY_PORT={proxy.port}\n")
        assert run(tmp_path, "status", "--ascii") == (0, "idle\n", "")
        status, out, error = run(tmp_path, "status", "--token", "wrong")
        assert (status, out) == (69, "✗ off\n")
        assert "wants its token" in error
    assert run(tmp_path, "status", "--ascii")[:2] == (69, "x off\n")
    assert run(tmp_path, "status", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")[:2] == (69, "x off\n")


def test_the_token_in_the_file_goes_to_no_other_machine(tmp_path: Path) -> None:
    from console.verbs import read

    env_file = tmp_path / ".env"
    env_file.write_text(f"PROXY_AUTH_TOKEN={TOKEN}\nPROXY_PORT=4100\nPROXY_HOST=0.0.0.0\n")
    assert read("attach", [], {}, env_file).url == "http://127.0.0.1:4100"
    assert read("attach", [], {}, env_file).token == TOKEN
    assert read("attach", ["localhost:4000"], {}, env_file).token == TOKEN
    assert read("attach", ["http://gpu-box:4000"], {}, env_file).token == ""
    assert read("attach", ["http://gpu-box:4000"], {"PROXY_AUTH_TOKEN": "mine"}, env_file).token == "mine"
    assert read("attach", ["http://gpu-box:4000", "--token=given"], {}, env_file).token == "given"
