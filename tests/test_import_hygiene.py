"""What must not be imported where: `--no-tui` knows nothing of terminals, `--help` and the first answer are quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCREEN = {"textual", "rich", "plotext"}
UNASKED = {"fastapi", "pydantic", "pypdf"}
"""What a plain request for an answer does not need: FastAPI alone would make the start half as long again."""
HEAVY = {*SCREEN, "fastapi", "starlette", "uvicorn", "httpx", "aiohttp", "pypdf"}

AFTER_A_REQUEST = """
import json, os, signal, sys, threading, urllib.request
from console.__main__ import main
from proxy_core.listening import bind
with bind("127.0.0.1", 0) as sock:
    port = sock.getsockname()[1]
body = {"model": "m", "max_tokens": 20, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
def client():
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/messages", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    for attempt in range(200):
        try:
            answer = urllib.request.urlopen(request, timeout=20).read().decode()
            break
        except OSError:
            threading.Event().wait(0.1)
    else:
        answer = "no answer"
    modules = [name for name, module in sys.modules.items() if module]
    os.write(2, json.dumps({"answer": answer, "modules": modules}).encode())
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=client).start()
sys.exit(main(["--no-tui", "--demo", "--port", str(port)]))
"""


def imported(code: str, tmp_path: Path) -> set[str]:
    program = f"import json, sys\n{code}\nprint(json.dumps([n for n, m in sys.modules.items() if m]), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=environment(tmp_path),
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def environment(tmp_path: Path) -> dict[str, str]:
    root = str(Path(__file__).parents[1])
    return {"PYTHONPATH": root, "XDG_STATE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("from console.__main__ import main; main(['--help'])", HEAVY),
        ("from console.__main__ import main; main(['--version'])", HEAVY),
        ("from console.__main__ import main; main(['--show-settings', '--json'])", HEAVY),
        ("from console.__main__ import main; main(['status', '127.0.0.1:9'])", HEAVY | {"dotenv", "orjson"}),
        ("import console.attach, console.attach_port, console.serve", {"textual", "plotext", "fastapi", "uvicorn"}),
        ("import console.runner, console.headless, console.local_port, console.demo.world", SCREEN | UNASKED),
    ],
    ids=[
        "--help",
        "--version",
        "--show-settings",
        "status",
        "attach until there is a proxy",
        "engine, headless and demo",
    ],
)
def test_not_imported(code: str, forbidden: set[str], tmp_path: Path) -> None:
    assert imported(code, tmp_path) & forbidden == set()


def test_no_tui_answers_without_the_console_and_without_fastapi(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AFTER_A_REQUEST],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(tmp_path),
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 143
    seen = json.loads(done.stderr[done.stderr.index('{"answer') :])
    assert "event: message_stop" in seen["answer"]
    assert {name.partition(".")[0] for name in seen["modules"]} & (SCREEN | UNASKED) == set()
