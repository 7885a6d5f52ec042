"""The bytes of models: by ranges, kept through anything, and verified before they get their name.

The hub's own downloader begins again after a kill and does not look at what came; this one goes on
where it was (`part`), and gives a file its name only when its SHA-256 is what the hub listed for
that commit. Blocks; reads and writes on the calling thread, tells about it from `meter`'s.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

import httpx2
from msgspec import Struct

from homebody.base.clock import now
from homebody.base.errors import CourierProblem
from homebody.courier.answers import checked_repo, not_the_hub, refuse_page, refuse_status
from homebody.courier.meter import Meter, OnProgress
from homebody.courier.names import folded, named_apart, safe_join, safe_name
from homebody.courier.part import Part, disk_problem, sweep
from homebody.messages.courier import Download, HubFile
from homebody.messages.incoming import PartNote, incoming, part_of

__all__ = ["Patience", "fetch"]

_MAGIC = b"GGUF"
_SPARE = 1.05
_CHUNK = 1024 * 1024
_HEADWAY = 256 * 1024
"""Bytes that have to come before another break counts as the first one again."""
_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19}|\*)")
_HASH = re.compile(r"[0-9a-f]{64}")
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class Patience(Struct, frozen=True):
    """How a hub is borne that is slow or breaks off. Times in seconds."""

    tries: int = 5
    """How often it goes on by itself without getting further."""
    wait: float = 1.0
    """Before the first of them; twice as long before each other."""
    slow: float = 30.0
    """How long it may send less than `least` bytes a second."""
    least: int = 1024


_PATIENCE = Patience()


class _BrokeOffError(Exception):
    """The connection ended, or the hub asks to come back: worth another try."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.wait = wait


class _TamperedError(CourierProblem):
    """What came is not what was promised: nothing of it is kept.

    With `in_part`, bytes of it may be among those that are here, which go with it. What is refused
    before that costs nothing of what came before.
    """

    def __init__(self, message: str, *, in_part: bool = False) -> None:
        self.in_part = in_part
        super().__init__(
            f"{message} Nothing of it was kept.",
            "Try again on another network; if it happens again, choose another repository.",
            kind="tampered",
        )


def fetch(
    request: Download,
    client: httpx2.Client,
    hub: str,
    token: str | None,
    on_progress: OnProgress,
    stopped: Callable[[], bool],
    patience: Patience = _PATIENCE,
) -> tuple[Path, ...]:
    """Fetch the files of a request into its folder; return their paths, in the request's order.

    A file that is there already is not fetched. Raises `CourierProblem`; what came so far is kept,
    and another call goes on from there, unless bytes came that were not what was promised.
    """
    folder = Path(request.folder)
    _check(request, folder)
    try:
        with Meter(sum(file.bytes for file in request.files), on_progress) as meter:
            return _Fetch(request, client, hub, token, meter, stopped, patience).all()
    except OSError as error:
        raise disk_problem(error, "the download") from error


