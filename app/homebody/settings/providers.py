"""`providers.json`: who can be asked elsewhere. No key is ever in it.

A person may edit it. A file that cannot be used is a `BadInput`, whatever is asked of it: then
nothing is connected, and nothing is written over it. Two processes that write at the same moment do
not mix: the later one wins.
"""

import math
import os
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, structs

from homebody.base.errors import BadInput
from homebody.base.paths import Home
from homebody.messages.providers import Provider

__all__ = [
    "PRESETS",
    "Preset",
    "add_provider",
    "agree",
    "find_provider",
    "host_of",
    "load_providers",
    "remove_provider",
]

_LARGEST: Final = 1_000_000
"""Bytes of the file."""
_MOST: Final = 200
_LONGEST: Final = {"name": 60, "url": 500, "model": 200}
"""Characters."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
# Whole parts only: what is shown is then what is asked for, whoever reads it.
_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_ENDPOINT: Final = "/chat/completions"


class Preset(Struct, frozen=True, kw_only=True):
    """A provider that many people use, to begin with. It has no model yet, and never a key."""

    name: str
    url: str
    mine: bool
    note: str


_PUBLIC: Final = "Needs a key of your account there; what is asked costs money."
_LOCAL: Final = "Runs on your own machine. For another one of yours, write its address instead."

PRESETS: Final = (
    Preset(name="OpenAI", url="https://api.openai.com/v1", mine=False, note=_PUBLIC),
    Preset(name="Mistral", url="https://api.mistral.ai/v1", mine=False, note=_PUBLIC),
    Preset(
        name="OpenRouter",
        url="https://openrouter.ai/api/v1",
        mine=False,
        note=f"{_PUBLIC} It hands requests on to companies that serve the model.",
    ),
    Preset(name="Groq", url="https://api.groq.com/openai/v1", mine=False, note=_PUBLIC),
    Preset(name="DeepSeek", url="https://api.deepseek.com/v1", mine=False, note=_PUBLIC),
    Preset(name="Ollama", url="http://localhost:11434/v1", mine=True, note=_LOCAL),
    Preset(name="llama-server", url="http://localhost:8080/v1", mine=True, note=_LOCAL),
    Preset(name="vLLM", url="http://localhost:8000/v1", mine=True, note=_LOCAL),
    Preset(name="LM Studio", url="http://localhost:1234/v1", mine=True, note=_LOCAL),
)


class _Kept(Struct, frozen=True):
    """What the file holds."""

    providers: tuple[Provider, ...] = ()


def load_providers(home: Home) -> tuple[Provider, ...]:
    """Return all of them, in the person's order; none where there is no file.

    Raises `BadInput` where the file cannot be used as it is.
    """
    path = home.providers
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise _unusable(path, "is larger than such a file can be (1 MB)")
    if not data.strip():
        return ()
    try:
        # Windows' editors put a byte order mark first.
        kept = msgspec.json.decode(data.decode("utf-8-sig"), type=_Kept).providers
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"cannot be understood: {error}") from error
    if len(kept) > _MOST:
        raise _unusable(path, f"names more than {_MOST} providers")
    checked: list[Provider] = []
    for each in kept:
        try:
            good = _checked(each)
        except BadInput as problem:
            raise _unusable(path, f"cannot be used: {problem.message}") from problem
        if _found(checked, good.name) is not None:
            raise _unusable(path, f"names {good.name} twice")
        checked.append(good)
    return tuple(checked)


def find_provider(home: Home, name: str) -> Provider:
    """Return the one of this name; capitals do not count.

    Raises `BadInput`, naming those there are.
    """
    providers = load_providers(home)
    at = _found(providers, name)
    if at is None:
        raise _no_such(name, providers)
    return providers[at]


def add_provider(home: Home, provider: Provider) -> Provider:
    """Add one, or change the one of this name; return it as it is kept.

    Its model may be "": it was not chosen yet. `agreed` is not taken over: only `agree` sets it,
    and another address or model forgets it. Raises `BadInput` for what cannot be a provider, or
    where the file cannot be used or written.
    """
    providers = list(load_providers(home))
    good = structs.replace(_checked(provider), agreed=None)
    at = _found(providers, good.name)
    if at is None:
        if len(providers) >= _MOST:
            raise BadInput(f"There are {_MOST} providers already.", "Remove one first.")
        providers.append(good)
    else:
        before = providers[at]
        if _asked(before) == _asked(good):
            good = structs.replace(good, agreed=before.agreed)
        providers[at] = good
    _write(home, providers)
    return good


def remove_provider(home: Home, name: str) -> Provider:
    """Remove one from the list and return it. Its key is not here: ask the courier to forget it.

    Raises `BadInput` where there is none of this name, or the file cannot be used or written.
    """
    providers = list(load_providers(home))
    at = _found(providers, name)
    if at is None:
        raise _no_such(name, providers)
    gone = providers.pop(at)
    _write(home, providers)
    return gone


def agree(home: Home, name: str, when: str | None) -> Provider:
    """Keep that the person said yes to their own machine, at this moment (ISO 8601); None: no more.

    Raises `BadInput` for a machine that is not their own: that needs a yes each time.
    """
    providers = list(load_providers(home))
    at = _found(providers, name)
    if at is None:
        raise _no_such(name, providers)
    if when is not None and not providers[at].mine:
        raise BadInput(
            f"{providers[at].name} is not a machine of your own, so it needs a yes each time.",
            "If it is yours, say so where it is added.",
        )
    providers[at] = _checked(structs.replace(providers[at], agreed=when))
    _write(home, providers)
    return providers[at]


def host_of(url: str) -> str:
    """Return HOST, or HOST:PORT where the port is not the usual one, as a person would write it."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return shown if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{shown}:{port}"


