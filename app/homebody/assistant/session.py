"""What a front end works with. Built by `launch`, the one place that connects the rooms."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from homebody.assistant.turn import Assistant
from homebody.assistant.work import Work
from homebody.base.errors import EngineProblem
from homebody.base.paths import Home
from homebody.engine.client import Engine, Prepare
from homebody.library.shelf import ShelvedModel
from homebody.messages.frames import Load
from homebody.messages.skills import Access, Grant
from homebody.settings.declared import Settings
from homebody.store.store import Store

__all__ = ["Hashes", "Parts", "Session"]


class Hashes(Protocol):
    """Knows the hashes of files; see `library.fingerprint`."""

    def compute(self, path: Path, wait: float = 0.0) -> str | None:
        """Return the hash if it is known within `wait` seconds."""

    def begin(self, paths: Iterable[Path]) -> None:
        """Compute the hashes of these files, one after another, while there is time."""

    def close(self) -> None:
        """Give up what is being computed."""


@dataclass(frozen=True)
class Parts:
    """How to make what a session can change while it runs."""

    find_model: Callable[[str], ShelvedModel]
    """Raises `ModelProblem`."""
    load_request: Callable[[ShelvedModel, Settings], Load]
    """What is wished for."""
    prepare: Callable[[ShelvedModel, Load], Load]
    """Looks at the file and says what of that fits now. Any thread; raises `HomebodyError`."""
    assistant: Callable[[Store, ShelvedModel, Settings], Assistant]


@dataclass
class Session:
    """One run of a front end. Made on any thread, and used by one at a time."""

    home: Home
    settings: Settings
    engine: Engine
    store: Store
    model: ShelvedModel
    hashes: Hashes
    locks: tuple[str, ...]
    parts: Parts
    notices: list[str] = field(default_factory=list)
    """Sentences that the person should see before anything else."""
    closing: list[Callable[[], None]] = field(default_factory=list)
    """What was opened for this session beside the store, and how to close it."""

    def __post_init__(self) -> None:
        """Make the first assistant."""
        self.saved = self.store
        self.assistant = self.assistant_for(self.store)

    @property
    def work(self) -> Work | None:
        """What skills need; None where there are none."""
        return self.assistant.work

    def assistant_for(self, store: Store) -> Assistant:
        """Make what answers, with the model and the settings of now, and keeps it in `store`."""
        return self.parts.assistant(store, self.model, self.settings)

    def allow(self, folder: Path, access: Access) -> None:
        """Let skills into a folder (absolute, without links) for this run."""
        if self.work is not None:
            self.work.for_this_run.append(Grant(folder=str(folder), access=access))

    def begin_load(self) -> None:
        """Load the model anew, and return at once."""
        self.engine.begin_load(*self._request(self.model))

    def use_settings(self, settings: Settings) -> None:
        """Go by these settings from now on; the model is loaded again where they ask for it."""
        request = self.parts.load_request
        again = request(self.model, self.settings) != request(self.model, settings)
        self.settings = settings
        self.assistant = self.assistant_for(self.store)
        if again:
            self.begin_load()

    def use_model(self, name: str) -> None:
        """Switch to another model. If it cannot be loaded, go back to this one and raise why."""
        model = self.parts.find_model(name)
        try:
            self.engine.load(*self._request(model))
        except (EngineProblem, KeyboardInterrupt):
            self.begin_load()
            raise
        self.model = model
        self.assistant = self.assistant_for(self.store)

    def find_model_settings(self) -> ShelvedModel:
        """Return the model that answers, with what is set for it now. Any thread, changes nothing.

        Raises `ModelProblem`.
        """
        # By its path: its key may be another one's by now.
        found = self.parts.find_model(str(self.model.path))
        return replace(self.model, settings=found.settings)

    def use_model_settings(self, found: ShelvedModel) -> None:
        """Go by what was set for this model from now on; load it again where that asks for it.

        `found`: from `find_model_settings`. Does nothing if another model answers by now.
        """
        if found.path != self.model.path:
            return
        request = self.parts.load_request
        again = request(self.model, self.settings) != request(found, self.settings)
        if again:
            self.assistant.stop()
        self.model = found
        self.assistant = self.assistant_for(self.store)
        if again:
            self.begin_load()

    def begin_model(self, model: ShelvedModel) -> None:
        """Switch to another model, found before, and return at once; a turn is stopped."""
        self.assistant.stop()
        self.model = model
        self.assistant = self.assistant_for(self.store)
        self.begin_load()

    def use_temporary_store(self) -> None:
        """From now on keep nothing: the conversation lives in memory alone."""
        self._leave_temporary_store()
        self._use(Store.temporary())

    def use_saved_store(self) -> None:
        """Keep conversations again."""
        self._leave_temporary_store()
        self._use(self.saved)

    def _request(self, model: ShelvedModel) -> tuple[Load, Prepare]:
        request = self.parts.load_request(model, self.settings)
        return request, partial(self.parts.prepare, model)

    def close(self) -> None:
        """Close what was opened here, the engine excepted."""
        for close in self.closing:
            close()
        self.hashes.close()
        self._leave_temporary_store()
        self.saved.close()

    def _leave_temporary_store(self) -> None:
        if self.store is not self.saved:
            self.store.close()

    def _use(self, store: Store) -> None:
        self.store = store
        self.assistant = self.assistant_for(store)
