"""One request's messages and tools, with what is known of each from before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from proxy_core.guardrails.loop_digest import content_key
from proxy_core.message_memory import Known, KnownTools, MessageMemory, messages_of, tools_of
from proxy_core.translate.documents import holds_pdf
from proxy_core.translate.messages import ReadMessage, read_message
from proxy_core.translate.types import JsonObject


class Recalled:
    """The messages of one request. The body must stay alive and unchanged as long as this.

    `size`: the bytes of the body as it came. `found`: what is known of the first messages already, for a caller that
    met them where they stand.
    """

    def __init__(
        self,
        memory: MessageMemory,
        body: object,
        size: int = 0,
        found: Sequence[Known] = (),
        tools: KnownTools | None = None,
    ) -> None:
        self.body = body
        self.size = size
        declared = tools_of(body)
        self.tools = memory.known_tools(declared) if tools is None and declared is not None else tools
        self._memory = memory
        self._messages = messages_of(body)
        self._found = len(found)
        self._known = [*found, *map(memory.known, self._messages[len(found) :])]
        self._by_id: dict[int, Known] | None = None
        self._keys: list[int] | None = None

    @property
    def keys(self) -> list[int]:
        """The content keys of the messages; not to be changed."""
        if self._keys is None:
            self._keys = [known.key or known.content_key() for known in self._known]
        return self._keys

    @property
    def valid(self) -> list[bool]:
        """Which messages were found valid before."""
        return [known.valid for known in self._known]

    @property
    def tools_valid(self) -> bool:
        """Whether these tools were found valid before."""
        return self.tools is not None and self.tools.valid

    def accept(self) -> None:
        """The body was found valid."""
        for known in self._known[self._found :]:
            known.valid = True
        self._memory.follow(self._known, self._found)
        if self.tools is not None:
            self.tools.valid = True

    def keys_of(self, messages: list[JsonObject]) -> list[int]:
        """The content keys of messages, of this request or made from some of it; not to be changed."""
        if messages is self._messages:
            return self.keys
        found = self._found_again(messages)
        return [
            content_key(message) if known is None else known.key or known.content_key()
            for known, message in zip(found, messages, strict=True)
        ]

    def reading(self, messages: list[JsonObject], vision: bool | None) -> Reading:
        """What is needed to translate `messages`: those of the request, or some that were made from them."""
        same = messages is self._messages
        known = self._known if same else self._found_again(messages)
        return Reading(known, messages, vision)

    def _found_again(self, messages: list[JsonObject]) -> list[Known | None]:
        """What is known of each of these messages; None for those that were made from others."""
        if self._by_id is None:
            self._by_id = dict(zip(map(id, self._messages), self._known, strict=True))
        return [self._by_id.get(id(message)) for message in messages]


class Reading:
    """Reads messages in their order, each for the first time only. `all` may be used on another thread."""

    def __init__(self, known: Sequence[Known | None], messages: list[JsonObject], vision: bool | None) -> None:
        self._messages = messages
        self._vision = vision
        self._known = known
        self._read = [one.reads.get(vision) if one is not None else None for one in known]
        self._missing = [place for place, read in enumerate(self._read) if read is None]

    @property
    def slow(self) -> bool:
        """Whether a PDF has to be read, which can take seconds."""
        return holds_pdf({"messages": [self._messages[place] for place in self._missing]})

    def all(self) -> list[ReadMessage]:
        """The messages as read."""
        for place in self._missing:
            known = self._known[place]
            read = known.reads.get(self._vision) if known is not None else None
            if read is None:
                read = read_message(self._messages[place], self._vision)
                if known is not None:
                    known.reads[self._vision] = read
            self._read[place] = read
        return cast("list[ReadMessage]", self._read)
