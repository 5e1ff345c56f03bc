"""An agent that writes documentation: what it was asked, what a small model answers, what its tools give back.

Everything happens in it that a console has words for: thinking, a call in broken JSON, a tool that fails, a file read
again and again, a reply that announces and stops, and results that outgrow the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

TASK = "Write docs/api.md: every route with its parameters and one example. Check it with npm run docs:check."
ROUTES, SCHEMA, PAGE = "src/api/routes.ts", "openapi.yaml", "docs/api.md"


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model, and the result of the call in it. `arguments` are written as they are here."""

    thinks: str = ""
    says: str = ""
    tool: str = ""
    arguments: str = ""
    result: str = ""
    failed: bool = False


def tool(name: str, description: str, **parameters: str) -> dict[str, Any]:
    properties = {parameter: {"type": "string", "description": text} for parameter, text in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters), "additionalProperties": False}
    return {"name": name, "description": description, "input_schema": schema}


TOOLS = [
    tool("Read", "Reads a file.", file_path="The file."),
    tool("Grep", "Searches files for a pattern.", pattern="A regular expression.", path="Where to look."),
    tool("Edit", "Replaces text in a file.", file_path="The file.", old_string="The old text.", new_string="The new."),
    tool("Bash", "Runs a command.", command="The command."),
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
]


def routes(lines: int) -> str:
    """A file of routes, one line like the other but for its number."""
    head = 'import { Router } from "express";\nimport * as do from "./do";\n\nexport const router = Router();\n'
    return head + "\n".join(
        f'router.get("/items/{line}/parts/:part", guard("read"), do.part{line}); // one of many'
        for line in range(1, lines + 1)
    )


def schema(lines: int) -> str:
    """An interface description."""
    return "paths:\n" + "\n".join(f"  /items/{line}: {{ get: {{ tags: [items] }} }}" for line in range(1, lines + 1))


def call(**arguments: str) -> str:
    return orjson.dumps(arguments).decode()


READ_ROUTES = call(file_path=ROUTES)
BROKEN = "{'pattern': 'router\\\\.(get|post)', 'path': 'src',}"
"""As small models write JSON now and then."""

FAILURE = "docs/api.md: 3 routes are not described\n" + "\n".join(
    f"  at check (scripts/check-docs.ts:{line}:11)" for line in range(1, 60)
)
STEPS = (
    Step(
        thinks="They want every route described. First I need to know which routes there are and their parameters.",
        says="I will look at the routes first.",
        tool="Read",
        arguments=READ_ROUTES,
        result=routes(160),
    ),
    Step(
        says="Now where else routes are declared.",
        tool="Grep",
        arguments=BROKEN,
        result="\n".join(f"src/parts/part{line}.ts:{line * 3}:  router.get(path{line})" for line in range(1, 90)),
    ),
    Step(tool="Read", arguments=call(file_path=SCHEMA), result=schema(620)),
    Step(
        says="The page can be begun.",
        tool="Edit",
        arguments=call(file_path=PAGE, old_string="# API", new_string="# API\n\n## GET /items/1/parts/:part"),
        result=f"The file {PAGE} has been updated.",
    ),
    Step(tool="Bash", arguments=call(command="npm run docs:check"), result=FAILURE, failed=True),
    *(
        Step(says=f"Let me check the routes{again}.", tool="Read", arguments=READ_ROUTES, result=routes(160))
        for again in (" again", " once more", " once more", " once more")
    ),
    Step(
        thinks="The three missing routes must come from the generated file. I have not read that one.",
        says="Three routes are missing. They must be in the generated file.",
        tool="Read",
        arguments=call(file_path="src/api/generated.ts"),
        result=routes(560),
    ),
    Step(says="Now I will describe the three routes and run the check again."),
    Step(
        tool="Edit",
        arguments=call(file_path=PAGE, old_string="## Errors", new_string="## GET /items/3\n\n## Errors"),
        result=f"The file {PAGE} has been updated.",
    ),
    Step(tool="Bash", arguments=call(command="npm run docs:check --all"), result="ok: 723 routes are described"),
    Step(says="docs/api.md describes all 723 routes, each with its parameters and an example; the check passes."),
)
"""The answers in the order in which the model server is asked, one further try included."""
