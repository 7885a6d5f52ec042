"""The words of the window, ready to be translated.

Every sentence that a person reads goes through `tr`. Without a translation it is shown as it stands
in the code. Values are put in afterwards: `tr("{count} tokens").format(count=3)`.
"""

from collections.abc import Callable

__all__ = ["breakable", "set_translation", "tr"]


def _as_it_stands(text: str) -> str:
    return text


_translations: list[Callable[[str], str]] = [_as_it_stands]


def set_translation(translate: Callable[[str], str] | None) -> None:
    """From now on look sentences up in `translate`; None: show them as they stand."""
    _translations[:] = [translate or _as_it_stands]


def tr(text: str) -> str:
    """Return a sentence in the person's language."""
    return _translations[0](text)


def breakable(text: str) -> str:
    """Return a text that may be broken within paths, names and hashes."""
    for mark in ("/", "\\", "_", "-"):
        text = text.replace(mark, f"{mark}\u200b")
    words = text.split(" ")
    return " ".join(
        "\u200b".join(word[place : place + 16] for place in range(0, len(word), 16)) or word
        for word in words
    )
