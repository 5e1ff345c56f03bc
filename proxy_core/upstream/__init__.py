"""The model server: where it is, what it is, how many tokens a prompt costs there, and the client that talks to it."""
