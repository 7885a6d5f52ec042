"""The person's token for the hub, in the system's own keyring and nowhere else.

Only what the system itself protects is used. `keyring` would otherwise take whatever is installed
or configured, such as a plain file, and run code that a file of its own names: so it is not asked
to choose.

A keyring may wait for ever: for a service that does not answer, or for the person to unlock it. So
nothing here waits for it without limit; and who never gave a token is not asked to unlock anything:
a `mark`, an empty file beside the logs, says that there is one.
"""

import importlib
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from homebody.base.errors import CourierProblem

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["forget", "keep", "place", "read"]

_SERVICE = "homebody"
_NAME = "hugging-face"
_SHORTEST, _LONGEST = 8, 512
_READ_SECONDS = 5.0
_UNLOCK_SECONDS = 120.0
"""That a person may take to unlock it, who is about to keep or forget a token."""
_SAFE = {
    "linux": (
        ("keyring.backends.SecretService", "Keyring", "Secret Service"),
        ("keyring.backends.kwallet", "DBusKeyring", "KWallet"),
    ),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring", "Windows Credential Manager"),),
    "darwin": (("keyring.backends.macOS", "Keyring", "macOS Keychain"),),
}
"""Module, class, and what people call it; best first."""


_Answer = TypeVar("_Answer")


def keep(token: str, mark: Path) -> None:
    """Keep a token. Raises `CourierProblem` where it is none, or there is no safe place.

    `OSError` where the mark cannot be written.
    """
    token = token.strip()
    fits = _SHORTEST <= len(token) <= _LONGEST and token.isascii() and token.isprintable()
    if not fits or " " in token:
        raise CourierProblem(
            "This is not a token of the hub.",
            'Copy it whole from your account there; such tokens begin with "hf_".',
            kind="bad_request",
        )
    backend, _ = _chosen()
    if backend is None:
        raise _no_place()

    def put() -> str | None:
        backend.set_password(_SERVICE, _NAME, token)
        return backend.get_password(_SERVICE, _NAME)

    # Before it: a token that is kept without being read again would puzzle the person.
    mark.parent.mkdir(parents=True, exist_ok=True)
    marked = mark.exists()
    mark.touch()
    failure: Exception | None = None
    try:
        kept = _in_time(put, _UNLOCK_SECONDS)
    except Exception as error:  # noqa: BLE001  whatever the system's keyring raises
        kept, failure = None, error
    if kept != token:
        if not marked:
            mark.unlink(missing_ok=True)
        raise _refused("keep the token", failure) from failure


def forget(mark: Path) -> None:
    """Delete the token, if one is kept. Raises `CourierProblem` where that fails, or `OSError`."""
    backend, _ = _chosen()
    if backend is None:
        if mark.exists():
            raise _refused("forget the token", None)
        return

    def delete() -> None:
        if backend.get_password(_SERVICE, _NAME) is not None:
            backend.delete_password(_SERVICE, _NAME)

    try:
        _in_time(delete, _UNLOCK_SECONDS)
    except Exception as error:
        raise _refused("forget the token", error) from error
    mark.unlink(missing_ok=True)


def read(mark: Path) -> str | None:
    """Return the token; None where none is kept or can be had in time. Never raises."""
    if not mark.exists():
        return None

    def get() -> str | None:
        backend, _ = _find()
        return None if backend is None else backend.get_password(_SERVICE, _NAME)

    try:
        return _in_time(get, _READ_SECONDS)
    except Exception:  # noqa: BLE001  a locked keyring, a service that died: there is no token
        return None


def place() -> str:
    """Return where a token is kept, in words; "" where the system has no safe place."""
    return _chosen()[1]


def _in_time(call: Callable[[], _Answer], seconds: float) -> _Answer:
    """Return what `call` returns, or raise what it raises; `TimeoutError` after so many seconds."""
    answers: queue.SimpleQueue[tuple[_Answer] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put((call(),))
        except Exception as error:  # noqa: BLE001  raised where it is waited for
            answers.put(error)

    threading.Thread(target=ask, name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer[0]


def _chosen() -> "tuple[KeyringBackend | None, str]":
    """Return what to keep a token in, and its name; nothing where it does not answer in time."""
    try:
        return _in_time(_find, _READ_SECONDS)
    except TimeoutError:
        return None, ""


def _find() -> "tuple[KeyringBackend | None, str]":
    for module, name, words in _SAFE.get(sys.platform, ()):
        try:
            kind: type[KeyringBackend] = getattr(importlib.import_module(module), name)
            if kind.priority > 0:
                return kind(), words
        except Exception:  # noqa: BLE001, S112  it says in many ways that it cannot be used here
            continue
    return None, ""


def _no_place() -> CourierProblem:
    return CourierProblem(
        "This system has no keyring that is safe for a token, and Homebody writes none to a file.",
        "On Linux, install and start GNOME Keyring or KWallet, and log in anew. Models that are "
        "not gated need no token.",
        kind="token",
    )


def _refused(what: str, error: Exception | None) -> CourierProblem:
    kind = f" ({type(error).__name__})" if error is not None else ""
    if isinstance(error, TimeoutError):
        kind = " in time"
    return CourierProblem(
        f"The system's keyring did not {what}{kind}.",
        "Unlock it, then try again.",
        kind="token",
    )
