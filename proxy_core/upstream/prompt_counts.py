"""Asks the model server how many tokens a prompt has, where it can count without generating."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

import aiohttp
import httpx
import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.translate.written import write
from proxy_core.upstream import urls
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.probe import at, count

COUNT_SECONDS = 5.0
ABSENT = frozenset({404, 405, 501})
COUNTS_KEPT = 512

_PROMPT_KEYS = ("model", "messages", "tools", "tool_choice", "chat_template_kwargs", "reasoning_effort")
"""What the template sees; limits and formats of the answer could only make the server refuse to count."""

_VLLM_KEYS = ("model", "messages", "tools", "chat_template_kwargs")


class PromptCounts:
    """Counts on one model server.

    Knows which ways of counting that server lacks until it is another one, and remembers the last counts: Claude Code
    counts a prompt and sends it right after.
    """

    def __init__(self, client: httpx.AsyncClient, root: str, headers: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._root = root
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._facts = UpstreamFacts.unknown()
        self._missing: set[str] = set()
        self._known: OrderedDict[int, int] = OrderedDict()

    async def count(self, body: JsonObject, facts: UpstreamFacts, patience: float = COUNT_SECONDS) -> int:
        """The tokens of a Chat Completions body as the server of `facts` counts them; 0 when it does not tell in time.

        llama.cpp counts a whole body; older builds template and tokenise in two steps; vLLM tokenises messages and
        tools. `patience` is in seconds.
        """
        self._meet(facts)
        if facts.kind not in {"llama.cpp", "vllm", "unknown"}:
            return 0
        content = write(_only(body, _VLLM_KEYS if facts.kind == "vllm" else _PROMPT_KEYS))
        key = hash(content)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        tokens = 0
        try:
            async with asyncio.timeout(patience):
                tokens = await (self._vllm(content) if facts.kind == "vllm" else self._llama_cpp(content))
        except TimeoutError:
            return 0
        if tokens:
            self._known[key] = tokens
            if len(self._known) > COUNTS_KEPT:
                self._known.popitem(last=False)
        return tokens

    def _meet(self, facts: UpstreamFacts) -> None:
        if facts != self._facts:
            self._facts = facts
            self._missing.clear()
            self._known.clear()

    async def _vllm(self, prompt: bytes) -> int:
        return count(at(await self._ask(urls.tokenize(self._root), prompt), "count"))

    async def _llama_cpp(self, prompt: bytes) -> int:
        if tokens := count(at(await self._ask(urls.chat_input_tokens(self._root), prompt), "input_tokens")):
            return tokens
        text = at(await self._ask(urls.apply_template(self._root), prompt), "prompt")
        if not isinstance(text, str):
            return 0
        question = orjson.dumps({"content": text, "add_special": True, "parse_special": True})
        tokenised = at(await self._ask(urls.tokenize(self._root), question), "tokens")
        return len(cast("list[Any]", tokenised)) if isinstance(tokenised, list) else 0

    async def _ask(self, url: str, content: bytes) -> object:
        """The JSON answer; None when there is none. A way that the server does not have is not tried again."""
        if url in self._missing:
            return None
        try:
            answer = await self._client.post(url, content=content, headers=self._headers, timeout=COUNT_SECONDS)
            if answer.status_code in ABSENT:
                self._missing.add(url)
            return cast("object", orjson.loads(answer.content)) if answer.is_success else None
        except (httpx.HTTPError, aiohttp.ClientError, OSError, orjson.JSONDecodeError):
            return None


def _only(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: body[name] for name in names if name in body}
