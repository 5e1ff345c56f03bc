"""Schemas of the tools that clients run but declare by type only, because Anthropic's models know them by heart."""

from __future__ import annotations

from typing import Any

from proxy_core.translate.types import JsonObject


def client_tool_schema(kind: str) -> JsonObject | None:
    """`description` and `input_schema` of a tool type such as "bash_20250124", None for one that no client runs.

    The date at the end of a type names its version; what a client reads of a call has stayed the same over them.
    """
    return next((known for stem, known in _KNOWN.items() if kind.startswith(stem)), None)


def _schema(required: list[str], **properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": required}


def _string(description: str, **more: Any) -> JsonObject:
    return {"type": "string", "description": description, **more}


_PATH = _string("Absolute path of the file or directory")
_LINES: JsonObject = {
    "type": "array",
    "items": {"type": "integer"},
    "description": "For view: first and last line, counted from 1; -1 as the last is the end of the file",
}

_KNOWN: dict[str, JsonObject] = {
    "bash_": {
        "description": "Run a command in a bash shell that keeps its state between calls.",
        "input_schema": _schema(
            [],
            command=_string("The command; needed unless restart is true"),
            restart={"type": "boolean", "description": "True starts the shell anew"},
        ),
    },
    "text_editor_": {
        "description": "View, create and edit text files.",
        "input_schema": _schema(
            ["command", "path"],
            command=_string("What to do", enum=["view", "create", "str_replace", "insert"]),
            path=_PATH,
            file_text=_string("For create: the whole text of the file"),
            old_str=_string("For str_replace: the text to replace, which must occur exactly once"),
            new_str=_string("For str_replace: the text to put in its place"),
            insert_line={"type": "integer", "description": "For insert: the line after which to insert, 0 for the top"},
            insert_text=_string("For insert: the text to insert"),
            view_range=_LINES,
        ),
    },
    "memory_": {
        "description": "Keep notes in files below /memories across conversations.",
        "input_schema": _schema(
            ["command"],
            command=_string("What to do", enum=["view", "create", "str_replace", "insert", "delete", "rename"]),
            path=_string("Path below /memories"),
            file_text=_string("For create: the whole text of the file"),
            old_str=_string("For str_replace: the text to replace, which must occur exactly once"),
            new_str=_string("For str_replace: the text to put in its place"),
            insert_line={"type": "integer", "description": "For insert: the line after which to insert, 0 for the top"},
            insert_text=_string("For insert: the text to insert"),
            view_range=_LINES,
            old_path=_string("For rename: the present path"),
            new_path=_string("For rename: the new path"),
        ),
    },
}
