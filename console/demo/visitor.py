"""The scripted model's manners towards a person's own requests: it says what it is, and honours tools and schemas."""

from __future__ import annotations

import json
import re
from typing import Any

from console.demo.loose_json import as_list, as_object
from console.demo.script import Call, Reply
from proxy_core.translate.types import JsonObject

HARMLESS = {
    "command": "echo hello from the demo model",
    "path": "interlock-demo.txt",
    "file": "interlock-demo.txt",
    "url": "http://localhost/",
}
"""Arguments by a part of their name: whatever runs the call on a person's machine must do no damage."""

DEPTH = 4


def reply_to(body: JsonObject, texts: list[str], results: list[str]) -> Reply:
    """The reply to a Chat Completions body. `texts` are the person's words, `results` what tools gave since."""
    asked = texts[-1] if texts else ""
    if results:
        return Reply("The tool has answered.", f"The tool answered: {_shortened(results[-1], 400)}")
    schema = _wanted_schema(body)
    if schema is not None:
        return Reply("An answer in the wanted form.", json.dumps(value_for(schema, "", asked)))
    tool = _wanted_tool(body, asked)
    if tool is not None:
        arguments = value_for(as_object(tool.get("parameters")), "", asked)
        return Reply(
            f"The tool {tool['name']} fits.", f"I ask the tool {tool['name']}.", (Call(tool["name"], arguments),)
        )
    return Reply("A person writes. I say what I am and what can be seen here.", _words(asked, len(texts)))


def value_for(schema: JsonObject, name: str, asked: str, depth: int = DEPTH) -> Any:
    """A value that a JSON schema accepts in its common forms: types, enum, const, required, items."""
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return value_for(schema[union][0], name, asked, depth)
    written: object = schema.get("type", "object" if "properties" in schema else "string")
    kind = str(next(iter(as_list(written)), written))
    if kind == "object":
        properties = as_object(schema.get("properties"))
        wanted = as_list(schema.get("required")) or (list(properties) if depth == DEPTH else [])
        return {key: value_for(as_object(properties.get(key)), key, asked, depth - 1) for key in wanted if depth > 0}
    if kind == "array":
        item = value_for(as_object(schema.get("items")), name, asked, depth - 1)
        return [item] * max(1, int(schema.get("minItems", 1)))
    simple: dict[str, Any] = {"integer": int(schema.get("minimum", 1)), "number": schema.get("minimum", 1.0)}
    return {**simple, "boolean": True, "null": None}.get(kind, _string_for(name, asked))


def _string_for(name: str, asked: str) -> str:
    for part, value in HARMLESS.items():
        if part in name.lower():
            return value
    names = re.findall(r"(?<=\s)[A-Z]\w+", asked)
    return names[-1] if names else "demo"


def _wanted_schema(body: JsonObject) -> JsonObject | None:
    response_format = as_object(body.get("response_format"))
    if response_format.get("type") != "json_schema":
        return None
    return as_object(as_object(response_format.get("json_schema")).get("schema") or response_format.get("schema"))


def _wanted_tool(body: JsonObject, asked: str) -> JsonObject | None:
    """The tool to call: the forced one, or one whose name or purpose the person's words share a longer word with."""
    tools = [as_object(as_object(tool).get("function")) for tool in as_list(body.get("tools"))]
    tools = [tool for tool in tools if isinstance(tool.get("name"), str)]
    choice = body.get("tool_choice", "auto")
    if not tools or choice == "none":
        return None
    if isinstance(choice, dict):
        return tools[0]  # llama.cpp takes such a choice as auto; a demo may as well do what was meant
    said = _long_words(asked)
    fitting = [tool for tool in tools if said & _long_words(tool["name"].replace("_", " "))]
    return fitting[0] if fitting else tools[0] if choice == "required" else None


def _long_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3}


def _words(asked: str, nth: int) -> str:
    opening = f"You wrote: “{_shortened(asked, 200)}”." if asked else "You sent no words."
    if nth > 1:
        return (
            f"{opening} I still am a script: turn {nth} of this conversation, and the console shows its context grow."
        )
    return (
        f"{opening} I am the demo model of Interlock, a script and not a language model, so this is all I know to say. "
        "The way of your request was real, though: it came in as a Messages API request, went to me as Chat "
        "Completions, and this answer came back translated, token by token. In the console it is a session of its own. "
        "Send a tool along and name it in your question, and I will call it."
    )


def _shortened(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"
