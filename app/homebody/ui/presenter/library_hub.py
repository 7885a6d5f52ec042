"""Searching Hugging Face for the page of models, and asking for what is to be fetched."""

from collections.abc import Callable
from typing import Final

from homebody.base.errors import HomebodyError
from homebody.library.hub_files import choices, named
from homebody.library.library import Library
from homebody.messages.courier import HubListing, HubModel
from homebody.messages.shelf import CatalogModel
from homebody.ui.model_states import CardDetails, ModelCard, SearchState, Section
from homebody.ui.presenter.library_cards import Room, file_row, hub_card
from homebody.ui.presenter.library_token import Tokens
from homebody.ui.presenter.stage import Stage
from homebody.ui.words import tr

__all__ = ["Searching"]

_MOST: Final = 20


class Searching:
    """What was searched for and found. Lives on the window's thread."""

    def __init__(self, stage: Stage, changed: Callable[[], None]) -> None:
        self._stage, self._changed = stage, changed
        self._asked = 0
        self._words = ""
        self._models: tuple[HubModel, ...] = ()
        self._listings: dict[str, HubListing] = {}
        self._busy = False
        self._problem: HomebodyError | None = None
        self._troubles: dict[str, HomebodyError] = {}
        """By card: why a listing or a download could not be begun."""
        self._asking: set[str] = set()

    def search(self, library: Library, words: str) -> None:
        """Search; the answer to an earlier search is not waited for."""
        words = " ".join(words.split())
        if not words:
            return
        self._asked += 1
        number = self._asked
        self._words, self._busy, self._problem, self._models = words, True, None, ()

        def then(models: tuple[HubModel, ...]) -> None:
            if number == self._asked:
                self._busy, self._models = False, models
                self._changed()

        def failed(problem: HomebodyError) -> None:
            if number == self._asked:
                self._busy, self._problem = False, problem
                self._changed()

        self._stage.run(
            "hub",
            lambda: library.hub.search(words, _MOST, agreed="pressed Enter in the search"),
            then,
            failed,
        )
        self._changed()

    def open(self, library: Library, repo: str) -> None:
        """Look which files a repository has."""
        self._troubles.pop(f"hub:{repo}", None)
        if repo in self._listings:
            return

        def then(listing: HubListing) -> None:
            self._listings[repo] = listing
            self._changed()

        self._stage.run(
            "hub",
            lambda: library.hub.list_files(repo, agreed="opened it in the search"),
            then,
            lambda problem: self._trouble(f"hub:{repo}", problem),
        )

    def get_file(self, library: Library, key: str) -> None:
        """Fetch a model of a repository; `key` is that of its row."""
        repo, _, name = key.removeprefix("file:").partition("\n")
        listing = self._listings.get(repo)
        if listing is None:
            return
        choice = named(listing, name)

        def work() -> str:
            return library.downloads.get(
                listing, choice.files, name=choice.name, agreed="pressed Get in the search"
            )

        self._get(f"hub:{repo}", work)

    def get_recommended(self, library: Library, model: CatalogModel) -> None:
        """Fetch a model of the catalogue: what it is now is asked first."""

        def work() -> str:
            listing = library.hub.list_files(model.repo, agreed="pressed Get")
            files = named(listing, model.file).files
            return library.downloads.get(listing, files, name=model.name, agreed="pressed Get")

        self._get(f"catalog:{model.key}", work)

    def _get(self, card: str, work: Callable[[], str]) -> None:
        if card in self._asking:
            return
        self._asking.add(card)
        self._troubles.pop(card, None)

        def then(_: str) -> None:
            self._asking.discard(card)
            self._changed()

        self._stage.run("hub", work, then, lambda problem: self._trouble(card, problem))
        self._changed()

    def _trouble(self, card: str, problem: HomebodyError) -> None:
        self._asking.discard(card)
        self._troubles[card] = problem
        self._changed()

    def forget_trouble(self, card: str) -> None:
        """Say no more what went wrong with a card: it is tried again."""
        self._troubles.pop(card, None)

    def asks(self, card: str) -> bool:
        """Tell whether what a card asked for is being asked of the hub."""
        return card in self._asking

    def trouble(self, card: str) -> HomebodyError | None:
        """Return why what a card asked for could not be done."""
        return self._troubles.get(card)

    # ------------------------------------------------------------------ what is shown

    def state(self, tokens: Tokens, *, offline: bool, host: str) -> SearchState:
        """Return how it is with searching."""
        if offline:
            return SearchState(
                offline=tr("Offline: nothing is searched or fetched. Settings can change that.")
            )
        status = ""
        if self._busy:
            status = tr("Searching…")
        elif self._words and not self._problem:
            none = tr("Nothing found for “{words}”.").format(words=self._words)
            status = "" if self._models else none
        problem = self._problem or tokens.problem
        return SearchState(
            note=tr(
                "Press Enter to search. That connects to {host}, and sends it these words."
            ).format(host=host),
            token=tokens.words(),
            status=status,
            problem=problem.message if problem else "",
            hint=problem.hint if problem else "",
        )

    def section(self, room: Room, opened: str, tokens: Tokens) -> Section:
        """Return what was found; `opened` is the key of the card that is open."""
        cards = tuple(self._card(model, room, opened, tokens) for model in self._models)
        return Section(key="search", title="", cards=cards)

    def _card(self, model: HubModel, room: Room, opened: str, tokens: Tokens) -> ModelCard:
        details = None
        if opened == f"hub:{model.repo}":
            details = self._details(model.repo, room)
        wants = model.gated and not tokens.there
        return hub_card(model, details, tokens.button() if wants else None)

    def _details(self, repo: str, room: Room) -> CardDetails:
        listing = self._listings.get(repo)
        if listing is None:
            failed = self._troubles.get(f"hub:{repo}")
            return CardDetails(note="" if failed else tr("Looking which files there are…"))
        busy = self.asks(f"hub:{repo}")
        rows = tuple(file_row(repo, each, room, busy=busy) for each in choices(listing))
        return CardDetails(note="" if rows else tr("There is no GGUF file in it."), files=rows)
