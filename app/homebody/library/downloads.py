"""The one queue of downloads: a set of files at a time, in the order in which they were asked for.

The queue is on the disk, in the `incoming` folder of the models: an entry is written before the
first byte is fetched, and goes when the files are there or the person drops it. What ends the
program, or the machine, ends no download.
"""

import contextlib
import hashlib
import threading
import time
import unicodedata
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from homebody.base import log
from homebody.base.clock import now
from homebody.base.errors import BadInput, CourierProblem, HomebodyError
from homebody.base.files import replace_file
from homebody.messages.courier import Commit, Downloaded, Downloading, HubFile, HubListing
from homebody.messages.incoming import incoming, note_of, part_of

__all__ = ["DownloadState", "Downloads", "FetchesFiles"]

_PASSING = frozenset({"connection", "stopped"})
"""Problems of what had begun and may go on at the next start by itself; others the person heard of
and was left with, so they say when it is to be tried again."""
_CLOSE_SECONDS = 3.0
_LOOK_SECONDS = 1.0
"""How often it is looked whether connections are allowed again."""
_BUSY_SECONDS = 3.0
"""A courier that was just told to stop may hold the part for a moment longer."""


class FetchesFiles(Protocol):
    """What fetches: `courier.client.Courier`."""

    @property
    def offline(self) -> bool:
        """Whether nothing may be connected now."""

    def download(
        self, repo: str, commit: str, files: Sequence[HubFile], folder: Path, *, agreed: str
    ) -> Generator[Downloading | Downloaded, None, None]:
        """Fetch files; say several times a second how far it is. Closing it stops it."""


class DownloadState(Struct, frozen=True, kw_only=True):
    """A download as it is now. Sizes in bytes."""

    key: str
    name: str
    repo: str
    state: Literal["queued", "running", "paused", "failed", "done"]
    done: int
    """Bytes that lie on this machine."""
    total: int
    bytes_per_second: float | None = None
    seconds_left: float | None = None
    verifying: bool = False
    problem: str = ""
    """Why it failed, or waits; or nothing."""
    hint: str = ""
    paths: tuple[str, ...] = ()
    """Of a download that is done."""


class _Entry(Struct, frozen=True, kw_only=True):
    """What is kept of a download: a file of the queue."""

    key: str
    name: str
    repo: str
    commit: Commit
    files: tuple[HubFile, ...]
    agreed: str
    when: str
    paused: bool = False
    problem: str = ""
    hint: str = ""
    before: tuple[str, ...] = ()
    """Hashes of those files that seemed to be here already when it was asked for."""

    @property
    def source(self) -> tuple[str, ...]:
        """The repository and the names of the files, whatever their revision."""
        return (self.repo, *(file.name for file in self.files))

    @property
    def sha256s(self) -> tuple[str, ...]:
        """The hash of each file."""
        return tuple(file.sha256 or "" for file in self.files)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files)


