"""The engine of Interlock: translation proxy, guardrails, sessions and upstream. It knows nothing of terminals."""

__version__ = "0.1.0"
