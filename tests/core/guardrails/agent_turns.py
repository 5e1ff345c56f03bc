"""Conversations for the tests: what an agent did, turn by turn, as the messages that its next request carries."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
Turn = tuple[str, JsonObject, str] | tuple[str, JsonObject, str, bool] | str
"""A call (tool, arguments, result, and whether it failed), or what the agent said and nothing else."""


def conversation(turns: list[Turn], task: str = "Work on the task.", push: str = "Continue.") -> list[JsonObject]:
    """The messages; behind a turn of text alone comes `push`."""
    messages: list[JsonObject] = [{"role": "user", "content": task}]
    for number, turn in enumerate(turns):
        if isinstance(turn, str):
            messages.append({"role": "assistant", "content": [{"type": "text", "text": turn}]})
            messages.append({"role": "user", "content": push})
            continue
        name, arguments, result, *failed = turn
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}
        answer: JsonObject = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": result}
        if failed and failed[0]:
            answer["is_error"] = True
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [answer]}]
    return messages


def read(path: str, result: str = "1 x = 1") -> Turn:
    """The agent reads a file."""
    return "Read", {"file_path": path}, result


def bash(command: str, result: str, *, failed: bool = False) -> Turn:
    """The agent runs a command."""
    return "Bash", {"command": command}, result, failed


def edit(path: str, old: str, result: str, *, failed: bool = False) -> Turn:
    """The agent edits a file."""
    return "Edit", {"file_path": path, "old_string": old, "new_string": "y"}, result, failed


MISSING = "<tool_use_error>String to replace not found in file.</tool_use_error>"

LOOPS: dict[str, list[Turn]] = {
    "a the same call with the same result": [read("/a")] * 30,
    "c two in turn": [read("/a"), read("/b")] * 15,
    "d three in turn": [read("/a"), read("/b"), read("/c")] * 12,
    "a cycle of seven": [read(f"/{number % 7}") for number in range(40)],
    "a cycle of seventeen": [read(f"/{number % 17}") for number in range(80)],
    "a dozen views in changing order": [read(f"/{(number * number + number // 7) % 12}") for number in range(60)],
    "f a failing command, whose times vary": [
        bash("make x", f"[2026-01-01T10:00:{n % 60:02d}Z] pid {n}\nundefined symbol\nfailed after {n}.5s", failed=True)
        for n in range(30)
    ],
    "g near-identical failing edits": [edit("/a.py", "x" + " " * (n % 5), MISSING, failed=True) for n in range(30)],
    "failing edits with a look between them": [
        turn for n in range(20) for turn in (edit("/a.py", f"x{n}", MISSING, failed=True), read("/a.py"))
    ],
    "the same content and the same failing test": [
        turn
        for n in range(15)
        for turn in (
            ("Write", {"file_path": "/a", "content": "x"}, "written"),
            bash("pytest", f"1 failed in 0.{n}s", failed=True),
        )
    ],
    "h a monologue": ["I have looked at the parser and will go on with the router."] * 20,
    "a numbered monologue": [f"Step {n}: I continue with the migration of the module." for n in range(20)],
    "a plan written anew, a file read anew": [
        turn
        for _ in range(20)
        for turn in (("TodoWrite", {"todos": [{"content": "x", "status": "pending"}]}, "ok"), read("/a"))
    ],
}
"""Conversations that go in circles, by the letters of the families that were measured."""

HEALTHY: dict[str, list[Turn]] = {
    "b one tool, sixty files": [read(f"/{number}", f"file {number}") for number in range(60)],
    "one file in sixty parts": [
        ("Read", {"file_path": "/a", "offset": number * 100}, f"line {number}") for number in range(60)
    ],
    "e polling, the result moves": [bash("sleep 5; tail -1 log", f"{number} of 60 done") for number in range(60)],
    "a poll that stands still for a while": [bash("sleep 30; cat state", "running")] * 12 + [bash("cat out", "done")],
    "edit and test until it passes": [
        turn
        for n in range(20)
        for turn in (edit("/a.py", f"x{n}", "updated"), bash("pytest", f"1 failed in {n}.1s", failed=True))
    ],
    "different commands without output": [bash(f"touch /srv/{number}", "") for number in range(40)],
    "files read again after the work": [
        *(read(f"/{n}", f"{n}") for n in range(4)),
        *(bash(f"make {n}", f"built {n}") for n in range(4)),
        *(read(f"/{n}", f"{n}") for n in range(4)),
    ],
    "five files read again later, nothing changed": [
        *(read(f"/{n}", f"{n}") for n in range(5)),
        *(read(f"/other/{n}", f"other {n}") for n in range(8)),
        *(read(f"/{n}", f"{n}") for n in range(5)),
    ],
    "failures of different kinds": [bash(f"tool --{n}", f"error: option {n} x", failed=True) for n in range(8)],
    "a few pushes by a person": ["I did the first part.", "Then the second.", "And the third."],
}
"""Conversations that get somewhere."""