# ---------------------------------------------------------------- one provider


def _asked(provider: Provider) -> tuple[str, str, bool]:
    """Return what a yes was for."""
    return provider.url, provider.model, provider.mine


def _checked(provider: Provider) -> Provider:
    """Return a provider with its texts trimmed. Raises `BadInput`."""
    texts = {name: getattr(provider, name).strip() for name in ("name", "url", "model")}
    for name, longest in _LONGEST.items():
        text = texts[name]
        # No model: it was not chosen yet.
        missing = not text and name != "model"
        if missing or len(text) > longest or not text.isprintable():
            what = {"name": "The name", "url": "The address", "model": "The model"}[name]
            raise BadInput(
                f"{what} of a provider is one line of at most {longest} characters, none of which "
                "is hidden.",
                "Write it anew.",
            )
    for price in (provider.price_in, provider.price_out):
        if price is not None and not (math.isfinite(price) and 0 <= price < 1e9):
            raise BadInput(
                "A price is what a million tokens cost, such as 2.5.", "Leave it out, or mend it."
            )
    if not _CURRENCY.fullmatch(provider.currency):
        raise BadInput("A currency is written with three capital letters, such as EUR.", "Mend it.")
    agreed = provider.agreed if provider.mine else None
    if agreed is not None and not (agreed.isprintable() and 0 < len(agreed) <= 60):
        agreed = None
    texts["url"] = _checked_url(texts["url"], mine=provider.mine)
    return structs.replace(provider, agreed=agreed, **texts)


def _checked_url(url: str, *, mine: bool) -> str:
    shown = url[:100]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_address(shown) from None
    if parts.scheme not in _DEFAULT_PORTS or not host or port == 0:
        raise _no_address(shown)
    if "@" in parts.netloc:
        # Not shown: there may be a password in it.
        raise BadInput(
            "The address of a provider holds no name and no password.",
            "Leave them out. A key is kept in the system's keyring.",
        )
    if "?" in url or "#" in url:
        raise BadInput(
            "The address of a provider ends before any ? or #.",
            "Leave out what follows. A key is kept in the system's keyring.",
        )
    path = parts.path.rstrip("/")
    if not _HOST.fullmatch(host.rstrip(".")) or not _PATH.fullmatch(path):
        raise _no_address(shown)
    if path.endswith(_ENDPOINT):
        raise BadInput(
            f'"{shown}" is where questions are sent; what is kept is the address before it.',
            f"Leave out {_ENDPOINT}.",
        )
    if parts.scheme == "http" and not mine:
        raise BadInput(
            f'"{shown}" begins with http:, so what is sent could be read on the way.',
            "Write an address that begins with https:, or say that it is a machine of your own.",
        )
    where = f"[{host}]" if ":" in host else host.rstrip(".")
    ending = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{where}{ending}{path}"


def _no_address(shown: str) -> BadInput:
    return BadInput(
        f'"{shown}" is not the address of a provider.',
        "Write one such as https://api.example.org/v1, in plain letters.",
    )


# ---------------------------------------------------------------- the list


def _found(providers: Any, name: str) -> int | None:
    wanted = name.strip().casefold()
    for at, each in enumerate(providers):
        if each.name.casefold() == wanted:
            return at
    return None


def _no_such(name: str, providers: Any) -> BadInput:
    names = ", ".join(each.name for each in providers)
    return BadInput(
        f"There is no provider {name[:60]!r}.",
        f"There are: {names}."
        if names
        else "There is none yet: `homebody providers add NAME URL MODEL` adds one.",
    )


def _unusable(path: Path, why: str) -> BadInput:
    return BadInput(
        f"{path.name} {why}".rstrip(".") + ". Until it is mended nobody is asked elsewhere.",
        f"Mend {path}, or delete it and add your providers again.",
    )


def _write(home: Home, providers: Any) -> None:
    from homebody.base.files import replace_file
    from homebody.base.unknown import keep_unknown

    # Somebody who keeps the file elsewhere, and a link to it here, wants the link to stay.
    path = Path(os.path.realpath(home.providers))
    try:
        before = path.read_bytes() if path.exists() else b""
        replace_file(path, keep_unknown(_Kept(tuple(providers)), before, "providers", "name"))
    except OSError as error:
        raise BadInput(
            f"{path.name} cannot be written: {error.strerror}. It is as it was.",
            "Look at the file and its folder.",
        ) from error