class Downloads:
    """The queue. Methods may be called from any thread; none waits for the network.

    Close the courier first: it answers whoever waits for it.

    `on_fetched` is told about each file that came (its path, its SHA-256) on the queue's thread.
    """

    def __init__(
        self,
        courier: FetchesFiles,
        folder: Path,
        on_fetched: Callable[[Path, str], None],
    ) -> None:
        self._courier = courier
        self._folder = folder
        self._on_fetched = on_fetched
        self._thread: threading.Thread | None = None
        # Guards what follows.
        self._state = threading.Condition()
        self._entries: dict[str, _Entry] = {}
        self._shown: dict[str, DownloadState] = {}
        self._running = ""
        self._stop = False
        """Whether what runs is to be stopped: paused, dropped, or the program ends."""
        self._changes = 0
        self._closed = False

    def watch(self) -> Iterator[tuple[DownloadState, ...]]:
        """Yield how all downloads are, oldest first, now and whenever that changes, until `close`.

        Those that were finished since the start are among them.
        """
        seen = -1
        while True:
            with self._state:
                while not self._closed and self._changes == seen:
                    # On Windows, Ctrl-C does not interrupt a wait without end.
                    self._state.wait(_LOOK_SECONDS)
                if self._closed:
                    return
                seen = self._changes
                states = tuple(self._shown.values())
            yield states

    def begin(self) -> None:
        """Go on with what a former run left; paused downloads stay paused."""
        entries = sorted(_left(self._folder), key=lambda entry: entry.when)
        with self._state:
            for entry in entries:
                if entry.key not in self._entries:
                    self._entries[entry.key] = entry
                    self._show(entry)
            if self._entries:
                self._work()

    def get(
        self, listing: HubListing, files: tuple[HubFile, ...], *, name: str, agreed: str
    ) -> str:
        """Put files of a listing into the queue; return the download's key.

        Files that are there already end up as done, without a byte. What is left of an earlier
        revision of the same files is forgotten. Raises `BadInput` for files that cannot be
        verified, `CourierProblem` ("disk") where the entry cannot be written.
        """
        hashes = tuple(file.sha256 for file in files if file.sha256 is not None)
        if not files or len(hashes) < len(files):
            raise BadInput(
                f"The hub does not say what {name} has to be, so it cannot be verified.",
                "Choose another file.",
            )
        key = hashlib.sha256("\n".join((listing.repo, listing.commit, *hashes)).encode())
        entry = _Entry(
            key=key.hexdigest()[:16],
            name=name,
            repo=listing.repo,
            commit=listing.commit,
            files=files,
            agreed=agreed,
            when=now().isoformat(),
        )
        left = {other.key: other for other in _left(self._folder)}
        entry = msgspec.structs.replace(entry, before=tuple(_published(self._folder, entry)))
        with self._state:
            if entry.key == self._running and not self._stop:
                return entry.key
            left |= self._entries
            self._keep(left.get(entry.key, entry), paused=False)
        for other in left.values():
            if other.key != entry.key and other.source == entry.source:
                with contextlib.suppress(CourierProblem):
                    self._drop(other.key, other)
        return entry.key

    def pause(self, key: str) -> None:
        """Stop for now; what came is kept, and waits for `resume`, also after a restart."""
        with self._state:
            entry = self._entries.get(key)
            if entry is not None:
                self._stop = self._stop or key == self._running
                # Before it is written, or it would begin again where that fails.
                entry = msgspec.structs.replace(entry, paused=True, problem="", hint="")
                self._entries[key] = entry
                self._show(entry)
                self._write(entry)

    def resume(self, key: str) -> None:
        """Go on with one that is paused or failed."""
        with self._state:
            entry = self._entries.get(key)
            if entry is not None and (key != self._running or self._stop):
                self._keep(entry, paused=False)

    def drop(self, key: str) -> None:
        """Forget a download, and delete what came of it. A done one: hide."""
        self._drop(key, None)

    def _drop(self, key: str, left: _Entry | None) -> None:
        """Do so; `left` is the entry of a download that nobody has begun since the start."""
        with self._state:
            try:
                _entry_path(self._folder, key).unlink(missing_ok=True)
            except OSError as error:
                raise _unwritable(self._folder, error) from error
            entry = self._entries.pop(key, left)
            self._shown.pop(key, None)
            self._change()
            if entry is None:
                return
            if key == self._running:
                # The parts go when the courier has let go of them.
                self._stop = True
                return
        self._delete_parts(entry)

    def close(self) -> None:
        """Stop for now: what is fetched goes on at the next `begin`. Ends those that watch."""
        with self._state:
            self._closed = self._stop = True
            self._state.notify_all()
        if self._thread is not None:
            # It ends with the process too, which nobody should have to wait for.
            self._thread.join(_CLOSE_SECONDS)

    # ------------------------------------------------------------------ while `_state` is held

    def _keep(self, entry: _Entry, *, paused: bool, problem: str = "", hint: str = "") -> None:
        entry = msgspec.structs.replace(entry, paused=paused, problem=problem, hint=hint)
        self._write(entry)
        self._entries[entry.key] = entry
        self._show(entry)
        self._work()

    def _write(self, entry: _Entry) -> None:
        try:
            replace_file(_entry_path(self._folder, entry.key), msgspec.json.encode(entry))
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def _show(self, entry: _Entry) -> None:
        self._shown[entry.key] = DownloadState(
            key=entry.key,
            name=entry.name,
            repo=entry.repo,
            state="paused" if entry.paused else "failed" if entry.problem else "queued",
            done=_here(self._folder, entry),
            total=entry.total,
            problem=entry.problem,
            hint=entry.hint,
        )
        self._change()

    def _change(self) -> None:
        self._changes += 1
        self._state.notify_all()

    def _work(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="downloads", daemon=True)
            self._thread.start()

    def _next(self) -> _Entry | None:
        for entry in self._entries.values():
            if not entry.paused and not entry.problem:
                return entry
        return None

    # ------------------------------------------------------------------ on its own thread

    def _run(self) -> None:
        while True:
            with self._state:
                while not self._closed and (self._courier.offline or self._next() is None):
                    # Nobody tells when connections are allowed again.
                    self._state.wait(_LOOK_SECONDS if self._next() else None)
                entry = self._next()
                if self._closed or entry is None:
                    return
                self._running, self._stop = entry.key, False
            try:
                self._finished(entry, self._fetch(entry))
            except CourierProblem as problem:
                self._failed(entry, problem)
            except Exception as error:  # noqa: BLE001  a bug, worded, does not end the queue
                bug = log.confess(error)
                self._failed(entry, CourierProblem(bug.message, bug.hint, "engine"))

    def _fetch(self, entry: _Entry) -> tuple[str, ...] | None:
        """Fetch one entry; None where it was stopped."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                return self._fetch_once(entry)
            except CourierProblem as problem:
                if problem.kind != "busy" or time.monotonic() > deadline or self._stop:
                    raise
            time.sleep(0.1)

    def _fetch_once(self, entry: _Entry) -> tuple[str, ...] | None:
        coming = self._courier.download(
            entry.repo, entry.commit, entry.files, self._folder, agreed=entry.agreed
        )
        with contextlib.closing(coming):
            for news in coming:
                if isinstance(news, Downloaded):
                    return news.paths
                with self._state:
                    if self._stop:
                        return None
                    self._shown[entry.key] = _running_state(entry, news)
                    self._change()
        raise CourierProblem("The download ended without a word.", "Try again.", "connection")

    def _finished(self, entry: _Entry, paths: tuple[str, ...] | None) -> None:
        if paths is None:
            self._stopped(entry)
            return
        for path, sha256 in zip(paths, entry.sha256s, strict=True):
            try:
                self._on_fetched(Path(path), sha256)
            except (HomebodyError, OSError):
                # It is hashed again when it is looked at.
                log.log.warning("a fetched file was not noted")
        self._forget_doubles(entry)
        with self._state:
            # Where it cannot be deleted, it is found to be done at the next start.
            with contextlib.suppress(OSError):
                _entry_path(self._folder, entry.key).unlink(missing_ok=True)
            self._running = ""
            if self._entries.pop(entry.key, None) is None:
                return
            self._shown[entry.key] = DownloadState(
                key=entry.key,
                name=entry.name,
                repo=entry.repo,
                state="done",
                done=entry.total,
                total=entry.total,
                paths=paths,
            )
            self._change()

    def _forget_doubles(self, entry: _Entry) -> None:
        """Forget what waits for nothing but files that have come now."""
        with self._state:
            left = {other.key: other for other in _left(self._folder)} | self._entries
            waiting = [other for other in left.values() if other.paused or other.problem]
        for other in waiting:
            if other.key != entry.key and set(other.sha256s) <= set(entry.sha256s):
                with contextlib.suppress(CourierProblem):
                    self.drop(other.key)

    def _stopped(self, entry: _Entry) -> None:
        with self._state:
            self._running = ""
            kept = self._entries.get(entry.key)
            if kept is not None:
                self._show(kept)
        if kept is None:
            self._delete_parts(entry)

    def _failed(self, entry: _Entry, problem: CourierProblem) -> None:
        with self._state:
            stopped = self._stop
            if not stopped and entry.key in self._entries:
                self._running = ""
                failed = msgspec.structs.replace(entry, problem=problem.message, hint=problem.hint)
                # When connections are not allowed it waits until they are. Where the courier alone
                # says so, nobody would tell when.
                waits = problem.kind == "offline" and self._courier.offline
                self._entries[entry.key] = entry if waits else failed
                self._show(failed)
                if waits:
                    self._shown[entry.key] = msgspec.structs.replace(
                        self._shown[entry.key], state="queued"
                    )
                if not waits and problem.kind not in _PASSING:
                    with contextlib.suppress(CourierProblem):
                        self._write(failed)
                self._change()
        if stopped:
            self._stopped(entry)

    def _delete_pieces(self, entry: _Entry, wanted: set[str]) -> None:
        """Delete what came of a split model that is not whole: nothing can be done with it."""
        published = _published(self._folder, entry)
        if len(published) == len(entry.files):
            return
        for sha256 in published.keys() - wanted - set(entry.before):
            with contextlib.suppress(OSError):
                # The courier's own are read-only, which on Windows keeps them from being deleted.
                if not published[sha256].stat().st_mode & 0o222:
                    published[sha256].chmod(0o600)
                    published[sha256].unlink()

    def _delete_parts(self, entry: _Entry) -> None:
        with self._state:
            others = {each.key: each for each in _left(self._folder)} | self._entries
        wanted = {sha for other in others.values() for sha in other.sha256s}
        self._delete_pieces(entry, wanted)
        deadline = time.monotonic() + _BUSY_SECONDS
        for sha256 in set(entry.sha256s) - wanted:
            part = part_of(self._folder, sha256)
            while True:
                try:
                    part.unlink(missing_ok=True)
                    note_of(part).unlink(missing_ok=True)
                except PermissionError:
                    # On Windows, as long as the courier has it open.
                    if time.monotonic() < deadline:
                        time.sleep(0.1)
                        continue
                except OSError:
                    log.log.warning("a part could not be deleted")
                break


def _published(folder: Path, entry: _Entry) -> dict[str, Path]:
    """Return those files of an entry that seem to have their names here, by their hashes."""
    there: dict[str, list[Path]] = {}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            there.setdefault(_plain(path.name, entry), []).append(path)
    found: dict[str, Path] = {}
    for file in entry.files:
        for path in there.get(_plain(file.name.rpartition("/")[2], entry), ()):
            with contextlib.suppress(OSError):
                if path.is_file() and path.stat().st_size == file.bytes:
                    found[file.sha256 or ""] = path
    return found


def _plain(name: str, entry: _Entry) -> str:
    """Return a file's name without the mark that the courier gives it where it was taken."""
    for sha256 in entry.sha256s:
        name = name.replace(f".{sha256[:8]}", "", 1)
    return unicodedata.normalize("NFC", name).casefold()


