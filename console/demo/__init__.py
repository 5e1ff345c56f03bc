"""The demo: a scripted model server inside the process, and sample agents that work through the real proxy."""

from __future__ import annotations

import json
import shlex


def curl_line(url: str) -> str:
    """A command that a person can paste to talk to the demo model through the proxy at `url`."""
    body = {"model": "demo", "max_tokens": 300, "messages": [{"role": "user", "content": "Hello"}]}
    return f"curl {url}/v1/messages -d {shlex.quote(json.dumps(body, separators=(',', ':')))}"
