"""What an upstream's failure becomes: a status that says what the client can do, and the server's own words."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy_core.translate.errors import (
    ApiError,
    broken_stream,
    connection_error,
    from_error_object,
    from_upstream,
    is_grammar_error,
    timeout_error,
)
from tests.core.translate.conversions import recording


def upstream(status: int, body: Any, headers: dict[str, str] | None = None) -> ApiError:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else orjson.dumps(body)
    return from_upstream(status, headers or {}, raw)


@pytest.mark.parametrize(
    ("status", "ours", "kind"),
    [
        (301, 502, "api_error"),
        (400, 400, "invalid_request_error"),
        (401, 401, "authentication_error"),
        (402, 403, "permission_error"),
        (403, 403, "permission_error"),
        (404, 404, "not_found_error"),
        (405, 400, "invalid_request_error"),
        (408, 504, "timeout_error"),
        (413, 413, "request_too_large"),
        (422, 400, "invalid_request_error"),
        (429, 429, "rate_limit_error"),
        (500, 500, "api_error"),
        (501, 400, "invalid_request_error"),
        (502, 502, "api_error"),
        (503, 503, "overloaded_error"),
        (504, 504, "timeout_error"),
        (520, 500, "api_error"),
        (529, 529, "overloaded_error"),
    ],
)
def test_status(status: int, ours: int, kind: str) -> None:
    error = upstream(status, {"error": {"message": "m", "type": "x"}})
    assert (error.status, error.type) == (ours, kind)
    assert "m" in error.message


BODIES: dict[str, tuple[Any, str]] = {
    "nested": ({"error": {"message": "boom"}}, "boom"),
    "flat": ({"object": "error", "message": "boom"}, "boom"),
    "a string": ({"error": "boom"}, "boom"),
    "a list": ([{"error": {"message": "boom"}}], "boom"),
    "detail": ({"detail": "boom"}, "boom"),
    "validation": (
        {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]},
        "body.messages: field required",
    ),
    "metadata of OpenRouter": (
        {"error": {"message": "Provider returned error", "metadata": {"raw": "boom"}}},
        "Provider returned error: boom",
    ),
    "plain text": ("upstream timed out", "the model server answered 500: upstream timed out"),
    "HTML": (
        "<html><body>bad <b>gateway</b></body></html>",
        "the model server answered 500 with a web page: bad gateway",
    ),
    "HTML with a title": (
        "<!DOCTYPE html><head><title>502 Bad&nbsp;Gateway</title></head>x",
        "the model server answered 500 with a web page: 502 Bad Gateway",
    ),
    "empty": ("", "the model server answered 500 without a message"),
    "an empty object": ("{}", "the model server answered 500 without a message"),
    "only a type": ({"error": {"type": "oops"}}, "the model server answered 500: oops"),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_message(body: Any, message: str) -> None:
    assert upstream(500, body).message == message


def test_a_long_message_is_cut_and_control_characters_go() -> None:
    assert len(upstream(500, {"error": {"message": "x" * 9000}}).message) == 2000
    assert upstream(500, {"error": {"message": "a\x1b[31m\x00b"}}).message == "a [31m b"


@pytest.mark.parametrize(
    "message",
    [
        "Incorrect API key provided: sk-abcdef0123456789abcdef",
        "got header Authorization: Bearer s3cr3t-sk-abcdef0123456789abcdef",
        'bad config {"api_key": "sk-abcdef0123456789abcdef"}',
        "x-api-key=abcdef0123456789abcdef is unknown",
    ],
)
def test_secrets_are_never_echoed(message: str) -> None:
    error = upstream(401, {"error": {"message": message}})
    assert "abcdef0123456789" not in error.message
    assert "s3cr3t" not in error.message
    assert "[hidden]" in error.message


def test_headers_for_the_client() -> None:
    assert upstream(429, {}, {"Retry-After": "7", "Server": "x"}).headers == {"retry-after": "7"}
    assert upstream(503, {}, {"Retry-After": "3"}).headers == {"retry-after": "3"}
    assert upstream(503, {}).headers == {"retry-after": "5"}
    assert upstream(401, {}).headers == {"x-should-retry": "false"}
    assert upstream(500, {}, {"x-should-retry": "false"}).headers == {"x-should-retry": "false"}


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("error_401", 401, (401, "authentication_error", "Invalid API Key")),
        ("error_404", 404, (404, "not_found_error", "File Not Found")),
        ("error_503_loading", 503, (503, "overloaded_error", "still loading")),
        ("error_grammar", 400, (400, "invalid_request_error", "failed to parse grammar")),
        ("error_bad_json", 400, (400, "invalid_request_error", "parse error")),
        ("error_image", 500, (400, "invalid_request_error", "image input is not supported")),
        ("error_history_bad_arguments", 500, (400, "invalid_request_error", "Failed to parse tool call arguments")),
    ],
)
def test_recorded_errors(name: str, status: int, expected: tuple[int, str, str]) -> None:
    error = upstream(status, recording(f"{name}.json"))
    assert (error.status, error.type) == expected[:2]
    assert expected[2] in error.message


@pytest.mark.parametrize(
    ("obj", "status", "kind"),
    [
        ({"code": 500, "message": "m"}, 500, "api_error"),
        ({"code": "429", "message": "m"}, 429, "rate_limit_error"),
        ({"type": "BadRequestError", "message": "m"}, 400, "invalid_request_error"),
        ({"code": "invalid_api_key", "message": "m"}, 401, "authentication_error"),
        ({"type": "unavailable_error", "message": "m"}, 503, "overloaded_error"),
        ({"error": {"code": 503, "message": "m"}}, 503, "overloaded_error"),
        ({"code": 7, "message": "m"}, 500, "api_error"),
        ("m", 500, "api_error"),
        (None, 500, "api_error"),
        (["m"], 500, "api_error"),
    ],
)
def test_error_inside_a_200(obj: object, status: int, kind: str) -> None:
    error = from_error_object(obj)
    assert (error.status, error.type) == (status, kind)
    assert error.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [("error_grammar", True), ("error_schema", True), ("error_overflow", False), ("error_bad_json", False)],
)
def test_grammar_errors(name: str, expected: bool) -> None:
    assert is_grammar_error(upstream(400, recording(f"{name}.json"))) is expected


def test_a_grammar_of_the_client_is_no_fault_of_a_schema() -> None:
    body = {"error": {"message": "Cannot use custom grammar constraints with tools."}}
    assert not is_grammar_error(upstream(400, body))
    assert not is_grammar_error(upstream(404, {"error": {"message": "no grammar here"}}))


def test_wire_shapes() -> None:
    error = ApiError(400, "invalid_request_error", "m", details={"error_code": "x"})
    inner = {"type": "invalid_request_error", "message": "m", "details": {"error_code": "x"}}
    assert error.body("req_1") == {"type": "error", "error": inner, "request_id": "req_1"}
    assert error.event() == {"type": "error", "error": inner}
    assert "details" not in connection_error("m").event()["error"]


def test_failures_without_an_answer() -> None:
    found = [(error.status, error.type) for error in (connection_error("m"), timeout_error("m"), broken_stream("m"))]
    assert found == [(502, "api_error"), (504, "timeout_error"), (502, "api_error")]
