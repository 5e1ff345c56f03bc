"""POST /v1/messages: the road of one request, from its bytes to the last byte of its answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from proxy_core.api.answering import stream_answer, whole_answer
from proxy_core.api.client_link import ClientLink, Ending
from proxy_core.api.incoming import ClientGone, headers_of, parse_body, read_body, refuse_threads
from proxy_core.engine import Engine
from proxy_core.guardrails.usage_scale import UsageScale
from proxy_core.translate.errors import ApiError, internal_error
from proxy_core.translate.types import InvalidRequest
from proxy_core.translate.validate import validate_messages_request
from proxy_core.turn import Turn, new_request_id

REPEATING_CLIENTS = frozenset({"claude-code", "opencode"})
"""Seen to repeat a request whose answer was cut off, and to give up at an error event (2.1.197, 1.18.33)."""


class MessagesEndpoint:
    """A raw ASGI endpoint: a framework's response object would not notice a client that leaves during prefill."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        link = ClientLink(receive, send, new_request_id())
        headers = headers_of(scope)
        try:
            turn = await self._admitted(headers, receive, link)
            if turn is not None:
                await self._serve(turn, link, headers)
        except Exception:
            if not link.committed:
                await link.fail(internal_error())
            raise  # the server logs it, and closes the connection of an answer that was begun

    async def _admitted(self, headers: dict[str, str], receive: Receive, link: ClientLink) -> Turn | None:
        """The turn of a request; None when its client left or was refused."""
        try:
            return await self._admit(headers, receive, link.request_id)
        except ClientGone:
            return None
        except ApiError as error:
            self._engine.ledger.refused(error, link.request_id)
            await link.fail(for_client(error, headers))
            return None

    async def _admit(self, headers: dict[str, str], receive: Receive, request_id: str) -> Turn:
        settings = self._engine.settings.current
        raw = await read_body(receive, settings.max_body_mb * 2**20)
        if self._engine.draining:
            raise ApiError(529, "overloaded_error", "Interlock is shutting down", headers={"retry-after": "5"})
        recalled = parse_body(raw, self._engine.preparation.bodies.read)
        body = recalled.body
        refuse_threads(body)
        try:
            valid = validate_messages_request(body, passed=recalled.valid, tools_passed=recalled.tools_valid)
        except InvalidRequest as error:
            raise ApiError(400, "invalid_request_error", str(error)) from None
        recalled.accept()
        turn = self._engine.admit(headers, valid, request_id, raw)
        turn.recalled = recalled
        return turn

    async def _serve(self, turn: Turn, link: ClientLink, headers: dict[str, str]) -> None:
        engine = self._engine
        turn.task = asyncio.current_task(engine.loop)
        link.tells = turn.record.tells
        try:
            await self._answer(turn, link)
        except InvalidRequest as error:
            await self._fail(turn, link, headers, ApiError(400, "invalid_request_error", str(error)))
        except ApiError as error:
            engine.learn(turn, error)
            await self._fail(turn, link, headers, error)
        except asyncio.CancelledError:
            if not turn.cancelled_by:
                raise
            engine.ledger.cancelled(turn)
            await self._say_cancelled(turn, link, headers)

    async def _answer(self, turn: Turn, link: ClientLink) -> None:
        engine = self._engine
        engine.ledger.begins(turn)
        try:
            exchange = await engine.exchange(turn)
            scale = UsageScale(turn.settings.usage_scale, engine.window)
            await (stream_answer if turn.stream else whole_answer)(turn, exchange, link, scale)
            engine.finished(turn, exchange.outcome)
        finally:
            engine.ledger.ends(turn)

    async def _fail(self, turn: Turn, link: ClientLink, headers: dict[str, str], error: ApiError) -> None:
        self._engine.ledger.failed(turn, error)
        if not link.committed:
            await link.fail(for_client(error, headers))
        else:
            await link.break_off(error, ending_for(turn))

    async def _say_cancelled(self, turn: Turn, link: ClientLink, headers: dict[str, str]) -> None:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        if turn.cancelled_by == "client" or link.ended:
            return
        with suppress(Exception):
            error = cancelled_error(turn.cancelled_by)
            if not link.committed:
                await link.fail(for_client(error, headers))
            else:
                await link.break_off(error, "event")


def for_client(error: ApiError, headers: dict[str, str]) -> ApiError:
    """The error as this client can use it: Claude Code repeats a 401 for 40 seconds, a 403 it shows at once."""
    if error.status == 401 and headers.get("user-agent", "").startswith("claude-cli"):
        return ApiError(403, "permission_error", error.message, headers=dict(error.headers))
    return error


def ending_for(turn: Turn) -> Ending:
    """How a stream that broke after it began ends for this client, by the setting."""
    wish = turn.settings.broken_stream
    if wish == "auto":
        return "cut" if turn.identity.client in REPEATING_CLIENTS else "event"
    return "cut" if wish == "cut" else "event"


def cancelled_error(by: str) -> ApiError:
    """What a client reads whose request was ended from here."""
    if by == "operator":
        never = {"x-should-retry": "false"}
        return ApiError(400, "invalid_request_error", "the operator of Interlock cancelled this request", headers=never)
    return ApiError(529, "overloaded_error", "Interlock is shutting down", headers={"retry-after": "5"})
