"""Makes secrets unreadable in what is shown, copied or exported; the traffic itself is never touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MASK = "[masked]"
LEAST_SECRET = 6
"""Own secrets shorter than this are not looked for: they would be found inside ordinary words."""

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"})

_TOKENS = (
    r"(?P<brand>\b(?:sk-(?:ant-)?|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|npm_|pypi-|AKIA|ASIA|AIza|ya29\.)"
    r")[\w.~+/-]{12,}"
)
_JWT = r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"
_BEARER = r"(?P<scheme>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{12,}"
_PRIVATE = r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^\"\\]|\\[^\"])*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?=\\?\"|\Z))"
_NAMED = (
    r"(?P<name>(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?(?:key|token)|auth[_-]?token|private[_-]?key|passw(?:or)?d"
    r"|passphrase)\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?)(?=[^\s\"'\\]{0,40}\d)[\w.~+/=@!$%^&*-]{8,}"
)
_SECRETS = re.compile(f"{_TOKENS}|{_JWT}|{_BEARER}|{_NAMED}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(_PRIVATE, re.DOTALL)


def masked(text: str, own: Iterable[str] = ()) -> str:
    """`text` without anything that looks like a key, a token or a password, and without the secrets in `own`."""
    for secret in own:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, MASK)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    return _SECRETS.sub(_mask, text)


def masked_headers(headers: Mapping[str, str], own: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Headers as they came, those that carry secrets with a masked value."""
    own = tuple(own)
    return tuple(
        (name, MASK if name.lower() in SECRET_HEADERS else masked(value, own)) for name, value in headers.items()
    )


def _mask(found: re.Match[str]) -> str:
    return (found["brand"] or found["scheme"] or found["name"] or "") + MASK
