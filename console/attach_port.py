"""The console's port to an engine in another process, over its operator interface."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from console.attach_link import CannotAttach, as_object, fetch, fetch_picture, send, understood
from console.attach_lookups import Lookups
from console.http_link import Link, LinkFailed
from proxy_core.commands import Command, CommandResult
from proxy_core.event_ring import EventBatch, EventRing
from proxy_core.live_settings import AppliedChange, SettingsView, UpdateResult
from proxy_core.record_views import RecordView, RequestView, SessionDetail
from proxy_core.saving import SaveResult
from proxy_core.snapshot import Sample, Snapshot
from proxy_core.translate.types import JsonObject
from proxy_core.wire import WireError, decode_settings, encode_command

T = TypeVar("T")

POLL_SECONDS = 0.25
QUIET_SECONDS = 1.0
"""The pause between two looks while nothing moves, and while nobody answers."""

QUIET_AFTER = 20
"""So many looks at which nothing had moved make it quiet."""

ANSWER_SECONDS = 0.95
CONNECT_SECONDS = 5.0
SAMPLES_KEPT = 3600


class AttachPort:
    """A thread looks at the proxy and leaves frozen values behind; the face reads them and never waits for them.

    While the proxy cannot be reached the last picture stays, and its `lost_since` says since when; the thread goes on
    asking, and takes up a proxy that was started anew. What the face asks the proxy to do is waited for at most a
    second, and not at all while it is lost.
    """

    def __init__(self, url: str, token: str = "") -> None:
        """Raises `LinkFailed` for an address that cannot be one."""
        self._token = token
        self._link = Link(url, token, CONNECT_SECONDS)
        self.url = self._link.url
        self._ring = EventRing()
        self._lock = threading.Lock()
        self._run = ""
        self._seen = 0
        self._number = 0
        self._skew = 0.0
        self._last: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._view: SettingsView | None = None
        self._lookups = Lookups(self._call)
        self._own = threading.local()
        self._calls = ThreadPoolExecutor(2, thread_name_prefix="asks")
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._watch, name="attached", daemon=True)

    def connect(self) -> None:
        """The first contact; afterwards the proxy is watched. Raises `CannotAttach` and `LinkFailed`."""
        self._look()
        self._thread.start()

    def close(self) -> None:
        """Stop watching. The proxy goes on."""
        self._closing = True
        self._wake.set()
        self._calls.shutdown(wait=False, cancel_futures=True)

    def clock(self) -> float:
        """Unix time as the proxy's machine has it."""
        return time.time() + self._skew

    # -- what the face may ask --------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest picture."""
        return _there(self._shown)

    def events_since(self, number: int) -> EventBatch:
        """The events after `number`. The numbers are this port's own: they go on when the proxy was started anew."""
        return self._ring.since(number)

    def settings(self) -> SettingsView:
        """The settings in force."""
        return _there(self._view)

    def update(self, changes: Mapping[str, str]) -> UpdateResult:
        """Change live settings; all are taken or none is."""
        try:
            found = self._call(lambda link: send(link, "settings", {"changes": dict(changes)}))
            self._take_settings(found)
            applied = tuple(understood(self._link, AppliedChange, entry) for entry in found.get("changes", ()))
            return UpdateResult(self.settings(), applied, tuple(map(str, found.get("errors", ()))))
        except CannotAttach as error:
            return UpdateResult(self.settings(), errors=(str(error),))

    def save(self, names: tuple[str, ...], *, write: bool) -> SaveResult:
        """Save settings to the `.env` of the proxy, on its machine, or say what would change there."""
        try:
            found = self._call(lambda link: send(link, "save", {"names": names, "write": write}))
            self._take_settings(found)
            return understood(self._link, SaveResult, found.get("result"))
        except CannotAttach as error:
            return SaveResult("", error=str(error))

    def command(self, command: Command) -> CommandResult:
        """Carry out one command."""
        try:
            found = self._call(lambda link: send(link, "command", encode_command(command)))
            return understood(self._link, CommandResult, found)
        except CannotAttach as error:
            return CommandResult(ok=False, message=str(error))

    def detail(self, session: str) -> SessionDetail | None:
        """What is behind the state of a session."""
        return self._lookups.get("detail", session)

    def requests(self, session: str) -> tuple[RequestView, ...]:
        """The last requests of a session."""
        return self._lookups.get("requests", session) or ()

    def record(self, request_id: str) -> RecordView | None:
        """All of one request."""
        return self._lookups.get("record", request_id)

    def _call(self, work: Callable[[Link], T]) -> T:
        """Do it on another thread, and wait at most a second. Raises `CannotAttach`."""
        if self.snapshot().lost_since is not None:
            raise CannotAttach(f"{self.url} cannot be reached now")
        try:
            return self._calls.submit(self._with_own_link, work).result(ANSWER_SECONDS)
        except TimeoutError:
            raise CannotAttach(f"{self.url} did not answer within a second") from None
        except (LinkFailed, CancelledError, RuntimeError) as error:
            raise CannotAttach(str(error) or "the console is closing") from None
        finally:
            self._wake.set()

    def _with_own_link(self, work: Callable[[Link], T]) -> T:
        link: Link | None = getattr(self._own, "link", None)
        if link is None:
            link = self._own.link = Link(self.url, self._token, ANSWER_SECONDS)
        return work(link)

    # -- the watching thread ------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        still = 0
        while not self._closing:
            quiet = self.snapshot().lost_since is not None or still >= QUIET_AFTER
            self._wake.wait(QUIET_SECONDS if quiet else POLL_SECONDS)
            self._wake.clear()
            before = (self._shown, self._ring.count, self._view)
            try:
                self._look()
            except (CannotAttach, LinkFailed, ValueError, TypeError):  # the last two: something else answers there now
                self._lose()
            still = still + 1 if before == (self._shown, self._ring.count, self._view) else 0
        self._link.close()

    def _look(self) -> None:
        """Fetch what is new. Raises `CannotAttach` and `LinkFailed`."""
        link, last = self._link, self._last
        known = last.samples[-1].at if last is not None and last.samples else 0
        found = fetch_picture(link, -1 if last is None else last.version, known)
        if str(found.get("run")) != self._run:
            self._run, self._seen, self._number, self._last = str(found.get("run")), 0, 0, None
            self._lookups.forget()
            if last is not None:
                self._look()
                return
        self._skew = float(found.get("now") or time.time()) - time.time()
        if self._view is None or found.get("settings") != self._number:
            self._take_settings(as_object(link, fetch(link, "settings")))
        if found.get("events") != self._seen:
            self._take_events(understood(link, EventBatch, fetch(link, "events", since=self._seen)))
        if found.get("snapshot") is not None:
            self._last = _joined(last if self._last else None, understood(link, Snapshot, found["snapshot"]))
        self._lookups.refresh(link)
        self._shown = _there(self._last)

    def _lose(self) -> None:
        shown = self.snapshot()
        if shown.lost_since is None:
            self._shown = replace(shown, lost_since=self.clock())

    def _take_events(self, batch: EventBatch) -> None:
        if batch.missed and self._seen:
            self._ring.skip(batch.missed)
        for event in batch.events:
            self._ring.publish(event)
        self._seen = batch.next

    def _take_settings(self, found: JsonObject) -> None:
        """Take settings that are newer than those taken before; any thread."""
        number = int(found.get("number") or 0)
        try:
            view = decode_settings(found.get("view"))
        except WireError as error:
            raise CannotAttach(f"{self.url} sent settings that are not understood here: {error}") from None
        with self._lock:
            if number > self._number:
                self._number, self._view = number, view


def _there(value: T | None) -> T:
    if value is None:
        raise RuntimeError("not connected yet")
    return value


def _joined(last: Snapshot | None, new: Snapshot) -> Snapshot:
    """The new picture with the samples that came with earlier ones."""
    first = new.samples[0].at if new.samples else 0
    before: tuple[Sample, ...] = ()
    if last is not None:
        before = tuple(sample for sample in last.samples if sample.at < first) if new.samples else last.samples
    return replace(new, samples=(*before, *new.samples)[-SAMPLES_KEPT:])
