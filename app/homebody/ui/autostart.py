"""Starting with the session: an entry that the desktop reads when the person logs in.

Linux: a `.desktop` file in the autostart folder. Windows: a value under the person's own Run key.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from homebody.base.errors import BadInput
from homebody.base.files import replace_file
from homebody.wire.surroundings import is_frozen, window_program

__all__ = ["start_with_session"]

_NAME: Final = "homebody"
_RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"


def start_with_session(wanted: bool) -> None:
    """Start Homebody with the session from now on, or no longer. Raises `BadInput`.

    What is there already is written anew, so that it follows Homebody to where it was moved.
    """
    try:
        _write(wanted=wanted)
    except OSError as error:
        raise BadInput(
            f"Starting with the session could not be set: {error.strerror or error}.",
            "Add Homebody to the programs that your system starts by itself.",
        ) from error


def _command() -> list[str]:
    """Return what starts this Homebody again."""
    if is_frozen():
        return [window_program()]
    installed = shutil.which(_NAME)
    return [installed] if installed is not None else [sys.executable, "-m", "homebody"]


if sys.platform == "win32":
    import subprocess
    import winreg
    from contextlib import suppress

    def _write(*, wanted: bool) -> None:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            if wanted:
                line = subprocess.list2cmdline(_command())
                winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, line)
                return
            with suppress(FileNotFoundError):
                winreg.DeleteValue(key, _NAME)

else:

    def _write(*, wanted: bool) -> None:
        config = os.environ.get("XDG_CONFIG_HOME", "")
        folder = Path(config) if os.path.isabs(config) else Path.home() / ".config"  # noqa: PTH117
        entry = folder / "autostart" / f"{_NAME}.desktop"
        if not wanted:
            entry.unlink(missing_ok=True)
            return
        entry.parent.mkdir(parents=True, exist_ok=True)
        line = " ".join(map(_quoted, _command()))
        replace_file(
            entry,
            "[Desktop Entry]\n"
            "Type=Application\n"
            "Name=Homebody\n"
            "Comment=Tells reminders, and is there when you need it\n"
            f"Exec={line}\n"
            "Icon=arpa.home.homebody\n"
            "Terminal=false\n"
            "X-GNOME-Autostart-enabled=true\n".encode(),
        )

    def _quoted(argument: str) -> str:
        """Return an argument as the Desktop Entry Specification quotes it."""
        for sign in '\\"`$':
            argument = argument.replace(sign, f"\\{sign}")
        # A backslash of the quotes is one of the file's strings too; a % begins a field code.
        return '"' + argument.replace("\\", "\\\\").replace("%", "%%") + '"'
