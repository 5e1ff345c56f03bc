"""POST /v1/messages/count_tokens: what a request would cost, without generating."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from proxy_core.api.client_link import ClientLink
from proxy_core.api.incoming import ClientGone, headers_of, parse_body, read_body, refuse_threads
from proxy_core.api.messages import for_client
from proxy_core.engine import Engine
from proxy_core.guardrails.usage_scale import UsageScale
from proxy_core.translate.errors import ApiError, internal_error
from proxy_core.translate.types import InvalidRequest
from proxy_core.translate.validate import validate_messages_request
from proxy_core.turn import new_request_id


class CountTokensEndpoint:
    """Counts exactly where the model server can, else estimates; the answer has the API's one field."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        link = ClientLink(receive, send, new_request_id())
        try:
            raw = await read_body(receive, self._engine.settings.current.max_body_mb * 2**20)
            body = parse_body(raw)
            refuse_threads(body)
            count = await self._engine.count_tokens(validate_messages_request(body, need_max_tokens=False))
        except ClientGone:
            return
        except InvalidRequest as error:
            await link.fail(ApiError(400, "invalid_request_error", str(error)))
        except ApiError as error:
            await link.fail(for_client(error, headers_of(scope)))
        except Exception:
            await link.fail(internal_error())
            raise  # the server logs it
        else:
            scale = UsageScale(self._engine.settings.current.usage_scale, self._engine.window)
            await link.respond(200, {"input_tokens": scale.tokens(count.tokens)})
