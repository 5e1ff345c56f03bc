"""The commands beside serving: `interlock attach`, `status`, `serve` and `keys`, and what they are given."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VERBS = ("attach", "status", "serve", "keys")
USAGE_ERROR = 2
UNAVAILABLE = 69
"""Nobody can be asked: the same status as of a proxy that cannot listen."""

FLAGS: dict[str, frozenset[str]] = {
    "attach": frozenset({"--token", "--ascii", "--keys"}),
    "status": frozenset({"--token", "--ascii"}),
    "serve": frozenset({"--token", "--port", "--keys"}),
    "keys": frozenset({"--keys"}),
}
WITH_VALUE = frozenset({"--token", "--port", "--keys"})


class WrongUsage(Exception):
    """The words are not understood; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: the proxy's address, its token, and the flags."""

    url: str
    token: str
    ascii_only: bool = False
    port: int = 0
    keys: Path | None = None


def run_verb(verb: str, words: Sequence[str]) -> int:
    """Do it; the exit status."""
    if {"--help", "-h"} & set(words):
        print(f"usage: {usage(verb)}\ninterlock --help says more")
        return 0
    try:
        wanted = read(verb, words, os.environ, Path(".env"))
    except WrongUsage as error:
        print(f"interlock {verb}: {error}", file=sys.stderr)
        return USAGE_ERROR
    if verb == "status":
        from console.status import status

        return status(wanted)
    if verb == "attach":
        from console.attach import attach

        return attach(wanted)
    if verb == "keys":
        from console.keys_verb import print_keys

        return print_keys(wanted.keys)
    from console.serve import serve

    return serve(wanted)


def read(verb: str, words: Sequence[str], environment: Mapping[str, str], env_file: Path) -> Wanted:
    """Read `[URL] [flags]`. Raises `WrongUsage`.

    Without an address it is this machine and the port that a proxy started here would take. A token comes from the
    flag, the environment, or the `.env` file; the one in the file is only for a proxy on this machine.
    """
    addresses: list[str] = []
    flags: dict[str, str] = {}
    rest = list(words)
    while rest:
        word, equals, value = rest.pop(0).partition("=")
        if not word.startswith("-"):
            addresses.append(word + equals + value)
        elif word not in FLAGS[verb]:
            raise WrongUsage(f"there is no flag {word} here; usage: {usage(verb)}")
        elif word in WITH_VALUE and not equals:
            if not rest:
                raise WrongUsage(f"{word} needs a value")
            flags[word] = rest.pop(0)
        else:
            flags[word] = value
    if addresses and verb == "keys":
        raise WrongUsage(f"it takes no address; usage: {usage(verb)}")
    if len(addresses) > 1:
        raise WrongUsage(f"one address, not {len(addresses)}; usage: {usage(verb)}")
    values = {**_from_file(env_file), **{name: text for name, text in environment.items() if text}}
    url = addresses[0] if addresses else _own_address(values)
    token = flags.get("--token") or environment.get("PROXY_AUTH_TOKEN", "")
    if not token and (not addresses or _names_this_machine(url)):
        token = values.get("PROXY_AUTH_TOKEN", "")
    port = flags.get("--port", "8000")
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise WrongUsage(f"--port: {port!r} is not a port")
    keys = Path(flags["--keys"]) if "--keys" in flags else None
    return Wanted(url, token, "--ascii" in flags, int(port), keys)


def usage(verb: str) -> str:
    """The command with what it takes."""
    shown = {"--token": "--token TOKEN", "--port": "--port PORT", "--keys": "--keys FILE"}
    command = f"interlock {verb}" if verb == "keys" else f"interlock {verb} [URL]"
    return " ".join([command, *(f"[{shown.get(flag, flag)}]" for flag in sorted(FLAGS[verb]))])


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    from proxy_core.env_file import UnreadableEnvFile, read_env_file

    try:
        return read_env_file(path).values
    except UnreadableEnvFile:
        return {}


def _own_address(values: Mapping[str, str]) -> str:
    from proxy_core.settings import SPEC_BY_NAME

    host = values.get("PROXY_HOST", str(SPEC_BY_NAME["PROXY_HOST"].default)).strip("[]")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    port = values.get("PROXY_PORT", str(SPEC_BY_NAME["PROXY_PORT"].default))
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _names_this_machine(url: str) -> bool:
    from console.http_link import LinkFailed, host_of

    try:
        return host_of(url) in {"127.0.0.1", "::1", "localhost"}
    except LinkFailed:
        return False
