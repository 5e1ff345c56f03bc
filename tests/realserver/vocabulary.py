"""The tokens of the tiny model: a byte-level BPE trained on a word list, special tokens, and how likely each one is.

Imported in the model's own environment only (needs gguf and numpy).
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from gguf import TokenType

MERGES = 700
WORDS = tuple(Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split())
PIECES = {"    ": 40, "  ": 20, '":': 30, '",': 30, '{"': 30, '"}': 30, "()": 20, "):": 20, "\n\n": 20}

END_OF_TEXT = "<|endoftext|>"
END_OF_TURN = "<|im_end|>"
CALL_OPENING = '<tool_call>\n{"name": "'
"""The whole opening of a call is one token: a babbling model would never spell it out."""

SPECIAL = {
    END_OF_TEXT: TokenType.CONTROL,
    "<|im_start|>": TokenType.CONTROL,
    END_OF_TURN: TokenType.CONTROL,
    "<think>": TokenType.USER_DEFINED,
    "</think>": TokenType.USER_DEFINED,
    "<tool_call>": TokenType.USER_DEFINED,
    "</tool_call>": TokenType.USER_DEFINED,
    "<tool_response>": TokenType.USER_DEFINED,
    "</tool_response>": TokenType.USER_DEFINED,
    CALL_OPENING: TokenType.USER_DEFINED,
}


@dataclass(frozen=True)
class Habits:
    """The chance of each turning point at every token."""

    end_turn: float = 1 / 150
    end_thinking: float = 1 / 150
    open_call: float = 1 / 300
    close_call: float = 1 / 150


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in the order of their numbers, with their types, and the merges that make them from bytes."""

    tokens: list[str]
    types: list[TokenType]
    merges: list[tuple[str, str]]

    def number(self, token: str) -> int:
        """The number of a token."""
        return self.tokens.index(token)


def byte_alphabet() -> dict[int, str]:
    """The printable character that stands for each byte, as in every byte-level BPE."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def make_vocabulary() -> Vocabulary:
    """Bytes, trained merges, special tokens, and padding to a multiple of 32."""
    merges = _train(MERGES)
    tokens = list(byte_alphabet().values())
    tokens += [token for token in dict.fromkeys(a + b for a, b in merges) if token not in tokens]
    types = [TokenType.NORMAL] * len(tokens) + list(SPECIAL.values())
    tokens += SPECIAL
    padding = -len(tokens) % 32
    tokens += [f"[PAD{len(tokens) + n}]" for n in range(padding)]
    return Vocabulary(tokens, types + [TokenType.UNUSED] * padding, merges)


def log_priors(vocabulary: Vocabulary, habits: Habits) -> np.ndarray:
    """The log of each token's likelihood: what makes the babble look like text, close its strings and end."""
    byte_of = {character: byte for byte, character in byte_alphabet().items()}
    likely = np.full(len(vocabulary.tokens), 1e-9)
    for number, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True)):
        if kind == TokenType.NORMAL:
            likely[number] = _weight(bytes(byte_of[character] for character in token))
    likely /= likely.sum()
    likely[vocabulary.number(END_OF_TURN)] = habits.end_turn
    likely[vocabulary.number("</think>")] = habits.end_thinking
    likely[vocabulary.number(CALL_OPENING)] = habits.open_call
    likely[vocabulary.number("<tool_call>")] = 1e-6
    likely[vocabulary.number("</tool_call>")] = habits.close_call
    return np.log(likely)


def _weight(raw: bytes) -> float:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return 1e-9  # half a character: only where a grammar asks for it
    if not text.isprintable() and text not in {"\n", "\n\n"}:
        return 1e-9
    if text[:1] == " " and text[1:] in WORDS:
        return 1.0  # a word with its space: the bulk of the output
    if text in WORDS:
        return 0.02
    known = {".": 12.0, ",": 2.0, "\n": 1.0, " ": 1.0, ":": 1.0, '"': 30.0, '"}': 10.0, "}": 4.0, "]": 4.0}
    if text in known or text.isdigit():
        return known.get(text, 1.0)
    return 0.05 if len(text) == 1 and text.isascii() else 0.001


def _train(limit: int) -> list[tuple[str, str]]:
    """The usual training of a BPE: join the most frequent neighbours again and again."""
    alphabet = byte_alphabet()
    counts: Counter[tuple[str, ...]] = Counter()
    for word in WORDS:
        counts[tuple(alphabet[byte] for byte in f" {word}".encode())] += 3
        counts[tuple(alphabet[byte] for byte in word.encode())] += 1
    for piece, count in PIECES.items():
        counts[tuple(alphabet[byte] for byte in piece.encode())] += count
    merges: list[tuple[str, str]] = []
    while len(merges) < limit:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, count in counts.items():
            for pair in pairwise(word):
                pairs[pair] += count
        best, frequency = max(pairs.items(), key=lambda item: (item[1], item[0]), default=(("", ""), 0))
        if frequency < 3:
            break
        merges.append(best)
        counts = _joined(counts, best)
    return merges


def _joined(counts: Counter[tuple[str, ...]], pair: tuple[str, str]) -> Counter[tuple[str, ...]]:
    joined: Counter[tuple[str, ...]] = Counter()
    for word, count in counts.items():
        parts: list[str] = []
        for part in word:
            # a part that was itself made by this merge must not be joined again
            if parts and parts[-1] == pair[0] and part == pair[1]:
                parts[-1] = pair[0] + part
            else:
                parts.append(part)
        joined[tuple(parts)] += count
    return joined
