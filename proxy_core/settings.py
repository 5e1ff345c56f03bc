"""Every switch of Interlock, declared once.

A field of `Settings` carries its whole declaration: environment name, type, range or choices, default, whether it can
change while agents work, and one line of help. Validation, `--help`, the README's table, `.env.example` and the
console's controls are made from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, cast

from proxy_core.upstream.urls import normalise_base

Kind: TypeAlias = Literal["switch", "integer", "number", "choice", "text", "url", "secret", "pairs"]
Value: TypeAlias = "bool | int | float | str"

ON = frozenset({"1", "true", "yes", "on", "y", "enabled"})
OFF = frozenset({"0", "false", "no", "off", "n", "disabled"})


class BadSetting(ValueError):
    """A value that the declaration of its setting refuses; the message names the setting and what is allowed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one switch. `low` and `high` are inclusive; `unit` is for people ("s", "tokens")."""

    name: str
    attribute: str
    kind: Kind
    default: Value
    help: str
    group: str
    live: bool
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @property
    def flag(self) -> str:
        """The command line form: PROXY_PORT is `--port`, LLAMA_CPP_BASE is `--llama-cpp-base`."""
        return "--" + self.name.removeprefix("PROXY_").lower().replace("_", "-")

    @property
    def allowed(self) -> str:
        """What may stand here, in words: "on or off", "one of off, sanitized, visible", "1 to 65535"."""
        if self.kind == "switch":
            return "on or off"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind in {"integer", "number"}:
            return f"{self._bound(self.low)} to {self._bound(self.high)}" + (f" {self.unit}" if self.unit else "")
        if self.kind == "pairs":
            return "name=model pairs separated by commas"
        return "an http or https address" if self.kind == "url" else "text"

    @staticmethod
    def _bound(bound: float | None) -> str:
        return "any" if bound is None else f"{bound:g}" if bound < 1e6 else f"{bound:.0f}"

    def parse(self, text: str) -> Value:
        """Read the value a person wrote. Raises `BadSetting` with the allowed values in plain words."""
        cleaned = text.strip()
        readers = {"switch": self._switch, "integer": self._integer, "number": self._number, "choice": self._choice}
        reader = readers.get(self.kind)
        if reader is not None:
            return reader(cleaned)
        if self.kind == "url":
            try:
                normalise_base(cleaned)
            except ValueError as error:
                raise BadSetting(f"{self.name}: {error}") from None
        if self.kind == "pairs" and not all("=" in pair for pair in cleaned.split(",") if pair.strip()):
            raise BadSetting(f"{self.name}: {cleaned!r} is not a list of {self.allowed}")
        return cleaned

    def show(self, value: Value) -> str:
        """The value as a person writes it; `parse(show(v)) == v`."""
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def masked(self, value: Value) -> str:
        """The value for screens and logs: secrets are hidden."""
        if self.kind == "secret":
            return "(set)" if value else "(not set)"
        return self.show(value)

    def _refuse(self, text: str) -> BadSetting:
        return BadSetting(f"{self.name}: {text!r} is not allowed; use {self.allowed}")

    def _switch(self, text: str) -> bool:
        if text.lower() in ON:
            return True
        if text.lower() in OFF:
            return False
        raise self._refuse(text)

    def _integer(self, text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,15}", text):
            raise self._refuse(text)
        return int(self._in_range(int(text), text))

    def _number(self, text: str) -> float:
        try:
            return self._in_range(float(text), text)
        except ValueError:
            raise self._refuse(text) from None

    def _in_range(self, number: float, text: str) -> float:
        if (self.low is not None and not number >= self.low) or (self.high is not None and not number <= self.high):
            raise self._refuse(text)
        return number

    def _choice(self, text: str) -> str:
        if text.lower() in self.choices:
            return text.lower()
        raise self._refuse(text)


def _declare(  # noqa: PLR0913 - one declaration, read as one line each
    name: str,
    kind: Kind,
    default: Value,
    group: str,
    help_line: str,
    *,
    live: bool = True,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
) -> Any:
    spec = Setting(name, "", kind, default, help_line, group, live, choices, low, high, unit)
    return field(default=default, metadata={"setting": spec})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force. Frozen: a change makes a new object, and a request keeps the one it started with."""

    llama_cpp_base: str = _declare(
        "LLAMA_CPP_BASE", "url", "http://127.0.0.1:8080/v1", "upstream",
        "Address of the model server (OpenAI Chat Completions), with or without /v1", live=False,
    )  # fmt: skip
    upstream_api_key: str = _declare(
        "UPSTREAM_API_KEY", "secret", "", "upstream", "Key for the model server, sent as Bearer", live=False
    )
    model_map: str = _declare(
        "PROXY_MODEL_MAP", "pairs", "", "upstream",
        "Requested model names (with * and ?) and the upstream model for each; every other name gets the served model",
    )  # fmt: skip
    context_window: int = _declare(
        "PROXY_CONTEXT_WINDOW", "integer", 0, "upstream", "Context window; 0 asks the model server",
        low=0, high=100_000_000, unit="tokens",
    )  # fmt: skip
    read_timeout: float = _declare(
        "PROXY_READ_TIMEOUT", "number", 600.0, "upstream", "Longest silence of the model server before a request fails",
        low=1, high=86_400, unit="s",
    )  # fmt: skip
    connect_timeout: float = _declare(
        "PROXY_CONNECT_TIMEOUT", "number", 5.0, "upstream", "Longest wait for a connection to the model server",
        low=0.1, high=300, unit="s",
    )  # fmt: skip
    connect_retries: int = _declare(
        "PROXY_CONNECT_RETRIES", "integer", 4, "upstream",
        "Further tries, with growing pauses, when the model server cannot be reached or is loading", low=0, high=20,
    )  # fmt: skip
    max_connections: int = _declare(
        "PROXY_MAX_CONNECTIONS", "integer", 256, "upstream", "Connections to the model server at one time",
        live=False, low=1, high=10_000,
    )  # fmt: skip
    host: str = _declare(
        "PROXY_HOST", "text", "127.0.0.1", "server", "Address to listen on; beyond loopback a token is needed",
        live=False,
    )  # fmt: skip
    port: int = _declare(
        "PROXY_PORT", "integer", 4000, "server", "Port to listen on; 0 takes a free one", live=False, low=0, high=65_535
    )
    auth_token: str = _declare(
        "PROXY_AUTH_TOKEN", "secret", "", "server", "Token that clients must send (x-api-key or Bearer)", live=False
    )
    log_level: str = _declare(
        "PROXY_LOG_LEVEL", "choice", "info", "server", "Least severity that is logged",
        choices=("debug", "info", "warning", "error"),
    )  # fmt: skip
    log_file: str = _declare(
        "PROXY_LOG_FILE", "text", "", "server", "Log file (rotated at 5 MB); empty: a file in the user's state folder",
        live=False,
    )  # fmt: skip
    max_body_mb: int = _declare(
        "PROXY_MAX_BODY_MB", "integer", 64, "server", "Largest request body that is read", low=1, high=1024, unit="MB"
    )
    ping_interval: float = _declare(
        "PROXY_PING_INTERVAL", "number", 4.0, "server", "Pause between pings while the model server is silent",
        low=0.2, high=5, unit="s",
    )  # fmt: skip
    broken_stream: Literal["auto", "event", "cut"] = _declare(
        "PROXY_BROKEN_STREAM", "choice", "auto", "server",
        "How a stream that broke after content ends: error event, cut connection, or auto (cut for Claude Code, which "
        "then retries; an error event for the others)",
        choices=("auto", "event", "cut"),
    )  # fmt: skip
    session_ttl_secs: int = _declare(
        "PROXY_SESSION_TTL_SECS", "integer", 7200, "sessions", "Time after which an idle session is forgotten",
        low=10, high=2_592_000, unit="s",
    )  # fmt: skip
    max_sessions: int = _declare(
        "PROXY_MAX_SESSIONS", "integer", 500, "sessions", "Sessions kept; the longest idle goes first",
        low=1, high=100_000,
    )  # fmt: skip
    system_reminders: Literal["reminder", "raw"] = _declare(
        "PROXY_SYSTEM_REMINDERS", "choice", "reminder", "translation",
        "System messages inside a conversation: a reminder on the user's side (strict templates refuse a second system "
        "message) or raw",
        choices=("reminder", "raw"),
    )  # fmt: skip
    text_tool_calls: bool = _declare(
        "PROXY_TEXT_TOOL_CALLS", "switch", True, "translation",
        "Read tool calls that the model wrote as text, when the tool is declared",
    )  # fmt: skip
    stream_reasoning_fallback: Literal["off", "sanitized", "visible"] = _declare(
        "PROXY_STREAM_REASONING_FALLBACK", "choice", "off", "guardrails",
        "A turn that is only reasoning: leave it, add a sanitized excerpt as text, or make the reasoning visible text",
        choices=("off", "sanitized", "visible"),
    )  # fmt: skip
    stream_reasoning_max_chars: int = _declare(
        "PROXY_STREAM_REASONING_MAX_CHARS", "integer", 240, "guardrails", "Length of the sanitized excerpt",
        low=20, high=20_000, unit="characters",
    )  # fmt: skip

    def changed(self, values: dict[str, Value]) -> Settings:
        """A copy with the given attributes (by environment name) replaced; the values are already parsed."""
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
