"""Addresses of the model server: what an operator may write, and the endpoints below it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_BEHIND_ROOT = re.compile(r"(?:/v1)?(?:/chat/completions|/completions|/models)?/*$")
_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f<>\"\\]")


def normalise_base(text: str) -> str:
    """The root of the model server: no trailing slash, no `/v1`, a path prefix kept.

    Accepts the root, the root with `/v1`, and an endpoint pasted whole. Raises `ValueError` in plain words; the message
    never repeats a user name or password.
    """
    written = text.strip()
    if not written:
        raise ValueError("the address of the model server is empty; write for instance http://127.0.0.1:8080")
    if _FORBIDDEN.search(written):
        raise ValueError("the address of the model server has a space or a character that no address may have")
    if "://" not in written:
        raise ValueError("the address of the model server must begin with http:// or https://")
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise ValueError("the address of the model server has no valid host and port (ports are 1 to 65535)") from None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"}:
        raise ValueError(f"the address of the model server begins with {scheme}://; only http:// and https:// work")
    if "@" in parts.netloc:
        raise ValueError("the address of the model server must not hold a user name or password; set UPSTREAM_API_KEY")
    if not parts.hostname:
        raise ValueError("the address of the model server names no host")
    if port == 0:
        raise ValueError("the address of the model server has no valid host and port (ports are 1 to 65535)")
    if parts.query or parts.fragment:
        raise ValueError("the address of the model server must end with its path: no ? and no #")
    return f"{scheme}://{parts.netloc.lower()}{_BEHIND_ROOT.sub('', parts.path)}"


def chat_completions(root: str) -> str:
    """Chat Completions."""
    return f"{root}/v1/chat/completions"


def models(root: str) -> str:
    """The list of models, which every server has."""
    return f"{root}/v1/models"


def chat_input_tokens(root: str) -> str:
    """llama.cpp: the tokens of a Chat Completions body, template and tools included."""
    return f"{root}/v1/chat/completions/input_tokens"


def apply_template(root: str) -> str:
    """llama.cpp: the prompt text that the chat template makes of messages and tools."""
    return f"{root}/apply-template"


def tokenize(root: str) -> str:
    """llama.cpp (of `content`) and vLLM (of `messages` and `tools`), both outside `/v1`."""
    return f"{root}/tokenize"
