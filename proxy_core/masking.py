"""Makes secrets unreadable in what is shown, copied or exported; the traffic itself is never touched.

A record may hold a megabyte of text, and a regular expression that looks for everything at every place would hold the
interpreter for a quarter of a second. So words by which secrets are known are found first, and only there one reads on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

MASK = "[masked]"
LEAST_SECRET = 6
"""Own secrets shorter than this are not looked for: they would be found inside ordinary words."""

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"})

BRANDS = (
    "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-",
    "xoxs-", "xapp-", "hf_", "npm_", "pypi-", "AKIA", "ASIA", "AIza", "ya29.",
)  # fmt: skip
"""How tokens of well-known makers begin."""

NAMES = ("api_key", "api-key", "apikey", "secret", "access_key", "access-key", "access_token", "access-token",
         "auth_token", "auth-token", "private_key", "private-key", "password", "passwd", "passphrase")  # fmt: skip
CAMEL = ("apiKey", "accessKey", "accessToken", "authToken", "privateKey")
SCHEMES = ("Bearer ", "bearer ", "BEARER ", "Basic ", "basic ")

_BRAND = re.compile(r"(?P<kept>sk-ant-|[A-Za-z0-9_]+?[-_.]|AKIA|ASIA|AIza)[\w.~+/-]{12,}")
_NAMED = re.compile(
    r"(?P<kept>[A-Za-z_-]{4,16}(?:[_-]?(?:key|KEY|Key))?\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?)"
    r"(?=[^\s\"'\\]{0,40}\d)[\w.~+/=@!$%^&*-]{8,}"
)
_SCHEME = re.compile(r"(?P<kept>\w+\s+)[\w.~+/=-]{12,}")
_TOKEN = re.compile(r"(?P<kept>)eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+")
_PRIVATE_KEY = re.compile(
    r'(?P<kept>)-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\[^"])*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?=\\?"|\Z))'
)

KNOWN_BY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("-----BEGIN ", _PRIVATE_KEY),
    ("eyJ", _TOKEN),
    *((brand, _BRAND) for brand in BRANDS),
    *((scheme, _SCHEME) for scheme in SCHEMES),
    *((form, _NAMED) for name in NAMES for form in (name, name.upper(), name.capitalize())),
    *((name, _NAMED) for name in CAMEL),
)
WHOLE_WORDS = frozenset({_TOKEN, _BRAND, _SCHEME})
"""What begins a word; a name may be the end of a longer one, such as DB_PASSWORD."""


def masked(text: str, own: Iterable[str] = ()) -> str:
    """`text` without anything that looks like a key, a token or a password, and without the secrets in `own`."""
    for secret in own:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, MASK)
    pieces: list[str] = []
    done = 0
    for start, end in sorted(_found(text)):
        if end > done:
            pieces += [text[done : max(start, done)], MASK if start >= done else ""]
            done = end
    return "".join((*pieces, text[done:])) if done else text


def masked_headers(headers: Mapping[str, str], own: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Headers as they came, those that carry secrets with a masked value."""
    own = tuple(own)
    return tuple(
        (name, MASK if name.lower() in SECRET_HEADERS else masked(value, own)) for name, value in headers.items()
    )


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets begin and end, without the part by which people know what it was."""
    for word, pattern in KNOWN_BY:
        at = text.find(word)
        while at >= 0:
            inside = pattern in WHOLE_WORDS and at and (text[at - 1].isalnum() or text[at - 1] == "_")
            match = None if inside else pattern.match(text, at)
            if match is not None:
                yield match.end("kept"), match.end()
            at = text.find(word, match.end() if match is not None else at + 1)
