"""How many tokens a prompt costs: counted by the model server where it can, else estimated and calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import httpx
import orjson

from proxy_core.translate.types import JsonObject
from proxy_core.upstream import urls
from proxy_core.upstream.calibration import Calibration
from proxy_core.upstream.estimate import estimate
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.probe import at, count

__all__ = ["TokenCount", "TokenCounter", "estimate"]

COUNT_SECONDS = 5.0
ABSENT = frozenset({404, 405, 501})

_PROMPT_KEYS = ("model", "messages", "tools", "tool_choice", "chat_template_kwargs", "reasoning_effort")
"""What the template sees; limits and formats of the answer could only make the server refuse to count."""

_VLLM_KEYS = ("model", "messages", "tools", "chat_template_kwargs")


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of a prompt, and how they are known.

    `source` is "exact" (the server counted), "calibrated" (an estimate corrected by what the server counted before)
    or "estimate". `error` is the usual relative error, 0.1 for ten per cent, None unknown. `raw` is the estimate before
    calibration, 0 for exact counts.
    """

    tokens: int
    source: str
    error: float | None = None
    raw: int = 0


class TokenCounter:
    """Counts for one model server; knows which ways of counting that server lacks until it is another one."""

    def __init__(self, client: httpx.AsyncClient, root: str, headers: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._root = root
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._facts = UpstreamFacts.unknown()
        self._missing: set[str] = set()
        self._calibration = Calibration()

    def estimate(self, body: JsonObject) -> TokenCount:
        """The tokens of a Chat Completions body at once, without asking."""
        raw, model = estimate(body), str(body.get("model", ""))
        ratio = self._calibration.ratio(model)
        if ratio is None:
            return TokenCount(raw, "estimate", raw=raw)
        return TokenCount(max(round(raw * ratio), 1), "calibrated", self._calibration.error(model), raw)

    def observe(self, model: str, estimated: TokenCount, prompt_tokens: int) -> None:
        """The server counted `prompt_tokens` (cached ones included) for a prompt that was estimated before."""
        if estimated.raw:
            self._calibration.observe(model, estimated.raw, prompt_tokens)

    async def count(self, body: JsonObject, facts: UpstreamFacts) -> TokenCount:
        """The tokens of a Chat Completions body: exact where the server of `facts` counts, else the estimate.

        Never fails. llama.cpp counts a whole body; older builds template and tokenise in two steps; vLLM tokenises
        messages and tools.
        """
        if facts != self._facts:
            self._facts = facts
            self._missing.clear()
        tokens = 0
        if facts.kind in {"llama.cpp", "unknown"}:
            tokens = await self._llama_cpp(body)
        elif facts.kind == "vllm":
            tokens = count(at(await self._ask(urls.tokenize(self._root), _only(body, _VLLM_KEYS)), "count"))
        return TokenCount(tokens, "exact", 0.0) if tokens else self.estimate(body)

    async def _llama_cpp(self, body: JsonObject) -> int:
        prompt = _only(body, _PROMPT_KEYS)
        answer = await self._ask(urls.chat_input_tokens(self._root), prompt)
        if tokens := count(at(answer, "input_tokens")):
            return tokens
        text = at(await self._ask(urls.apply_template(self._root), prompt), "prompt")
        if not isinstance(text, str):
            return 0
        question = {"content": text, "add_special": True, "parse_special": True}
        tokenised = at(await self._ask(urls.tokenize(self._root), question), "tokens")
        return len(cast("list[Any]", tokenised)) if isinstance(tokenised, list) else 0

    async def _ask(self, url: str, body: JsonObject) -> object:
        """The JSON answer; None when there is none. A way that the server does not have is not tried again."""
        if url in self._missing:
            return None
        try:
            content = orjson.dumps(body)
            answer = await self._client.post(url, content=content, headers=self._headers, timeout=COUNT_SECONDS)
            if answer.status_code in ABSENT:
                self._missing.add(url)
            return cast("object", orjson.loads(answer.content)) if answer.is_success else None
        except (httpx.HTTPError, aiohttp.ClientError, OSError, orjson.JSONDecodeError):
            return None


def _only(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: body[name] for name in names if name in body}
