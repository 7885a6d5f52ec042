"""`shelf.json`: which folders and files hold models, and what the person set for each model.

A person may edit it. Reading never fails and never writes: what cannot be used is said in a
sentence and left out. Before a file with such parts is written anew, it is copied aside, so nothing
is lost; what means nothing to this version alone, because a newer one wrote it, stays in it. Two
processes that write at the same moment do not mix: the later one wins.
"""

import os
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from homebody.base.errors import SettingsProblem
from homebody.base.paths import is_elsewhere
from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import SETTINGS

__all__ = ["KeptShelf", "ReadShelf", "check_settings", "read_shelf", "write_shelf"]

_LARGEST: Final = 8_000_000
"""Bytes of the file: about 5,000 models with a template of their own each would be more."""
_MOST: Final = 10_000
"""Folders, files, models."""
_LONGEST: Final = {"system_prompt": 100_000, "template": 200_000, "adapter": 4096}
"""Characters."""
_SCALES: Final = 10.0
_BOUNDS: Final = {setting.key: setting for setting in SETTINGS}


class KeptShelf(Struct, frozen=True, kw_only=True):
    """What is kept. Paths are absolute."""

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    """Paths of models that the person took off the shelf and that are not ours to delete."""
    models: dict[str, ModelSettings] = {}
    """By the model's key; those in the person's folders and files by their path, because their
    keys are others as soon as a new model takes their name."""


class ReadShelf(Struct, frozen=True):
    """What is kept, and a sentence for everything in the file that cannot be used."""

    kept: KeptShelf
    problems: tuple[str, ...] = ()
    newer: dict[str, Any] = {}
    """What means nothing to this version, in the file's own form, where nothing else is wrong."""


