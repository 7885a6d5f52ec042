"""What stands behind the window: the porter, the engine, the library and the cards.

It begins after the first paint, so that nobody waits for it.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.building import (
    build_session,
    find_probe,
    has_usable_build,
    memories_for,
    own_processes,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from homebody.assistant.session import Session
    from homebody.courier.client import Courier, Porter
    from homebody.engine.client import Engine
    from homebody.engine.probe import Verdict
    from homebody.library.downloads import Downloads
    from homebody.library.fit import Memories
    from homebody.library.library import Library
    from homebody.library.truth import Truth
    from homebody.machine.gpus import GpuReader, GpuReading
    from homebody.machine.sampler import Sampler
    from homebody.messages.courier import VersionFound
    from homebody.messages.fit import FitPlan
    from homebody.messages.frames import Loaded
    from homebody.messages.shelf import ModelSettings
    from homebody.messages.skills import Reminder
    from homebody.privacy.erasing import Erased
    from homebody.skills.notify import Notifier
    from homebody.skills.own import OwnSkills
    from homebody.store.store import Store
    from homebody.ui.presenter.privacy_files import PrivacyFiles

__all__ = ["Behind"]


class Behind:
    """Made and ended on the window's thread; the rest is called in its lanes, `begin` first."""

    def __init__(self, home: Home, options: SimpleNamespace) -> None:
        self._home, self._options = home, options
        self._locks: tuple[str, ...] = ()
        self._probe = find_probe(home)
        self._verdict: Verdict | None = None
        self._porter: Porter | None = None
        self._engine: Engine | None = None
        self._reader: GpuReader | None = None
        self._session: Session | None = None
        self._courier: Courier | None = None
        self._downloads: Downloads | None = None

    def begin(self) -> "tuple[Porter, tuple[str, ...]]":
        """Lock this process; return who opens links for the person, and the locks."""
        from homebody.courier.client import Porter
        from homebody.privacy.lock import lock_front_end

        # First the one process that may start programs for the person: what a locked process
        # starts is locked too.
        self._porter = porter = Porter()
        try:
            porter.start()
        finally:
            self._locks = lock_front_end()
        if self._probe is None or self._probe.remembered() is not None:
            self._start()
        return porter, self._locks

    def _start(self) -> "Engine":
        """Start the engine, once; a build that was never tried is tried before."""
        from homebody.engine.client import Engine

        if self._engine is None:
            self._verdict = settle(self._probe)
            self._engine = Engine()
            self._engine.start()
        return self._engine

    def open_session(self) -> "Session":
        """Build what the window works with."""
        from homebody.courier.client import Courier
        from homebody.machine.gpus import GpuReader
        from homebody.ui.clipboard import WindowClipboard
        from homebody.workbench import DeskParts

        engine = self._start()
        self._reader = reader = GpuReader()
        assert self._porter is not None
        self._courier = courier = Courier(self._porter)
        self._session = build_session(
            self._home,
            self._options,
            self._locks,
            engine,
            self._verdict,
            reader,
            forgiving=True,
            desk=DeskParts(clipboard=WindowClipboard(), opens=self._porter, reminds=True),
            courier=courier,
        )
        return self._session

    # ------------------------------------------------------------------ once there is a session

    def open_library(self) -> "Library":
        """Make the library. Called once."""
        from homebody.library.downloads import Downloads
        from homebody.library.library import Library
        from homebody.library.shelf import Shelf

        session, courier = self._session, self._courier
        assert session is not None
        assert courier is not None
        shelf = Shelf(self._home, session.saved)
        self._downloads = Downloads(courier, self._home.models, self._remember)
        session.hashes.begin(shelf.unchecked())
        return Library(
            shelf=shelf,
            downloads=self._downloads,
            hub=courier,
            fit=self._fit,
            measure=self._measure,
            read_gpus=self._read,
        )

    def watch_gpus(self) -> "Sampler":
        """Make what reads the cards."""
        from homebody.machine.sampler import Sampler

        assert self._reader is not None
        return Sampler(self._reader.read, self._own)

    def own_skills(self) -> "OwnSkills":
        """Make what knows the person's own skills."""
        from homebody.skills.own import OwnSkills

        return OwnSkills(self._home.own_skills, self._home.allowed_skills)

    def remind(self, store: "Store", tell: "Callable[[Reminder], None]") -> "Notifier":
        """Make what tells reminders; `tell` is called on a thread of its own."""
        from homebody.skills.notify import Notifier

        return Notifier(store, tell)

    def open_privacy(self) -> "PrivacyFiles":
        """Make what the page of privacy needs."""
        from homebody.ui.presenter.privacy_files import PrivacyFiles

        assert self._courier is not None
        assert self._session is not None
        return PrivacyFiles(self._home, self._courier, self._session.saved)

    def erase(self, keep_models: bool, keys: tuple[str, ...]) -> "Erased":
        """End everything, and erase the profile. Nothing of Homebody's may write afterwards."""
        from homebody.base.log import end_log
        from homebody.privacy.erasing import erase_profile

        self.end()
        end_log()
        return erase_profile(self._home, keep_models=keep_models, keys=keys)

    def truth(self, loaded: "Loaded") -> "Truth | None":
        """Return what there is to say about where this model computes, or nothing."""
        from homebody.library.truth import why

        session = self._session
        assert session is not None
        return why(
            asked=session.parts.load_request(session.model, session.settings).gpu_layers,
            loaded=loaded,
            before=None,
            after=self._read(),
            trial=self._verdict.sentence if self._verdict is not None else "",
        )

    @property
    def releases(self) -> str:
        """Where newer versions are announced; "" where this build knows no such place."""
        from homebody.base.release import read_release

        return read_release().releases

    def newest_version(self, *, offline: bool, agreed: str) -> "VersionFound":
        """Ask where newer versions are announced. Raises `CourierProblem`."""
        assert self._courier is not None
        if self._courier.offline != offline:
            self._courier.offline = offline
        return self._courier.newest_version(agreed=agreed)

    def end(self) -> None:
        """End the processes."""
        if self._probe is not None:
            self._probe.close()
        # First the courier: it answers everybody who waits for it, and so the downloads.
        if self._courier is not None:
            self._courier.close()
        if self._downloads is not None:
            self._downloads.close()
        if self._engine is not None:
            self._engine.close()
        if self._porter is not None:
            self._porter.close()
        if self._reader is not None:
            self._reader.close()

    # ------------------------------------------------------------------ what the library needs

    def _own(self) -> tuple[int, ...]:
        assert self._engine is not None
        return own_processes(self._engine)

    def _read(self) -> "GpuReading":
        assert self._reader is not None
        return self._reader.read(self._own())

    def _memories(self) -> "Memories":
        assert self._engine is not None
        assert self._reader is not None
        gpu_code = has_usable_build(self._verdict)
        return memories_for(self._engine, self._reader, gpu_code=gpu_code)

    def _remember(self, path: Path, sha256: str) -> None:
        """Keep the hash of a file that came, which was computed as it came."""
        assert self._session is not None
        try:
            self._session.saved.remember_hash(path, sha256)
        except HomebodyError:
            return  # it is computed again when somebody asks

    def _fit(self, path: Path, chosen: "ModelSettings") -> "FitPlan":
        from homebody.library.chosen import wish_of
        from homebody.library.fit import quick

        assert self._session is not None
        settings = self._session.settings
        wish = wish_of(chosen, settings)
        return quick(path, machine=self._memories(), mapped=settings.use_mmap, **wish)

    def _measure(self, path: Path, chosen: "ModelSettings") -> "FitPlan":
        from homebody.engine.dry import dry_load
        from homebody.library.chosen import wish_of
        from homebody.library.fit import measured

        assert self._session is not None
        settings = self._session.settings
        wish = wish_of(chosen, settings)
        return measured(
            path, machine=self._memories(), dry=dry_load, mapped=settings.use_mmap, **wish
        )
