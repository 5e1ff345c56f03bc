"""Real llama.cpp servers and proxies before them; those that tests cannot disturb are shared by all tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from anthropic import AsyncAnthropic

from tests.real.proxy import Interlock
from tests.realserver.server import LlamaServer

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the real server."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def tiny() -> Iterator[LlamaServer]:
    """A server that ends its turns by itself after some 150 tokens."""
    with LlamaServer("tiny") as server:
        yield server


@pytest.fixture(scope="session")
def endless() -> Iterator[LlamaServer]:
    """A server that never ends a turn or its thinking by itself, with a small window."""
    with LlamaServer("endless", window=2048) as server:
        yield server


@pytest.fixture(scope="session")
def calling() -> Iterator[LlamaServer]:
    """A server that likes to call tools, several at once."""
    with LlamaServer("calls") as server:
        yield server


@pytest.fixture(scope="session")
def tiny_proxy(tiny: LlamaServer) -> Iterator[Interlock]:
    with Interlock(tiny.base) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def endless_proxy(endless: LlamaServer) -> Iterator[Interlock]:
    with Interlock(endless.base) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def calling_proxy(calling: LlamaServer) -> Iterator[Interlock]:
    with Interlock(calling.base) as proxy:
        yield proxy


@pytest.fixture
async def client(tiny_proxy: Interlock) -> AsyncIterator[AsyncAnthropic]:
    """The SDK before the server that ends its turns."""
    async with tiny_proxy.client() as client:
        yield client


@pytest.fixture
async def endless_client(endless_proxy: Interlock) -> AsyncIterator[AsyncAnthropic]:
    """The SDK before the server that never ends by itself."""
    async with endless_proxy.client() as client:
        yield client


@pytest.fixture
async def calling_client(calling_proxy: Interlock) -> AsyncIterator[AsyncAnthropic]:
    """The SDK before the server that calls tools."""
    async with calling_proxy.client() as client:
        yield client
