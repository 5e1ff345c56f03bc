"""Recognises "the prompt does not fit" in the words of every model server, with the numbers it gives.

Claude Code compacts the conversation only when it reads `prompt is too long: N tokens > M maximum` in a 400; the
server's own wording makes it give up, a 5xx makes it send the same prompt again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxy_core.translate.types import JsonObject
from proxy_core.translate.usage import count


@dataclass(frozen=True, slots=True)
class Overflow:
    """`tokens` that the request needs against the `limit` of the server's window.

    The tokens of the prompt, or with the wished `output` where only together they are too many. All 0 when the server
    named no numbers.
    """

    tokens: int
    limit: int
    output: int = 0


_CODES = frozenset({"exceed_context_size_error", "context_length_exceeded", "context_window_exceeded"})

_ABOUT = re.compile(
    r"context (?:length|size|window|limit)|maximum (?:context|model|input) length|n_ctx|prompt (?:is )?too long"
    r"|input (?:is |length )?(?:too long|exceeds)|input token count|context the overflows|max_new_tokens",
    re.IGNORECASE,
)
_EXCEEDED = re.compile(
    r"exceed|longer than|too long|too large|maximum context length is|overflow|n_keep|greater than"
    r"|must be <=|length is only|too many",
    re.IGNORECASE,
)

_PROMPT = re.compile(r"\b(?:prompt|input|messages)\b", re.IGNORECASE)

_NUMBERS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        # llama.cpp
        r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<limit>\d+)",
        # vLLM, OpenAI, OpenRouter
        (
            r"maximum context length is (?P<limit>\d+) tokens.*?requested (?:about )?\d+ tokens"
            r" \((?P<prompt>\d+) (?:in the messages|of text input|in your prompt)[^,;]*[,;] (?P<output>\d+)"
        ),
        (
            r"maximum context length is (?P<limit>\d+) tokens.*?requested (?P<output>\d+) output tokens"
            r".*?contains (?:at least )?(?P<prompt>\d+) input tokens"
        ),
        (
            r"passed (?P<prompt>\d+) input tokens and requested (?P<output>\d+) output tokens"
            r".*?context length is (?:only )?(?P<limit>\d+)"
        ),
        (
            r"too large: (?P<output>\d+)\..*?maximum context length is (?P<limit>\d+) tokens"
            r".*?has (?P<prompt>\d+) input tokens"
        ),
        r"too large: (?P<output>\d+).*?\(\d+ > (?P<limit>\d+) - (?P<prompt>\d+)\)",
        (
            r"maximum context length is (?P<limit>\d+) tokens.*?(?:resulted in|contains at least|requested) (?:about )?"
            r"(?P<prompt>\d+)\b(?! output)"
        ),
        r"prompt \((?:total )?length (?P<prompt>\d+)\) is longer than the maximum model length of (?P<limit>\d+)",
        # SGLang
        r"input \((?P<prompt>\d+) tokens\) is longer than the model's context length \((?P<limit>\d+)",
        (
            r"maximum context length of (?P<limit>\d+) tokens.*?total of \d+ tokens:"
            r" (?P<prompt>\d+) tokens from the input messages and (?P<output>\d+)"
        ),
        # LM Studio
        r"keep the first (?P<prompt>\d+) tokens.*?context length of (?:only )?(?P<limit>\d+)",
        r"n_keep: (?P<prompt>\d+)\s*>=?\s*n_ctx: (?P<limit>\d+)",
        # TGI, Mistral, Gemini, Anthropic itself
        r"must be <= (?P<limit>\d+)\. Given: (?P<prompt>\d+) `?inputs`? tokens and (?P<output>\d+)",
        r"contains (?P<prompt>\d+) tokens.*?(?P<limit>\d+) maximum context length",
        r"input token count \((?P<prompt>\d+)\) exceeds the maximum number of tokens allowed \((?P<limit>\d+)",
        r"prompt is too long: (?P<prompt>\d+) tokens > (?P<limit>\d+)",
        r"(?P<prompt>\d+) tokens? exceeds?[^0-9]{0,80}(?P<limit>\d+)",
    )
]


def find_overflow(error: JsonObject, message: str, status: int) -> tuple[Overflow, str] | None:
    """The overflow that an error reports and the message to give to the client, or None when it is another error.

    A 5xx counts only when it names numbers or the prompt: llama.cpp's "Context size has been exceeded" in the middle of
    an answer means that other streams filled the shared cache, which passes.
    """
    coded = str(error.get("type")) in _CODES or str(error.get("code")) in _CODES
    worded = bool(_ABOUT.search(message) and _EXCEEDED.search(message))
    if not coded and not worded:
        return None
    found = _fields(error) or _numbers(message)
    if found is None:
        passing = status >= 500 and not coded and not _PROMPT.search(message)
        return None if passing else (Overflow(0, 0), f"prompt is too long: {message}")
    prompt, output, limit = found
    if prompt > limit:
        return Overflow(prompt, limit), f"prompt is too long: {prompt} tokens > {limit} maximum"
    total = prompt + output
    if output and total > limit:
        return Overflow(total, limit, output), (
            f"input length and `max_tokens` exceed context limit: {prompt} + {output} > {limit}, decrease input length"
            f" or `max_tokens` and try again (prompt is too long: {total} tokens > {limit} maximum, output included)"
        )
    return Overflow(0, 0), f"prompt is too long: {message}"


def _fields(error: JsonObject) -> tuple[int, int, int] | None:
    prompt, limit = count(error.get("n_prompt_tokens")), count(error.get("n_ctx"))
    return (prompt, 0, limit) if prompt and limit else None


def _numbers(message: str) -> tuple[int, int, int] | None:
    """Prompt, wished output and limit; numbers may be written with separators."""
    plain = re.sub(r"(?<=\d)[,_](?=\d{3})", "", message)
    for pattern in _NUMBERS:
        if match := pattern.search(plain):
            got = match.groupdict()
            return int(got["prompt"]), int(got.get("output") or 0), int(got["limit"])
    return None
