"""Where a token count comes from, by what the server can do."""

import httpx
import orjson
import pytest

from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.tokens import TokenCounter, estimate

from .servers import REFUSED, ROOT, Server, recorded

BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "Read the file and fix the test. " * 20}],
    "tools": [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}],
    "tool_choice": "auto",
    "max_tokens": 64,
    "stream": True,
    "stream_options": {"include_usage": True},
    "response_format": {"type": "json_object"},
}
GUESS = (estimate(BODY), "estimate")
INPUT_TOKENS, TEMPLATE, TOKENIZE = "/v1/chat/completions/input_tokens", "/apply-template", "/tokenize"


async def counted(counter, facts):
    """The tokens of the body and the source of the figure."""
    count = await counter.count(BODY, facts)
    return count.tokens, count.source


OLD_LLAMA_CPP = {TEMPLATE: recorded("apply_template"), TOKENIZE: recorded("tokenize")}


@pytest.mark.parametrize(
    ("kind", "answers", "expected", "asked"),
    [
        ("llama.cpp", {INPUT_TOKENS: recorded("input_tokens")}, (308, "exact"), [INPUT_TOKENS]),
        ("unknown", {INPUT_TOKENS: recorded("input_tokens")}, (308, "exact"), [INPUT_TOKENS]),
        ("llama.cpp", OLD_LLAMA_CPP, (10, "exact"), [INPUT_TOKENS, TEMPLATE, TOKENIZE]),
        ("llama.cpp", {TEMPLATE: {"prompt": "x"}}, GUESS, [INPUT_TOKENS, TEMPLATE, TOKENIZE]),
        ("llama.cpp", {}, GUESS, [INPUT_TOKENS, TEMPLATE]),
        ("llama.cpp", {"*": REFUSED}, GUESS, [INPUT_TOKENS, TEMPLATE]),
        ("llama.cpp", {"*": httpx.ReadTimeout("")}, GUESS, [INPUT_TOKENS, TEMPLATE]),
        ("llama.cpp", {"*": (200, b"not json")}, GUESS, [INPUT_TOKENS, TEMPLATE]),
        ("llama.cpp", {"*": {"input_tokens": "many"}}, GUESS, [INPUT_TOKENS, TEMPLATE]),
        (
            "vllm",
            {TOKENIZE: {"count": 77, "max_model_len": 4096, "tokens": []}},
            (77, "exact"),
            [TOKENIZE],
        ),
        ("vllm", {}, GUESS, [TOKENIZE]),
        ("sglang", {"*": {"count": 77}}, GUESS, []),
        ("ollama", {}, GUESS, []),
        ("openrouter", {}, GUESS, []),
    ],
)
async def test_the_way_a_server_counts(kind, answers, expected, asked):
    server, facts = Server(answers), UpstreamFacts(kind=kind, model="m")
    assert await counted(TokenCounter(server.client, ROOT), facts) == expected
    assert server.asked == asked


async def test_only_what_the_template_sees_is_sent_and_with_the_key():
    server = Server({INPUT_TOKENS: {"input_tokens": 5}})
    counter = TokenCounter(server.client, ROOT, {"authorization": "Bearer k3y"})
    await counter.count(BODY, UpstreamFacts(kind="llama.cpp"))
    sent = orjson.loads(server.requests[0].content)
    assert sent == {name: BODY[name] for name in ("model", "messages", "tools", "tool_choice")}
    assert server.requests[0].headers["authorization"] == "Bearer k3y"


async def test_a_way_that_is_missing_is_not_tried_again_until_the_server_is_another():
    server, facts = Server({}), UpstreamFacts(kind="llama.cpp", model="m")
    counter = TokenCounter(server.client, ROOT)
    await counter.count(BODY, facts)
    server.asked.clear()
    assert await counted(counter, facts) == GUESS
    assert server.asked == []
    server.answers = {INPUT_TOKENS: {"input_tokens": 5}}
    newer = UpstreamFacts(kind="llama.cpp", model="m", build="newer")
    assert await counted(counter, newer) == (5, "exact")


async def test_a_failure_is_no_proof_that_the_way_is_missing():
    server, facts = (
        Server({"*": (500, {"error": {"message": "bad arguments in the history"}})}),
        UpstreamFacts("llama.cpp"),
    )
    counter = TokenCounter(server.client, ROOT)
    assert await counted(counter, facts) == GUESS
    server.answers = {INPUT_TOKENS: {"input_tokens": 5}}
    assert await counted(counter, facts) == (5, "exact")
