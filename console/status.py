"""`interlock status`: one line about a running proxy, for a status bar."""

from __future__ import annotations

import sys

from console.http_link import Link, LinkFailed
from console.verbs import UNAVAILABLE, Wanted

PATIENCE = 2.0


def status(wanted: Wanted) -> int:
    """Print the line; 0, or 69 when there is no proxy to tell of."""
    ascii_only = wanted.ascii_only or not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    try:
        link = Link(wanted.url, wanted.token, PATIENCE)
        reply = link.get("/_console/line", ascii=int(ascii_only))
        link.close()
        if reply.status == 200 and reply.is_text:
            print(_printable(reply.body.decode("utf-8", "replace").strip()))
            return 0
        problem = f"{link.url} is not an Interlock" if reply.status in {200, 404} else reply.message
    except LinkFailed as error:
        problem = str(error)
    print("x off" if ascii_only else "✗ off")
    print(f"interlock status: {_printable(problem)}", file=sys.stderr)
    return UNAVAILABLE


def _printable(text: str) -> str:
    """Whatever answered there, nothing of it acts on a terminal. `console.format` would load too much for this."""
    return "".join(character if character.isprintable() else "?" for character in text)
