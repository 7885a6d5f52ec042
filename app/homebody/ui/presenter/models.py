"""The model that answers: which one, how it is with it, and changing it. And the settings."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from homebody.assistant.session import Session
from homebody.base.errors import HomebodyError
from homebody.base.log import log
from homebody.base.paths import Home
from homebody.engine.client import EngineStatus
from homebody.library.shelf import STARTER, ShelvedModel, find_model
from homebody.messages.frames import Loaded
from homebody.settings.declared import Settings
from homebody.settings.file import LoadedSettings, save
from homebody.ui.autostart import start_with_session
from homebody.ui.presenter.needs import Behind
from homebody.ui.presenter.stage import Stage
from homebody.ui.states import ModelChoice, WelcomeState
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded when a model is ready
    from homebody.library.truth import Truth

__all__ = ["TEXT_SIZES", "Models"]

TEXT_SIZES: Final = (75, 90, 100, 110, 125, 150, 175, 200, 250)
"""The steps of larger and smaller text, in per cent."""
_IN_MENU: Final = 20
"""So many models stand in the menu; the page of models shows all."""
_WINDOW = frozenset(
    {"appearance", "text_size", "tray", "autostart", "offline", "hub", "extra_hosts"}
)
"""Settings that the model has nothing to do with."""


class Models:
    """Follows the engine, changes the model and the settings. Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        settings: Settings,
        *,
        ready: Callable[[], None],
        changed: Callable[[], None] = lambda: None,
        behind: Behind | None = None,
    ) -> None:
        """`ready` is called when a model can answer, `changed` when anything here is another."""
        self._stage = stage
        self._ready, self._changed, self._behind = ready, changed, behind
        self.loaded: Loaded | None = None
        """What the engine says of the model that answers."""
        self.settings = settings
        self._problems: dict[str, str] = {}
        self._asked_size: int | None = None
        """A text size that was asked for and is not on the disk yet: the next step counts on."""
        self._tried = ""
        """The model that was chosen, to be remembered once it is ready."""
        self._starter: ShelvedModel | None = None
        self._given = ""
        """The file that was opened with Homebody, to be told of once its model is ready."""

    # ------------------------------------------------------------------ the model

    def follow(self, session: Session) -> None:
        """Show how it is with the model, from now on."""
        with suppress(HomebodyError):
            self._starter = find_model(session.home, STARTER)
        self._stage.background.stream(
            "model", session.engine.watch, self._engine_changed, lambda: None, lambda _: None
        )
        self.list_models()

    def list_models(self) -> None:
        """Look which models there are."""
        session = self._stage.session
        if session is None:
            return
        self._stage.run(
            "slow",
            partial(_choices, session.home, session.model, self._starter),
            lambda models: self._stage.header(models=models),
        )

    def choose(self, name: str, *, remember: bool = True) -> None:
        """Answer with another model from now on; `remember` it for the next start."""
        session = self._stage.session
        if session is None:
            return
        kept = name if remember else ""
        self._stage.run("slow", lambda: session.parts.find_model(name), partial(self._use, kept))

    def open(self, name: str) -> None:
        """Answer with the model in a file until Homebody ends; where it cannot, all stays as it is.

        It may be the one that answers already: the start was with that file.
        """
        session = self._stage.session
        if session is None:
            return

        def then(model: ShelvedModel) -> None:
            self._stage.board.dismiss("opened")
            self._given = str(model.path)
            if model.path != session.model.path or self._stage.header_state.model_failed:
                self._use("", model)
            elif self.loaded is not None and self.loaded.path == self._given:
                self._tell_given()

        def failed(problem: HomebodyError) -> None:
            # What this start asked for in vain was told when it began.
            if f"{problem.message} {problem.hint}" not in session.notices:
                self._stage.board.tell(problem, "opened")

        self._stage.run("slow", lambda: session.parts.find_model(name), then, failed)

    def _tell_given(self) -> None:
        """Say that the model of the file that was opened answers, and offer to keep it."""
        path, self._given = self._given, ""
        if path == self.settings.model:
            return
        self._stage.board.say(
            "opened",
            tr("{name} answers until Homebody ends.").format(name=Path(path).stem),
            action=tr("Use it from now on"),
            do=partial(self._write, {"model": path}),
            kind="ok",
        )

    def _use(self, kept: str, model: ShelvedModel) -> None:
        session = self._stage.session
        if session is None:
            return
        if str(model.path) != self._given:
            self._given = ""
            self._stage.board.dismiss("opened")
        self._tried = kept
        session.begin_model(model)
        self._stage.board.dismiss("model")
        self._stage.board.dismiss("gpu")
        self.loaded = None
        self._show_model(session, EngineStatus())
        self.list_models()

    def reread(self) -> None:
        """Go by what was set for the model that answers; load it again only where it must be."""
        session = self._stage.session
        if session is not None:
            self._stage.run("slow", session.find_model_settings, session.use_model_settings)

    def _engine_changed(self, status: EngineStatus) -> None:
        session = self._stage.session
        if session is None:
            return
        self._show_model(session, status)
        if status.problem is not None:
            self._model_failed(session, status.problem)
        elif status.loaded is not None and status.loaded.path == str(session.model.path):
            self._stage.board.dismiss("model")
            if status.loaded is not self.loaded:
                self.loaded = status.loaded
                self._ask_truth(status.loaded)
            if status.loaded.path == self._given:
                self._tell_given()
            tried, self._tried = self._tried, ""
            if tried:
                self._write({"model": tried})
            self._ready()

    def _ask_truth(self, loaded: Loaded) -> None:
        """Say so where there is a card and the model does not compute on it."""
        behind = self._behind
        if behind is None:
            return

        def then(truth: "Truth | None") -> None:
            if loaded is not self.loaded:
                return
            if truth is None or truth.quiet:
                self._stage.board.dismiss("gpu")
            else:
                text = f"{tr(truth.sentence)} {tr(truth.hint)}".strip()
                self._stage.board.say("gpu", text, kind="warn")

        self._stage.run("truth", lambda: behind.truth(loaded), then, lambda _: None)

    def _show_model(self, session: Session, status: EngineStatus) -> None:
        if status.problem is not None:
            detail = tr("not running")
        elif status.loaded is not None:
            detail = _where(status.loaded)
        elif status.progress > 0:
            detail = tr("loading {percent:.0f} %").format(percent=status.progress * 100)
        else:
            detail = tr("loading")
        self._stage.header(
            model=session.model.name,
            model_detail=detail,
            model_failed=status.problem is not None,
        )
        self._changed()

    def _model_failed(self, session: Session, problem: HomebodyError) -> None:
        self._given = ""
        if self._is_starter(session.model):
            self._stage.board.tell(problem, "model", action=tr("Try again"), do=session.begin_load)
        else:
            self._tried = ""
            self._stage.board.tell(
                problem,
                "model",
                action=tr("Use the starter model"),
                do=partial(self.choose, STARTER),
            )

    def _is_starter(self, model: ShelvedModel) -> bool:
        return self._starter is not None and model.path == self._starter.path

    def welcome(self) -> WelcomeState:
        """Return what an empty conversation says of the model that answers."""
        session = self._stage.session
        if session is None:
            return WelcomeState(title=tr("What can stay home today?"))
        sentences = [
            tr("What you write here stays on this machine, unless you say yes to sending it.")
        ]
        if self._is_starter(session.model):
            sentences += [
                tr(
                    "{model} answers: small, quick, and good for short questions and small jobs. "
                    "It knows little and is often wrong."
                ).format(model=session.model.name),
                tr("For real conversation, add a larger model that fits this computer."),
            ]
        else:
            sentences.append(tr("{model} answers.").format(model=session.model.name))
        return WelcomeState(
            title=tr("What can stay home today?"),
            sentences=tuple(sentences),
            suggestions=(
                tr("What is the capital of Japan?"),
                tr("Write a short thank-you note to a neighbour."),
                tr("Give me three names for a grey cat."),
            ),
            more_models=tr("More models") if self._is_starter(session.model) else "",
        )

    # ------------------------------------------------------------------ settings

    def show_settings(self) -> None:
        """Show the settings as they are."""
        self._stage.view.show_settings(self.settings, dict(self._problems))
        if self.settings.offline != self._stage.header_state.offline:
            self._stage.header(offline=self.settings.offline)

    def change(self, key: str, value: object) -> None:
        """Set one setting, on the disk and here."""
        if key == "model":
            self.choose(str(value))
            return
        self._write({key: value})

    def text_size(self, step: int) -> None:
        """Make all text larger (1) or smaller (-1); 0: as it was made."""
        size = self._asked_size or self.settings.text_size
        if step > 0:
            size = next((each for each in TEXT_SIZES if each > size), TEXT_SIZES[-1])
        elif step < 0:
            size = next((each for each in reversed(TEXT_SIZES) if each < size), TEXT_SIZES[0])
        else:
            size = 100
        self.change("text_size", size)

    def _write(self, changes: Mapping[str, object]) -> None:
        session = self._stage.session
        if session is None:
            return

        def failed(problem: HomebodyError) -> None:
            self._asked_size = None
            for key in changes:
                self._problems[key] = problem.message
            self._stage.board.tell(problem, "settings")
            self.show_settings()

        size = changes.get("text_size")
        self._asked_size = size if isinstance(size, int) else self._asked_size
        self._stage.run(
            "store",
            partial(save, session.home, changes),
            partial(self._written, frozenset(changes)),
            failed,
        )

    def _written(self, keys: frozenset[str], loaded: LoadedSettings) -> None:
        for key in keys:
            self._problems.pop(key, None)
        # Who said --offline meant it for all of this run, whatever else is set meanwhile.
        offline = loaded.settings.offline or ("offline" not in keys and self.settings.offline)
        self.settings = replace(loaded.settings, offline=offline)
        if "autostart" in keys:
            self._stage.run("slow", partial(start_with_session, loaded.settings.autostart))
        if self.settings.text_size == self._asked_size:
            self._asked_size = None
        log.setLevel(loaded.settings.log_level)
        self.show_settings()
        self._changed()
        session = self._stage.session
        if session is not None and not keys <= _WINDOW:
            session.use_settings(self.settings)
            self._ready()


