"""The page of models: what is on this machine, what it could have, and fetching that.

Everything slow is done in lanes: headers and fits of the cards that are seen, in `library`; what
the hub is asked, in `hub`; dry loads in `measure`; the queue of downloads is followed in
`downloads`. Nothing of it is loaded before the page is opened.
"""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec.structs import replace

from homebody.base.errors import HomebodyError
from homebody.base.paths import is_elsewhere
from homebody.library.catalog import catalog, recommended
from homebody.library.downloads import DownloadState
from homebody.library.library import Library
from homebody.library.shelf import Removed
from homebody.machine.gpus import GpuReading
from homebody.machine.readings import Machine, read_machine
from homebody.messages.fit import FitPlan
from homebody.messages.shelf import CatalogModel, ShelvedFile
from homebody.ui.model_states import CardAction, CardDetails, ModelCard, ModelsState, Section
from homebody.ui.presenter.library_cards import (
    Room,
    catalog_card,
    download_card,
    machine_line,
    room_of,
    shelf_card,
)
from homebody.ui.presenter.library_hub import Searching
from homebody.ui.presenter.library_opened import Opened, about
from homebody.ui.presenter.library_token import Tokens, for_the_window
from homebody.ui.presenter.models import Models
from homebody.ui.presenter.stage import Stage
from homebody.ui.words import tr

__all__ = ["Shelving"]

_FIRST, _STEP, _MANY = 8, 40, 12
"""So many cards of a section are shown, so many more at each press; from so many models on one
wants to look among them."""
_LATER_SECONDS = 0.3
_Seen = tuple[
    tuple[ShelvedFile, ...],
    tuple[Path, ...],
    tuple[CatalogModel, ...],
    str,
    GpuReading,
    Machine,
]


