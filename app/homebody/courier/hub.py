"""What the hub has: searching, and the files of a repository at one commit.

By `huggingface_hub`, whose every request goes through a client of ours that is made for one call:
no address but the hub's own, no header but the token, no body larger than `_LARGEST`. What it
answers is believed only where it has the right shape. Blocks; any thread.
"""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import httpx2

from homebody.base.errors import CourierProblem
from homebody.courier.answers import checked_repo, not_the_hub, refuse_status
from homebody.courier.names import ENDING, safe_name
from homebody.messages.courier import HubFile, HubListing, HubModel

for _name in ("TELEMETRY", "IMPLICIT_TOKEN", "XET", "UPDATE_CHECK", "PROGRESS_BARS"):
    # Read when it is imported, which is below for that reason alone.
    os.environ[f"HF_HUB_DISABLE_{_name}"] = "1"

import huggingface_hub  # noqa: E402
from huggingface_hub.errors import HfHubHTTPError  # noqa: E402

__all__ = ["list_files", "search"]

_LARGEST = 16 * 1024 * 1024
"""Bytes of an answer; a repository with a thousand files takes half a megabyte."""
_MOST_REQUESTS = 3
"""For one call: more pages than that are not asked for."""
_MOST_FILES = 20_000
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"(?!.*\.\.)[\w][\w./-]{0,199}", re.ASCII)
_GARBAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What `huggingface_hub` raises for an answer that it did not expect."""

_Answer = TypeVar("_Answer")


def search(
    client: httpx2.Client, hub: str, words: str, limit: int, token: str | None
) -> tuple[HubModel, ...]:
    """Return the repositories with GGUF files that the hub finds, most fetched first.

    Raises `CourierProblem`: "hub" where the answer makes no sense, "token", "connection"…
    """
    if not words.strip():
        raise CourierProblem("There are no words to search for.", "Give some.", "bad_request")

    def ask(api: huggingface_hub.HfApi) -> list[Any]:
        wanted = ["downloads", "likes", "lastModified", "gated", "gguf", "tags"]
        return list(
            api.list_models(
                search=" ".join(words.split())[:200],
                filter="gguf",
                sort="downloads",
                limit=limit,
                expand=wanted,  # type: ignore[arg-type]  # a list of these very literals
            )
        )

    models = [_model(found) for found in _ask(client, hub, token, "", ask)]
    return tuple(sorted(models, key=lambda model: -(model.downloads or 0)))


def list_files(
    client: httpx2.Client, hub: str, repo: str, revision: str, token: str | None
) -> HubListing:
    """Return the GGUF files of a repository, and the commit that they are of.

    A file whose name cannot be one here is left out. Raises `CourierProblem`, also where a single
    size or hash is not what it has to be.
    """
    checked_repo(repo)
    if not _REVISION.fullmatch(revision):
        raise CourierProblem(
            f"{revision[:80]!r} is not the name of a revision.", "Try main.", "bad_request"
        )
    info = _ask(
        client,
        hub,
        token,
        repo,
        lambda api: api.model_info(repo, revision=revision, files_metadata=True),
    )
    commit, siblings = info.sha, info.siblings
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise _lie("it does not say which commit the files are of")
    if _COMMIT.fullmatch(revision) and commit != revision:
        raise _lie("it lists another commit than the one that was asked for")
    if not isinstance(siblings, list) or len(siblings) > _MOST_FILES:
        raise _lie("it does not list the files")
    files = [_file(each) for each in siblings if _is_model(each.rfilename)]
    if len({file.name for file in files}) != len(files):
        raise _lie("it lists a file twice")
    return HubListing(
        # Renamed repositories answer under their new name.
        repo=_repo_of(info.id),
        commit=commit,
        gated=_gated(info.gated),
        licence=_licence(info.tags),
        files=tuple(sorted(files, key=lambda file: file.name)),
    )


# ---------------------------------------------------------------- asking


def _ask(
    client: httpx2.Client,
    hub: str,
    token: str | None,
    repo: str,
    ask: Callable[[huggingface_hub.HfApi], _Answer],
) -> _Answer:
    """Let `huggingface_hub` ask through `client`; word everything that may go wrong."""
    # The library has one client for the whole process; it finds ours by the thread that asks.
    _through.current = _Asking(client, hub)
    try:
        return ask(huggingface_hub.HfApi(endpoint=hub, token=token or False))
    except HfHubHTTPError as error:
        status, headers = error.response.status_code, error.response.headers
        raise refuse_status(status, headers, repo, token=token) from error
    except httpx2.TransportError as error:
        raise CourierProblem(
            "The hub does not answer, or the connection broke off.",
            "Check the connection, then try again.",
        ) from error
    except _GARBAGE as error:
        raise _lie("its answer is not made as it has to be") from error
    finally:
        del _through.current


class _Asking:
    """One call: what it may still ask, and through which client."""

    def __init__(self, client: httpx2.Client, hub: str) -> None:
        self._client = client
        self._base = httpx2.URL(hub)
        self._left = _MOST_REQUESTS

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request of the library's, with the token and nothing else of its headers."""
        url, base = request.url, self._base
        inside = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        if not inside or not url.path.startswith(f"{base.path.rstrip('/')}/api/models"):
            raise _lie("it sends us to another place for the rest")
        self._left -= 1
        if self._left < 0:
            raise _lie("its answer has no end")
        headers = {"Accept": "application/json"}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        with self._client.stream(request.method, url, headers=headers) as response:
            body = b"".join(_capped(response))
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.is_success and kind != "application/json":
                raise not_the_hub()
            kept = {
                name: value
                for name, value in response.headers.items()
                if name in {"content-type", "link", "x-error-code", "x-error-message"}
            }
            return httpx2.Response(
                response.status_code, headers=kept, content=body, request=request
            )


