"""Whose request this is: the session, the agent within it and the client program, from what real clients send."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

import orjson

from proxy_core.sessions.first_words import first_human_text, label
from proxy_core.sessions.purpose import request_kind
from proxy_core.translate.types import JsonObject
from proxy_core.value_types import value_type

__all__ = ["Identity", "client_of", "identify", "label", "request_kind", "short"]

LONGEST_ID = 128
SHORT = 6

_PLAIN_ID = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_ID}}}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_OLD_USER_ID = re.compile(r"user_.*_session_([\w-]+)\Z")
_PRODUCT = re.compile(r"([A-Za-z][\w.\-]*)(?:/v?(\d[\w.\-+]*))?")

_CLIENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"claude-(?:cli|code)/(\S+)", "claude-code"),
        (r"opencode/(\S+)", "opencode"),
        (r"(?:Async)?Anthropic(?:Bedrock|Vertex)?/Python (\S+)", "anthropic-sdk-python"),
        (r"Anthropic(?:Bedrock|Vertex)?/JS (\S+)", "anthropic-sdk-ts"),
        (r"Anthropic/Go (\S+)", "anthropic-sdk-go"),
        (r"ai-sdk/anthropic/(\S+)", "ai-sdk"),
    )
)


@value_type
class Identity:
    """Who sent a request.

    `session` is stable over a conversation; `agent` is "" for the main agent, else the sub-agent's id below the same
    session. `source` names the rule that found the session: "claude-code header", "metadata", "metadata (old form)",
    "session header" or "first message".
    """

    session: str
    agent: str
    parent_agent: str
    client: str
    client_version: str
    source: str

    @property
    def key(self) -> str:
        """One for each conversation: the session, or the session and its sub-agent."""
        return f"{self.session}/{self.agent}" if self.agent else self.session


def identify(headers: Mapping[str, str], body: JsonObject) -> Identity:
    """Identify a request; `headers` have lower-case names. Never fails: the last rule always finds something.

    Claude Code 2.1 sends the session as a header and, equal to it, inside the JSON text of `metadata.user_id`; its
    sub-agents add their own id to the same session. opencode sends `x-session-id` and `x-session-affinity`. A client
    that sends none is known by its program, its `user_id` and the first human words, which stay when the conversation
    grows; the system prompt is left out because its billing line changes with every request.
    """
    client, version = client_of(headers.get("user-agent", ""))
    session, source = _session(headers, body)
    return Identity(
        session=session,
        agent=_clean(headers.get("x-claude-code-agent-id", "")),
        parent_agent=_clean(headers.get("x-claude-code-parent-agent-id", "")),
        client=client,
        client_version=version,
        source=source,
    )


@lru_cache(256)
def client_of(user_agent: str) -> tuple[str, str]:
    """Name and version of the client program; ("unknown", "") when it does not say."""
    for pattern, name in _CLIENTS:
        if found := pattern.search(user_agent):
            return name, found[1].rstrip(",;)")[:40]
    found = _PRODUCT.match(user_agent)
    if not found:
        return "unknown", ""
    return found[1].lower()[:40], (found[2] or "")[:40]


def short(session: str) -> str:
    """Four to six characters by which a person knows a session again; fewer only if the id has no more.

    The head of a random UUID, else the tail: ids that begin with a kind or a time all begin alike.
    """
    if _UUID.fullmatch(session):
        return session[:SHORT].lower()
    letters = [character for character in session if character.isalnum()]
    return "".join(letters[-SHORT:])


def _session(headers: Mapping[str, str], body: JsonObject) -> tuple[str, str]:
    if given := _clean(headers.get("x-claude-code-session-id", "")):
        return given, "claude-code header"
    user = _user_id(body)
    if given := _clean(_session_in_json(user)):
        return given, "metadata"
    if found := _OLD_USER_ID.match(user):
        return _clean(found[1]), "metadata (old form)"
    for name in ("x-session-id", "x-session-affinity"):
        if given := _clean(headers.get(name, "")):
            return given, "session header"
    program, _ = client_of(headers.get("user-agent", ""))
    parts = (program, user, first_human_text(body))
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"first-{digest}", "first message"


def _user_id(body: JsonObject) -> str:
    metadata: object = body.get("metadata")
    user: object = cast("JsonObject", metadata).get("user_id") if isinstance(metadata, dict) else None
    return user if isinstance(user, str) else ""


def _session_in_json(user: str) -> str:
    if not user.startswith("{"):
        return ""
    try:
        document: object = orjson.loads(user)
    except orjson.JSONDecodeError:
        return ""
    session: object = cast("JsonObject", document).get("session_id") if isinstance(document, dict) else None
    return session if isinstance(session, str) else ""


def _clean(value: str) -> str:
    """The id as it is when it is short and plain, else a digest of it: ids go into logs, screens and URLs."""
    value = value.strip()
    if not value or _PLAIN_ID.fullmatch(value):
        return value
    return "id-" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
