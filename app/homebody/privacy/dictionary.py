"""The person's own private words: names, employers, projects, and what this machine knows of them.

A word is found as a whole, in capitals or not, with a possessive or a German -s behind it, and on
both sides of an underscore. In scripts without blanks it is found anywhere.
"""

import getpass
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from homebody.base.errors import BadInput
from homebody.base.files import replace_file
from homebody.base.paths import Home
from homebody.base.unknown import keep_unknown
from homebody.messages.offers import PrivateKind
from homebody.privacy.spans import Found

__all__ = [
    "Dictionary",
    "PrivateWord",
    "find_dictionary",
    "load_words",
    "machine_words",
    "own_words",
    "save_words",
]

_LONGEST: Final = 200
_MOST: Final = 5_000
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the file. A larger one is none of ours."""
_TOKEN: Final = re.compile(r"[^\W_]+")
_REST_OF_PATH: Final = re.compile(r"[^\s\"'<>|*?`]*")
_WITHOUT_BLANKS: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_INFLECTED: Final = frozenset({"PERSON", "ORGANISATION", "PLACE", "PROJECT"})
_LOGINS: Final = """
root user users admin administrator guest test owner home me ubuntu debian fedora pi runner vagrant
build builder default public shared nobody desktop laptop pc local docker
"""
_NOBODY: Final = frozenset(_LOGINS.split())
_EVERYDAY: Final = """
will may mark rose grace hope bill art rich jack june april august frank summer autumn dawn joy
faith page young long king white black brown green wolf stark klein gross jung lang koch sol luz mar
paz rosa blanca bianca chance drew grant lance miles pat ray rob skip ted sue von van der den del
della de di da la le du dos das san st mr mrs dr jr sr and the
"""
_ORDINARY: Final = frozenset(_EVERYDAY.split())
"""Also words of every day: found by themselves they would be replaced all over a text."""


class PrivateWord(Struct, frozen=True):
    """A word, or several, that stay private."""

    word: str
    kind: PrivateKind = "WORD"


class _Kept(Struct, frozen=True):
    """The file."""

    words: tuple[PrivateWord, ...] = ()


def load_words(home: Home) -> tuple[PrivateWord, ...]:
    """Return what the person named. Raises `BadInput` where the file cannot be understood.

    Then nothing may leave: who asks stops, rather than send what should have been replaced.
    """
    path = home.private_words
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, f"cannot be read ({error.strerror})") from error
    if data is None:
        raise _unusable(path, "is larger than Homebody ever writes it")
    try:
        kept = msgspec.json.decode(data, type=_Kept)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _unusable(path, f"cannot be understood ({error})") from error
    return _checked(kept.words)


def save_words(home: Home, words: Iterable[PrivateWord]) -> None:
    """Keep these and no others. `BadInput` for a word that is none; then the file is as it was."""
    kept, path = _Kept(_checked(words)), home.private_words
    try:
        before = path.read_bytes() if path.exists() else b""
        replace_file(path, keep_unknown(kept, before, "words", "word"))
    except OSError as error:
        raise BadInput(
            f"{home.private_words.name} cannot be written ({error.strerror}), so nothing was "
            "changed.",
            f"Look at the folder {home.private_words.parent}: whether there is space, and whether "
            "you may write.",
        ) from error


def own_words(folder: Path | None, login: str, full_name: str) -> tuple[PrivateWord, ...]:
    """Return what this machine knows of the person: their folder, login and name.

    A login or a part of a name that is also an ordinary word is left out.
    """
    found: dict[str, PrivateWord] = {}
    if folder is not None and len(folder.parts) > 1 and folder.name.casefold() not in _NOBODY:
        found[str(folder)] = PrivateWord(str(folder), "PATH")
    name = " ".join(full_name.split())
    parts = name.split() if len(name) <= _LONGEST else []
    if len(parts) > 1:
        found[name] = PrivateWord(name, "PERSON")
    for part in (*(part.strip(",.()\"'") for part in parts), login):
        plain = part.casefold()
        if len(part) >= 3 and plain not in _NOBODY | _ORDINARY and any(map(str.isalpha, part)):
            found.setdefault(part, PrivateWord(part, "PERSON"))
    return tuple(found.values())


def find_dictionary(home: Home) -> "Dictionary":
    """Return the person's words and what this machine knows of them. `BadInput` as `load_words`."""
    return Dictionary((*load_words(home), *machine_words()))


