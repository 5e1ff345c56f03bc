"""Secrets become unreadable wherever they stand; everything else stays as it is."""

from __future__ import annotations

import json

import pytest

from proxy_core.masking import MASK, masked, masked_headers

KEY = "abcdefghijklmnop1234"

SECRETS = [
    (f"sk-ant-api03-{KEY}", f"sk-ant-{MASK}"),
    (f"sk-proj-{KEY}", f"sk-{MASK}"),
    (f"export GITHUB=ghp_{KEY}", f"export GITHUB=ghp_{MASK}"),
    (f"hf_{KEY}", f"hf_{MASK}"),
    ("AKIAIOSFODNN7EXAMPLE", f"AKIA{MASK}"),
    (f"curl -H 'Authorization: Bearer {KEY}'", f"curl -H 'Authorization: Bearer {MASK}'"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", MASK),
    ('{"api_key": "9f8e7d6c5b4a"}', f'{{"api_key": "{MASK}"}}'),
    (r'{"text": "{\"password\": \"hunter2hunter2\"}"}', rf'{{"text": "{{\"password\": \"{MASK}\"}}"}}'),
    ("DB_PASSWORD=s3cr3t-value-1", f"DB_PASSWORD={MASK}"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nrest", f"{MASK}\nrest"),
    (r'{"a": "-----BEGIN PRIVATE KEY-----\nMIIE", "b": 1}', f'{{"a": "{MASK}", "b": 1}}'),
]


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_secrets(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("text", [text for text, _ in SECRETS if text.startswith("{")])
def test_json_stays_json(text: str) -> None:
    assert json.loads(masked(text)).keys() == json.loads(text).keys()


@pytest.mark.parametrize(
    "text",
    [
        "token = count_tokens(text)",
        "password = getpass.getpass()",
        "def api_key(self) -> str: ...",
        "sk-learn and ask-me-anything-about-it",
        "toolu_01A09q90qw90lq917835lq9 msg_bdrk_01",
        "the secret: of a good life is patience and time",
        '"max_tokens": 32000, "access": true',
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_is_no_secret_is_not_touched(text: str) -> None:
    assert masked(text) == text


def test_own_secrets_are_masked_whatever_they_look_like() -> None:
    assert masked("say friend and enter, friend", ("friend", "", "no")) == f"say {MASK} and enter, {MASK}"


def test_headers() -> None:
    headers = {"authorization": "Bearer x", "X-Api-Key": "k", "cookie": "c", "user-agent": f"cli sk-{KEY}"}
    assert masked_headers(headers) == (
        ("authorization", MASK), ("X-Api-Key", MASK), ("cookie", MASK), ("user-agent", f"cli sk-{MASK}"),
    )  # fmt: skip
