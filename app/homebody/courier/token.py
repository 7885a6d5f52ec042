"""The person's token for the hub and keys for providers, in the system's own keyring alone.

Only what the system itself protects is used. `keyring` would otherwise take whatever is installed
or configured, such as a plain file, and run code that a file of its own names: so it is not asked
to choose.

A keyring may wait for ever: for a service that does not answer, or for the person to unlock it. So
nothing here waits for it without limit; and who never gave a secret is not asked to unlock
anything: a `mark`, an empty file beside the logs, says that there is one.

A secret has a name of its own there. A key is kept together with the host that it is for, and read
for that host alone: whoever changes the provider's address does not get it.
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

__all__ = ["checked_key", "forget", "keep", "place", "read"]

_SERVICE = "homebody"
_HUB = "hugging-face"
_SHORTEST, _LONGEST = 8, 512
_LONGEST_KEY = 1000
"""Characters; Windows keeps 1,280 for a secret, and the host stands there too."""
_READ_SECONDS = 5.0
_UNLOCK_SECONDS = 120.0
"""That a person may take to unlock it, who is about to keep or forget a secret."""
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


def checked_key(key: str) -> str:
    """Return a provider's key without what stands around it. Raises `CourierProblem`."""
    key = key.strip()
    if len(key.split()) > 1:
        raise CourierProblem(
            "This key holds a space or the end of a line, so it is not one key. It was not kept.",
            "Copy the key alone, whole, as one line.",
            kind="bad_request",
        )
    if not _fits(key):
        raise CourierProblem(
            f"A key is made of 1 to {_LONGEST_KEY:,} plain letters, digits and signs; this one is "
            "not. It was not kept.",
            "Copy it whole from your account there.",
            kind="bad_request",
        )
    return key


def _fits(secret: str) -> bool:
    """Tell whether this can stand in a header."""
    plain = secret.isascii() and secret.isprintable() and " " not in secret
    return plain and 0 < len(secret) <= _LONGEST_KEY


def _checked_token(token: str) -> str:
    token = token.strip()
    if not (_SHORTEST <= len(token) <= _LONGEST and _fits(token)):
        raise CourierProblem(
            "This is not a token of the hub.",
            'Copy it whole from your account there; such tokens begin with "hf_".',
            kind="bad_request",
        )
    return token


def keep(secret: str, mark: Path, name: str = _HUB, host: str = "") -> None:
    """Keep a secret: the hub's token, or with `name` and `host` the key of a provider.

    Raises `CourierProblem` where it is none, or there is no safe place, `OSError` where the mark
    cannot be written.
    """
    secret = f"{host} {checked_key(secret)}" if host else _checked_token(secret)
    backend, _ = _chosen()
    if backend is None:
        raise _no_place(name)

    def put() -> str | None:
        backend.set_password(_SERVICE, name, secret)
        return backend.get_password(_SERVICE, name)

    # Before it: a secret that is kept without being read again would puzzle the person.
    mark.parent.mkdir(parents=True, exist_ok=True)
    marked = mark.exists()
    mark.touch()
    failure: Exception | None = None
    try:
        kept = _in_time(put, _UNLOCK_SECONDS)
    except Exception as error:  # noqa: BLE001  whatever the system's keyring raises
        kept, failure = None, error
    if kept != secret:
        if not marked:
            mark.unlink(missing_ok=True)
        raise _refused(f"keep the {_word(name)}", failure) from failure


def forget(mark: Path, name: str = _HUB) -> None:
    """Delete the secret, if one is kept. Raises `CourierProblem` where that fails, or `OSError`."""
    if name != _HUB and not mark.exists():
        # Nobody is asked to unlock a keyring for a provider that never had a key.
        return
    backend, _ = _chosen()
    if backend is None:
        if mark.exists():
            raise _refused(f"forget the {_word(name)}", None)
        return

    def delete() -> None:
        if backend.get_password(_SERVICE, name) is not None:
            backend.delete_password(_SERVICE, name)

    try:
        _in_time(delete, _UNLOCK_SECONDS)
    except Exception as error:
        raise _refused(f"forget the {_word(name)}", error) from error
    mark.unlink(missing_ok=True)


def read(mark: Path, name: str = _HUB, host: str = "") -> str | None:
    """Return the secret; None where none is kept for that host, or can be had in time.

    Never raises.
    """
    if not mark.exists():
        return None

    def get() -> str | None:
        backend, _ = _find()
        return None if backend is None else backend.get_password(_SERVICE, name)

    try:
        secret = _in_time(get, _READ_SECONDS)
    except Exception:  # noqa: BLE001  a locked keyring, a service that died: there is no secret
        return None
    if secret is None:
        return None
    bound, _, key = secret.rpartition(" ")
    # Others may have written it there: with the end of a line in it, it would end up in an error.
    return key if bound == host and _fits(key) else None


def place() -> str:
    """Return where secrets are kept, in words; "" where the system has no safe place."""
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


def _word(name: str) -> str:
    return "token" if name == _HUB else "key"


def _no_place(name: str) -> CourierProblem:
    without = (
        "Models that are not gated need no token."
        if name == _HUB
        else "Until then a key is asked for, and kept in memory until Homebody ends."
    )
    return CourierProblem(
        f"This system has no keyring that is safe for a {_word(name)}, and Homebody writes none to "
        "a file.",
        f"On Linux, install and start GNOME Keyring or KWallet, and log in anew. {without}",
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
