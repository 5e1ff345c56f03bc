"""The scripted model's mind: what it thinks, says and calls next. A pure function of what it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from console.demo.stories import Story
from proxy_core.translate.types import JsonObject

SEED = 20
STUBBORN_STEPS = 16
"""A stubborn model gives up by itself after so many rounds, should nobody stop it before."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call with its arguments."""

    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Reply:
    """One turn of the model: reasoning first, then text, then calls."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()


def dice(*parts: object) -> Random:
    """Random numbers that depend on nothing but `parts` and the demo's seed."""
    return Random(json.dumps([SEED, *map(str, parts)]))  # noqa: S311 - a script, not a secret


def next_step(story: Story, task: str, step: int, turn: int) -> Reply:
    """The reply of an agent's model: after `step` rounds of tools in the task; `turn` tells repeated tasks apart."""
    rng = dice(story.label, task, step, turn)
    if task == story.stubborn and 0 < step < STUBBORN_STEPS:
        return Reply("It failed. Perhaps it passes when I run it again.", "", (_test_run(story),))
    steps = dice(story.label, task, turn).randint(4, 9)
    if step >= steps:
        return Reply(_thought(story, rng, "The tests pass, so I can sum up."), _conclusion(story, rng))
    if step == 0:
        pattern = "|".join(rng.sample(story.words, 2))
        text = f"I will look for the places that deal with {pattern.replace('|', ' and ')} first."
        return Reply(_thought(story, rng, task), text, (Call("Grep", {"pattern": pattern, "path": story.directory}),))
    if step == steps - 1:
        return Reply("", "Now the tests.", (_test_run(story),))
    return _middle_step(story, rng)


def _middle_step(story: Story, rng: Random) -> Reply:
    first, second = rng.sample(story.files, 2)
    word = rng.choice(story.words)
    if rng.random() < 0.3:
        text = f"{first} and {second} both touch the {word}; I read them side by side."
        return Reply(
            _thought(story, rng, f"Two files to compare for the {word}."),
            text,
            (_read(story, first), _read(story, second)),
        )
    if rng.random() < 0.5:
        return Reply(_thought(story, rng, f"The {word} comes from {first}."), "", (_read(story, first),))
    text = f"The {word} is handled too late in {first}; I move it up."
    return Reply(_thought(story, rng, f"A small change in {first} is enough."), text, (_edit(story, rng, first),))


def _read(story: Story, file: str) -> Call:
    return Call("Read", {"file_path": f"{story.directory}/{file}"})


def _edit(story: Story, rng: Random, file: str) -> Call:
    old, new = rng.sample(story.words, 2)
    body = "\n".join(
        f"    {rng.choice(story.words)}.{new}({rng.choice(story.words)})" for _ in range(rng.randint(2, 7))
    )
    arguments = {
        "file_path": f"{story.directory}/{file}",
        "old_string": f"    {old}.update({new})",
        "new_string": f"    if {new} is None:\n        return {old}\n{body}",
    }
    return Call("Edit", arguments)


def _test_run(story: Story) -> Call:
    return Call("Bash", {"command": story.test_command, "description": "Run the tests"})


def _thought(story: Story, rng: Random, opening: str) -> str:
    sentences = [
        f"The {rng.choice(story.words)} depends on the {rng.choice(story.words)} in {rng.choice(story.files)}."
        for _ in range(rng.randint(1, 4))
    ]
    return " ".join([opening, *sentences])


def _conclusion(story: Story, rng: Random) -> str:
    a, b, c = rng.sample(story.words, 3)
    file, other = rng.sample(story.files, 2)
    return (
        f"Done. The cause was in `{file}`: the {a} was read before the {b} was complete. I moved the check up, "
        f"gave the {c} a default and added a case to the tests.\n\n"
        f"- `{file}`: the {a} waits for the {b}\n- `{other}`: follows the new order\n\n"
        "All tests pass. One thing I left alone: the old name is still exported for callers outside this project."
    )
