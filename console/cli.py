"""The command line: which settings it gives, which face is wanted, or which text to print instead of serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from console.verbs import VERBS
from proxy_core.config import nearest
from proxy_core.settings import SPECS

Face: TypeAlias = Literal["auto", "tui", "headless"]
Report: TypeAlias = Literal["help", "version", "show-settings", "settings-table", "env-example"]

REPORTS: dict[str, Report] = {
    "--help": "help",
    "-h": "help",
    "--version": "version",
    "--show-settings": "show-settings",
    "--settings-table": "settings-table",
    "--env-example": "env-example",
}
FACES: dict[str, Face] = {"--tui": "tui", "--no-tui": "headless"}
SWITCHES = ("--demo", "--insecure-no-auth", "--json")
SETTING_FLAGS: dict[str, str] = {spec.flag: spec.name for spec in SPECS} | {"--upstream": "LLAMA_CPP_BASE"}
VALUE_FLAGS = (*SETTING_FLAGS, "--env-file", "--keys")
ALL_FLAGS = (*REPORTS, *FACES, *SWITCHES, *VALUE_FLAGS)


class UsageError(Exception):
    """The command line cannot be understood; `problems` says all that is wrong, one plain sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class CommandLine:
    """What a person asked for. `settings` maps environment names to values as they were written."""

    settings: dict[str, str] = field(default_factory=dict[str, str])
    face: Face = "auto"
    report: Report | None = None
    env_file: Path | None = None
    keys: Path | None = None
    demo: bool = False
    insecure_no_auth: bool = False
    json: bool = False


def parse(arguments: Sequence[str]) -> CommandLine:
    """Read the command line; `--name value` and `--name=value` are the same, and the last one wins.

    Raises `UsageError`.
    """
    line = CommandLine()
    problems: list[str] = []
    words = list(arguments)
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if flag in VALUE_FLAGS:
            if equals or words:
                _take_value(line, flag, value if equals else words.pop(0))
            else:
                problems.append(f"{flag} needs a value")
        elif equals and flag in ALL_FLAGS:
            problems.append(f"{flag} takes no value")
        elif not _take_switch(line, flag):
            problems.append(_unknown(flag))
    if line.demo and "LLAMA_CPP_BASE" in line.settings:
        problems.append("--demo brings its own model server; leave --upstream out")
    if problems:
        raise UsageError(problems)
    return line


def _take_value(line: CommandLine, flag: str, value: str) -> None:
    if flag == "--env-file":
        line.env_file = Path(value)
    elif flag == "--keys":
        line.keys = Path(value)
    else:
        line.settings[SETTING_FLAGS[flag]] = value


def _take_switch(line: CommandLine, flag: str) -> bool:
    if flag in REPORTS:
        line.report = line.report or REPORTS[flag]
    elif flag in FACES:
        line.face = FACES[flag]
    elif flag == "--demo":
        line.demo = True
    elif flag == "--insecure-no-auth":
        line.insecure_no_auth = True
    elif flag == "--json":
        line.json = True
    else:
        return False
    return True


def _unknown(word: str) -> str:
    if not word.startswith("-"):
        near = nearest(word, VERBS)
        return f"{word!r} is not understood; " + (
            f"did you mean interlock {near}?" if near else "settings are given as --name value"
        )
    near = nearest(word, ALL_FLAGS)
    return f"there is no flag {word}" + (f"; did you mean {near}?" if near else "")
