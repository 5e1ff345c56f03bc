"""What a model server is, told from its answers."""

import httpx
import pytest

from proxy_core.upstream.discovery import (
    UpstreamFacts,
    UpstreamLoading,
    UpstreamRefused,
    UpstreamUnreachable,
    discover,
)

from .servers import LLAMA_CPP, LOADING, REFUSED, ROOT, Server, models, recorded

KEY = {"authorization": "Bearer k3y"}


async def found(answers, **more):
    return await discover(Server(answers, **more).client, ROOT, headers={})


def props(**changes):
    return {**recorded("props"), **changes}


NO_N_CTX = {"default_generation_settings": {"params": {}}}
TINY = {"kind": "llama.cpp", "model": "tiny-babble", "models": ("tiny-babble",)}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            LLAMA_CPP,
            UpstreamFacts(
                **TINY, window=4096, window_source="/props", slots=2, vision=False, unified_kv=None, build="b0-unknown"
            ),
        ),
        (
            {**LLAMA_CPP, "/props": recorded("props_sleeping")},
            UpstreamFacts(
                **TINY, window=2048, window_source="/props", slots=1, vision=False, unified_kv=False, build="b0-unknown"
            ),
        ),
        (
            {**LLAMA_CPP, "/props": NO_N_CTX},
            UpstreamFacts(**TINY, window=4096, window_source="/v1/models"),
        ),
        (
            {"/v1/models": models({"id": "m", "owned_by": "llamacpp"}), "/props": NO_N_CTX, "/slots": [{"n_ctx": 512}]},
            UpstreamFacts("llama.cpp", "m", ("m",), 512, "/slots"),
        ),
        (
            {
                "/v1/models": models({"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}),
                "/props": {**NO_N_CTX, "total_slots": 1},
                "/slots": (501, recorded("error_slots_disabled")),
            },
            UpstreamFacts("llama.cpp", "m", ("m",), slots=1, unified_kv=False),
        ),
        (
            {"/v1/models": models({"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 1024}})},
            UpstreamFacts("llama.cpp", "m", ("m",), 1024, "/v1/models"),
        ),
        (
            {"/props": props(model_alias="alone", total_slots=4, build_info="b6000", modalities={"vision": True})},
            UpstreamFacts("llama.cpp", "alone", ("alone",), 4096, "/props", slots=4, vision=True, build="b6000"),
        ),
        (
            {
                "/v1/models": models(
                    {"id": "cold", "owned_by": "llamacpp", "status": {"value": "unloaded"}},
                    {"id": "warm", "owned_by": "llamacpp", "status": {"value": "loaded"}},
                ),
                "/props": {"role": "router", "default_generation_settings": {"n_ctx": 0}},
                "/props?model=warm": {"default_generation_settings": {"n_ctx": 32768}, "total_slots": 1},
            },
            UpstreamFacts("llama.cpp", "warm", ("cold", "warm"), 32768, "/props", slots=1, unified_kv=False),
        ),
        (
            {"/v1/models": models({"id": "Qwen/Q", "owned_by": "vllm", "max_model_len": 40960})},
            UpstreamFacts("vllm", "Qwen/Q", ("Qwen/Q",), 40960, "/v1/models"),
        ),
        (
            {"/v1/models": models({"id": "Q", "owned_by": "sglang", "max_model_len": 32768})},
            UpstreamFacts("sglang", "Q", ("Q",), 32768, "/v1/models"),
        ),
        (
            {
                "/v1/models": models({"id": "Q", "owned_by": "sglang"}),
                "/get_server_info": {"context_length": 16384, "version": "0.5"},
            },
            UpstreamFacts("sglang", "Q", ("Q",), 16384, "/get_server_info", build="0.5"),
        ),
        (
            {
                "/v1/models": models({"id": "a:8b", "owned_by": "library"}, {"id": "b:4b", "owned_by": "library"}),
                "/api/ps": {"models": [{"name": "b:4b", "model": "b:4b", "context_length": 8192}]},
            },
            UpstreamFacts("ollama", "b:4b", ("a:8b", "b:4b"), 8192, "/api/ps"),
        ),
        (
            {"/v1/models": models({"id": "a:8b", "owned_by": "library"}), "/api/ps": {"models": []}},
            UpstreamFacts("ollama", "a:8b", ("a:8b",)),
        ),
        (
            {"/v1/models": models({"id": "hf.co/x/y", "owned_by": "x"}), "/api/ps": {"models": []}},
            UpstreamFacts("ollama", "hf.co/x/y", ("hf.co/x/y",)),
        ),
        (
            {
                "/v1/models": models({"id": "e", "owned_by": "organization_owner"}),
                "/api/v0/models": {
                    "data": [
                        {"id": "e", "type": "embeddings", "state": "loaded", "loaded_context_length": 512},
                        {"id": "cold", "type": "llm", "state": "not-loaded", "max_context_length": 131072},
                        {
                            "id": "eyes",
                            "type": "vlm",
                            "state": "loaded",
                            "max_context_length": 131072,
                            "loaded_context_length": 8192,
                        },
                    ]
                },
            },
            UpstreamFacts("lmstudio", "eyes", ("e",), 8192, "/api/v0/models", vision=True),
        ),
        (
            {
                "/v1/models": models({"id": "m", "owned_by": "organization_owner"}),
                "/api/v0/models": {
                    "data": [{"id": "m", "type": "llm", "state": "loaded", "max_context_length": 131072}]
                },
            },
            UpstreamFacts("lmstudio", "m", ("m",), vision=False),
        ),
        (
            {
                "/v1/models": models({"id": "one", "owned_by": "tabbyAPI"}, {"id": "two", "owned_by": "tabbyAPI"}),
                "/v1/model": {"id": "two", "parameters": {"max_seq_len": 16384, "use_vision": True}},
            },
            UpstreamFacts("tabbyapi", "two", ("one", "two"), 16384, "/v1/model", vision=True),
        ),
        (
            {
                "/v1/models": models(
                    {"id": "big/a", "pricing": {}, "context_length": 1_000_000},
                    {"id": "big/b", "pricing": {}, "context_length": 8192},
                )
            },
            UpstreamFacts("openrouter", "big/a", ("big/a", "big/b")),
        ),
        (
            {"/v1/models": models({"id": "own", "owned_by": "me", "context_length": 2048})},
            UpstreamFacts("unknown", "own", ("own",), 2048, "/v1/models"),
        ),
        ({"/v1/models": models({"id": "own", "owned_by": "me"})}, UpstreamFacts("unknown", "own", ("own",))),
        (
            {
                "/v1/models": models({"id": "own", "owned_by": "me"}),
                "/props": {"error": "Unexpected endpoint or method. (GET /props)"},
                "/api/ps": {"error": "Unexpected endpoint or method. (GET /api/ps)"},
            },
            UpstreamFacts("unknown", "own", ("own",)),
        ),
        ({}, UpstreamFacts.unknown()),
        ({"*": (200, b"<html>a router's page</html>")}, UpstreamFacts.unknown()),
        ({"/v1/models": {"data": [None, 5, {"id": 7}]}}, UpstreamFacts.unknown()),
    ],
)
async def test_facts_of_each_kind_of_server(answers, expected):
    assert await found(answers) == expected


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        (LLAMA_CPP, ["/v1/models", "/props"]),
        ({"/v1/models": models({"id": "q", "owned_by": "vllm", "max_model_len": 1})}, ["/v1/models"]),
        ({"/v1/models": models({"id": "q", "owned_by": "library"})}, ["/v1/models", "/api/ps"]),
        ({}, ["/v1/models", "/props", "/api/ps"]),
    ],
)
async def test_few_questions_are_asked(answers, asked):
    server = Server(answers)
    await discover(server.client, ROOT, headers={})
    assert server.asked == asked


async def test_every_question_carries_the_key_and_the_path_prefix():
    server = Server(LLAMA_CPP, prefix="/team")
    facts = await discover(server.client, ROOT + "/team", headers=KEY)
    assert facts.window == 4096
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer k3y"}


@pytest.mark.parametrize(
    ("answers", "error", "says"),
    [
        ({"*": LOADING}, UpstreamLoading, "Loading model"),
        ({"*": (503, b"busy")}, UpstreamLoading, "503"),
        ({**LLAMA_CPP, "/props": LOADING}, UpstreamLoading, "Loading model"),
        ({"*": REFUSED}, UpstreamRefused, "401: set UPSTREAM_API_KEY"),
        ({"*": (403, {})}, UpstreamRefused, "403: set UPSTREAM_API_KEY"),
        ({**LLAMA_CPP, "/props": REFUSED}, UpstreamRefused, "401"),
        ({"*": (502, b"<html>Bad Gateway</html>")}, UpstreamUnreachable, "502 Bad Gateway"),
        ({"*": httpx.ReadTimeout("")}, UpstreamUnreachable, "model.test:80"),
        ({"*": httpx.ConnectError("")}, UpstreamUnreachable, "model.test:80"),
    ],
)
async def test_servers_that_do_not_tell(answers, error, says):
    with pytest.raises(error) as raised:
        await found(answers)
    assert says in str(raised.value)


async def test_a_refused_props_of_another_server_is_no_refusal():
    facts = await found({"/v1/models": models({"id": "own", "owned_by": "me"}), "/props": REFUSED})
    assert (facts.kind, facts.model) == ("unknown", "own")
