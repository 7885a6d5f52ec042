"""The settings file: TOML that a person may edit, and that is never lost.

Reading never fails: what cannot be used is said in a sentence and its default is used, while the
file stays as it is. Writing changes only what was changed, keeps comments and keys that this
version does not know, and leaves the old file or the new one, whatever happens in between. Two
processes that write at the same moment do not mix: the later one wins.
"""

import math
import os
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from homebody.base.clock import now
from homebody.base.errors import BadInput, SettingsProblem
from homebody.base.paths import Home
from homebody.settings.declared import SETTINGS, Setting, Settings

__all__ = ["LoadedSettings", "load", "save"]

_DECLARED: Final = {setting.key: setting for setting in SETTINGS}
_LARGEST: Final = 1_000_000
"""Bytes. A larger file is no settings file, and would hold up the start."""
_SHOWN: Final = 40
"""Characters of a wrong value that are shown."""


class LoadedSettings(Struct, frozen=True):
    """The settings to use, and a sentence for everything in the file that cannot be used."""

    settings: Settings
    problems: tuple[str, ...]


class _Unusable(Exception):
    """The file as a whole cannot be used; the message is the end of "settings.toml …"."""


def load(home: Home) -> LoadedSettings:
    """Read the settings. Never raises, and never writes.

    No file: the defaults. Unknown keys belong to another version and are left alone.
    """
    path = home.settings
    try:
        table = _parse(_read(path) or b"")
    except _Unusable as unusable:
        sentence = f"{path.name} {unusable}. The defaults are used; the file is left as it is."
        return LoadedSettings(settings=Settings(), problems=(sentence,))
    values: dict[str, Any] = {}
    problems = []
    for setting in SETTINGS:
        if setting.key not in table:
            continue
        good, value = setting.accept(table[setting.key])
        if good:
            values[setting.key] = value
        else:
            problems.append(_wrong(setting, table[setting.key], path.name))
    return LoadedSettings(settings=Settings(**values), problems=tuple(problems))


def save(home: Home, changes: Mapping[str, object]) -> LoadedSettings:
    """Write these settings to the file and return what it says now.

    None unsets. The file is replaced in one step (see `base.files`); a link is followed. A file
    that is not TOML is first copied to `settings.broken-DATE.toml` beside it. Raises BadInput for
    a key or value that does not exist, SettingsProblem if the file cannot be written; either way
    the file is as it was. Not for two threads at once.
    """
    values = {key: _checked(key, value) for key, value in changes.items()}
    # Somebody who keeps the file elsewhere, and a link to it here, wants the link to stay.
    path = Path(os.path.realpath(home.settings))
    try:
        data = _read(path) or b""
    except _Unusable as unusable:
        raise _not_written(str(unusable)) from unusable
    text = _changed(path, data, values)
    from homebody.base.files import replace_file

    try:
        replace_file(path, text.encode())
    except OSError as problem:
        raise _not_written(f"cannot be written: {problem.strerror}") from problem
    return load(home)