def _unwritable(folder: Path, error: OSError) -> CourierProblem:
    return CourierProblem(
        "The list of downloads cannot be written: the folder of models is full or read-only "
        f"({error.strerror}).",
        f"Make room in {folder}, or make it writable.",
        kind="disk",
    )


def _running_state(entry: _Entry, news: Downloading) -> DownloadState:
    speed = news.bytes_per_second
    left = (news.total - news.done) / speed if speed else None
    return DownloadState(
        key=entry.key,
        name=entry.name,
        repo=entry.repo,
        state="running",
        done=news.done,
        total=news.total,
        bytes_per_second=speed,
        seconds_left=left,
        verifying=news.verifying,
    )


def _entry_path(folder: Path, key: str) -> Path:
    return incoming(folder) / f"{key}.json"


def _left(folder: Path) -> list[_Entry]:
    """Return the entries on the disk. What is none is left alone."""
    entries = []
    with contextlib.suppress(OSError):
        for path in incoming(folder).glob("*.json"):
            try:
                entry = msgspec.json.decode(path.read_bytes(), type=_Entry)
            except (OSError, ValueError):
                continue
            if path == _entry_path(folder, entry.key) and entry.files and all(entry.sha256s):
                entries.append(entry)
    return entries


def _here(folder: Path, entry: _Entry) -> int:
    """Return how many bytes of an entry lie on this machine, without reading them."""
    here = 0
    published = _published(folder, entry)
    for file in entry.files:
        if file.sha256 in published:
            here += file.bytes
            continue
        part = part_of(folder, file.sha256 or "")
        with contextlib.suppress(OSError):
            here += min(part.stat().st_size, file.bytes)
    return here
