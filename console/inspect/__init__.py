"""Turns the record of a request into what a person reads: pure functions over texts, run beside the UI's thread."""
