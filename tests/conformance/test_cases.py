"""Every case of the conformance kit as a test, against one proxy process started from PROXY_CMD."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from kit.cases import Case, load_cases
from kit.process import ProxyProcess
from kit.runner import Runner
from kit.upstream import FakeUpstream

HERE = Path(__file__).parent
EXPECTED_FAILURES: dict[str, str] = json.loads((HERE / "expected_failures.json").read_text(encoding="utf-8"))
COMMAND = os.environ.get("PROXY_CMD", f"exec '{Path(sys.executable).parent / 'interlock'}' --no-tui")
CASES = load_cases(HERE / "cases")

pytestmark = pytest.mark.conformance


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner() -> AsyncIterator[Runner]:
    """The kit's client, before a proxy that stands before the kit's scripted upstream."""
    upstream = FakeUpstream()
    await upstream.start()
    async with ProxyProcess(COMMAND, upstream.port, None, {}) as proxy:
        client = Runner(upstream, proxy.base)
        yield client
        await client.close()
    await upstream.stop()


def _parameter(case: Case) -> object:
    reason = EXPECTED_FAILURES.get(case.id)
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    return pytest.param(case, id=f"{case.family}-{case.id}", marks=marks)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
async def test_case(case: Case, runner: Runner) -> None:
    result = await runner.run(case)
    assert result.reasons == []


def test_every_expected_failure_names_a_case() -> None:
    assert EXPECTED_FAILURES.keys() <= {case.id for case in CASES}
