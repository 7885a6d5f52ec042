"""Asking where newer versions are announced: one address, this build's own, and one short answer.

The answer has the form of GitHub's "latest release". Whatever it says, it causes nothing: it is a
version to compare, and a page that the person may open. Blocks; any thread.
"""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx2
import msgspec
from msgspec import Struct

from homebody.base.errors import BadInput, CourierProblem
from homebody.base.versions import read_version
from homebody.courier.addresses import checked_address
from homebody.courier.connections import Connections, counts_of
from homebody.courier.passage import Patience, Stop
from homebody.messages.courier import CheckVersion, VersionFound

__all__ = ["MOST_BYTES", "MOST_SECONDS", "ask_version", "page_of"]

MOST_BYTES: Final = 1024 * 1024
"""Of an answer, its head too. One with hundreds of files takes a third of it."""
MOST_SECONDS: Final = 20.0
"""From the connection until the head is here, and then until all is."""
_LONGEST_PAGE: Final = 500
_REPOSITORY: Final = re.compile(r"/repos/([^/]+)/([^/]+)/releases(?:/|$)")
_AGAIN: Final = "Try again later, or look where you got Homebody."


class _Latest(Struct):
    """What the newest release says of itself. Anything may stand there."""

    tag_name: Any = None
    html_url: Any = None
    published_at: Any = None


def ask_version(way: Connections, url: str, request: CheckVersion, stop: Stop) -> VersionFound:
    """Ask `url` which release is the newest. Raises `CourierProblem`.

    Nothing of this machine is sent: no version of ours, no number, no cookie. A page that is not
    the announcer's own is left out.
    """
    patience = Patience(read_seconds=MOST_SECONDS, head_seconds=MOST_SECONDS)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with (
        way.client("version", request.agreed, stop, patience) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        patience.until(
            time.monotonic() + MOST_SECONDS,
            f"the answer was not whole after {MOST_SECONDS:.0f} seconds",
        )
        _check(answer.status_code, answer.headers)
        body = b"".join(_capped(answer))
    try:
        latest = msgspec.json.decode(body, type=_Latest)
    except (ValueError, RecursionError):
        raise _nonsense("it is not made as it has to be") from None
    version = latest.tag_name
    if not isinstance(version, str) or read_version(version) is None:
        raise _nonsense("it names no version")
    return VersionFound(
        id=request.id,
        version=version.strip().lstrip("vV"),
        page=page_of(url, latest.html_url),
        published=_moment(latest.published_at),
    )


def page_of(url: str, page: object) -> str:
    """Return the page of a release if it is the announcer's own, and "" if not.

    Its own is: on the host that was asked, or on that host without its "api." in front; where that
    address names a repository, under its name. An answer must not send a person elsewhere.
    """
    if not isinstance(page, str) or len(page) > _LONGEST_PAGE:
        return ""
    try:
        checked = checked_address(page)
        asked, offered = urlsplit(url), urlsplit(checked)
        hosts = {_place(asked), _place(asked).removeprefix("api.")}
        ours = offered.scheme == "https" and "@" not in offered.netloc and _place(offered) in hosts
    except (BadInput, ValueError):
        return ""
    repository = _REPOSITORY.search(asked.path)
    if repository is not None:
        inside = f"/{repository[1]}/{repository[2]}/".casefold()
        ours = ours and offered.path.casefold().startswith(inside)
    # A browser goes up at "%2E%2E" too.
    steps = {"..", "."} & set(unquote(offered.path).split("/"))
    return checked if ours and not steps else ""


def _place(parts: SplitResult) -> str:
    """Return host and port of an address, as they are compared."""
    host = (parts.hostname or "").rstrip(".")
    return host if parts.port in {None, 443} else f"{host}:{parts.port}"


def _check(status: int, headers: Mapping[str, str]) -> None:
    """Raise `CourierProblem` where this is no answer."""
    if status == 404:
        raise _problem("No release is announced there, or not any more.", _AGAIN)
    if status in {403, 429}:
        raise _problem(
            "Whoever announces newer versions wants fewer requests from this address.",
            "Wait an hour, then try again.",
        )
    if status >= 500:
        raise _problem(
            f"Whoever announces newer versions has trouble of their own (answer {status}).", _AGAIN
        )
    if status != 200:
        raise _nonsense(f"it came with the status {status}")
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise _problem(
            "A web page, or something else that is no answer, came in place of what was asked for: "
            "this network may show one first, perhaps to log in. Nothing of it was kept.",
            "Open any page in your browser, log in if it asks, then try again.",
        )
    if headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}:
        raise _nonsense("it is compressed, which it was not to be")


def _capped(answer: httpx2.Response) -> Iterator[bytes]:
    counts = counts_of(answer)
    for piece in answer.iter_raw():
        if counts.came > MOST_BYTES:
            raise _nonsense("it is larger than any honest one")
        yield piece


def _moment(text: object) -> str | None:
    """Return a moment as ISO 8601, or None for what is none."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _nonsense(what: str) -> CourierProblem:
    return _problem(f"The answer about newer versions cannot be understood: {what}.", _AGAIN)


def _problem(message: str, hint: str) -> CourierProblem:
    return CourierProblem(message, hint, kind="hub")
