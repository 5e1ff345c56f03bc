"""The engine of Interlock: translation proxy, guardrails, sessions and upstream. It knows nothing of terminals."""

import sys

__version__ = "0.1.0"

# httpx imports its own command line, and with it rich, wherever rich is installed. The engine has no use for either;
# None in this place makes that import fail, which httpx expects.
sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]
