"""GET /v1/models and /v1/models/{id}: the served models, and names that agents will list and accept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from proxy_core.engine import Engine
from proxy_core.translate.errors import ApiError
from proxy_core.translate.types import JsonObject
from proxy_core.turn import new_request_id
from proxy_core.upstream.model_names import list_models, parse_model_map

PAGE = 1000


def models_router(engine: Engine) -> APIRouter:
    """The two routes."""
    router = APIRouter()

    def listed() -> list[JsonObject]:
        return list_models(engine.watch.facts, parse_model_map(engine.settings.current.model_map), engine.window)

    @router.get("/v1/models")
    async def models(  # pyright: ignore[reportUnusedFunction]
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 20, after_id: str = "", before_id: str = ""
    ) -> Response:
        everything = listed()
        ids = [model["id"] for model in everything]
        first = ids.index(after_id) + 1 if after_id in ids else 0
        last = ids.index(before_id) if before_id in ids else len(ids)
        page = everything[first:last][:limit]
        return answer(
            200,
            {
                "data": page,
                "has_more": first + len(page) < last,
                "first_id": page[0]["id"] if page else None,
                "last_id": page[-1]["id"] if page else None,
            },
        )

    @router.get("/v1/models/{model_id:path}")
    async def model(model_id: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        for entry in listed():
            if entry["id"] == model_id:
                return answer(200, entry)
        if model_id.startswith("claude"):
            return answer(200, {**listed()[0], "id": model_id})
        request_id = new_request_id()
        error = ApiError(404, "not_found_error", f"model: {model_id}")
        return JSONResponse(error.body(request_id), 404, {"request-id": request_id})

    return router


def answer(status: int, body: JsonObject) -> Response:
    """A JSON answer with a request id."""
    return JSONResponse(body, status, {"request-id": new_request_id()})
