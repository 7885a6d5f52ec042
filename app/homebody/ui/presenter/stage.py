"""What the parts of the presenter share: the view, the states it shows now, and the notices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from msgspec.structs import replace

from homebody.assistant.session import Session
from homebody.base.errors import HomebodyError
from homebody.messages.providers import Provider
from homebody.ui.presenter.needs import Background, Failed, Lane, Opens, View
from homebody.ui.states import ComposerState, HeaderState, Notice, Page, SidebarState
from homebody.ui.words import tr

__all__ = ["Board", "Stage"]

T = TypeVar("T")


class Board:
    """The notices, oldest first. One that is told again takes the place of its older self."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._notices: dict[str, Notice] = {}
        self._actions: dict[str, Callable[[], None]] = {}

    def say(
        self,
        key: str,
        text: str,
        *,
        action: str = "",
        do: Callable[[], None] | None = None,
        kind: Literal["plain", "warn", "bad", "ok"] = "plain",
        fades: bool = False,
    ) -> None:
        """Show a sentence, and a button that does `do`."""
        self._notices.pop(key, None)
        self._notices[key] = Notice(key=key, text=text, action=action, kind=kind, fades=fades)
        if do is not None:
            self._actions[key] = do
        self._show()

    def tell(
        self,
        problem: HomebodyError,
        key: str = "problem",
        *,
        action: str = "",
        do: Callable[[], None] | None = None,
    ) -> None:
        """Show what went wrong, and what to do next."""
        text = f"{problem.message} {problem.hint}".strip()
        self.say(key, text, action=action, do=do, kind="bad")

    def act(self, key: str) -> None:
        """Do what a notice offers, and take it away."""
        do = self._actions.get(key)
        self.dismiss(key)
        if do is not None:
            do()

    def dismiss(self, key: str) -> None:
        """Take a notice away."""
        self._actions.pop(key, None)
        if self._notices.pop(key, None) is not None:
            self._show()

    def _show(self) -> None:
        self._view.show_notices(tuple(self._notices.values()))


@dataclass
class Stage:
    """Where the parts of the presenter meet."""

    view: View
    background: Background
    board: Board
    porter: Opens
    session: Session | None = None
    """None until the conversations are open."""
    providers: tuple[Provider, ...] = ()
    """Who can be asked elsewhere, as far as was read."""
    header_state: HeaderState = field(default_factory=HeaderState)
    composer_state: ComposerState = field(default_factory=ComposerState)
    sidebar_state: SidebarState = field(default_factory=lambda: SidebarState(opening=True))

    def header(self, **changes: object) -> None:
        """Show the header with these changes."""
        self.header_state = state = replace(self.header_state, **changes)
        page = self.sidebar_state.page
        if page != "chat":
            state = replace(state, title=_page_title(page), temporary=False)
        self.view.show_header(state)

    def composer(self, **changes: object) -> None:
        """Show the composer with these changes."""
        self.composer_state = replace(self.composer_state, **changes)
        self.view.show_composer(self.composer_state)

    def sidebar(self, **changes: object) -> None:
        """Show the sidebar with these changes."""
        self.sidebar_state = state = replace(self.sidebar_state, **changes)
        # One thing is open at a time: a conversation, or a page.
        here = state.selected if state.page == "chat" else None
        self.view.show_sidebar(replace(state, selected=here))

    def go(self, page: Page) -> None:
        """Go to a page."""
        self.sidebar(page=page)
        self.header()
        self.view.show_page(page)

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Do `work` in the background. What goes wrong is told, unless `failed` takes it."""
        self.background.run(lane, work, then or (lambda _: None), failed or self.board.tell)


def _page_title(page: Page) -> str:
    titles = {
        "models": tr("Models"),
        "skills": tr("Skills"),
        "privacy": tr("Privacy"),
        "settings": tr("Settings"),
        "shortcuts": tr("Shortcuts"),
        "about": tr("About"),
    }
    return titles.get(page, "")
