"""Which model serves a requested name, and the names that clients are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.facts import UpstreamFacts

CREATED = "2025-01-01T00:00:00Z"
"""Local servers do not say when a model was made; a date that changes would look like another model."""

UNNAMED = "default"
"""What the model is called while the server has not named one."""

_WILD = re.compile(r"[*?\[]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@lru_cache(16)
def parse_model_map(text: str) -> Mapping[str, str]:
    """`requested=model` pairs separated by commas, in their order; a requested name may hold `*` and `?`."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    named = {name.strip(): model.strip() for name, _, model in pairs if name.strip() and model.strip()}
    return MappingProxyType(named)


def served_model(requested: str, facts: UpstreamFacts, model_map: Mapping[str, str]) -> str:
    """The model to ask the server for.

    In this order: the map by the exact name; a served model by its own name; a served model by its alias; the map by
    pattern, first match; else the model that the server runs. OpenRouter runs hundreds and charges for them, so there
    a name that nothing maps is left as it is.
    """
    if requested in model_map:
        return model_map[requested]
    if requested in facts.models:
        return requested
    if model := aliases(facts.models).get(requested):
        return model
    for pattern, model in model_map.items():
        if fnmatchcase(requested, pattern):
            return model
    if facts.kind == "openrouter":
        return requested
    return facts.model or requested or UNNAMED


@lru_cache(16)
def aliases(models: tuple[str, ...]) -> Mapping[str, str]:
    """An alias for each model: `claude-local-<slug>`, because Claude Code lists only names that begin with `claude`.

    Models whose slugs are the same get a number in their order.
    """
    named: dict[str, str] = {}
    for model in models:
        base = re.split(r"[\\/]", model)[-1].lower().removesuffix(".gguf")
        plain = f"claude-local-{_NOT_SLUG.sub('-', base).strip('-')}".rstrip("-")
        alias, number = plain, 1
        while alias in named:
            number += 1
            alias = f"{plain}-{number}"
        named[alias] = model
    return MappingProxyType(named)


def list_models(facts: UpstreamFacts, model_map: Mapping[str, str], window: int) -> list[JsonObject]:
    """ModelInfo objects, never none: the served models, their aliases, and the mapped names that are no patterns.

    `window` (tokens, 0 unknown) becomes `max_input_tokens` where it is known to hold: a discovered one belongs to the
    running model alone, an operator's own to all.
    """
    models = facts.models or (facts.model or UNNAMED,)
    running = facts.model or models[0]
    names = dict(zip(models, models, strict=True))
    names |= {alias: model for alias, model in aliases(models).items() if alias not in names}
    names |= {name: model for name, model in model_map.items() if not _WILD.search(name) and name not in names}
    listed: list[JsonObject] = []
    for name, model in names.items():
        info: JsonObject = {"type": "model", "id": name, "display_name": model, "created_at": CREATED}
        if window and (model == running or window != facts.window):
            info["max_input_tokens"] = window
        listed.append(info)
    return listed