def _capped(response: httpx2.Response) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > _LARGEST:
            raise _lie("its answer is larger than any honest one")
        yield chunk


class _Through(httpx2.BaseTransport):
    """Hands each request to the call that its thread is in."""

    def __init__(self, calls: threading.local) -> None:
        self._calls = calls

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request; without a call there is nothing that may be asked."""
        asking: _Asking | None = getattr(self._calls, "current", None)
        if asking is None:
            raise _lie("something else was to be asked")
        return asking.answer(request)


_through = threading.local()
huggingface_hub.set_client_factory(
    # Nothing of the environment counts here: the client of the call knows its proxies.
    lambda: httpx2.Client(transport=_Through(_through), trust_env=False)
)

# ---------------------------------------------------------------- believing


def _model(found: Any) -> HubModel:
    facts = found.gguf if isinstance(found.gguf, dict) else {}
    return HubModel(
        repo=_repo_of(found.id),
        downloads=_whole(found.downloads),
        likes=_whole(found.likes),
        updated=_time(found.last_modified),
        gated=_gated(found.gated),
        licence=_licence(found.tags),
        parameters=_whole(facts.get("total")),
        architecture=_word(facts.get("architecture")),
        context=_whole(facts.get("context_length")),
    )


def _is_model(name: Any) -> bool:
    """Tell whether a file can be fetched by its name."""
    if not isinstance(name, str):
        raise _lie("a file has no name")
    if not name.lower().endswith(ENDING):
        return False
    try:
        safe_name(name)
    except CourierProblem:
        return False
    return True


def _file(sibling: Any) -> HubFile:
    size = _whole(sibling.size)
    if not size or size >= 2**50:
        raise _lie(f"{sibling.rfilename} has no size that a file can have")
    if sibling.lfs is None:
        return HubFile(name=sibling.rfilename, bytes=size, sha256=None)
    sha256 = sibling.lfs.sha256
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _lie(f"{sibling.rfilename} has no hash that a file can have")
    if sibling.lfs.size != size:
        raise _lie(f"{sibling.rfilename} has two sizes")
    return HubFile(name=sibling.rfilename, bytes=size, sha256=sha256)


def _repo_of(name: Any) -> str:
    with contextlib.suppress(CourierProblem):
        if isinstance(name, str):
            return checked_repo(name)
    raise _lie("a repository has no name that it could have")


def _gated(value: Any) -> bool:
    return value not in (None, False)


def _licence(tags: Any) -> str | None:
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.startswith("license:"):
            return _word(tag.removeprefix("license:"))
    return None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**63 else None


def _word(value: Any) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable()
    return value if fits else None


def _time(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None


def _lie(what: str) -> CourierProblem:
    return CourierProblem(
        f"The hub answered something that makes no sense: {what}.",
        "Try again later. If you chose another hub in the settings, check its address.",
        kind="hub",
    )
