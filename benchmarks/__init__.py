"""Measures the proxy against a byte passthrough, in one run on one machine (`make bench`)."""