def machine_words() -> tuple[PrivateWord, ...]:
    """Return `own_words` of whoever runs this process."""
    try:
        folder = Path.home()
    except RuntimeError:
        folder = None
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = ""
    return own_words(folder, login, _full_name())


class Dictionary:
    """Finds words in texts, in time linear in the text. Any thread."""

    def __init__(self, words: Sequence[PrivateWord]) -> None:
        self._anywhere: list[PrivateWord] = []
        self._by_token: dict[str, list[tuple[re.Pattern[str], int, PrivateWord]]] = {}
        for each in words:
            for shape in {
                unicodedata.normalize("NFC", each.word),
                unicodedata.normalize("NFD", each.word),
            }:
                self._add(PrivateWord(shape, each.kind))

    def _add(self, word: PrivateWord) -> None:
        first = _TOKEN.search(word.word)
        if first is None or _WITHOUT_BLANKS.search(word.word):
            self._anywhere.append(word)
            return
        form = r"\s+".join(re.escape(part) for part in word.word.split())
        last = word.word[-1]
        if last.isalnum():
            letter_s = word.kind in _INFLECTED and len(word.word) > 2 and last not in "sxzßSXZ"
            form += r"(?=[sS]?(?![^\W_]))" if letter_s else r"(?![^\W_])"
        pattern = re.compile(form, re.IGNORECASE)
        self._by_token.setdefault(first[0].casefold(), []).append((pattern, first.start(), word))

    def find(self, text: str) -> list[Found]:
        """Return where the words stand; they may overlap."""
        found = [
            Found(match.start(), match.end(), each.kind, "dictionary")
            for each in self._anywhere
            for match in re.finditer(re.escape(each.word), text)
        ]
        if not self._by_token:
            return found
        for token in _TOKEN.finditer(text):
            plain = token[0].casefold()
            for key in {plain, plain.removesuffix("s")}:
                for pattern, before, word in self._by_token.get(key, ()):
                    start = token.start() - before
                    match = pattern.match(text, start) if start >= 0 else None
                    if match is not None:
                        end = match.end()
                        if word.kind == "PATH" and (rest := _REST_OF_PATH.match(text, end)):
                            end = rest.end()
                        found.append(Found(start, end, word.kind, "dictionary"))
        return found


def _checked(words: Iterable[PrivateWord]) -> tuple[PrivateWord, ...]:
    """Return the words in one shape, each once. `BadInput` for what is no word."""
    kept: dict[str, PrivateWord] = {}
    for each in words:
        word = " ".join(each.word.split())
        if not word:
            raise BadInput("An empty word cannot be kept private.", "Write at least two letters.")
        if len(word) > _LONGEST or not word.isprintable():
            raise BadInput(
                f"A private word has at most {_LONGEST} characters, all of them visible.",
                "Name the part of it that tells who or what it is.",
            )
        if len(word) < 2 or not any(map(str.isalnum, word)):
            raise BadInput(
                f'"{word}" is too short to be told from other text.', "Write at least two letters."
            )
        kept.setdefault(unicodedata.normalize("NFC", word), PrivateWord(word, each.kind))
    if len(kept) > _MOST:
        raise BadInput(f"At most {_MOST:,} private words can be kept.", "Leave some out.")
    return tuple(kept.values())


def _unusable(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path.name} {why}, so it is not known what is private.",
        f"Mend or delete {path}; until then nothing is sent.",
    )


def _full_name() -> str:
    """Return the person's name as the system knows it, or nothing."""
    if sys.platform == "win32":
        import ctypes

        size = ctypes.c_ulong(256)
        name = ctypes.create_unicode_buffer(size.value)
        display_name = 3
        known = ctypes.windll.secur32.GetUserNameExW(display_name, name, ctypes.byref(size))
        return name.value if known else ""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0]
    except (KeyError, OSError):
        return ""
