"""Python's cyclic garbage collector, kept off what lives as long as the process.

A full collection looks at every object there is, and holds up every thread. The modules, settings and widgets of a
console are some 300,000 objects: full collections took 80 to 240 ms on two busy virtual CPUs, in the middle of streams.
"""

from __future__ import annotations

import gc


def pause() -> None:
    """Collect nothing while the program loads: almost all that it makes then is to stay."""
    gc.disable()


def resume() -> None:
    """Collect again, but nothing of what exists by now."""
    gc.freeze()
    gc.enable()


def spare() -> None:
    """Leave what exists by now out of every later collection."""
    gc.freeze()
