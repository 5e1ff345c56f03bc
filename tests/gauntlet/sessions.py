"""The sessions of the gauntlet: healthy ones of six kinds, flaky ones, and models beyond help; each from its seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.core.api.scripted_upstream import DONE, USAGE, chunk

from .flaws import ANNOUNCEMENTS, FLAWS, Meant, dumped, native, text_of
from .model import Answer, Model
from .workplace import Results

JsonObject = dict[str, Any]
FLAW_RATE, AGAIN_RATE = 0.2, 0.03
"""How often a flaky model gets a turn wrong, and how often the try after that."""


@dataclass
class Session:
    """One session: whose model, which tools' results, what the person says, and what kind it is."""

    kind: str
    name: str
    task: str
    model: Model
    results: Results
    humans: tuple[str, ...] = ()
    hopeless: bool = False


def healthy(seed: str) -> list[Session]:
    """One session of each healthy kind."""
    return [make(random.Random(f"{seed}/{make.__name__}"), seed) for make in HEALTHY]


def flaky(seed: str) -> Session:
    """A session of a model with every flaw, at random."""
    rng = random.Random(f"{seed}/flaky")
    steps = _work(rng, rng.randint(4, 14))
    kinds = sorted(FLAWS)
    drawn: dict[tuple[int, int], str] = {}
    for step in range(len(steps)):
        for attempt in range(8):
            rate = FLAW_RATE if attempt == 0 else AGAIN_RATE
            drawn[step, attempt] = rng.choice(kinds) if rng.random() < rate else ""
    model = Model(steps, "All of it is done.", seed, flaws=lambda step, attempt: drawn.get((step, attempt), ""))
    return Session("flaky", seed, f"Work through the list, {seed}.", model, _plain_results(rng))


def single(flaw: str, seed: str) -> Session:
    """A session with one flaw, once."""
    rng = random.Random(f"{seed}/{flaw}")
    steps = _work(rng, 4)
    at = rng.randrange(len(steps))
    model = Model(steps, "Done.", seed, flaws=lambda step, attempt: flaw if (step, attempt) == (at, 0) else "")
    return Session(flaw, f"{flaw} {seed}", f"Do it ({flaw}, {seed}).", model, _plain_results(rng))


def hopeless(seed: str) -> list[Session]:
    """Models that never get anywhere."""
    rng = random.Random(f"{seed}/hopeless")
    path = f"/srv/{rng.choice(_NOUNS)}.py"
    cycle = _work(rng, rng.randint(2, 4), tool="read_file")
    turns, edits = iter(range(10_000)), iter(range(10_000))
    made: list[tuple[str, Callable[[JsonObject], Answer]]] = [
        ("the same call for ever", lambda _: _calling("read_file", {"path": path})),
        ("a cycle for ever", lambda _: _calling(*cycle[next(turns) % len(cycle)])),
        ("an edit that never applies", lambda _: _calling("write_file", {"path": path, "content": f"x{next(edits)}"})),
        ("always empty", lambda _: text_of("")),
        ("always announcing", lambda _: text_of(ANNOUNCEMENTS[0])),
        ("always broken JSON", lambda _: native([("write_file", '{"path": "/srv/a", "content": "cut he')])),
        ("always repeating", lambda _: text_of("again and again, " * 600, size=17)),
        ("always an unknown tool", lambda _: native([("teleport", "{}")])),
        ("reasoning without end", _endless),
    ]  # fmt: skip
    sessions: list[Session] = []
    for name, instead in made:
        model = Model([], "", seed, instead=instead)
        failing = name.startswith("an edit")
        results = _failing if failing else _constant
        sessions.append(Session(name, f"{name} {seed}", f"{name}, {seed}", model, results, hopeless=True))
    return sessions


def _calling(name: str, arguments: JsonObject) -> Answer:
    return native([(name, dumped(arguments))])


def _endless(_: JsonObject) -> Answer:
    rng = random.Random(7)
    thoughts = [chunk({"reasoning_content": " ".join(rng.choices(_NOUNS + _VERBS, k=120))}) for _ in range(320)]
    return [*thoughts, chunk({}, "stop"), USAGE, DONE]


