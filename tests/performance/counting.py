"""Counts calls of functions, Python's and C's, instead of time: the same code gives the same count on any machine."""

import sys
from collections.abc import Callable


def calls_in(work: Callable[[], object]) -> int:
    """How many functions `work` calls, all told."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
