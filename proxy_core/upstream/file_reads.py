"""Tells which tool calls bring the text of a file into the conversation."""

from __future__ import annotations

import re
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject

_READERS = frozenset(
    {"read", "view", "cat", "open", "open_file", "read_file", "readfile", "view_file", "read_many_files",
     "get_file_contents", "notebookread", "read_notebook", "read_text_file", "read_multiple_files"}
)  # fmt: skip
_SHELLS = frozenset({"bash", "shell", "sh", "run", "exec", "terminal", "run_shell_command", "exec_command",
                     "execute_command", "run_command", "run_terminal_cmd", "local_shell", "powershell"})  # fmt: skip
_PRINTS = re.compile(
    r"\s*(?:cd\s+\S+\s*(?:&&|;)\s*)?(?:cat|head|tail|less|more|bat|nl|sed\s+-n|type|get-content)\s", re.IGNORECASE
)
_FEEDS = re.compile(r"<<|>\s*\S")


def reads_file(name: str, arguments: str) -> bool:
    """Whether a call of the tool `name` (`arguments` as JSON text) prints a file: a reader, or a shell's `cat`."""
    tool = name.lower().rsplit("__", 1)[-1]
    if tool in _READERS:
        return True
    if tool in _SHELLS:
        command = _field(arguments, "command", "cmd", "script")
        return bool(_PRINTS.match(command)) and not _FEEDS.search(command)
    return tool.startswith("str_replace") and _field(arguments, "command") == "view"


def _field(arguments: str, *names: str) -> str:
    try:
        document: object = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return ""
    known = cast("JsonObject", document) if isinstance(document, dict) else {}
    values: list[Any] = [known[name] for name in names if isinstance(known.get(name), str)]
    return values[0] if values else ""