def _constant(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
    return f"content of {arguments.get('path', name)}", False


def _failing(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
    return f"<tool_use_error>String to replace not found: {arguments.get('content')}</tool_use_error>", True


# -- healthy kinds --------------------------------------------------------------------------------------------------


def exploring(rng: random.Random, seed: str) -> Session:
    """Different reads, searches and commands, then an answer."""
    model = Model(_work(rng, rng.randint(15, 45)), "The handler closes the socket too early.", seed)
    return Session("healthy", f"exploring {seed}", f"Explore {seed}.", model, _plain_results(rng))


def polling(rng: random.Random, seed: str) -> Session:
    """The same command every time, whose result moves; now and then it stands still for a while."""
    command = f"sleep {rng.choice([5, 30])}; tail -1 /srv/{rng.choice(_NOUNS)}.log"
    count = rng.randint(20, 60)
    moves = [rng.random() < 0.8 for _ in range(count + 1)]

    def results(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
        return f"{sum(moves[:number]) * 3} of 400 done", False

    model = Model([("bash", {"command": command})] * count, "The run is through.", seed)
    return Session("polling", f"polling {seed}", f"Wait for {seed}.", model, results)


def many_reads(rng: random.Random, seed: str) -> Session:
    """One tool, many files and parts of files."""
    path = _file(rng)
    parts: list[Meant] = [("read_file", {"path": path, "offset": at * 100}) for at in range(rng.randint(10, 25))]
    model = Model(parts + _work(rng, rng.randint(10, 30), tool="read_file"), "I have read all of it.", seed)
    return Session("many reads", f"many reads {seed}", f"Read {seed}.", model, _plain_results(rng))


def repeated_tests(rng: random.Random, seed: str) -> Session:
    """Edit, test, edit, test: the test fails in the same way until it passes."""
    path, steps = _file(rng), list[Meant]()
    rounds = rng.randint(5, 14)
    for number in range(rounds):
        steps.append(("write_file", {"path": path, "content": f"x = {_word(rng)}({number})"}))
        steps.append(("bash", {"command": "pytest -q"}))

    def results(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
        if name == "write_file":
            return f"The file {path} was written.", False
        passed = number >= 2 * rounds - 1
        return ("5 passed", False) if passed else (f"E assert 1 == 2\n1 failed in {rng.random():.2f}s", True)

    return Session(
        "repeated tests", f"tests {seed}", f"Make it pass, {seed}.", Model(steps, "All green.", seed), results
    )


def short_answer(rng: random.Random, seed: str) -> Session:
    """A question that a word answers, with or without a look first."""
    answer = rng.choice(
        ["Paris", "42", "Done", "OK", "yes", "No.", "True", "3.14", "None", "Ja", "完成", "готово", "main"]
    )
    model = Model(_work(rng, rng.randint(0, 2)), answer, seed)
    return Session("short answer", f"short {seed}", f"What is it, {seed}?", model, _plain_results(rng))


def asking(rng: random.Random, seed: str) -> Session:
    """Looks, asks the person, and goes on when that one has answered."""
    steps = _work(rng, rng.randint(4, 8))
    question = rng.choice(
        ["Which of the two files shall I change?", "I found two ways. Should I use the first one?",
         "Once you confirm, I will delete the old table.", "Soll ich weitermachen?", "需要我继续吗？"]
    )  # fmt: skip
    model = Model(steps, "Both are done.", seed, questions={rng.randint(1, 3): question})
    humans = (rng.choice(["yes", "the first one", "ok, do it"]),)
    return Session("asking", f"asking {seed}", f"Help with {seed}.", model, _plain_results(rng), humans)


HEALTHY = (exploring, polling, many_reads, repeated_tests, short_answer, asking)


# -- material -------------------------------------------------------------------------------------------------------

_VERBS = ["read", "check", "load", "parse", "build", "merge", "split", "render", "resolve", "verify", "encode", "sort"]
_NOUNS = [
    "config",
    "router",
    "ledger",
    "parser",
    "cache",
    "session",
    "widget",
    "invoice",
    "planner",
    "bridge",
    "socket",
]


def _word(rng: random.Random) -> str:
    return f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}"


def _file(rng: random.Random) -> str:
    return f"/srv/{rng.choice(_NOUNS)}/{_word(rng)}_{rng.randrange(1000)}.py"


def _act(rng: random.Random, tool: str) -> Meant:
    if tool == "read_file":
        return tool, {"path": _file(rng)} | ({"offset": rng.randrange(500)} if rng.random() < 0.3 else {})
    if tool == "write_file":
        content = f'def {_word(rng)}(a, b):\n    """It\'s "quoted"."""\n    return {{a: [b, None]}}\n'
        return tool, {"path": _file(rng), "content": content if rng.random() < 0.5 else f"x = {rng.random()}"}
    if tool == "bash":
        command = f"grep -n '{_word(rng)}' {_file(rng)} | head" if rng.random() < 0.5 else f"make {_word(rng)}"
        return tool, {"command": command} | ({"background": True} if rng.random() < 0.2 else {})
    return tool, {"pattern": f"{_word(rng)}\\(", "path": _file(rng)} | ({"limit": 20} if rng.random() < 0.3 else {})


def _work(rng: random.Random, count: int, tool: str = "") -> list[Meant]:
    tools = ["read_file", "read_file", "write_file", "bash", "search"]
    return [_act(rng, tool or rng.choice(tools)) for _ in range(count)]


def _plain_results(rng: random.Random) -> Results:
    salt = rng.random()

    def results(name: str, arguments: JsonObject, number: int) -> tuple[str, bool]:
        inner = random.Random(f"{salt}/{number}")
        return "\n".join(f"{line} {_word(inner)} = {_word(inner)}" for line in range(4)), False

    return results
