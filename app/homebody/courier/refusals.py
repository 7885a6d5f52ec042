"""What a provider's answers mean where they are not what was asked for, in sentences.

A provider may quote what it was sent, its key too: words of its own are shown only where no part of
the key is in them, on one line, and short.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from homebody.base.clock import now
from homebody.base.errors import CourierProblem
from homebody.messages.providers import Provider
from homebody.settings.providers import host_of

__all__ = ["Refusals"]

_SHOWN = 200
"""Characters of a provider's own words."""
_PART = 8
"""Characters of the key that nobody else's words hold by chance."""
_LONGEST_WAIT = 7 * 24 * 3600
_AGAIN = "Try again, or ask another one."


class Refusals:
    """Says what one provider's answers mean. `key` is the one that was sent, if any."""

    def __init__(self, provider: Provider, key: str | None) -> None:
        self._provider, self._key = provider, key
        self._host = host_of(provider.url)
        self._who = f"{provider.name} ({self._host})"

    def status(self, status: int, headers: Mapping[str, str], page: bytes) -> CourierProblem:
        """Return what an answer means that is no success; `page` is what came with it."""
        name, model = self._provider.name, self._provider.model
        says = self._says(_error_in(page))
        if status in {401, 403}:
            return self._no_key(status)
        if status == 429:
            return self._busy(headers, says)
        if status == 404:
            message = f"has no model {model}, or its address is another one"
            hint = f"`homebody providers models {name}` lists what it has."
        elif status == 413:
            message = "does not take as much as this at once"
            hint = "Leave parts of it out."
        elif status == 402:
            message, hint = "wants to be paid first", "Look at your account there."
        elif status >= 500:
            message = f"has trouble of its own (it answered {status})"
            hint = _wait(headers)
        else:
            message = f"does not take this request (it answered {status})"
            hint = (
                "It may be too long for that model, or the model may want another form of it. Ask "
                "another one."
            )
        return _problem(f"{self._who} {message}{says}.", hint)

    def page(self) -> CourierProblem:
        """Say that something came that is no answer."""
        return _problem(
            f"A web page, or something else that is no answer, came from {self._who}. Nothing of "
            "it was kept.",
            "Look at its address in your list of providers; on a network that wants a log-in, log "
            "in first.",
        )

    def nonsense(self, what: str) -> CourierProblem:
        """Say that what came cannot be understood."""
        return _problem(f"What {self._who} answered cannot be understood: {what}.", _AGAIN)

    def too_much(self) -> CourierProblem:
        """Say that it would not end."""
        return _problem(
            f"{self._who} answered more than any reply could hold. The rest was not read.", _AGAIN
        )

    def error(self, error: Any) -> CourierProblem:
        """Return what an error means that came in the middle of an answer."""
        return _problem(f"{self._who} broke off its answer{self._says(_words(error))}.", _AGAIN)

    def tools(self) -> CourierProblem:
        """Say that it wanted to have something done."""
        return _problem(
            f"{self._who} wants something to be run on this machine, which nobody asked it for. "
            "Nothing was run.",
            _AGAIN,
        )

    def filtered(self) -> CourierProblem:
        """Say that it does not want to answer."""
        return _problem(
            f"A filter of {self._who} stopped the answer.",
            "Ask it in other words, or ask another one.",
        )

    def empty(self) -> CourierProblem:
        """Say that there was nothing in the answer."""
        return _problem(f"{self._who} answered without a word.", _AGAIN)

    def cut(self) -> CourierProblem:
        """Say that the end of the answer is missing."""
        return CourierProblem(
            f"The answer of {self._who} broke off before its end.", "Try again.", kind="connection"
        )

    def _no_key(self, status: int) -> CourierProblem:
        keep = f"`homebody providers key {self._provider.name}`"
        if self._key is None:
            return CourierProblem(
                f"{self._who} wants a key, and none of yours is kept for that address.",
                f"Make one in your account there, and keep it with {keep}.",
                kind="token",
            )
        if status == 401:
            return CourierProblem(
                f"{self._who} does not take your key: it is wrong, or was revoked.",
                f"Make a new one in your account there, and keep it with {keep}.",
                kind="token",
            )
        return CourierProblem(
            f"{self._who} does not let your key ask {self._provider.model}.",
            f"Look at what it may do in your account there, or keep another one with {keep}.",
            kind="token",
        )

    def _busy(self, headers: Mapping[str, str], says: str) -> CourierProblem:
        return CourierProblem(
            f"{self._who} wants fewer requests, or your credit there is used up{says}.",
            _wait(headers),
            kind="busy",
        )

    def _says(self, words: str) -> str:
        """Return a provider's own words as the end of a sentence, or nothing."""
        key = self._key or ""
        parts = (key[at : at + _PART] for at in range(max(1, len(key) - _PART + 1)))
        if not words or (key and any(part in words for part in parts)):
            return ""
        words = "".join(each if each.isprintable() else " " for each in words)
        words = " ".join(words.split()).replace('"', "'").rstrip(".")
        shown = words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"
        return f', and says: "{shown}"' if shown else ""


def _problem(message: str, hint: str) -> CourierProblem:
    return CourierProblem(message, hint, kind="provider")


def _error_in(page: bytes) -> str:
    """Return the words of an error, or nothing."""
    try:
        return _words(msgspec.json.decode(page))
    except (ValueError, RecursionError):
        return ""


def _words(error: Any) -> str:
    """Find the words in what servers write in the place of an answer."""
    for _ in range(3):
        if not isinstance(error, dict):
            break
        error = error.get("error") or error.get("message") or error.get("detail")
    return error if isinstance(error, str) else ""


def _wait(headers: Mapping[str, str]) -> str:
    """Say for how long, as the provider wants it."""
    seconds = _seconds(headers.get("Retry-After", ""))
    wait = "some minutes" if seconds is None else _time(seconds)
    return f"Wait {wait}, then try again, or ask another one."


def _seconds(after: str) -> int | None:
    """Return how long to wait: a number, or a date as HTTP writes it. None: nobody knows."""
    try:
        if after.strip().isdecimal():
            seconds = int(after[:20])
        else:
            when: datetime = parsedate_to_datetime(after)
            seconds = round((when.replace(tzinfo=when.tzinfo or UTC) - now()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if 0 < seconds <= _LONGEST_WAIT else None


def _time(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60):,} minutes" if seconds < 7200 else f"{-(-seconds // 3600)} hours"
