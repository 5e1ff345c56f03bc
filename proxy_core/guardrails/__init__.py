"""Policies that keep an agent on the rails, one a file."""