class Shelving:
    """Looks after the page of models. Its methods are called on the window's thread."""

    def __init__(self, stage: Stage, models: Models, library: Library) -> None:
        self._stage, self._models, self._library = stage, models, library
        self._files: tuple[ShelvedFile, ...] | None = None
        """None until they were looked for."""
        self._folders: tuple[Path, ...] = ()
        self._found: tuple[ShelvedFile, ...] = ()
        self._names: frozenset[str] = frozenset()
        """The names of all files that are here."""
        self._catalog: tuple[CatalogModel, ...] = ()
        self._best = ""
        self._gpus = GpuReading(kind="none")
        self._machine: Machine | None = None
        self._facts: dict[str, ShelvedFile] = {}
        self._plans: dict[str, FitPlan] = {}
        self._asked: set[str] = set()
        """The keys of models that are, or will be, looked into."""
        self._downloads: tuple[DownloadState, ...] = ()
        self._done: set[str] | None = None
        self._filter = ""
        self._shown: dict[str, int] = {}
        self._searching = Searching(stage, self.show)
        self._tokens = Tokens(stage, library, self.show)
        self._opened = Opened(stage, library, self.show, self._apply)
        self._opened_key = ""
        self._answering: tuple[Path | None, bool] = (None, False)
        self._closed = False
        self._stage.background.stream(
            "downloads", library.downloads.watch, self._queue, lambda: None, stage.board.tell
        )

    def close(self) -> None:
        """End what is fetched and asked, so that nobody waits for it."""
        self._closed = True
        # First the hub: it answers everybody who waits for it, and so the downloads.
        self._library.hub.close()
        self._library.downloads.close()

    def model_changed(self) -> None:
        """Another model answers, it was loaded, or the settings are others."""
        self._library.hub.offline = self._models.settings.offline
        answers = self._stage.session.model.path if self._stage.session is not None else None
        loaded = self._models.loaded
        state = (answers, loaded is not None)
        if state != self._answering:
            self._answering = state
            if self._stage.sidebar_state.page == "models":
                # It took memory, or gave it back: what is free is another.
                self._stage.run("library", self._look, self._looked)
        self.show()

    # ------------------------------------------------------------------ looking

    def refresh(self) -> None:
        """Look anew at what there is: the page was opened, or something came or went."""
        self.show()
        self._stage.run("library", self._look, self._looked)
        # What is the person's own can be seen before other apps are looked through.
        self._stage.background.after(_LATER_SECONDS, self._look_elsewhere)

    def _look(self) -> _Seen:
        shelf = self._library.shelf
        files, folders = shelf.files(), shelf.folders()
        gpus = self._library.read_gpus()
        memory = max((gpu.memory_total for gpu in gpus.gpus), default=None)
        return files, folders, catalog(), recommended(memory).key, gpus, read_machine()

    def _looked(self, seen: _Seen) -> None:
        self._files, self._folders, self._catalog, self._best, self._gpus, self._machine = seen
        # What is free has changed; a header is read again only where its file has.
        self._asked.clear()
        self._facts.clear()
        self._name()
        self.show()

    def _look_elsewhere(self) -> None:
        self._stage.run("library", self._library.shelf.found, self._looked_elsewhere)

    def _looked_elsewhere(self, found: tuple[ShelvedFile, ...]) -> None:
        self._found = found
        self._name()
        self.show()

    def _name(self) -> None:
        every = (*(self._files or ()), *self._found)
        self._names = frozenset(os.path.basename(file.path) for file in every)  # noqa: PTH119

    def seen(self, keys: Sequence[str]) -> None:
        """Look into the models whose cards can be seen."""
        for key in keys:
            name = key.removeprefix("shelf:")
            if name == key or name in self._asked:
                continue
            self._asked.add(name)
            self._stage.run(
                "library",
                partial(self._know, name),
                partial(self._known, name),
                lambda _: None,
            )

    def _know(self, key: str) -> tuple[ShelvedFile, FitPlan | None]:
        if self._closed:
            # Somebody waits for this lane to be done.
            raise HomebodyError(tr("Homebody is closing."))
        file = self._library.shelf.facts(key)
        if file.problem:
            return file, None
        return file, self._library.fit(Path(file.path), self._library.shelf.settings_of(key))

    def _known(self, key: str, known: tuple[ShelvedFile, FitPlan | None]) -> None:
        self._facts[key], plan = known
        if plan is not None:
            self._plans[key] = plan
        self.show()

    def _queue(self, downloads: tuple[DownloadState, ...]) -> None:
        self._downloads = downloads
        done = {each.key for each in downloads if each.state == "done"}
        new = set() if self._done is None else done - self._done
        self._done = done
        for each in downloads:
            if each.key in new:
                self._fetched(each)
        if new:
            self.refresh()
        else:
            self.show()

    def _fetched(self, download: DownloadState) -> None:
        path = str(download.paths[0])
        self._stage.board.say(
            "fetched",
            tr("{name} is here, and is what was promised.").format(name=download.name),
            action=tr("Use it"),
            do=lambda: self._models.choose(path),
            kind="ok",
        )

    # ------------------------------------------------------------------ intents

    def filter(self, words: str) -> None:
        """Show only the models on this machine with these words in their names."""
        self._filter = words.casefold().strip()
        self.show()

    def more(self, section: str) -> None:
        """Show more cards of a section."""
        self._shown[section] = self._shown.get(section, _FIRST) + _STEP
        self.show()

    def search(self, words: str) -> None:
        """Search Hugging Face: the person typed this and pressed Enter."""
        self._searching.search(self._library, words)
        self._tokens.look()

    def forget_token(self) -> None:
        """Delete the person's token from the keyring."""
        self._tokens.forget()

    def act(self, key: str, action: CardAction) -> None:
        """Do what a button of a card asks for."""
        kind, _, name = key.partition(":")
        downloads = self._library.downloads
        match action:
            case "use":
                self._use(name)
            case "settings" | "why" | "files":
                self.open("" if self._opened_key == key else key)
            case "get" if kind == "file":
                self._searching.get_file(self._library, key)
            case "get":
                model = next(each for each in self._catalog if each.key == name)
                self._searching.get_recommended(self._library, model)
                self._tokens.look()
            case "pause":
                self._stage.run("hub", partial(downloads.pause, name))
            case "resume":
                self._stage.run("hub", partial(downloads.resume, name))
            case "drop":
                self._stage.run("hub", partial(downloads.drop, name))
            case "remove":
                self._remove(name)
            case "show_folder":
                self._show_folder(key)
            case "token":
                self._tokens.ask(self._host(), partial(self._again, key))
            case "licence":
                url = self._licence_url(key)
                if url:
                    self._stage.view.ask_link(url)

    def _again(self, key: str) -> None:
        """Go on with what needed a token, now that one is kept."""
        kind, _, name = key.partition(":")
        self._searching.forget_trouble(key)
        if kind == "get":
            self.act(key, "resume")
        elif kind == "catalog":
            self.act(key, "get")
        elif self._opened_key == key:
            self._searching.open(self._library, name)
        self.show()

    def open(self, key: str) -> None:
        """Open a card, and close the one that is open; "" only closes."""
        self._opened_key = key
        kind, _, name = key.partition(":")
        file = self._file(name) if kind == "shelf" else None
        if file is not None:
            self._opened.open(file)
        elif kind == "hub":
            self._searching.open(self._library, name)
            self._tokens.look()
        self.show()

    def move_context(self, tokens: int) -> None:
        """Choose the context of the model whose card is open."""
        self._opened.move_context(tokens)

    def set(self, name: str, value: object) -> None:
        """Change one setting of the model whose card is open."""
        self._opened.set(name, value)

    def add_folder(self, path: str) -> None:
        """Look into a folder from now on."""
        if self._is_here(path):
            work = partial(self._library.shelf.add_folder, Path(path))
            self._stage.run("library", work, lambda _: self.refresh())

    def remove_folder(self, path: str) -> None:
        """Do not look into a folder any more; nothing in it is touched."""

        def then(_: None) -> None:
            self._stage.board.say(
                "removed",
                tr("{path} is not looked into any more. Nothing in it was touched.").format(
                    path=path
                ),
                action=tr("Undo"),
                do=partial(self.add_folder, path),
            )
            self.refresh()

        self._stage.run("library", partial(self._library.shelf.remove_folder, Path(path)), then)

    def add_file(self, path: str) -> None:
        """Put a file on the shelf, where it lies, and offer to use it."""
        if not self._is_here(path):
            return

        def then(file: ShelvedFile) -> None:
            self._stage.board.say(
                "added",
                tr("{name} is among your models now, where it lies.").format(name=file.name),
                action=tr("Use it"),
                do=partial(self._models.choose, file.key),
                kind="ok",
            )
            self.refresh()

        self._stage.run("library", partial(self._library.shelf.add_file, Path(path)), then)

    def _is_here(self, path: str) -> bool:
        if is_elsewhere(path):
            self._stage.board.say(
                "problem",
                tr("{path} is on another machine. Copy it to this one first.").format(path=path),
                kind="bad",
            )
        return not is_elsewhere(path)

    def _use(self, key: str) -> None:
        self._models.choose(key)
        self.show()

    def _apply(self, file: ShelvedFile) -> None:
        """The settings of a model were changed: the one that answers goes by them at once."""
        self._asked.discard(file.key)
        if self._answers(file):
            self._models.reread()
        self.seen([f"shelf:{file.key}"])

    def _remove(self, key: str) -> None:
        file = self._file(key)
        if file is None:
            return
        if self._answers(file):
            self._stage.board.say(
                "removed",
                tr("{name} is in use. Use another model first.").format(name=file.name),
                kind="warn",
            )
            return

        def then(removed: Removed) -> None:
            self._opened_key = ""
            self._stage.board.say(
                "removed",
                tr("{name} is no longer among your models.").format(name=file.name),
                action=tr("Undo"),
                do=partial(self._undo, removed),
            )
            self.refresh()

        self._stage.run("library", partial(self._library.shelf.remove, key), then)

    def _undo(self, removed: Removed) -> None:
        work = partial(self._library.shelf.undo, removed)
        self._stage.run("library", work, lambda _: self.refresh())

    def _show_folder(self, key: str) -> None:
        file = self._file(key.removeprefix("shelf:"))
        if file is not None:
            folder = Path(file.path).parent
            self._stage.run("slow", lambda: self._stage.porter.open_folder(folder))

    def _licence_url(self, key: str) -> str:
        kind, _, name = key.partition(":")
        if kind == "catalog":
            return next((each.licence_url for each in self._catalog if each.key == name), "")
        file = self._file(name)
        if file is None:
            return ""
        last = Path(file.path).name
        same = (each for each in self._catalog if Path(each.file).name == last)
        return next((each.licence_url for each in same), "")

    # ------------------------------------------------------------------ what is shown

    def show(self) -> None:
        """Show the page, if it is open."""
        if self._stage.sidebar_state.page == "models":
            self._stage.view.show_models(self._state())

    def _state(self) -> ModelsState:
        settings = self._models.settings
        offline = settings.offline
        search = self._searching.state(self._tokens, offline=offline, host=self._host())
        if self._files is None or self._machine is None:
            return ModelsState(busy=tr("Looking for models…"), search=search)
        loaded = self._models.loaded
        room = room_of(self._gpus, self._machine, loaded)
        trouble = ""
        gpus = self._gpus
        if gpus.kind in {"old_driver", "lost"} or (gpus.kind == "no_driver" and gpus.card):
            trouble = f"{gpus.problem} {gpus.hint}".strip()
        elsewhere = {file.key for file in self._found}
        here = [file for file in self._files if file.key not in elsewhere]
        sections = [
            Section(key="fetching", title=tr("Being fetched"), cards=self._fetching()),
            self._shelf("here", tr("On this machine"), here),
            self._shelf("found", tr("Found in other apps"), self._found),
            self._recommended(room, first=not any(map(_is_own, here)), offline=offline),
        ]
        if not offline:
            sections.append(self._searching.section(room, self._opened_key, self._tokens))
        return ModelsState(
            machine=machine_line(self._gpus, self._machine, loaded),
            trouble=trouble,
            filters=len(here) + len(self._found) > _MANY,
            sections=tuple(
                replace(each, cards=tuple(map(self._with_trouble, each.cards)))
                for each in sections
                if each.cards or each.note
            ),
            folders=tuple(map(str, self._folders)),
            search=search,
        )

    def _host(self) -> str:
        hub = self._models.settings.hub
        return urlsplit(hub).netloc or hub

    def _with_trouble(self, card: ModelCard) -> ModelCard:
        problem = self._searching.trouble(card.key)
        if problem is not None:
            card = replace(card, problem=problem.message, hint=problem.hint)
        hint, needs_token = for_the_window(card.hint)
        return replace(card, hint=hint, mend=self._tokens.button()) if needs_token else card

    def _fetching(self) -> tuple[ModelCard, ...]:
        return tuple(download_card(each) for each in self._downloads if each.state != "done")

    def _shelf(
        self, key: Literal["here", "found"], title: str, files: Sequence[ShelvedFile]
    ) -> Section:
        # No work for each of thousands unless it is asked for: this runs at every change.
        fit = list(files)
        if self._filter:
            fit = [each for each in fit if self._filter in f"{each.name} {each.key}".casefold()]
        # The one that answers is what one looks for first.
        session = self._stage.session
        path = str(session.model.path) if session is not None else ""
        answers = next((place for place, each in enumerate(fit) if each.path == path), 0)
        fit[: answers + 1] = [*fit[answers : answers + 1], *fit[:answers]]
        most = self._shown.get(key, len(fit) if len(files) <= _MANY else _FIRST)
        rest = len(fit) - most
        more = ""
        if rest > 0:
            more = tr("Show {step} more of {rest:,}").format(step=min(rest, _STEP), rest=rest)
        note = ""
        if files and not fit:
            note = tr("None of {count:,} has that in its name.").format(count=len(files))
        return Section(
            key=key, title=title, note=note, cards=tuple(map(self._card, fit[:most])), more=more
        )

    def _card(self, file: ShelvedFile) -> ModelCard:
        file = self._facts.get(file.key, file)
        details = None
        if self._opened_key == f"shelf:{file.key}":
            details = self._opened.details(
                file, answers=self._answers(file), link=bool(self._licence_url(f"shelf:{file.key}"))
            )
        plan = self._plans.get(file.key)
        if details is not None:
            plan = self._opened.plan or plan
        return shelf_card(file, plan, answers=self._answers(file), details=details)

    def _recommended(self, room: Room, *, first: bool, offline: bool) -> Section:
        coming = {each.name for each in self._downloads if each.state != "done"}
        left = [
            each
            for each in self._catalog
            if Path(each.file).name not in self._names and each.name not in coming
        ]
        left.sort(key=lambda model: model.key != self._best)
        cards = tuple(
            catalog_card(
                each,
                room,
                best=each.key == self._best,
                first=first and not offline,
                can_get=not offline and not self._searching.asks(f"catalog:{each.key}"),
                details=self._about(each),
            )
            for each in left
        )
        most = self._shown.get("recommended", _FIRST)
        rest = len(cards) - most
        more = tr("Show {rest} more").format(rest=rest) if rest > 0 else ""
        return Section(key="recommended", title=tr("Recommended"), cards=cards[:most], more=more)

    def _about(self, model: CatalogModel) -> CardDetails | None:
        return about(model) if self._opened_key == f"catalog:{model.key}" else None

    def _file(self, key: str) -> ShelvedFile | None:
        every = (*(self._files or ()), *self._found)
        file = next((each for each in every if each.key == key), None)
        return self._facts.get(key, file) if file is not None else None

    def _answers(self, file: ShelvedFile) -> bool:
        session = self._stage.session
        return session is not None and file.path == str(session.model.path)


def _is_own(file: ShelvedFile) -> bool:
    return file.source != "starter"
