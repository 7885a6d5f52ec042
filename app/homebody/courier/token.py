"""The person's token for the hub, in the system's own keyring and nowhere else.

Only what the system itself protects is used. `keyring` would otherwise take whatever is installed
or configured, such as a plain file, and run code that a file of its own names: so it is not asked
to choose.
"""

import importlib
import sys
from typing import TYPE_CHECKING

from homebody.base.errors import CourierProblem

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["forget", "keep", "place", "read"]

_SERVICE = "homebody"
_NAME = "hugging-face"
_SHORTEST, _LONGEST = 8, 512
_SAFE = {
    "linux": (
        ("keyring.backends.SecretService", "Keyring", "Secret Service"),
        ("keyring.backends.kwallet", "DBusKeyring", "KWallet"),
    ),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring", "Windows Credential Manager"),),
    "darwin": (("keyring.backends.macOS", "Keyring", "macOS Keychain"),),
}
"""Module, class, and what people call it; best first."""


def keep(token: str) -> None:
    """Keep a token. Raises `CourierProblem` where it is none, or there is no safe place."""
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
    try:
        backend.set_password(_SERVICE, _NAME, token)
        kept = backend.get_password(_SERVICE, _NAME)
    except Exception as error:  # whatever the system's keyring raises
        raise _refused("keep the token", error) from error
    if kept != token:
        raise _refused("keep the token", None)


def forget() -> None:
    """Delete the token, if one is kept. Raises `CourierProblem` where that fails."""
    backend, _ = _chosen()
    if backend is None:
        return
    try:
        if backend.get_password(_SERVICE, _NAME) is not None:
            backend.delete_password(_SERVICE, _NAME)
    except Exception as error:
        raise _refused("forget the token", error) from error


def read() -> str | None:
    """Return the token; None where none is kept or can be had. Never raises."""
    backend, _ = _chosen()
    if backend is None:
        return None
    try:
        return backend.get_password(_SERVICE, _NAME)
    except Exception:  # noqa: BLE001  a locked keyring, a service that died: there is no token
        return None


def place() -> str:
    """Return where a token is kept, in words; "" where the system has no safe place."""
    return _chosen()[1]


def _chosen() -> "tuple[KeyringBackend | None, str]":
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
    return CourierProblem(
        f"The system's keyring did not {what}{kind}.",
        "Unlock it, then try again.",
        kind="token",
    )
