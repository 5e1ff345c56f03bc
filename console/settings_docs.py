"""Texts made from the declarations of the settings: `--help`, `--show-settings`, the README's table, `.env.example`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from itertools import groupby

from proxy_core.declaration import Setting
from proxy_core.live_settings import SettingsView
from proxy_core.settings import SPECS

WIDTH = 100

USAGE = """\
Interlock lets coding agents that speak the Anthropic Messages API work on your own model server.

Usage: interlock [flags]              serve, with the console when there is a terminal
       interlock --demo               the same on a built-in model server, with sample agents
       interlock attach [URL]         the console on a proxy that runs already; leaving it does not stop the proxy
       interlock status [URL]         one line about a running proxy, for a status bar: ▲91% a3f9 ↻5d10 71t/s
       interlock serve [URL]          the console in a browser on this machine (needs the extra [serve])
       interlock keys                 the keys of the console, as a file to change and to put in place

  --no-tui              events as lines instead of the console (JSON lines when stdout is not a terminal)
  --tui                 insist on the console; an error without a terminal
  --demo                a scripted model server and sample agents inside the process
  --env-file PATH       read settings from this file instead of .env
  --keys FILE           keys of the console, instead of ~/.config/interlock/keys.toml
  --insecure-no-auth    listen beyond loopback without a token
  --show-settings       print every setting, its value, source and default (with --json as JSON)
  --settings-table      print the settings as a Markdown table
  --env-example         print a commented .env with every default
  --version, --help

URL is by default that of a proxy which would start here. attach, status and serve take --token TOKEN, or have it
from PROXY_AUTH_TOKEN or .env; attach and status take --ascii, serve takes --port PORT (8000);
attach, serve and keys take --keys FILE.

Settings: the command line goes before the environment, then .env, then the default.
live: can be changed while agents work. restart: read once at the start.
"""

EXIT_CODES = """\
Exit status: 0 ended by the operator, 2 wrong flags or settings, 69 cannot listen, or no proxy to attach to,
70 the engine failed, 130 SIGINT, 143 SIGTERM, 129 SIGHUP.
"""


def help_text() -> str:
    """What `--help` prints."""
    return "\n".join([USAGE, *(_group_help(group, specs) for group, specs in _groups()), EXIT_CODES])


def settings_table() -> str:
    """Every setting as one Markdown table."""
    rows = ["| name | flag | default | allowed | changes | meaning |", "|---|---|---|---|---|---|"]
    for spec in SPECS:
        cells = (f"`{spec.name}`", f"`{spec.flag}`", _code(_default(spec)), spec.allowed, _when(spec), spec.help)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def env_example() -> str:
    """A `.env` in which every setting stands as a comment with its default."""
    lines = ["# Settings of Interlock. Take the # away from a line to change it.", ""]
    for group, specs in _groups():
        lines += [f"# -- {group} --", ""]
        for spec in specs:
            text = f"{spec.help} ({spec.allowed}; {_when(spec)})"
            lines += textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")
            lines += [f"#{spec.name}={spec.show(spec.default)}", ""]
    return "\n".join(lines)


def show_settings(view: SettingsView) -> str:
    """Every setting with the value in force, where it came from and its default; secrets are masked."""
    rows = [("SETTING", "VALUE", "SOURCE", "DEFAULT")]
    for spec in view.specs:
        value = spec.masked(view.settings.value(spec.name)) or '""'
        rows.append((spec.name, value, view.sources[spec.name], _default(spec)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def show_settings_json(view: SettingsView) -> str:
    """The same as one JSON object by environment name; secrets are masked."""
    listed = {
        spec.name: {
            "value": _plain(spec, view),
            "source": view.sources[spec.name],
            "default": spec.default,
            "live": spec.live,
        }
        for spec in view.specs
    }
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def _groups() -> Iterator[tuple[str, list[Setting]]]:
    for group, specs in groupby(SPECS, key=lambda spec: spec.group):
        yield group, list(specs)


def _group_help(group: str, specs: list[Setting]) -> str:
    lines = [f"{group}:"]
    for spec in specs:
        lines.append(f"  {spec.flag}, {spec.name}")
        facts = f"[{spec.allowed}; default {_default(spec)}; {_when(spec)}]"
        lines += textwrap.wrap(f"{spec.help} {facts}", WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines) + "\n"


def _default(spec: Setting) -> str:
    return spec.masked(spec.default) or "empty"


def _when(spec: Setting) -> str:
    return "live" if spec.live else "restart"


def _code(text: str) -> str:
    return text if text in {"empty", "(not set)"} else f"`{text}`"


def _plain(spec: Setting, view: SettingsView) -> object:
    value = view.settings.value(spec.name)
    return spec.masked(value) if spec.kind == "secret" else value
