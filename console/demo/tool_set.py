"""The tools of the sample agents: what they declare, and what running them gives."""

from __future__ import annotations

from random import Random
from typing import Any

from console.demo.stories import Story
from proxy_core.translate.types import JsonObject

COMMENTS = ("keep in step with", "see also", "guards", "derived from", "measured on", "written for", "replaces")


def _tool(name: str, description: str, properties: dict[str, Any], required: list[str]) -> JsonObject:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"name": name, "description": description, "input_schema": schema}


TEXT = {"type": "string"}
TOOLS: list[JsonObject] = [
    _tool(
        "Read",
        "Reads a file and gives its lines with their numbers. Use offset and limit for long files.",
        {"file_path": TEXT, "offset": {"type": "integer"}, "limit": {"type": "integer"}},
        ["file_path"],
    ),
    _tool(
        "Grep",
        "Searches the project for a regular expression and gives the places where it occurs.",
        {"pattern": TEXT, "path": TEXT, "glob": TEXT},
        ["pattern"],
    ),
    _tool(
        "Edit",
        "Replaces one piece of text in a file by another; the old text must occur exactly once.",
        {"file_path": TEXT, "old_string": TEXT, "new_string": TEXT},
        ["file_path", "old_string", "new_string"],
    ),
    _tool(
        "Bash",
        "Runs a command in the project's directory and gives what it printed.",
        {"command": TEXT, "description": TEXT, "timeout": {"type": "integer"}},
        ["command"],
    ),
]


def run_tool(story: Story, name: str, arguments: JsonObject, rng: Random) -> str:
    """What the tool would print in the story's project: invented, repeatable, of a realistic size."""
    if name == "Read":
        return "\n".join(f"{number:>6}\t{_code(story, rng)}" for number in range(1, rng.randint(60, 160)))
    if name == "Grep":
        places = rng.randint(4, 30)
        return "\n".join(f"{rng.choice(story.files)}:{rng.randint(3, 400)}:{_code(story, rng)}" for _ in range(places))
    if name == "Edit":
        return f"The file {arguments.get('file_path', '')} has been updated."
    passed = rng.randint(80, 240)
    lines = [f"{rng.choice(story.files)} {'.' * rng.randint(4, 40)}" for _ in range(rng.randint(5, 20))]
    return "\n".join([*lines, "", f"{passed} passed in {rng.uniform(2, 30):.1f}s"])


def _code(story: Story, rng: Random) -> str:
    first, second, third = (rng.choice(story.words) for _ in range(3))
    forms = (
        f"    {first}_{second} = load_{third}({first}, {second}={rng.randint(0, 99)})",
        f"    if {first}.{second} > {rng.randint(1, 500)}: return {third}",
        f"    # {rng.choice(COMMENTS)} {first} {second} {third}",
        f"    {first}.update({second}, {third}.get({rng.randint(0, 9)}))",
        "",
    )
    return rng.choice(forms)
