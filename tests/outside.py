"""Counts, outside of Homebody's code, what the tests' own process reaches for on other machines.

The window, the assistant and the courier's parts run inside of it in most tests. Children are
counted by the kernel, in tests/privacy/test_no_connection.py and, for every test,
tests/torture/connections.py.
"""

import ipaddress
import sys
from collections.abc import Iterator
from typing import Any

import pytest

__all__ = ["nothing_reached_elsewhere"]

_CALLS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_reached: list[str] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    """Note every address of another machine that Python's sockets are given."""
    if event in _CALLS and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not _is_here(host):
            _reached.append(f"{event} {host}")


def _is_here(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


# It can't be taken off again, so there is one for all tests.
sys.addaudithook(_listen)


@pytest.fixture(autouse=True)
def nothing_reached_elsewhere() -> Iterator[None]:
    """Fail a test that reaches for another machine, whether or not it gets there."""
    _reached.clear()
    yield
    assert _reached == []
