"""Looking for a newer version: only when the person presses it, and nothing is fetched."""

from typing import TYPE_CHECKING, Final, Literal

from homebody.base.errors import HomebodyError
from homebody.base.versions import compare
from homebody.settings.providers import host_of
from homebody.ui.presenter.models import Models
from homebody.ui.presenter.needs import Behind
from homebody.ui.presenter.stage import Stage
from homebody.ui.update_states import UpdateState
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded with what asks
    from homebody.messages.courier import VersionFound

__all__ = ["Updating"]

_AGREED: Final = "pressed Check for a newer version"


class Updating:
    """What is known of newer versions. Lives on the window's thread."""

    def __init__(self, stage: Stage, models: Models, behind: Behind | None) -> None:
        self._stage, self._models, self._behind = stage, models, behind
        self._address = behind.releases.strip() if behind is not None else ""
        self._asks = False
        self._found: VersionFound | None = None
        self._problem: HomebodyError | None = None

    def show(self) -> None:
        """Show what is known, if the page is open."""
        if self._stage.sidebar_state.page == "about":
            self._stage.view.show_update(self._state())

    def ask(self) -> None:
        """Ask once which version is the newest: the person pressed it."""
        behind, offline = self._behind, self._models.settings.offline
        if self._asks or behind is None or not self._can_ask():
            return
        self._asks, self._found, self._problem = True, None, None

        def then(found: "VersionFound") -> None:
            self._asks, self._found = False, found
            self.show()

        def failed(problem: HomebodyError) -> None:
            self._asks, self._problem = False, problem
            self.show()

        self._stage.run(
            "hub", lambda: behind.newest_version(offline=offline, agreed=_AGREED), then, failed
        )
        self.show()

    def open_page(self) -> None:
        """Show the address of the newer version's page, to be opened after a yes."""
        if self._found is not None and self._state().has_page:
            self._stage.view.ask_link(self._found.page)

    def _can_ask(self) -> bool:
        there = bool(self._address) and self._stage.session is not None
        return there and not self._models.settings.offline

    def _state(self) -> UpdateState:
        result, has_page = "", False
        kind: Literal["plain", "ok", "bad"] = "plain"
        if self._asks:
            result = tr("Asking {host}…").format(host=host_of(self._address))
        elif self._problem is not None:
            kind = "bad"
            result = f"{tr(self._problem.message)} {tr(self._problem.hint)}".strip()
        elif self._found is not None:
            result, newer = _compared(self._found)
            kind = "plain" if newer else "ok"
            has_page = newer and bool(self._found.page)
        return UpdateState(
            note=self._note(),
            can_ask=self._can_ask(),
            asks=self._asks,
            result=result,
            kind=kind,
            has_page=has_page,
        )

    def _note(self) -> str:
        if not self._address:
            return tr(
                "This build does not know where newer versions are announced. Look where you got "
                "it."
            )
        if self._models.settings.offline:
            return tr("Homebody is offline, so nobody is asked. Settings can change that.")
        return tr(
            "Homebody never looks by itself. This asks {host} once, and sends nothing of yours: no "
            "version and no number. Like every page that you open, {host} sees the address of your "
            "connection. Nothing is fetched."
        ).format(host=host_of(self._address))


def _compared(found: "VersionFound") -> tuple[str, bool]:
    """Say how the newest version stands to this one, and whether it is newer."""
    standing = compare(found.version)
    if standing == "newer":
        if found.published:
            newer = tr("There is a newer version: {version}, of {day}.")
        else:
            newer = tr("There is a newer version: {version}.")
        told = newer.format(version=found.version, day=(found.published or "")[:10])
        if not found.page:
            told = f"{told} {tr('Look where you got Homebody.')}"
        return told, True
    if standing == "same":
        return tr("This is the newest version."), False
    return (
        tr("This is newer than what is announced: {version}.").format(version=found.version),
        False,
    )
