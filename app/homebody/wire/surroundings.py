"""The environment that the person started us in, and which of our programs starts what.

The program that starts a frozen app (PyInstaller's) puts the app's own folder first among those in
which the system looks for libraries, and says so to all that the app starts. A browser that takes
ours instead of its own may not start at all, so nothing of that is passed on.
"""

import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["is_frozen", "own_environment", "own_program", "window_program"]

_SEARCHED: Final = "LD_LIBRARY_PATH"
_BEFORE: Final = f"{_SEARCHED}_ORIG"
"""As it was before; not there where it was not set."""
_OF_THE_STARTER: Final = "_PYI_"
_TERMINAL: Final = "homebody.exe"
_WINDOW: Final = "homebody-window.exe"


def is_frozen() -> bool:
    """Tell whether this is the packaged app, with a Python of its own."""
    return bool(getattr(sys, "frozen", False))


def own_environment() -> dict[str, str]:
    """Return our environment as it was when we were started."""
    if not is_frozen():
        return dict(os.environ)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {_SEARCHED, _BEFORE} and not name.startswith(_OF_THE_STARTER)
    }
    before = os.environ.get(_BEFORE)
    return kept if before is None else kept | {_SEARCHED: before}


def own_program() -> str:
    """Return the program that serves in a terminal, and as every child, of a frozen app.

    On Windows a program either has a console or has none; the one that shows the window has none.
    """
    if sys.platform == "win32":
        return str(Path(sys.executable).with_name(_TERMINAL))
    return sys.executable


def window_program() -> str:
    """Return the program of a frozen app that shows the window, by the path that will last.

    An AppImage lies in a folder that is gone when it ends: then it is the file itself. What a
    package installed is called by the name that it has on the path.
    """
    if sys.platform == "win32":
        return str(Path(sys.executable).with_name(_WINDOW))
    image, mounted = os.environ.get("APPIMAGE", ""), os.environ.get("APPDIR", "")
    if image and mounted and Path(sys.executable).is_relative_to(mounted):
        return image
    import shutil

    installed = shutil.which("homebody")
    if installed is not None and Path(installed).resolve() == Path(sys.executable).resolve():
        return str(Path(installed).absolute())
    return sys.executable
