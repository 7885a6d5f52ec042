"""The card that is open on the page of models: facts, the context, and the model's settings."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import convert
from msgspec.structs import asdict, replace

from homebody.base.errors import HomebodyError
from homebody.library.facts import inspect_file
from homebody.library.library import Library
from homebody.messages.fit import FitPlan
from homebody.messages.reports import InspectReport
from homebody.messages.shelf import CatalogModel, ModelSettings, ShelvedFile
from homebody.ui.model_states import CardButton, CardDetails
from homebody.ui.presenter.library_cards import context_slider, licence_words, size
from homebody.ui.presenter.rows import short_count
from homebody.ui.presenter.stage import Stage
from homebody.ui.states import Fact
from homebody.ui.words import tr

__all__ = ["Opened", "about"]

_SETTLED_SECONDS: Final = 0.7
"""So long nothing moves before the context is kept and the fit is measured."""


class Opened:
    """One card at a time. Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        library: Library,
        changed: Callable[[], None],
        applied: Callable[[ShelvedFile], None],
    ) -> None:
        """`applied` is called when the settings of a model have been kept."""
        self._stage, self._library = stage, library
        self._changed, self._applied = changed, applied
        self._file: ShelvedFile | None = None
        self._report: InspectReport | None = None
        self._settings: ModelSettings | None = None
        self.plan: FitPlan | None = None
        """What it takes with the settings that are shown."""
        self._first_context = 0
        """That of the card when it was opened."""
        self._fitting = self._again = False
        self._call_off: Callable[[], None] = lambda: None

    def open(self, file: ShelvedFile) -> None:
        """Open a model's card."""
        self._call_off()
        self._file, self._report, self._settings, self.plan = file, None, None, None
        self._first_context = 0

        def work() -> tuple[InspectReport | None, ModelSettings]:
            settings = self._library.shelf.settings_of(file.key)
            try:
                return inspect_file(Path(file.path)), settings
            except HomebodyError:
                # The card says already what is wrong with the file.
                return None, settings

        def then(found: tuple[InspectReport | None, ModelSettings]) -> None:
            if self._file is file:
                self._report, self._settings = found
                self._fit()
                self._changed()

        self._stage.run("library", work, then)

    def move_context(self, tokens: int) -> None:
        """Show another context at once; keep it when nothing moves any more."""
        if self._settings is None or self._settings.context == tokens:
            return
        self._settings = replace(self._settings, context=tokens)
        self._fit()
        self._changed()
        self._call_off()
        self._call_off = self._stage.background.after(_SETTLED_SECONDS, self._keep)

    def set(self, name: str, value: object) -> None:
        """Change one setting, and keep it."""
        if self._settings is None or getattr(self._settings, name) == value:
            return
        given = {**asdict(self._settings), name: value}
        self._settings = convert(given, ModelSettings)
        self._fit()
        self._keep()

    def _keep(self) -> None:
        self._call_off()
        file, settings = self._file, self._settings
        if file is None or settings is None:
            return

        def failed(problem: HomebodyError) -> None:
            self._stage.board.tell(problem)
            if self._file is file:
                # What is shown is what is kept.
                self.open(file)

        work = partial(self._library.shelf.change_settings, file.key, settings)
        self._stage.run("library", work, lambda _: self._kept(file, settings), failed)

    def _kept(self, file: ShelvedFile, settings: ModelSettings) -> None:
        self._applied(file)
        if self._settings != settings or file.problem:
            return

        def then(plan: FitPlan) -> None:
            if self._file is file and self._settings == settings:
                self.plan = plan
                self._changed()

        # Where no engine can tell, the estimate stays.
        work = partial(self._library.measure, Path(file.path), settings)
        self._stage.run("measure", work, then, lambda _: None)

    def _fit(self) -> None:
        """Plan anew; while one plan is made, only the last of what is asked meanwhile counts."""
        file, settings = self._file, self._settings
        if file is None or settings is None or file.problem:
            return
        if self._fitting:
            self._again = True
            return
        self._fitting = True

        def done(plan: FitPlan | None) -> None:
            self._fitting = False
            if self._file is file and plan is not None:
                self.plan = plan
                self._changed()
            if self._again:
                self._again = False
                self._fit()

        work = partial(self._library.fit, Path(file.path), settings)
        self._stage.run("library", work, done, lambda _: done(None))

    # ------------------------------------------------------------------ what is shown

    def details(self, file: ShelvedFile, *, answers: bool, link: bool) -> CardDetails:
        """Return what the open card shows. `link`: its licence can be read elsewhere."""
        settings, plan = self._settings, self.plan
        buttons = [CardButton("show_folder", tr("Show in folder"))]
        if link:
            buttons.append(CardButton("licence", tr("Read the licence")))
        if not file.problem and not answers and plan is not None and plan.verdict == "no":
            buttons.append(CardButton("use", tr("Try it all the same")))
        if file.source != "starter":
            buttons.append(CardButton("remove", tr("Remove")))
        if settings is None:
            return CardDetails(
                facts=_facts(file, None), note=tr("Looking into the file…"), buttons=tuple(buttons)
            )
        if file.problem:
            return CardDetails(facts=_facts(file, self._report), buttons=tuple(buttons))
        note = tr(plan.hint) if plan is not None else ""
        slider = None
        context = settings.context or (plan.asked_context if plan is not None else 0)
        if context:
            self._first_context = self._first_context or context
            slider = context_slider(file.trained_context, context, self._first_context)
            # A model for short texts leaves nothing to choose.
            slider = slider if len(slider.steps) > 1 else None
        return CardDetails(
            facts=_facts(file, self._report),
            note=note,
            slider=slider,
            settings=settings,
            buttons=tuple(buttons),
        )


