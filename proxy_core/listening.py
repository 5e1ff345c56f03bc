"""Binds the listening socket before anything else happens, so that a busy port is one plain line."""

from __future__ import annotations

import errno
import socket

FURTHER_PORTS = 20


class CannotListen(Exception):
    """The address cannot be listened on; the message is one plain sentence."""


def bind(host: str, port: int) -> socket.socket:
    """A bound, not yet listening TCP socket; port 0 takes a free one. Raises `CannotListen`."""
    family, address = _resolve(host, port)
    try:
        return _bound(family, address)
    except OSError as error:
        raise CannotListen(_why(error, host, port, family, address)) from None


def url_of(sock: socket.socket) -> str:
    """The address for clients on this machine; a socket on all interfaces is named by its loopback address."""
    host, port = str(sock.getsockname()[0]), int(sock.getsockname()[1])
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise CannotListen(f"cannot listen on {host}: there is no such address (PROXY_HOST)") from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, (str(address[0]), port)


def _bound(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    # Named, because asyncio turns Nagle's algorithm off only for sockets that say TCP: with it a token waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(socket.SOMAXCONN)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _why(error: OSError, host: str, port: int, family: socket.AddressFamily, address: tuple[str, int]) -> str:
    if error.errno == errno.EADDRINUSE:
        free = _free_port(family, address)
        return f"port {port} on {host} is in use by another program; try --port {free}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} on {host} needs more rights than this user has; try a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {host}: this machine has no such address (PROXY_HOST)"
    return f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}"


def _free_port(family: socket.AddressFamily, address: tuple[str, int]) -> int:
    """A port that is free now: one of the next few, else any."""
    host, port = address
    for candidate in (*range(port + 1, min(port + FURTHER_PORTS, 65_535)), 0):
        try:
            with _bound(family, (host, candidate)) as sock:
                return int(sock.getsockname()[1])
        except OSError:
            continue
    return 0
