"""What leaves the console by hand: a curl command for one request, and a file with all that is known of it.

Both are made of views whose secrets are masked; keys are named by the variables that hold them.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Any

import orjson

import proxy_core
from console.event_text import event_json
from console.inspect.page import Side
from proxy_core.live_settings import SettingsView
from proxy_core.masking import SECRET_HEADERS, masked
from proxy_core.record_views import RecordView

PASSED_ON = frozenset({"anthropic-version", "anthropic-beta", "x-claude-code-session-id", "x-claude-code-agent-id"})
"""Headers that change what an answer is."""


def curl_command(record: RecordView, side: Side, url: str) -> str:
    """A shell command that sends the request again: to the proxy at `url`, or to the model server.

    Raises `ValueError` with the reason when the record does not hold the whole body.
    """
    body = record.received if side == "anthropic" else (record.sent[-1] if record.sent else None)
    if body is None:
        raise ValueError("the body is not kept")
    if body.cut:
        raise ValueError(f"of the body's {body.size:,} bytes only a part is kept")
    if side == "anthropic":
        target = f"{url}/v1/messages"
        headers = [f"{name}: {value}" for name, value in record.headers if name in PASSED_ON]
        key = "x-api-key: $PROXY_AUTH_TOKEN"
    else:
        target, headers, key = record.url, [], "authorization: Bearer $UPSTREAM_API_KEY"
    listed = " ".join(f"-H {quote(header)}" for header in ["content-type: application/json", *headers])
    return f'curl -N {quote(target)} {listed} -H "{key}" --data-binary {quote(body.text)}'


def bundle(record: RecordView, settings: SettingsView, at: float) -> bytes:
    """All of a request as one JSON document: for a bug report, or to look at later. `at` is Unix time."""
    events = record.request.events
    document: dict[str, Any] = {
        "format": "interlock request 1",
        "version": proxy_core.__version__,
        "exported_at": at,
        **asdict(record),
        "headers": [[name, value] for name, value in record.headers if name not in SECRET_HEADERS],
        "settings": {spec.name: spec.masked(settings.settings.value(spec.name)) for spec in settings.specs},
    }
    document["request"]["events"] = [orjson.Fragment(event_json(event)) for event in events]
    return masked(orjson.dumps(document, option=orjson.OPT_INDENT_2, default=str).decode()).encode()


def export(record: RecordView, settings: SettingsView, folder: Path, at: float) -> Path:
    """Write the bundle to a new file that only its owner can read. Raises `OSError`."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(at))
    path = folder / f"interlock-{stamp}-{record.request.id.removeprefix('req_')[:8]}.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(bundle(record, settings, at))
    return path
