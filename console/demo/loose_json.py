"""Typed looks into JSON whose shape a client chose."""

from __future__ import annotations

from typing import Any, cast

from proxy_core.translate.types import JsonObject


def as_object(value: object) -> JsonObject:
    """The object, or an empty one where something else stands."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The list, or an empty one where something else stands."""
    return cast("list[Any]", value) if isinstance(value, list) else []
