"""Which model a request gets, and which names clients see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.model_names import aliases, list_models, parse_model_map, served_model

ONE = UpstreamFacts("llama.cpp", "tiny-babble", ("tiny-babble",), 4096, "/props")
TWO = UpstreamFacts("ollama", "qwen3:8b", ("llama3:latest", "qwen3:8b"), 8192, "/api/ps")
ROUTER = UpstreamFacts("openrouter", "big/a", ("big/a", "big/b"))
MAP = {"claude-haiku*": "llama3:latest", "opus[1m]": "qwen3:8b", "*sonnet*": "elsewhere"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("a=b", {"a": "b"}),
        (" claude-haiku* = small , * = big ", {"claude-haiku*": "small", "*": "big"}),
        ("a=b=c", {"a": "b=c"}),
        ("=x, y=, z", {}),
    ],
)
def test_model_map_as_an_operator_writes_it(text, pairs):
    assert parse_model_map(text) == pairs


@pytest.mark.parametrize(
    ("requested", "facts", "model_map", "served"),
    [
        ("claude-sonnet-4-5", ONE, {}, "tiny-babble"),
        ("tiny-babble", ONE, {}, "tiny-babble"),
        ("claude-local-tiny-babble", ONE, {}, "tiny-babble"),
        ("", ONE, {}, "tiny-babble"),
        ("llama3:latest", TWO, {}, "llama3:latest"),
        ("claude-local-llama3-latest", TWO, {}, "llama3:latest"),
        ("anything", TWO, {}, "qwen3:8b"),
        ("claude-haiku-4-5", TWO, MAP, "llama3:latest"),
        ("claude-sonnet-4-5", TWO, MAP, "elsewhere"),
        ("opus[1m]", TWO, MAP, "qwen3:8b"),
        ("qwen3:8b", TWO, {"*": "llama3:latest"}, "qwen3:8b"),
        ("qwen3:8b", TWO, {"qwen3:8b": "llama3:latest"}, "llama3:latest"),
        ("claude-local-qwen3-8b", TWO, {"claude*": "llama3:latest"}, "qwen3:8b"),
        ("claude-opus-4", TWO, {"claude-*": "first", "*": "second"}, "first"),
        ("big/b", ROUTER, {}, "big/b"),
        ("claude-sonnet-4-5", ROUTER, {}, "claude-sonnet-4-5"),
        ("claude-sonnet-4-5", ROUTER, {"claude*": "big/b"}, "big/b"),
        ("claude-sonnet-4-5", UpstreamFacts.unknown(), {}, "claude-sonnet-4-5"),
        ("", UpstreamFacts.unknown(), {}, "default"),
    ],
)
def test_the_model_that_serves_a_name(requested, facts, model_map, served):
    assert served_model(requested, facts, model_map) == served


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (["Qwen/Qwen3-Coder-30B"], ["claude-local-qwen3-coder-30b"]),
        (["/models/My Model.Q4_K_M.gguf"], ["claude-local-my-model-q4-k-m"]),
        (["C:\\models\\a.GGUF"], ["claude-local-a"]),
        (
            ["qwen3:8b", "qwen3/8b", "x/qwen3-8b"],
            ["claude-local-qwen3-8b", "claude-local-8b", "claude-local-qwen3-8b-2"],
        ),
        (["模型"], ["claude-local"]),
    ],
)
def test_aliases(models, expected):
    assert list(aliases(tuple(models))) == expected


@given(st.lists(st.text(min_size=1), unique=True, max_size=8))
def test_every_alias_leads_back_to_its_model(models):
    named = aliases(tuple(models))
    assert list(named.values()) == models
    facts = UpstreamFacts(models=tuple(models), model=models[0] if models else "")
    for alias, model in named.items():
        assert alias.startswith("claude-local")
        assert served_model(alias, facts, {}) == (alias if alias in models else model)


def test_models_are_listed_with_their_aliases_and_the_mapped_names():
    listed = list_models(TWO, {"claude-opus-4": "qwen3:8b", "claude*": "x"}, 8192)
    assert [(info["id"], info["display_name"], info.get("max_input_tokens")) for info in listed] == [
        ("llama3:latest", "llama3:latest", None),
        ("qwen3:8b", "qwen3:8b", 8192),
        ("claude-local-llama3-latest", "llama3:latest", None),
        ("claude-local-qwen3-8b", "qwen3:8b", 8192),
        ("claude-opus-4", "qwen3:8b", 8192),
    ]
    assert {info["type"] for info in listed} == {"model"}
    assert len({info["created_at"] for info in listed}) == 1


def test_a_window_that_the_operator_set_holds_for_all_models():
    assert [info["max_input_tokens"] for info in list_models(TWO, {}, 100_000)] == [100_000] * 4


def test_an_unknown_server_lists_one_model_and_no_window():
    listed = list_models(UpstreamFacts.unknown(), {}, 0)
    assert [info["id"] for info in listed] == ["default", "claude-local-default"]
    assert not [info for info in listed if "max_input_tokens" in info]
