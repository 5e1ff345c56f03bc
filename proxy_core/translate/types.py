"""The JSON shapes that travel through translation, and the one error it raises about a request."""

from __future__ import annotations

from typing import Any, TypeAlias

from proxy_core.value_types import value_type

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object as it came off the wire or goes onto it."""

Event: TypeAlias = JsonObject
"""One Messages API stream event in its wire shape, for instance `{"type": "content_block_stop", "index": 0}`."""


class InvalidRequest(ValueError):
    """The client's body cannot be a Messages API request; the message says in plain words what is wrong and where."""


@value_type
class Change:
    """One thing that translation dropped, shortened or replaced, so that nothing is lost in silence.

    `what` names the part ("document", "server tool web_search"), `why` the reason; `before` and `after` are short
    texts for an operator, empty where there is nothing to show.
    """

    what: str
    why: str
    before: str = ""
    after: str = ""
