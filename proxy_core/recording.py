"""How much of a body and of a stream is kept: whole while small, else its beginning and its end."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

import lz4.block

from proxy_core.exact import exact
from proxy_core.value_types import value_type

PIECE_OVERHEAD = 48
"""Bytes that a piece takes besides its content."""


@value_type
class Kept:
    """A body of `size` bytes: `head` is all of it, or its beginning, with its end in `tail`."""

    LIMIT: ClassVar[int] = 256 * 1024
    TAIL: ClassVar[int] = 64 * 1024

    head: bytes
    tail: bytes
    size: int

    @property
    def held(self) -> int:
        """Bytes kept."""
        return len(self.head) + len(self.tail)


def kept(data: bytes) -> Kept:
    """Keep a body; nothing is copied unless it is larger than `Kept.LIMIT`."""
    if len(data) <= Kept.LIMIT:
        return Kept(data, b"", len(data))
    return Kept(data[: Kept.LIMIT - Kept.TAIL], data[-Kept.TAIL :], len(data))


def settled(body: Kept) -> Kept:
    """The body in no more memory than it needs."""
    return Kept(exact(body.head), body.tail, body.size)


class Tape:
    """The beginning and the end of a stream, in the pieces in which it came."""

    HEAD: ClassVar[int] = 64 * 1024
    TAIL: ClassVar[int] = 64 * 1024
    LIMIT: ClassVar[int] = HEAD + TAIL
    LATE: ClassVar[int] = 2048
    """What may still come behind the end, with all overhead."""

    PACKED_FROM: ClassVar[int] = 1024
    """From here on compressing pays: of 4 KB of chunks 350 bytes stay, for 1 µs. zlib takes nine times as long."""

    __slots__ = ("_head", "_head_held", "_packed", "_tail", "_tail_held", "size")

    def __init__(self) -> None:
        self.size = 0
        """Bytes that came."""
        self._head: list[bytes] = []
        self._tail: deque[bytes] | None = None
        self._head_held = self._tail_held = 0
        self._packed: tuple[bytes, int] | None = None
        """Head and tail as they were when the stream had ended, compressed, and the length of that head."""

    @property
    def held(self) -> int:
        """Bytes that the pieces take; never more than `LIMIT`."""
        return self._head_held + self._tail_held

    def add(self, data: bytes) -> None:
        """A piece came."""
        self.size += len(data)
        cost = len(data) + PIECE_OVERHEAD
        if self._tail is None:
            if self._head_held + cost <= self.HEAD:
                self._head.append(data)
                self._head_held += cost
                return
            self._tail = deque()
        if cost > self.TAIL:
            data = data[PIECE_OVERHEAD - self.TAIL :]
            cost = self.TAIL
        self._tail.append(data)
        self._tail_held += cost
        while self._tail_held > self.TAIL:
            self._tail_held -= len(self._tail.popleft()) + PIECE_OVERHEAD

    def settled(self) -> Tape:
        """The same in little memory, for a stream that has ended; a late piece may still come.

        The chunks of a stream are nearly alike: they shrink to a tenth and less, in 10 µs for 90 KB.
        """
        self._leave_room()
        head, tail = b"".join(self._head), b"".join(self._tail or ())
        whole, small = head + tail, Tape()
        packed = lz4.block.compress(whole) if len(whole) >= self.PACKED_FROM else whole
        if len(packed) < len(whole):
            small._packed, small._head_held = (packed, len(head)), len(packed) + PIECE_OVERHEAD
            head = tail = b""
        if head:
            small.add(exact(head))
        if self._tail is not None:
            small._tail, small._tail_held = deque((tail,)), len(tail) + PIECE_OVERHEAD
        small.size = self.size
        return small

    def _leave_room(self) -> None:
        """For what may still come late: pieces that were joined could only make way for it all together."""
        if self._tail is None and self._head_held + self.LATE > self.HEAD:
            self._tail = deque()
        while self._tail and (excess := self._tail_held + self.LATE - self.TAIL) > 0:
            oldest = self._tail.popleft()
            self._tail_held -= len(oldest) + PIECE_OVERHEAD
            if len(oldest) > excess:
                self._tail.appendleft(oldest[excess:])
                self._tail_held += len(oldest) - excess + PIECE_OVERHEAD

    def kept(self) -> Kept | None:
        """What there is now; None for nothing. Any thread."""
        head = b"".join(self._head.copy())
        tail = b"".join(self._tail.copy()) if self._tail is not None else b""
        if self._packed is not None:
            whole, end = lz4.block.decompress(self._packed[0]), self._packed[1]
            head, tail = whole[:end] + head, whole[end:] + tail
        return Kept(head, tail, max(self.size, len(head) + len(tail))) if head or tail else None
