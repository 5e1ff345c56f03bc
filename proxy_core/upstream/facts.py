"""What is known of the model server, and the three ways in which it can fail to tell."""

from __future__ import annotations

from dataclasses import dataclass


class UpstreamUnreachable(Exception):
    """No usable answer; the message says why in plain words. `silent`: it took the connection and said nothing."""

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


class UpstreamLoading(Exception):
    """The server answers 503: llama.cpp does so on every route while it loads its model."""


class UpstreamRefused(Exception):
    """The server answers, and refuses with `status` 401 or 403: the key is missing or wrong."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the model server answers {status}: set UPSTREAM_API_KEY to a key that it accepts")
        self.status = status


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """The model server as discovered.

    `kind` is one of llama.cpp, vllm, sglang, ollama, lmstudio, tabbyapi, openrouter, unknown. `model` is the model to
    use when a request names none that is served; `models` are all names it accepts. `window` is what one request may
    use, in tokens, 0 unknown, and `window_source` where that was read; the maximum that a model was trained for is
    never taken for it. None is unknown in `slots` (requests served at once), `vision` (reads images) and `unified_kv`
    (slots share one window: no server tells, but one slot has nobody to share with, and answers that break off because
    the shared memory is full show it).
    """

    kind: str = "unknown"
    model: str = ""
    models: tuple[str, ...] = ()
    window: int = 0
    window_source: str = ""
    slots: int | None = None
    vision: bool | None = None
    unified_kv: bool | None = None
    build: str = ""

    @classmethod
    def unknown(cls) -> UpstreamFacts:
        """Before anything was found out."""
        return cls()
