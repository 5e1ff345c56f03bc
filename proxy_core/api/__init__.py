"""The HTTP face: Anthropic's Messages API for agents and a few endpoints for operators."""