def _choices(
    home: Home, current: ShelvedModel, starter: ShelvedModel | None
) -> tuple[ModelChoice, ...]:
    """Return the models that can be chosen; the one that answers is among them."""
    found: dict[Path, ModelChoice] = {}
    if starter is not None:
        found[starter.path] = ModelChoice(
            name=STARTER, title=starter.name, detail=tr("the starter model")
        )
    for path in _first_models(home.models):
        found[path] = ModelChoice(name=str(path), title=path.stem, detail=_size(path))
    if current.path not in found and current.path.is_file():
        path = current.path
        found[path] = ModelChoice(name=str(path), title=current.name, detail=_size(path))
    return tuple(replace(each, chosen=path == current.path) for path, each in found.items())


def _first_models(folder: Path) -> list[Path]:
    """Return the first of the models in a folder, by name: thousands take some milliseconds.

    Not by the shelf: this runs at the start, which waits for the same disk.
    """
    try:
        with os.scandir(folder) as entries:
            files = (each for each in entries if each.name.casefold().endswith(".gguf"))
            names = nsmallest(_IN_MENU, (each.name for each in files if each.is_file()))
    except OSError:
        return []
    return [folder / name for name in names]


def _size(path: Path) -> str:
    try:
        size = path.stat().st_size
    except OSError:
        return ""
    if size < 1e9:
        return tr("{size:.0f} MB").format(size=size / 1e6)
    return tr("{size:.1f} GB").format(size=size / 1e9)


def _where(loaded: Loaded) -> str:
    if not loaded.gpu_layers:
        return tr("on the processor")
    return tr("{on}/{all} on the GPU").format(on=loaded.gpu_layers, all=loaded.layers + 1)
