"""Is there a display? Asked before Qt is loaded, because without one Qt aborts the process.

The question is put to the libraries that Qt itself will use, so that a display that is named but
not there, or that refuses us, counts as none.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["why_no_window"]

_IN_MEMORY: Final = ("offscreen", "minimal")


def why_no_window() -> str:
    """Return why no window can be shown, in a sentence; an empty text if one can.

    On Linux this may set QT_QPA_PLATFORM, where only one of two displays answers. Never raises.
    """
    if find_spec("PySide6") is None:
        return "The window is not installed (PySide6 is missing)."
    if sys.platform != "linux":
        return ""
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    if wanted.partition(":")[0] in _IN_MEMORY:
        return ""
    if wanted and not wanted.startswith(("wayland", "xcb")):
        # vnc would serve the window to the network; others Qt may not have, and abort.
        return f"QT_QPA_PLATFORM is {wanted!r}; Homebody shows its window on Wayland or X11 only."
    wayland = _wayland() if not wanted.startswith("xcb") else "not wanted"
    x11 = _x11() if not wanted.startswith("wayland") else "not wanted"
    if wayland and x11:
        return next(why for why in (x11, wayland) if why != "not wanted")
    if not wanted and bool(wayland) != bool(x11):
        # Qt might try the other one first, and would give up there.
        os.environ["QT_QPA_PLATFORM"] = "xcb" if not x11 else "wayland"
    return ""


def _wayland() -> str:
    """Return why Wayland can't be used; empty if it can."""
    if not os.environ.get("WAYLAND_DISPLAY"):
        return "There is no display."
    return _connects(
        "libwayland-client.so.0", "wl_display_connect", None, "wl_display_disconnect", "wayland"
    )


def _x11() -> str:
    """Return why X11 can't be used; empty if it can."""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "There is no display."
    host = display.partition(":")[0]
    if host not in {"", "unix"} and not display.startswith("/"):
        return (
            f"The display {display} is reached over a network, and Homebody has locked itself "
            "out of every network."
        )
    return _connects(
        "libxcb.so.1", "xcb_connect", "xcb_connection_has_error", "xcb_disconnect", "xcb"
    )


def _connects(library: str, connect: str, failed: str | None, leave: str, plugin: str) -> str:
    """Connect as Qt will, and load what Qt will load; return what is wrong."""
    import ctypes

    try:
        client = ctypes.CDLL(library)
    except OSError:
        return f"The system library {library} is missing, which a window needs."
    opening, leaving = getattr(client, connect), getattr(client, leave)
    opening.restype, opening.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_char_p] + ([ctypes.c_void_p] if failed else []),
    )
    leaving.restype, leaving.argtypes = None, [ctypes.c_void_p]
    connection = opening(None, None) if failed else opening(None)
    refused = not connection
    if connection and failed:
        check = getattr(client, failed)
        check.restype, check.argtypes = ctypes.c_int, [ctypes.c_void_p]
        refused = bool(check(connection))
    if connection:
        leaving(connection)
    if refused:
        return "The display does not answer, or refuses us."
    return _missing(plugin)


def _missing(plugin: str) -> str:
    """Return which system library Qt's plugin lacks, if any: Qt would abort."""
    import ctypes

    package = find_spec("PySide6")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for file in sorted(Path(folder).glob(f"Qt/plugins/platforms/libq{plugin}*.so")):
            try:
                ctypes.CDLL(str(file))
            except OSError as error:
                name = str(error).partition(":")[0]
                return f"The system library {name} is missing, which a window needs."
    return ""
