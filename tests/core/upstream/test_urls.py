"""What an operator may write as the address of the model server."""

import pytest

from proxy_core.upstream import urls


@pytest.mark.parametrize(
    ("written", "root"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080"),
        ("  http://127.0.0.1:8080/v1//  ", "http://127.0.0.1:8080"),
        ("HTTP://LocalHost:8080/V/v1", "http://localhost:8080/V"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api"),
        ("https://gpu.example/team-a/llm", "https://gpu.example/team-a/llm"),
        ("https://gpu.example/team-a/v1/", "https://gpu.example/team-a"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://127.0.0.1:8080/v1/chat/completions", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/v1/models", "http://127.0.0.1:8080"),
        ("http://gpu.example/v1beta", "http://gpu.example/v1beta"),
    ],
)
def test_the_root_of_an_address(written, root):
    assert urls.normalise_base(written) == root
    assert urls.normalise_base(root) == root


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("127.0.0.1:8080", "must begin with http"),
        ("localhost/v1", "must begin with http"),
        ("ftp://host/v1", "ftp://"),
        ("http://", "names no host"),
        ("http:///v1", "names no host"),
        ("http://host:99999", "1 to 65535"),
        ("http://host:0", "1 to 65535"),
        ("http://host:eight", "1 to 65535"),
        ("http://[::1", "1 to 65535"),
        ("http://ho st", "a space"),
        ("http://host/\x00", "a space"),
        ("http://host/v1?key=1", "no ?"),
        ("http://host/v1#top", "no #"),
    ],
)
def test_other_addresses_are_refused_in_plain_words(written, says):
    with pytest.raises(ValueError, match="address of the model server") as refusal:
        urls.normalise_base(written)
    assert says in str(refusal.value)


def test_a_refusal_never_repeats_a_password():
    with pytest.raises(ValueError, match="UPSTREAM_API_KEY") as refusal:
        urls.normalise_base("http://me:hunter2@host/v1")
    assert "hunter2" not in str(refusal.value)


def test_endpoints_lie_below_the_root():
    root = urls.normalise_base("https://gpu.example/team-a/v1")
    assert urls.chat_completions(root) == "https://gpu.example/team-a/v1/chat/completions"
    assert urls.models(root) == "https://gpu.example/team-a/v1/models"
    assert urls.chat_input_tokens(root) == "https://gpu.example/team-a/v1/chat/completions/input_tokens"
    assert urls.apply_template(root) == "https://gpu.example/team-a/apply-template"
    assert urls.tokenize(root) == "https://gpu.example/team-a/tokenize"
