"""The reference of all settings, made from their declarations.

`python -m homebody.settings.page` prints it; `docs/settings.md` holds what it printed last, and a
test compares the two.
"""

import sys

from homebody.settings.declared import SETTINGS

__all__ = ["as_markdown"]

_HEAD = """# Settings

`settings.toml` in your profile (`homebody doctor` says where). Every line is optional; a value that
cannot be used is named when Homebody starts, and the default is used. Settings that Homebody does
not know are left alone.
"""


def as_markdown() -> str:
    """Return the page: a table with one line for every setting."""
    lines = [_HEAD, "| setting | default | what it does | allowed |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = "unset" if setting.default is None else f"`{_toml(setting.default)}`"
        lines.append(f"| `{setting.key}` | {default} | {setting.help} | {setting.allowed()} |")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
