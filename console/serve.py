"""`interlock serve`: the console in a browser on this machine, each tab attached to the running proxy."""

from __future__ import annotations

import importlib.util
import os
import shlex
import socket
import sys

from console.attach_link import CannotAttach, fetch_picture
from console.http_link import Link, LinkFailed
from console.terminal import say
from console.verbs import UNAVAILABLE, Wanted

HOST = "127.0.0.1"


def serve(wanted: Wanted) -> int:
    """Serve until ctrl+c; the exit status."""
    if importlib.util.find_spec("textual_serve") is None:
        say("serve needs the extra for it: pip install 'interlock[serve]'")
        return UNAVAILABLE
    try:
        link = Link(wanted.url, wanted.token, 5.0)
        fetch_picture(link, -1, 0)
        link.close()
    except (CannotAttach, LinkFailed) as error:
        say(str(error))
        return UNAVAILABLE
    if _taken(wanted.port):
        say(f"port {wanted.port} is in use by another program; try --port {wanted.port + 1}")
        return UNAVAILABLE
    if wanted.token:
        os.environ["PROXY_AUTH_TOKEN"] = wanted.token  # for the console in each tab; arguments can be read by others
    keys = ["--keys", str(wanted.keys.resolve())] if wanted.keys is not None else []
    command = shlex.join([sys.executable, "-m", "console", "attach", link.url, *keys])
    say(f"the console is at http://{HOST}:{wanted.port}; ctrl+c ends it, the proxy at {link.url} goes on")
    _run(command, wanted.port)
    return 0


def _run(command: str, port: int) -> None:
    from console.browser import ConsoleServer

    ConsoleServer(command, HOST, port).serve()


def _taken(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError:
            return True
    return False