def _read(path: Path) -> bytes | None:
    """Return what is in the file, None if there is none. Raises _Unusable."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _Unusable(f"cannot be read: {problem.strerror}") from problem
    if len(data) > _LARGEST:
        raise _Unusable("is larger than a settings file can be (1 MB)")
    return data


def _parse(data: bytes) -> dict[str, Any]:
    """Return the table in the file. Raises _Unusable."""
    if not data.strip():
        return {}
    # Most profiles have no such file, and a window need not wait for its parser.
    import tomllib

    try:
        # Windows' editors put a byte order mark first, which TOML does not know.
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise _Unusable(f"is not UTF-8 text (line {line})") from problem
    except ValueError as problem:
        # The parser's message ends with the place: "… (at line 3, column 9)".
        raise _Unusable(f"cannot be understood: {problem}") from problem
    except RecursionError as problem:
        raise _Unusable("cannot be understood: it is nested too deeply") from problem


def _show(value: object) -> str:
    """Return a value as a person would find it in the file, shortened."""
    match value:
        case bool():
            shown = "true" if value else "false"
        case str():
            shown = f'"{" ".join(value.split())}"'
        case int() if value.bit_length() > 64:
            return "a number of many digits"
        case int() | float():
            shown = f"{value}"
        case datetime() | date() | time():
            shown = value.isoformat()
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "something else"
    if len(shown) <= _SHOWN:
        return shown
    return shown[: _SHOWN - 1] + ('…"' if isinstance(value, str) else "…")


def _wrong(setting: Setting, value: object, name: str) -> str:
    """Return the sentence for a value that cannot be used."""
    start = f"{setting.key} is {_show(value)} in {name}; it must be {setting.allowed()}. "
    if setting.default is None:
        return start + "It is treated as not set."
    return f"{start}The default, {_show(setting.default)}, is used."


def _checked(key: str, value: object) -> Any:
    """Return a value fit to be written. Raises BadInput."""
    setting = _DECLARED.get(key)
    if setting is None:
        raise BadInput(
            f'There is no setting "{key[:_SHOWN]}".',
            f"The settings are: {', '.join(_DECLARED)}.",
        )
    if value is None:
        return None
    good, checked = setting.accept(value)
    # Half of a surrogate pair can come from a terminal, and is no text.
    if good and isinstance(checked, str):
        good = not any("\ud800" <= character <= "\udfff" for character in checked)
    if not good:
        raise BadInput(f"{key} cannot be {_show(value)}.", f"It must be {setting.allowed()}.")
    return checked


def _changed(path: Path, data: bytes, values: dict[str, Any]) -> str:
    """Return the file's new text; keep a copy if it can't hold what was there, comments and all."""
    table: dict[str, Any] = {}
    try:
        table = _parse(data)
        return _merge(data, table, values)
    except _Unusable:
        _keep_copy(path, data)
    try:
        return _merge(b"", {}, table | values)
    except _Unusable as unusable:
        raise _not_written(str(unusable)) from unusable


def _merge(data: bytes, table: dict[str, Any], values: dict[str, Any]) -> str:
    """Return the text `data`, which says `table`, with these values in it. Raises _Unusable."""
    # Reading needs no such library, and starting the app should not wait for it.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(data.decode("utf-8-sig"))
        for key, value in values.items():
            if value is None or isinstance(table.get(key), dict | list):
                # A table in place of a value stands where a plain value cannot.
                document.pop(key, None)
            if value is not None:
                document[key] = value
        text = tomlkit.dumps(document)
    except (TOMLKitError, ValueError, RecursionError) as problem:
        raise _Unusable(f"cannot be understood: {problem}") from problem
    expected = {key: value for key, value in (table | values).items() if value is not None}
    # Whatever a library does to a file that it has never seen: the result is what was meant.
    if not _same(_parse(text.encode()), expected):
        raise _Unusable("is written in a way that Homebody cannot change")
    return text


def _same(one: Any, other: Any) -> bool:
    """Compare two TOML values by kind and content. Not a number is the same as itself here."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def _keep_copy(path: Path, data: bytes) -> None:
    """Keep what the person wrote beside the file. Raises SettingsProblem."""
    from homebody.base.files import replace_file

    day = now().astimezone().date().isoformat()
    count = 1
    while True:
        suffix = "" if count == 1 else f"-{count}"
        copy = path.with_name(f"{path.stem}.broken-{day}{suffix}{path.suffix}")
        if not copy.exists():
            break
        count += 1
    try:
        replace_file(copy, data)
    except OSError as problem:
        raise _not_written(f"cannot be copied first: {problem.strerror}") from problem


def _not_written(what: str) -> SettingsProblem:
    return SettingsProblem(
        f"The settings were not saved: settings.toml {what}.",
        "Look at the file and its folder; nothing was changed.",
    )
