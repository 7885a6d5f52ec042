"""How the routes of routes.py are declared."""

import ctypes
import os
from pathlib import Path

PREPARED = {}
"""What each route that needs something from before the lock makes then."""
ROUTES = {}
SIXTEEN = (
    *("tcp_connect", "udp_send", "ipv6_send", "raw", "netlink", "vsock", "dns", "ctypes_socket"),
    *("child_python", "io_uring", "x32_number", "inherited", "handed_over", "dbus"),
    *("abstract_unix", "qt"),
)
"""Those that research/security.md counts. Qt last: its application stays."""


def before(function):
    """Register what a route needs to have from before the lock."""
    PREPARED[function.__name__.removeprefix("before_")] = function
    return function


def route(function):
    """Register a way to try, called with what was prepared for it, if anything, a port and a text.

    OSError says that it is refused, LookupError that this machine does not have it.
    """
    ROUTES[function.__name__] = function
    return function


def file_route(function):
    """Register a way to try that works in a folder."""
    ROUTES[function.__name__] = lambda _, folder: function(Path(folder))
    return function


def check(result, error=None):
    """Raise the OSError of a C function that failed."""
    if result < 0:
        error = ctypes.get_errno() if error is None else error
        raise OSError(error, os.strerror(error))
    return result
