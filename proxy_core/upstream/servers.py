"""How each kind of model server is recognised, and where it tells the window that it really runs with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.probe import Probe, at, count, dicts

Entries = list[JsonObject]
"""`data` of GET /v1/models."""

Reader = Callable[[Probe, UpstreamFacts, Entries], Awaitable[UpstreamFacts]]


def names(entries: Entries) -> tuple[str, ...]:
    """The model names of a list, in its order."""
    return tuple(entry["id"] for entry in entries if isinstance(entry.get("id"), str))


def kind_of(entries: Entries, root: str) -> str:
    """The kind as far as the list of models tells it: most servers sign as the owner of their models."""
    first: JsonObject = entries[0] if entries else {}
    owner = str(first.get("owned_by", "")).lower()
    signed = {
        "llamacpp": "llama.cpp",
        "vllm": "vllm",
        "sglang": "sglang",
        "library": "ollama",
        "organization_owner": "lmstudio",
        "tabbyapi": "tabbyapi",
    }
    if "pricing" in first or "openrouter.ai" in root:
        return "openrouter"
    return signed.get(owner, "unknown")


async def read_llama_cpp(probe: Probe, props: JsonObject, entries: Entries) -> UpstreamFacts:
    """llama.cpp: `/props`, then `/v1/models` meta.n_ctx, then `/slots`; all three are per slot.

    A server that routes to several models has a window only for one that is loaded.
    """
    model = next(
        (entry for entry in entries if at(entry, "status", "value") == "loaded"), {**entries[0]} if entries else {}
    )
    name = str(model.get("id") or props.get("model_alias") or props.get("model_path") or "")
    if "status" in model and not _n_ctx(props):
        props = await probe.ask_if_there("/props", model=name) or props
    window, source = _n_ctx(props), "/props"
    if not window:
        window, source = count(at(model, "meta", "n_ctx")), "/v1/models"
    if not window and props.get("endpoint_slots") is not False:
        slots_seen = await probe.list_if_there("/slots")
        window, source = count(at(slots_seen[0], "n_ctx")) if slots_seen else 0, "/slots"
    slots = count(props.get("total_slots")) or None
    vision = at(props, "modalities", "vision")
    return UpstreamFacts(
        kind="llama.cpp",
        model=name,
        models=names(entries) or (name,),
        window=window,
        window_source=source if window else "",
        slots=slots,
        vision=vision if isinstance(vision, bool) else None,
        unified_kv=False if slots == 1 else None,
        build=str(props.get("build_info") or ""),
    )


async def read_vllm(_probe: Probe, facts: UpstreamFacts, entries: Entries) -> UpstreamFacts:
    """vLLM: `max_model_len` of the served model."""
    window = count(at(entries[0], "max_model_len")) if entries else 0
    return replace(facts, window=window, window_source="/v1/models" if window else "")


async def read_sglang(probe: Probe, facts: UpstreamFacts, entries: Entries) -> UpstreamFacts:
    """SGLang: `max_model_len` where the list has it, else the context length that the server was started with."""
    window, source = count(at(entries[0], "max_model_len")) if entries else 0, "/v1/models"
    info = {} if window else await probe.ask_if_there("/get_server_info") or {}
    if not window:
        window, source = count(info.get("context_length")), "/get_server_info"
    return replace(facts, window=window, window_source=source if window else "", build=str(info.get("version") or ""))


async def read_ollama(probe: Probe, facts: UpstreamFacts, _entries: Entries) -> UpstreamFacts:
    """Ollama: the window in force is that of the running model in `/api/ps`; before the first request none runs.

    `/api/show` tells what the model was trained for, which may be 60 times what the server gives it.
    """
    running = dicts(at(await probe.ask_if_there("/api/ps"), "models"))
    if not running:
        return facts
    window = count(running[0].get("context_length"))
    name = str(running[0].get("model") or running[0].get("name") or facts.model)
    return replace(facts, model=name, window=window, window_source="/api/ps" if window else "")


async def read_lm_studio(probe: Probe, facts: UpstreamFacts, _entries: Entries) -> UpstreamFacts:
    """LM Studio: `loaded_context_length` of the loaded model; its `max_context_length` is the trained maximum."""
    for entry in dicts(at(await probe.ask_if_there("/api/v0/models"), "data")):
        if entry.get("state") == "loaded" and entry.get("type") != "embeddings":
            window = count(entry.get("loaded_context_length"))
            return replace(
                facts,
                model=str(entry.get("id") or facts.model),
                window=window,
                window_source="/api/v0/models" if window else "",
                vision=entry.get("type") == "vlm",
            )
    return facts


async def read_tabby_api(probe: Probe, facts: UpstreamFacts, _entries: Entries) -> UpstreamFacts:
    """TabbyAPI lists every model of its folder; `/v1/model` is the one that is loaded."""
    loaded = await probe.ask_if_there("/v1/model") or {}
    window = count(at(loaded, "parameters", "max_seq_len"))
    vision = at(loaded, "parameters", "use_vision")
    return replace(
        facts,
        model=str(loaded.get("id") or facts.model),
        window=window,
        window_source="/v1/model" if window else "",
        vision=vision if isinstance(vision, bool) else None,
    )


async def read_listed(_probe: Probe, facts: UpstreamFacts, entries: Entries) -> UpstreamFacts:
    """Any other server, by what its list says; with several models only the operator knows which window counts."""
    if len(entries) != 1:
        return facts
    entry = entries[0]
    for path in (("max_model_len",), ("meta", "n_ctx"), ("context_length",), ("context_window",)):
        if window := count(at(entry, *path)):
            return replace(facts, window=window, window_source="/v1/models")
    return facts


READERS: dict[str, Reader] = {
    "vllm": read_vllm,
    "sglang": read_sglang,
    "ollama": read_ollama,
    "lmstudio": read_lm_studio,
    "tabbyapi": read_tabby_api,
}


def _n_ctx(props: JsonObject) -> int:
    return count(at(props, "default_generation_settings", "n_ctx"))