def read_shelf(path: Path) -> ReadShelf:
    """Read the file. Never raises; no file is an empty shelf."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return ReadShelf(KeptShelf())
    except OSError as error:
        return _unusable(path, f"cannot be read ({error.strerror})")
    if len(data) > _LARGEST:
        return _unusable(path, f"is larger than {_LARGEST / 1e6:.0f} MB")
    try:
        # Windows' editors put a byte order mark first.
        table = msgspec.json.decode(data.decode("utf-8-sig")) if data.strip() else {}
    except (ValueError, RecursionError) as error:
        return _unusable(path, f"cannot be understood: {error}")
    if not isinstance(table, dict):
        return _unusable(path, "cannot be understood: it is not one object")
    return _from(path, table)


def _unusable(path: Path, why: str) -> ReadShelf:
    return ReadShelf(
        KeptShelf(),
        (
            f"{path.name} {why}. Homebody goes on without the folders and settings in it; it is "
            "left as it is, and copied aside before anything new is written.",
        ),
    )


def _from(path: Path, table: dict[str, Any]) -> ReadShelf:
    problems: list[str] = []
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("folders", "files", "forgotten"):
        value = table.get(name, [])
        good = value if isinstance(value, list) else []
        paths = [each for each in good[:_MOST] if isinstance(each, str) and _is_absolute(each)]
        if not isinstance(value, list) or len(paths) != len(value):
            problems.append(
                f'{path.name}: "{name}" must be a list of whole paths; others are left out.'
            )
        lists[name] = tuple(dict.fromkeys(paths))
    models: dict[str, ModelSettings] = {}
    newer: dict[str, Any] = {}
    strange: list[str] = []
    value = table.get("models", {})
    if not isinstance(value, dict):
        problems.append(f'{path.name}: "models" must be an object, from names to settings.')
        value = {}
    if len(value) > _MOST:
        problems.append(
            f"{path.name} holds settings of {len(value):,} models; those after the first "
            f"{_MOST:,} are left out."
        )
    for key, each in list(value.items())[:_MOST]:
        models[key], wrong = _settings(each)
        problems += [f'{path.name}: of "{key[:60]}", {sentence}' for sentence in wrong]
        others = _unknown(each, ModelSettings)
        if others:
            newer.setdefault("models", {})[key] = others
            strange.append(
                f'{path.name}: of "{key[:60]}", "{min(others)[:60]}" means nothing to this version.'
            )
    others = _unknown(table, KeptShelf)
    if others:
        newer |= others
        strange.append(f'{path.name}: "{min(others)[:60]}" means nothing to this version.')
    kept = KeptShelf(**lists, models=models)
    return ReadShelf(kept, tuple(problems + strange), {} if problems else newer)


def _unknown(table: object, kind: type[Struct]) -> dict[str, Any]:
    """Return what a table holds that this version does not know."""
    known = kind.__struct_fields__
    return {k: v for k, v in table.items() if k not in known} if isinstance(table, dict) else {}


def _is_absolute(path: str) -> bool:
    return "\0" not in path and Path(path).is_absolute()


def _is_here(path: str) -> bool:
    return _is_absolute(path) and not is_elsewhere(path)


def _settings(table: object) -> tuple[ModelSettings, list[str]]:
    if not isinstance(table, dict):
        return ModelSettings(), ["the settings must be an object; they are left out."]
    good: dict[str, Any] = {}
    wrong = []
    for name, value in table.items():
        if name not in ModelSettings.__struct_fields__ or value is None:
            continue
        problem = _wrong(name, value)
        if problem:
            wrong.append(f"{problem} It is left out.")
        else:
            good[name] = _typed(name, value)
    return ModelSettings(**good), wrong


def _typed(name: str, value: object) -> object:
    # A whole number may stand where a number is meant.
    is_number = name not in {"context", "gpu_layers", "top_k"} and isinstance(value, int)
    return float(value) if is_number and isinstance(value, int) else value


def _wrong(name: str, value: object) -> str:
    """Return why a value is none, or nothing."""
    if name == "adapter" and isinstance(value, str) and value and not _is_here(value):
        return f"{name} must be the whole path of a file on this machine."
    if name in _LONGEST:
        good = isinstance(value, str) and len(value) <= _LONGEST[name]
        return "" if good else f"{name} must be a text of at most {_LONGEST[name]:,} characters."
    if name == "adapter_scale":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        # "not a number" compares as false with everything, and no number is too long to compare.
        if not number or not abs(value) <= _SCALES:  # type: ignore[arg-type]
            return f"{name} must be a number from {-_SCALES:g} to {_SCALES:g}."
        return ""
    setting = _BOUNDS[name]
    return "" if setting.accept(value)[0] else f"{name} must be {setting.allowed()}."


def check_settings(settings: ModelSettings) -> None:
    """Refuse settings with a value out of its bounds: `SettingsProblem` says which."""
    for name, value in structs.asdict(settings).items():
        wrong = "" if value is None else _wrong(name, value)
        if wrong:
            raise SettingsProblem(
                f"These settings cannot be used: {wrong}", "Choose another value."
            )


def write_shelf(path: Path, before: ReadShelf, kept: KeptShelf) -> None:
    """Write the file in one step. `SettingsProblem` if that fails; then it is as it was.

    `before`: what was read last. Was something wrong with it, the file is copied aside first.
    """
    # Somebody who keeps the file elsewhere, and a link to it here, wants the link to stay.
    path = Path(os.path.realpath(path))
    from homebody.base.files import replace_file

    try:
        if before.problems and not before.newer:
            _copy_aside(path)
        table = _with_newer(kept, before.newer)
        data = msgspec.json.format(msgspec.json.encode(table, order="deterministic"), indent=2)
        replace_file(path, data + b"\n")
    except UnicodeEncodeError as error:
        raise SettingsProblem(
            "The name of a file or folder is not text (UTF-8), so nothing was changed.",
            "Rename it, then try again.",
        ) from error
    except OSError as error:
        raise SettingsProblem(
            f"{path.name} cannot be written ({error.strerror}), so nothing was changed.",
            f"Look at the folder {path.parent}: whether there is space, and whether you may write.",
        ) from error


def _with_newer(kept: KeptShelf, newer: dict[str, Any]) -> dict[str, Any]:
    """Return what the file is to say: what is kept, and what only a newer version understands."""
    table: dict[str, Any] = newer | msgspec.to_builtins(kept)
    for key, others in newer.get("models", {}).items():
        table["models"][key] = others | table["models"].get(key, {})
    return table


def _copy_aside(path: Path) -> None:
    from homebody.base.files import replace_file

    data = path.read_bytes()
    for number in range(1, _MOST):
        copy = path.with_name(f"{path.stem}.kept-{number}{path.suffix}")
        if not copy.exists():
            replace_file(copy, data)
            return
        if copy.stat().st_size == len(data) and copy.read_bytes() == data:
            return