class _Fetch:
    """One request while it is served."""

    def __init__(
        self,
        request: Download,
        client: httpx2.Client,
        hub: str,
        token: str | None,
        meter: Meter,
        stopped: Callable[[], bool],
        patience: Patience,
    ) -> None:
        self._request = request
        self._client = client
        self._hub = hub
        self._token = token
        self._meter = meter
        self._stopped = stopped
        self._patience = patience
        self._folder = Path(request.folder)
        self._hashes: dict[Path, str] = {}
        # Of the present file.
        self._changes = 0
        self._confusions = 0
        self._anew = False
        """Whether it is asked for from its beginning, though a part of it is here."""

    def all(self) -> tuple[Path, ...]:
        """Fetch what is not there."""
        incoming(self._folder).mkdir(parents=True, exist_ok=True)
        sweep(incoming(self._folder))
        paths, there = self._places()
        self._check_room(
            file for file, path in zip(self._request.files, paths, strict=True) if path not in there
        )
        for file, path in zip(self._request.files, paths, strict=True):
            if path not in there:
                self._one(file, path)
            self._meter.finished(file.bytes)
        return paths

    # ------------------------------------------------------------------ where it goes

    def _places(self) -> tuple[tuple[Path, ...], set[Path]]:
        """Return the path of each file, and which of them hold what is asked for already.

        Where a name is taken by something else, all files get a mark of their own: those of a split
        model are found by each other's names.
        """
        files = self._request.files
        names = [safe_name(file.name) for file in files]
        mark = files[0].sha256 or ""
        marked = [named_apart(name, mark) for name in names]
        if len({folded(name) for name in names}) < len(names):
            # Of the same name in different folders of the repository.
            names = marked = [
                named_apart(name, file.sha256 or "")
                for name, file in zip(names, files, strict=True)
            ]
        taken = {folded(path.name): path for path in self._folder.iterdir()}
        for choice in (names, marked):
            paths = []
            there = set()
            for name, file in zip(choice, files, strict=True):
                holder = taken.get(folded(name))
                if holder is None:
                    paths.append(safe_join(self._folder, name))
                elif self._holds(holder, file):
                    paths.append(holder)
                    there.add(holder)
            if len(paths) == len(files):
                return tuple(paths), there
        raise CourierProblem(
            f"Another file has the name {marked[0]} in the folder of models.",
            "Rename or remove it, then try again.",
            kind="disk",
        )

    def _holds(self, path: Path, file: HubFile) -> bool:
        """Tell whether a file is what is asked for, by its content."""
        if not path.is_file() or path.stat().st_size != file.bytes:
            return False
        if path not in self._hashes:
            digest, size = hashlib.sha256(), 0
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    self._verifying(size)
            self._hashes[path] = digest.hexdigest()
        return self._hashes[path] == file.sha256

    def _check_room(self, missing: Iterable[HubFile]) -> None:
        needed = 0
        for file in missing:
            part = part_of(self._folder, file.sha256 or "")
            needed += max(file.bytes - (part.stat().st_size if part.exists() else 0), 0)
        free = shutil.disk_usage(self._folder).free
        if needed * _SPARE > free:
            raise CourierProblem(
                f"{_size(needed)} are still to be fetched, and {_size(free)} are free on the disk "
                "of the models. Nothing was fetched.",
                "Make room, or choose a smaller model.",
                kind="disk",
            )

    # ------------------------------------------------------------------ one file

    def _one(self, file: HubFile, final: Path) -> None:
        assert file.sha256 is not None
        self._changes = self._confusions = 0
        self._anew = False
        note = PartNote(
            repo=self._request.repo,
            commit=self._request.commit,
            name=file.name,
            bytes=file.bytes,
            sha256=file.sha256,
            agreed=self._request.agreed,
            begun=now().isoformat(timespec="seconds"),
        )
        part = Part(part_of(self._folder, file.sha256), note)
        try:
            part.reread(self._verifying)
            self._complete(part)
            if final.exists():
                raise CourierProblem(
                    f"While it was fetched, something else took the name {final.name}.",
                    "Go on: it gets another name. Nothing is fetched twice.",
                    kind="disk",
                )
            part.publish(final)
        except _TamperedError as problem:
            if problem.in_part:
                part.discard()
            raise
        finally:
            if part.size == 0 and not final.exists():
                part.discard()
            part.close()

    def _complete(self, part: Part) -> None:
        """Fetch what is missing, until all of it is what was promised."""
        resumed = part.size > 0
        while True:
            self._fill(part)
            if part.sha256 == part.note.sha256:
                return
            if not resumed:
                raise _TamperedError(
                    f"{part.note.name} is not what the hub listed: its content has another hash.",
                    in_part=True,
                )
            # A power cut may have left a hole in what was here before.
            resumed = False
            part.restart()

    def _fill(self, part: Part) -> None:
        failures, furthest = 0, part.size
        while part.size < part.note.bytes:
            wait = 0.0
            try:
                self._ask(part)
                why = "the connection ended too early"
            except _BrokeOffError as broken:
                why, wait = broken.why, broken.wait
            if part.size >= part.note.bytes:
                return
            if part.size >= furthest + _HEADWAY:
                failures, furthest = 0, part.size
            failures += 1
            if failures > self._patience.tries:
                raise CourierProblem(
                    f"{part.note.name} does not get further: {why}, "
                    f"{failures} times. {part.size / 1e6:,.0f} of {part.note.bytes / 1e6:,.0f} MB "
                    "are here and kept.",
                    "Go on when the connection is better.",
                    kind="connection",
                )
            self._rest(max(wait, self._patience.wait * 2 ** (failures - 1)))

    def _ask(self, part: Part) -> None:
        """Send one request, and write what comes. Returns when no more comes."""
        offset = part.size
        name = quote(part.note.name, safe="/")
        url = f"{self._hub}/{self._request.repo}/resolve/{self._request.commit}/{name}"
        headers = {"Accept-Encoding": "identity"}
        if offset and not self._anew:
            headers["Range"] = f"bytes={offset}-"
            # Weak ones do not say that the bytes are the same (RFC 9110, 13.1.5).
            if part.note.etag.startswith('"'):
                headers["If-Range"] = part.note.etag
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                if self._begins(part, response):
                    self._take(part, response, anew=response.status_code == 200)
        except httpx2.TransportError as error:
            raise _BrokeOffError("the connection broke off") from error
        except CourierProblem as problem:
            if problem.kind == "connection":
                raise _BrokeOffError("the connection broke off") from problem
            raise

    def _begins(self, part: Part, response: httpx2.Response) -> bool:
        """Check an answer's head; tell whether its body continues the part as it is now."""
        status, note = response.status_code, part.note
        if status in _RETRIED or (status in {401, 403} and self._is_elsewhere(response)):
            # Elsewhere than at the hub it is the signed address that is too old.
            raise _BrokeOffError(f"the hub answered {status}", _asked_wait(response))
        if status == 416:
            return self._out_of_range(part, response)
        if status not in {200, 206}:
            raise refuse_status(status, response.headers, self._request.repo, token=self._token)
        refuse_page(response.headers)
        self._check_promise(note, response)
        etag = response.headers.get("ETag", "")
        if status == 200:
            self._check_whole(note, response)
            if part.size and not self._anew:
                # The hub knows no ranges, or has another content by now.
                self._changed(part, etag)
            return True
        begin, _, total = _range_of(response)
        if begin != part.size or not part.size or self._anew:
            raise _nonsense("it sent another piece of the file than it was asked for")
        _check_length(note, total)
        if etag and note.etag and etag != note.etag:
            self._changed(part, etag)
            self._anew = True
            return False
        part.versioned(etag or note.etag)
        return True

    def _take(self, part: Part, response: httpx2.Response, *, anew: bool) -> None:
        """Write what comes; `anew`: in the place of what is here, once it looks like a model."""
        slow_since, slow_size = time.monotonic(), 0 if anew else part.size
        in_part = False
        for chunk in response.iter_raw():
            self._go_on()
            here = 0 if anew and not in_part else part.size
            if here + len(chunk) > part.note.bytes:
                raise _TamperedError(
                    f"{part.note.name} is larger than the hub listed.", in_part=in_part
                )
            if not chunk.startswith(_MAGIC[here : here + len(chunk)]):
                raise _TamperedError(f"{part.note.name} is no GGUF file.", in_part=in_part)
            if here < part.size:
                part.restart()
            if not in_part and anew:
                part.versioned(response.headers.get("ETag", ""))
                self._anew = False
            in_part = True
            part.append(chunk)
            self._meter.fetched(len(chunk), part.size)
            passed = time.monotonic() - slow_since
            if passed >= self._patience.slow:
                if part.size - slow_size < passed * self._patience.least:
                    raise _BrokeOffError("the hub sends next to nothing")
                slow_since, slow_size = time.monotonic(), part.size

    # ------------------------------------------------------------------ what may be wrong

    def _check_promise(self, note: PartNote, response: httpx2.Response) -> None:
        """Compare what the hub says about the file on the way with what it listed."""
        for each in (*response.history, response):
            commit = each.headers.get("X-Repo-Commit")
            if commit is not None and commit != note.commit:
                raise _TamperedError(f"The hub sent {note.name} of another revision.")
            linked = each.headers.get("X-Linked-Etag", "").removeprefix("W/").strip('"')
            if _HASH.fullmatch(linked) and linked != note.sha256:
                raise _TamperedError(f"The hub has another content for {note.name} by now.")
            _check_length(note, each.headers.get("X-Linked-Size"))

    def _check_whole(self, note: PartNote, response: httpx2.Response) -> None:
        """Compare the length of a whole file's answer with what the hub listed."""
        try:
            _check_length(note, response.headers.get("Content-Length"))
        except _TamperedError:
            if "Content-Type" not in response.headers:
                # The hub says of everything what it is; the pages of some networks do not.
                raise not_the_hub() from None
            raise

    def _changed(self, part: Part, etag: str) -> None:
        if not (etag and part.note.etag) or etag == part.note.etag:
            return
        self._changes += 1
        if self._changes > 1:
            raise _TamperedError(f"{part.note.name} changes at the hub while it is fetched.")

    def _out_of_range(self, part: Part, response: httpx2.Response) -> bool:
        _, _, total = _range_of(response)
        _check_length(part.note, total)
        self._confusions += 1
        if self._confusions > 1:
            raise _nonsense("it says that the file ends before the place that was asked for")
        self._anew = True
        return False

    def _is_elsewhere(self, response: httpx2.Response) -> bool:
        hub = httpx2.URL(self._hub)
        return (response.url.host, response.url.port) != (hub.host, hub.port)

    # ------------------------------------------------------------------ stopping

    def _verifying(self, here: int) -> None:
        self._go_on()
        self._meter.verified(here)

    def _go_on(self) -> None:
        if self._stopped():
            raise CourierProblem(
                "The download was stopped. What came so far is kept.", "", "stopped"
            )

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._go_on()
            time.sleep(min(left, 0.1))


