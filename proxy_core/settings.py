"""Every switch of Interlock, declared once.

A field of `Settings` carries its whole declaration: environment name, type, range or choices, default, whether it can
change while agents work, and one line of help. Validation, `--help`, the README's table, `.env.example` and the
console's controls are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, cast

from proxy_core.declaration import Setting, Value, declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force. Frozen: a change makes a new object, and a request keeps the one it started with."""

    llama_cpp_base: str = declare(
        "LLAMA_CPP_BASE", "url", "http://127.0.0.1:8080/v1", "upstream",
        "Address of the model server (OpenAI Chat Completions), with or without /v1", live=False,
    )  # fmt: skip
    upstream_api_key: str = declare(
        "UPSTREAM_API_KEY", "secret", "", "upstream", "Key for the model server, sent as Bearer", live=False
    )
    model_map: str = declare(
        "PROXY_MODEL_MAP", "pairs", "", "upstream",
        "Requested model names (with * and ?) and the upstream model for each; every other name gets the served model",
    )  # fmt: skip
    context_window: int = declare(
        "PROXY_CONTEXT_WINDOW", "integer", 0, "upstream", "Context window; 0 asks the model server",
        low=0, high=100_000_000, unit="tokens",
    )  # fmt: skip
    read_timeout: float = declare(
        "PROXY_READ_TIMEOUT", "number", 600.0, "upstream", "Longest silence of the model server before a request fails",
        low=1, high=86_400, unit="s",
    )  # fmt: skip
    connect_timeout: float = declare(
        "PROXY_CONNECT_TIMEOUT", "number", 5.0, "upstream", "Longest wait for a connection to the model server",
        low=0.1, high=300, unit="s",
    )  # fmt: skip
    connect_retries: int = declare(
        "PROXY_CONNECT_RETRIES", "integer", 4, "upstream",
        "Further tries, with growing pauses, when the model server cannot be reached or is loading", low=0, high=20,
    )  # fmt: skip
    max_connections: int = declare(
        "PROXY_MAX_CONNECTIONS", "integer", 256, "upstream", "Connections to the model server at one time",
        live=False, low=1, high=10_000,
    )  # fmt: skip
    side_slot: Literal["auto", "off"] = declare(
        "PROXY_SIDE_SLOT", "choice", "auto", "upstream",
        "llama.cpp with several slots: give each conversation a slot and side requests (titles, web search) another "
        "one, so that they do not push its prompt out (auto), or leave the choice to the server (off)",
        choices=("auto", "off"),
    )  # fmt: skip
    host: str = declare(
        "PROXY_HOST", "text", "127.0.0.1", "server", "Address to listen on; beyond loopback a token is needed",
        live=False,
    )  # fmt: skip
    port: int = declare(
        "PROXY_PORT", "integer", 4000, "server", "Port to listen on; 0 takes a free one", live=False, low=0, high=65_535
    )
    auth_token: str = declare(
        "PROXY_AUTH_TOKEN", "secret", "", "server", "Token that clients must send (x-api-key or Bearer)", live=False
    )
    log_level: str = declare(
        "PROXY_LOG_LEVEL", "choice", "info", "server", "Least severity that is logged",
        choices=("debug", "info", "warning", "error"),
    )  # fmt: skip
    log_file: str = declare(
        "PROXY_LOG_FILE", "text", "", "server", "Log file (rotated at 5 MB); empty: a file in the user's state folder",
        live=False,
    )  # fmt: skip
    record_bodies: bool = declare(
        "PROXY_RECORD_BODIES", "switch", True, "server",
        "Keep the texts of the last requests in memory (64 MB at most) for the console's inspector; never on disk",
    )  # fmt: skip
    max_body_mb: int = declare(
        "PROXY_MAX_BODY_MB", "integer", 64, "server", "Largest request body that is read", low=1, high=1024, unit="MB"
    )
    ping_interval: float = declare(
        "PROXY_PING_INTERVAL", "number", 4.0, "server", "Pause between pings while the model server is silent",
        low=0.2, high=5, unit="s",
    )  # fmt: skip
    broken_stream: Literal["auto", "event", "cut"] = declare(
        "PROXY_BROKEN_STREAM", "choice", "auto", "server",
        "How a stream that broke after content ends: error event, cut connection, or auto (cut for Claude Code and "
        "opencode, which then retry; an error event for the others)",
        choices=("auto", "event", "cut"),
    )  # fmt: skip
    session_ttl_secs: int = declare(
        "PROXY_SESSION_TTL_SECS", "integer", 7200, "sessions", "Time after which an idle session is forgotten",
        low=10, high=2_592_000, unit="s",
    )  # fmt: skip
    max_sessions: int = declare(
        "PROXY_MAX_SESSIONS", "integer", 500, "sessions", "Sessions kept; the longest idle goes first",
        low=1, high=100_000,
    )  # fmt: skip
    system_reminders: Literal["reminder", "raw"] = declare(
        "PROXY_SYSTEM_REMINDERS", "choice", "reminder", "translation",
        "System messages inside a conversation: a reminder on the user's side (strict templates refuse a second system "
        "message) or raw",
        choices=("reminder", "raw"),
    )  # fmt: skip
    text_tool_calls: bool = declare(
        "PROXY_TEXT_TOOL_CALLS", "switch", True, "translation",
        "Read tool calls that the model wrote as text, when the tool is declared",
    )  # fmt: skip
    stream_reasoning_fallback: Literal["off", "sanitized", "visible"] = declare(
        "PROXY_STREAM_REASONING_FALLBACK", "choice", "off", "guardrails",
        "A turn that is only reasoning: leave it, add a sanitized excerpt as text, or make the reasoning visible text",
        choices=("off", "sanitized", "visible"),
    )  # fmt: skip
    stream_reasoning_max_chars: int = declare(
        "PROXY_STREAM_REASONING_MAX_CHARS", "integer", 240, "guardrails", "Length of the sanitized excerpt",
        low=20, high=20_000, unit="characters",
    )  # fmt: skip

    reasoning_limit: int = declare(
        "PROXY_REASONING_LIMIT", "integer", 200_000, "guardrails",
        "Reasoning longer than this is cut with an explanation; 0 never", low=0, high=100_000_000, unit="characters",
    )  # fmt: skip

    loop_breaker: bool = declare(
        "PROXY_LOOP_BREAKER", "switch", True, "guardrails", "Act when an agent repeats calls that bring nothing new"
    )
    loop_note: bool = declare(
        "PROXY_LOOP_NOTE", "switch", True, "guardrails",
        "Loop breaker, step 1: tell the model, inside the last tool result",
    )  # fmt: skip
    loop_release: bool = declare(
        "PROXY_LOOP_RELEASE", "switch", True, "guardrails",
        "Loop breaker, step 2: let the model answer in words although a call was demanded",
    )  # fmt: skip
    loop_hide_tool: Literal["auto", "on", "off"] = declare(
        "PROXY_LOOP_HIDE_TOOL", "choice", "auto", "guardrails",
        "Loop breaker, step 3: leave the looping tool out of one request; the server then reads the whole prompt "
        "again, so auto does it only where that is cheap or the loop has cost more",
        choices=("auto", "on", "off"),
    )  # fmt: skip
    loop_end: bool = declare(
        "PROXY_LOOP_END", "switch", True, "guardrails",
        "Loop breaker, step 4: end the turn with an explanation instead of asking the model again",
    )  # fmt: skip
    loop_window: int = declare(
        "PROXY_LOOP_WINDOW", "integer", 6, "guardrails", "Turns with the same calls for the older release rule",
        low=2, high=100, unit="turns",
    )  # fmt: skip
    loop_repeat_threshold: int = declare(
        "PROXY_LOOP_REPEAT_THRESHOLD", "integer", 8, "guardrails",
        "Release a demanded call after the same calls so many turns in a row", low=2, high=1000, unit="turns",
    )  # fmt: skip
    forced_threshold: int = declare(
        "PROXY_FORCED_THRESHOLD", "integer", 15, "guardrails",
        "Release a demanded call after so many turns of calls in a row", low=2, high=1000, unit="turns",
    )  # fmt: skip
    no_progress_threshold: int = declare(
        "PROXY_NO_PROGRESS_THRESHOLD", "integer", 4, "guardrails",
        "Turns without anything new that both older release rules ask for", low=0, high=1000, unit="turns",
    )  # fmt: skip
    context_release_threshold: float = declare(
        "PROXY_CONTEXT_RELEASE_THRESHOLD", "number", 0.90, "guardrails",
        "Release a demanded call once this share of the context window is in use", low=0.1, high=1,
    )  # fmt: skip
    tool_choice: Literal["client", "smart"] = declare(
        "PROXY_TOOL_CHOICE", "choice", "client", "guardrails",
        "Who decides whether a call is demanded: the client, or smart (demand one in an active tool loop, for models "
        "that stop early)",
        choices=("client", "smart"),
    )  # fmt: skip
    guardrail_retry: bool = declare(
        "PROXY_GUARDRAIL_RETRY", "switch", True, "guardrails",
        "Go on once, in the same message, after a reply that announces an action and stops",
    )  # fmt: skip
    tool_call_repair: bool = declare(
        "PROXY_TOOL_CALL_REPAIR", "switch", True, "guardrails",
        "Hold a tool call until it fits its tool; mend it where only one meaning is possible, else ask once more",
    )  # fmt: skip
    broken_tool_calls: Literal["auto", "raw", "text"] = declare(
        "PROXY_BROKEN_TOOL_CALLS", "choice", "auto", "guardrails",
        "A call that could not be mended: raw as the model wrote it, a line of text instead, or auto (raw for Claude "
        "Code, which answers it with an error itself)",
        choices=("auto", "raw", "text"),
    )  # fmt: skip
    repetition_cut: bool = declare(
        "PROXY_REPETITION_CUT", "switch", True, "guardrails", "Cut a reply that repeats itself and ask once more"
    )
    agentic_supplement: bool = declare(
        "PROXY_AGENTIC_SUPPLEMENT", "switch", False, "guardrails",
        "Append a short working protocol to the system text, for models that need it",
    )  # fmt: skip
    prune_threshold: float = declare(
        "PROXY_CONTEXT_PRUNE_THRESHOLD", "number", 0.75, "guardrails",
        "Share of the context window from which a conversation is pruned; 1 prunes as late as an answer allows",
        low=0.2, high=1,
    )  # fmt: skip
    prune_target: float = declare(
        "PROXY_CONTEXT_PRUNE_TARGET", "number", 0.50, "guardrails",
        "Share of the context window down to which it is pruned; a low one prunes, and prefills, less often",
        low=0.1, high=0.9,
    )  # fmt: skip
    prune_keep_last: int = declare(
        "PROXY_PRUNE_KEEP_LAST", "integer", 6, "guardrails", "Newest messages that pruning never touches",
        low=1, high=1000, unit="messages",
    )  # fmt: skip
    overflow: Literal["auto", "prune", "compact"] = declare(
        "PROXY_OVERFLOW", "choice", "auto", "guardrails",
        "When a conversation outgrows the window: prune it, compact (prune nothing, let the client summarise), or auto "
        "(prune tool results; before whole turns would go, let a client that can do so compact)",
        choices=("auto", "prune", "compact"),
    )  # fmt: skip
    max_tokens_floor: int = declare(
        "PROXY_MAX_TOKENS_FLOOR", "integer", 0, "guardrails",
        "Least max_tokens of a thinking turn with tools; 0 never raises what the client asked for",
        low=0, high=1_000_000, unit="tokens",
    )  # fmt: skip
    usage_scale: int = declare(
        "PROXY_USAGE_SCALE", "integer", 0, "guardrails",
        "Window that the client assumes (Claude Code: 200000): input tokens are reported as if the model's were that "
        "large, so that it compacts in time; 0 reports true counts",
        low=0, high=100_000_000, unit="tokens",
    )  # fmt: skip

    def changed(self, values: dict[str, Value]) -> Settings:
        """With the given attributes (by environment name) replaced; the values are already parsed."""
        if not values:
            return self
        return replace(self, **{SPEC_BY_NAME[name].attribute: value for name, value in values.items()})

    def value(self, name: str) -> Value:
        """The value of the setting with this environment name."""
        return cast("Value", getattr(self, SPEC_BY_NAME[name].attribute))


def _specs() -> tuple[Setting, ...]:
    return tuple(
        replace(cast("Setting", entry.metadata["setting"]), attribute=entry.name) for entry in fields(Settings)
    )


SPECS: tuple[Setting, ...] = _specs()
"""All declarations, in the order in which people read them."""

SPEC_BY_NAME: dict[str, Setting] = {spec.name: spec for spec in SPECS}
