"""A real llama.cpp server on loopback, with a tiny random model made on the spot."""