def _facts(file: ShelvedFile, report: InspectReport | None) -> tuple[Fact, ...]:
    facts = [Fact(tr("Kind"), _kind(file, report))]
    if file.trained_context:
        words = tr("up to {tokens} tokens").format(tokens=short_count(file.trained_context))
        facts.append(Fact(tr("Context"), words))
    facts.append(Fact(tr("Licence"), licence_words(file.licence) or tr("the file does not say")))
    if report is not None:
        facts.append(Fact(tr("Chat template"), tr("yes") if report.template else tr("no")))
    facts.append(Fact(tr("sha256"), file.sha256 or tr("not computed yet")))
    files = tr(" and {count} more files").format(count=file.files - 1) if file.files > 1 else ""
    facts.append(Fact(tr("File"), file.path + files))
    return tuple(facts)


def _kind(file: ShelvedFile, report: InspectReport | None) -> str:
    parts = [file.architecture or tr("unknown")]
    if file.parameters:
        parts.append(_parameters(file.parameters))
    if file.quantisation:
        parts.append(file.quantisation)
    if report is not None and report.layers:
        parts.append(tr("{count} layers").format(count=report.layers))
    parts.append(size(file.bytes))
    return ", ".join(parts)


def _parameters(count: int) -> str:
    # From here it is "1.0 billion" when rounded.
    if count < 999.5e6:
        return tr("{count:.0f} million parameters").format(count=count / 1e6)
    return tr("{count:,.1f} billion parameters").format(count=count / 1e9)


def about(model: CatalogModel) -> CardDetails:
    """Return what the open card of a recommended model shows."""
    facts = [
        Fact(tr("Made by"), model.made_by),
        Fact(tr("Kind"), f"{model.parameters}, {tr(model.kind)}"),
        Fact(tr("Licence"), model.licence),
        Fact(tr("From"), f"{model.repo}, {model.file}"),
        Fact(tr("sha256"), model.sha256 or tr("as the hub will tell")),
    ]
    if model.unverified:
        facts.append(Fact(tr("Not checked"), ", ".join(model.unverified)))
    return CardDetails(facts=tuple(facts), buttons=(CardButton("licence", tr("Read the licence")),))
