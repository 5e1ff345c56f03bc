"""Is a body a Messages API request? Every refusal names the place and says what belongs there.

Unknown fields pass: clients are newer than this program more often than not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from proxy_core.translate.types import InvalidRequest, JsonObject
from proxy_core.translate.validate_content import check_depth, check_messages, check_system


def validate_messages_request(
    body: object, *, need_max_tokens: bool = True, passed: Sequence[bool] = (), tools_passed: bool = False
) -> JsonObject:
    """The body, checked. `need_max_tokens` False: a count_tokens request, which has none. Raises `InvalidRequest`.

    `passed` tells of each message, `tools_passed` of the tools, whether the very same was found valid before.
    """
    if not isinstance(body, dict):
        raise InvalidRequest("the request body must be a JSON object")
    known = cast("JsonObject", body)
    if not isinstance(known.get("model"), str) or not known["model"]:
        raise InvalidRequest("model: must be the name of a model")
    _whole_number(known, "max_tokens", least=1, needed=need_max_tokens)
    check_messages(known.get("messages"), passed)
    check_system(known.get("system"))
    if not tools_passed:
        _check_tools(known.get("tools"))
    _check_tool_choice(known.get("tool_choice"))
    _check_sampling(known)
    _check_thinking(_object(known, "thinking"))
    metadata = _object(known, "metadata")
    if not isinstance(metadata.get("user_id"), str | None):
        raise InvalidRequest("metadata.user_id: must be a string")
    config = _object(known, "output_config")
    if not isinstance(config.get("effort"), str | None):
        raise InvalidRequest("output_config.effort: must be a string")
    _check_format(config.get("format"), "output_config.format")
    _check_format(known.get("output_format"), "output_format")
    return known


def _object(body: JsonObject, field: str) -> JsonObject:
    value: Any = body.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"{field}: must be an object")
    return cast("JsonObject", value)


def _whole_number(body: JsonObject, field: str, *, least: int, needed: bool = False, path: str = "") -> None:
    value: Any = body.get(field)
    if value is None and not needed:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidRequest(f"{path or field}: must be a whole number of at least {least}")


def _check_tools(tools: object) -> None:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise InvalidRequest("tools: must be a list")
    names: set[str] = set()
    for index, tool in enumerate(cast("list[Any]", tools)):
        path = f"tools.{index}"
        if not isinstance(tool, dict):
            raise InvalidRequest(f"{path}: must be an object")
        _check_tool(cast("JsonObject", tool), path, names)


def _check_tool(tool: JsonObject, path: str, names: set[str]) -> None:
    kind, name, schema = tool.get("type"), tool.get("name"), tool.get("input_schema")
    if not isinstance(kind, str | None):
        raise InvalidRequest(f"{path}.type: must be a string")
    if name is None and kind == "mcp_toolset":
        return
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"{path}.name: must be the tool's name")
    if name in names:
        raise InvalidRequest(f"{path}.name: another tool is called {name!r}, too")
    names.add(name)
    if not isinstance(tool.get("description"), str | None):
        raise InvalidRequest(f"{path}.description: must be a string")
    if not isinstance(schema, dict | None):
        raise InvalidRequest(f"{path}.input_schema: must be a JSON schema object")
    check_depth(cast("object", schema), f"{path}.input_schema")
    check_depth(tool.get("input_examples"), f"{path}.input_examples")


def _check_tool_choice(choice: object) -> None:
    if choice is None:
        return
    known = cast("JsonObject", choice) if isinstance(choice, dict) else {}
    if known.get("type") not in ("auto", "any", "tool", "none"):
        raise InvalidRequest('tool_choice: must be an object of type "auto", "any", "tool" or "none"')
    if known["type"] == "tool" and not isinstance(known.get("name"), str):
        raise InvalidRequest("tool_choice.name: must be the tool's name")
    if not isinstance(known.get("disable_parallel_tool_use"), bool | None):
        raise InvalidRequest("tool_choice.disable_parallel_tool_use: must be true or false")


def _check_sampling(body: JsonObject) -> None:
    for field in ("temperature", "top_p"):
        value: Any = body.get(field)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or value < 0):
            raise InvalidRequest(f"{field}: must be a number of at least 0")
    _whole_number(body, "top_k", least=0)
    if not isinstance(body.get("stream"), bool | None):
        raise InvalidRequest("stream: must be true or false")
    stops: Any = body.get("stop_sequences")
    if stops is None:
        return
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in cast("list[Any]", stops)):
        raise InvalidRequest("stop_sequences: must be a list of strings")


def _check_thinking(thinking: JsonObject) -> None:
    if not thinking:
        return
    if thinking.get("type") not in ("enabled", "disabled", "adaptive"):
        raise InvalidRequest('thinking.type: must be "enabled", "disabled" or "adaptive"')
    _whole_number(thinking, "budget_tokens", least=1, path="thinking.budget_tokens")


def _check_format(wish: object, path: str) -> None:
    if wish is None:
        return
    known = cast("JsonObject", wish) if isinstance(wish, dict) else {}
    if known.get("type") != "json_schema" or not isinstance(known.get("schema"), dict):
        raise InvalidRequest(f'{path}: must be an object of type "json_schema" with a schema')
    check_depth(known["schema"], f"{path}.schema")
