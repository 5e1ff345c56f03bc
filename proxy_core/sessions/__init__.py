"""Conversations: whose a request is, and what its session has used so far."""