def _check(request: Download, folder: Path) -> None:
    checked_repo(request.repo)
    if not folder.is_absolute() or not request.files:
        raise CourierProblem("There is nothing to fetch, or nowhere to put it.", "", "bad_request")
    for file in request.files:
        if file.sha256 is None:
            raise CourierProblem(
                f"The hub does not say what {file.name} has to be, so it cannot be verified and is "
                "not fetched.",
                "Choose another file.",
                kind="hub",
            )
        if not 0 < file.bytes < 2**50:
            raise _nonsense(f"it says that {file.name} has {file.bytes:,} bytes")


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _check_length(note: PartNote, text: str | None) -> None:
    """Refuse a size that is not the one that was listed; `text` None or "*" does not tell."""
    if text is not None and text.isdecimal() and int(text) != note.bytes:
        raise _TamperedError(
            f"{note.name} has {int(text):,} bytes, but the hub listed {note.bytes:,}."
        )


def _range_of(response: httpx2.Response) -> tuple[int | None, int | None, str | None]:
    """Return first byte, last byte and the size of the whole, as far as the answer tells."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None:
        return None, None, None
    begin, end, total = found.groups()
    return (int(begin), int(end), total) if begin else (None, None, total)


def _asked_wait(response: httpx2.Response) -> float:
    """Return the seconds that the hub asks to wait, at most a minute."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), 60.0) if asked.isdecimal() else 0.0


def _nonsense(what: str) -> CourierProblem:
    return CourierProblem(
        f"The hub answered something that makes no sense: {what}.",
        "Try again later, or choose another file.",
        kind="hub",
    )
