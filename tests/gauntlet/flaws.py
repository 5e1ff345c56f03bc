"""How small models get a turn wrong: each flaw makes, of the call that the model means, the bytes of an answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import orjson

from tests.core.api.scripted_upstream import DONE, USAGE, chunk

JsonObject = dict[str, Any]
Meant = tuple[str, JsonObject]
"""Name and arguments of the call that the model means."""

CUT = b""
"""In place of an event: the connection breaks here."""


def text_of(text: str, finish: str = "stop", size: int = 7) -> list[bytes]:
    """An answer of text, in pieces."""
    pieces = [chunk({"content": text[at : at + size]}) for at in range(0, len(text), size)]
    return [chunk({"role": "assistant", "content": None}), *pieces, chunk({}, finish), USAGE, DONE]


def native(calls: list[tuple[str, str]], finish: str = "tool_calls", before: str = "") -> list[bytes]:
    """An answer of tool calls with these raw arguments."""
    events = [chunk({"role": "assistant", "content": before or None})]
    for index, (name, raw) in enumerate(calls):
        opened = {"index": index, "id": f"call_{random.getrandbits(40):x}", "type": "function"}
        events.append(chunk({"tool_calls": [{**opened, "function": {"name": name, "arguments": ""}}]}))
        events += [
            chunk({"tool_calls": [{"index": index, "function": {"arguments": raw[at : at + 9]}}]})
            for at in range(0, len(raw), 9)
        ]
    return [*events, chunk({}, finish), USAGE, DONE]


def dumped(arguments: JsonObject) -> str:
    """Arguments as models write them."""
    return orjson.dumps(arguments).decode()


def right(meant: Meant, rng: random.Random) -> list[bytes]:
    """The call as it should be, with or without a word before it."""
    before = rng.choice(["", "", "Let me look at that.", "Next step."])
    return native([(meant[0], dumped(meant[1]))], before=before)


def _hermes(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(f'<tool_call>\n{{"name": "{meant[0]}", "arguments": {dumped(meant[1])}}}\n</tool_call>')


def _qwen_coder(meant: Meant, rng: random.Random) -> list[bytes]:
    values = "".join(f"<parameter={key}>\n{_plain(value)}\n</parameter>\n" for key, value in meant[1].items())
    return text_of(f"I will do it.\n<function={meant[0]}>\n{values}</function>\n</tool_call>")


def _glm(meant: Meant, rng: random.Random) -> list[bytes]:
    values = "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{_plain(value)}</arg_value>\n" for key, value in meant[1].items()
    )
    return text_of(f"<tool_call>{meant[0]}\n{values}</tool_call>")


def _invoke(meant: Meant, rng: random.Random) -> list[bytes]:
    values = "".join(f'<parameter name="{key}">{_plain(value)}</parameter>\n' for key, value in meant[1].items())
    return text_of(f'<function_calls>\n<invoke name="{meant[0]}">\n{values}</invoke>\n</function_calls>')


def _mistral(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(f"[TOOL_CALLS]{meant[0]}[ARGS]{dumped(meant[1])}")


def _llama(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(f'<|python_tag|>{{"name": "{meant[0]}", "parameters": {dumped(meant[1])}}}')


def _bare_json(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(f'{{"name": "{meant[0]}", "arguments": {dumped(meant[1])}}}')


def _unclosed_text(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(f'<tool_call>\n{{"name": "{meant[0]}", "arguments": {dumped(meant[1])[:-2]}')


def _no_last_brace(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], dumped(meant[1])[:-1])])


def _cut_in_value(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], dumped(meant[1])[: -rng.randint(3, 6)])])


def _cut_at_limit(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], dumped(meant[1])[:-1])], finish="tool_calls")


def _single_quotes(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], repr(meant[1]))])


def _trailing_comma(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], dumped(meant[1])[:-1] + ",}")])


def _text_in_text(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], orjson.dumps(dumped(meant[1])).decode())])


def _fenced(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], f"```json\n{dumped(meant[1])}\n```")])


def _missing(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], "{}")])


def _empty(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(rng.choice(["", " \n"]))


ANNOUNCEMENTS = (
    "Let me check that next.", "I'll do the next step now:", "Now I'll continue with the following file.",
    "Good. Let me run the next command.", "Ich werde jetzt den nächsten Schritt ausführen.", "让我继续下一步。",
    "Je vais maintenant continuer.", "Next, I need to look at the other file.", "Continuing with the next step…",
)  # fmt: skip


def _announcing(meant: Meant, rng: random.Random) -> list[bytes]:
    return text_of(rng.choice(ANNOUNCEMENTS))


def _only_reasoning(meant: Meant, rng: random.Random) -> list[bytes]:
    thoughts = [chunk({"reasoning_content": f"I have to call {meant[0]} now. "}) for _ in range(3)]
    return [chunk({"role": "assistant", "content": None}), *thoughts, chunk({}, "stop"), USAGE, DONE]


def _repeating(meant: Meant, rng: random.Random) -> list[bytes]:
    unit = rng.choice(["and then the file again, ", "no. yes. maybe. ", "check the value once more\n"])
    return text_of("I will look. " + unit * 400, size=len(unit))


def _unknown_tool(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(rng.choice(["open_document", "execute", "do_it"]), dumped(meant[1]))])


def _other_case(meant: Meant, rng: random.Random) -> list[bytes]:
    spelled = rng.choice([meant[0].upper(), meant[0].replace("_", "-"), meant[0].title().replace("_", "")])
    return native([(spelled, dumped(meant[1]))])


def _parallel_mix(meant: Meant, rng: random.Random) -> list[bytes]:
    return native([(meant[0], dumped(meant[1])), ("write_file", '{"path": "/srv/never.py", "conte')])


def _stream_cut(meant: Meant, rng: random.Random) -> list[bytes]:
    return [*native([(meant[0], dumped(meant[1]))])[: rng.randint(1, 4)], CUT]


def _stream_error(meant: Meant, rng: random.Random) -> list[bytes]:
    error = chunk(error={"code": 500, "message": "slot was lost", "type": "server_error"})
    return [*native([(meant[0], dumped(meant[1]))])[: rng.randint(1, 3)], error, DONE]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else dumped(value)


Flaw = Callable[[Meant, random.Random], list[bytes]]

FLAWS: dict[str, tuple[Flaw, ...]] = {
    "call as text": (_hermes, _qwen_coder, _glm, _invoke, _mistral, _llama),
    "unreadable call as text": (_bare_json, _unclosed_text),
    "cut JSON": (_no_last_brace, _cut_in_value, _cut_at_limit),
    "wrong quoting": (_single_quotes, _trailing_comma, _text_in_text, _fenced),
    "missing argument": (_missing,),
    "empty reply": (_empty,),
    "announcing reply": (_announcing,),
    "reasoning only": (_only_reasoning,),
    "repeated text": (_repeating,),
    "unknown tool": (_unknown_tool, _other_case),
    "parallel mix": (_parallel_mix,),
    "broken stream": (_stream_cut, _stream_error),
}
