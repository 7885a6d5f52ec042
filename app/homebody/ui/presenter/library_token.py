"""The person's token for what is gated: asking for it, where it is kept, and forgetting it.

The token itself passes through on its way to the keyring, and is kept in nothing here.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from homebody.base.errors import HomebodyError
from homebody.library.library import Library
from homebody.messages.courier import TokenKept
from homebody.ui.model_states import CardButton
from homebody.ui.presenter.stage import Stage
from homebody.ui.words import tr

if TYPE_CHECKING:
    from homebody.ui.presenter.needs import AsksToken

__all__ = ["Tokens", "for_the_window"]

_COMMAND: Final = "`homebody models token`"
"""Where the courier's hints say this, a token would help."""


def for_the_window(hint: str) -> tuple[str, bool]:
    """Return a hint as the window says it, and whether giving a token is what it asks for."""
    return hint.replace(_COMMAND, tr("the button below")), _COMMAND in hint


class Tokens:
    """Lives on the window's thread."""

    def __init__(self, stage: Stage, library: Library, changed: Callable[[], None]) -> None:
        self._stage, self._library, self._changed = stage, library, changed
        self._kept: TokenKept | None = None
        """None: nobody has looked."""
        self._looking = False
        self._sheet: AsksToken | None = None
        self.problem: HomebodyError | None = None
        """Why it could not be forgotten."""

    @property
    def there(self) -> bool:
        """Whether one is known to be kept."""
        return self._kept is not None and self._kept.there

    def words(self) -> str:
        """Return where one is kept; empty: there is none, or nobody has looked."""
        if self._kept is None or not self._kept.there:
            return ""
        return tr("A token is kept in {place}").format(place=self._kept.place)

    def button(self) -> CardButton:
        """Return what a card offers where a token would help."""
        return CardButton("token", tr("Give another token…") if self.there else tr("Give a token…"))

    def look(self) -> None:
        """Look once whether one is kept: the hub is asked now, which needs the keyring anyway.

        Not before: a locked keyring asks the person to unlock it.
        """
        if self._kept is not None or self._looking:
            return
        self._looking = True

        def failed(_: HomebodyError) -> None:
            self._looking = False

        self._stage.run("token", partial(self._library.hub.keep_token, None), self._know, failed)

    def ask(self, host: str, then: Callable[[], None]) -> None:
        """Ask for a token; `then` is called when it is kept."""
        if self._sheet is not None:
            return
        hub = self._library.hub
        sheet = self._sheet = self._stage.view.ask_token(
            lambda token: self._keep(token, then), self._closed
        )

        def found(kept: TokenKept) -> None:
            self._know(kept)
            if self._sheet is not sheet:
                return
            if kept.place:
                sheet.show_place(
                    tr(
                        "A token is a password that you make in your account there; one that may "
                        "only read is enough. It is kept in {place}, and sent to {host} alone."
                    ).format(place=kept.place, host=host)
                )
            else:
                sheet.show_no_place(
                    tr(
                        "This system has no keyring that is safe for a token, and Homebody writes "
                        "none to a file."
                    ),
                    tr(
                        "On Linux, install and start GNOME Keyring or KWallet, and log in anew. "
                        "Models that are not gated need no token."
                    ),
                )

        def failed(problem: HomebodyError) -> None:
            if self._sheet is sheet:
                sheet.show_no_place(problem.message, problem.hint)

        self._stage.run("token", partial(hub.keep_token, None), found, failed)

    def forget(self) -> None:
        """Delete the one that is kept."""

        def failed(problem: HomebodyError) -> None:
            self.problem = problem
            self._changed()

        self.problem = None
        self._stage.run("token", partial(self._library.hub.keep_token, ""), self._know, failed)

    def _keep(self, token: str, then: Callable[[], None]) -> None:
        sheet = self._sheet
        if sheet is None:
            return

        def kept(answer: TokenKept) -> None:
            self._know(answer)
            if self._sheet is sheet:
                sheet.close_sheet()
            then()

        def failed(problem: HomebodyError) -> None:
            if self._sheet is sheet:
                sheet.show_problem(problem.message, problem.hint)

        self._stage.run("token", partial(self._library.hub.keep_token, token), kept, failed)

    def _closed(self) -> None:
        self._sheet = None

    def _know(self, kept: TokenKept) -> None:
        self._kept, self.problem, self._looking = kept, None, False
        self._changed()
