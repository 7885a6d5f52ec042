"""What the presenter needs of others: a view to show states, hands to work in the background."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from homebody.base.errors import HomebodyError
from homebody.messages.frames import Loaded
from homebody.settings.declared import Settings
from homebody.ui.states import (
    ComposerState,
    HeaderState,
    Notice,
    Page,
    SidebarState,
    TurnRow,
    WelcomeState,
)

if TYPE_CHECKING:  # loaded when it is needed
    from homebody.library.library import Library
    from homebody.library.truth import Truth
    from homebody.machine.gpus import GpuReading
    from homebody.messages.courier import KeyKept, VersionFound
    from homebody.messages.offers import PrivateKind
    from homebody.messages.providers import Provider
    from homebody.messages.skills import Reminder
    from homebody.privacy.erasing import Erased
    from homebody.skills.own import OwnSkill
    from homebody.store.store import Store
    from homebody.ui.model_states import ModelsState
    from homebody.ui.privacy_states import PrivacyState
    from homebody.ui.skill_states import SkillsState
    from homebody.ui.update_states import UpdateState

__all__ = [
    "AsksToken",
    "Background",
    "Behind",
    "BehindPrivacy",
    "BehindSkills",
    "Failed",
    "KeepsOwnSkills",
    "Lane",
    "Opens",
    "PrivacyNeeds",
    "ProviderPreset",
    "Reminds",
    "Transcript",
    "View",
    "WatchesGpus",
]

T = TypeVar("T")
Failed = Callable[[HomebodyError], None]
Lane = Literal[
    "store",
    "turn",
    "stop",
    "model",
    "count",
    "files",
    "slow",
    "gpu",
    "truth",
    "library",
    "hub",
    "downloads",
    "measure",
    "token",
    "skills",
    "reminders",
    "privacy",
    "offer",
]
"""Work in one lane is done in the order in which it was asked for; lanes do not wait for others.

`store` short reads and writes · `turn` the reply that is written · `model` what the engine does ·
`stop` the end of it · `count` tokens, which wait while a reply is written · `files` those that are
attached · `slow` all that may take seconds: erasing, backups, hashes, links, looking for models ·
`gpu` readings of the cards · `truth` whether the model really computes there · `library` the page
of models: files and whether they fit · `hub` what others are asked · `downloads` what is being
fetched · `measure` loads that are tried · `token` the system's keyring, which may ask the person ·
`skills` the page of skills: the person's own, grants, notes · `reminders` what is due · `privacy`
the page of privacy: the ledger, who can be asked, private words · `offer` offers that are changed,
which may ask the model what is private in them
"""


class Background(Protocol):
    """Does work elsewhere and comes back. Callbacks run on the window's thread."""

    def run(
        self, lane: Lane, work: Callable[[], T], then: Callable[[T], None], failed: Failed
    ) -> None:
        """Do `work`; then call `then` with its result, or `failed` with what went wrong."""

    def stream(
        self,
        lane: Lane,
        work: Callable[[], Iterable[T]],
        each: Callable[[T], None],
        then: Callable[[], None],
        failed: Failed,
    ) -> None:
        """Go through what `work` yields, calling `each`; at the end `then` or `failed`."""

    def after(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        """Call `work` after a while, on the window's thread; return what calls it off."""


class Opens(Protocol):
    """Opens addresses and folders for the person: the porter. Raises `HomebodyError`."""

    def open_link(self, url: str) -> None:
        """Open an address in the person's browser."""

    def open_folder(self, path: Path) -> None:
        """Show a folder."""


class WatchesGpus(Protocol):
    """Reads the cards while somebody looks: `machine.sampler.Sampler`."""

    watched: bool
    """Whether the window can be seen."""

    def watch(self) -> "Iterator[GpuReading]":
        """Yield readings until `close`."""

    def close(self) -> None:
        """End those that watch."""


class Behind(Protocol):
    """What stands behind the window besides the session. Each method is called in a lane."""

    def open_library(self) -> "Library":
        """Make the library: when it is first needed, and once."""

    def watch_gpus(self) -> WatchesGpus:
        """Make what reads the cards. Called once."""

    def truth(self, loaded: Loaded) -> "Truth | None":
        """Return what there is to say about where this model computes, or nothing."""

    @property
    def releases(self) -> str:
        """The address where newer versions are announced; "" where this build knows none."""

    def newest_version(self, *, offline: bool, agreed: str) -> "VersionFound":
        """Ask there which one is the newest; `agreed` is for the ledger. Raises `HomebodyError`."""


class KeepsOwnSkills(Protocol):
    """The person's own skills: `skills.own.OwnSkills`, and whoever has to hear of a change."""

    @property
    def folder(self) -> Path:
        """Where they lie, a folder each."""

    @property
    def problem(self) -> str:
        """Why what was allowed cannot be read; empty: it can."""

    def found(self) -> "Sequence[OwnSkill]":
        """Return what lies there."""

    def allow(self, name: str) -> None:
        """Let a skill be used as it is now. Raises `HomebodyError`."""

    def forbid(self, name: str) -> None:
        """Let it be used no longer."""


class Reminds(Protocol):
    """Tells reminders when they are due: `skills.notify.Notifier`."""

    def missed(self) -> "Sequence[Reminder]":
        """Return those that came due while Homebody did not run, once."""

    def start(self) -> None:
        """Begin to wait for the next one."""

    def close(self) -> None:
        """Wait no longer."""


class BehindSkills(Protocol):
    """What stands behind the window for skills. Its methods are called in a lane."""

    def own_skills(self) -> KeepsOwnSkills:
        """Make what knows the person's own skills. Called once."""

    def remind(self, store: "Store", tell: "Callable[[Reminder], None]") -> Reminds:
        """Make what tells reminders; `tell` is called on a thread of its own. Called once."""


class ProviderPreset(Protocol):
    """A provider that many people use, without a key: `settings.providers.Preset`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def url(self) -> str:
        """Its base address."""

    @property
    def mine(self) -> bool:
        """Whether it runs on a machine of the person's own."""

    @property
    def note(self) -> str:
        """What is worth knowing; may be empty."""


class PrivacyNeeds(Protocol):
    """What stands behind the page of privacy. Called in lanes; all raise `HomebodyError`."""

    def presets(self) -> "Sequence[ProviderPreset]":
        """Return providers that many people use."""

    def providers(self) -> "Sequence[Provider]":
        """Return who can be asked, in their order."""

    def keep_provider(self, provider: "Provider") -> None:
        """Add a provider, or put this one in the place of the one of its name."""

    def remove_provider(self, name: str) -> None:
        """Take a provider off the list; its key stays."""

    def agree(self, name: str, when: str | None) -> None:
        """Keep the one yes for a machine of the person's own (ISO 8601), or take it back."""

    def host(self, url: str) -> str:
        """Return where an address leads, as shown: `HOST` or `HOST:PORT`."""

    def models(self, name: str, agreed: str) -> Sequence[str]:
        """Ask a provider which models it has; `agreed` is for the ledger."""

    def key(self, name: str, key: str | None, *, session: bool = False) -> "KeyKept":
        """Keep the key of a provider; "" forgets it, None only looks."""

    def forget_token(self) -> None:
        """Delete the hub's token from the keyring."""

    def words(self) -> "Sequence[tuple[str, PrivateKind]]":
        """Return what the person named as private."""

    def own_words(self) -> "Sequence[tuple[str, PrivateKind]]":
        """Return what Homebody knows by itself: the login, the home folder."""

    def keep_words(self, words: "Sequence[tuple[str, PrivateKind]]") -> None:
        """Keep these, in the place of those that were named before."""

    def sent_body(self, sha256: str) -> str | None:
        """Return the copy of a body that was sent; None: there is none, or no longer."""

    def forget_body(self, sha256: str) -> None:
        """Delete that copy."""

    def use_offline(self, offline: bool) -> None:
        """Connect to nothing from now on, and end what is connected; or connect again."""


class BehindPrivacy(Protocol):
    """What stands behind the window for the page of privacy."""

    def open_privacy(self) -> PrivacyNeeds:
        """Make what the page needs. Called once there is a session, on the window's thread."""

    def erase(self, keep_models: bool, keys: tuple[str, ...]) -> "Erased":
        """End all that stands behind the window, and erase the profile; it is the last call.

        Called on a thread of its own. `keys`: sentences about what is still in the keyring.
        """


class Transcript(Protocol):
    """The turns of the conversation that is open; see `transcript.view`."""

    def open(self, rows: Sequence[TurnRow]) -> None:
        """Show these and no others, from the end."""

    def prepend(self, rows: Sequence[TurnRow]) -> None:
        """Add older ones before the first."""

    def replace(self, first: str | None, rows: Sequence[TurnRow]) -> None:
        """Drop the row `first` and all after it, and add these; go to the end."""

    def update_row(self, row: TurnRow) -> None:
        """Show a row anew."""

    def write(self, turn: str, text: str, *, reasoning: bool = False) -> None:
        """Add text to a row that is being written."""

    def show_turn(self, turn: str, *, mark: bool = True) -> bool:
        """Go to a turn, and `mark` it for a moment; False if it is not among the rows."""


class AsksToken(Protocol):
    """The sheet that asks for the person's token: `sheets.TokenSheet`."""

    def show_place(self, words: str) -> None:
        """Say what a token is and where it is kept: now it can be given."""

    def show_problem(self, message: str, hint: str) -> None:
        """Say why it could not be kept; it can be given again."""

    def show_no_place(self, message: str, hint: str) -> None:
        """Say why none can be kept here."""

    def close_sheet(self) -> None:
        """Close it; what was typed is forgotten."""


class View(Protocol):
    """The window, as far as the presenter knows it."""

    @property
    def transcript(self) -> Transcript:
        """The turns."""

    def show_sidebar(self, state: SidebarState) -> None:
        """Show the list of conversations."""

    def show_header(self, state: HeaderState) -> None:
        """Show the line above the transcript."""

    def show_composer(self, state: ComposerState) -> None:
        """Show how it is with writing."""

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show what the person should know, newest last."""

    def show_welcome(self, state: WelcomeState | None) -> None:
        """Show what an empty conversation says in place of the transcript, or the transcript."""

    def show_page(self, page: Page) -> None:
        """Go to a page."""

    def show_models(self, state: "ModelsState") -> None:
        """Show the page of models."""

    def show_skills(self, state: "SkillsState") -> None:
        """Show the page of skills."""

    def show_privacy(self, state: "PrivacyState") -> None:
        """Show the page of privacy."""

    def show_update(self, state: "UpdateState") -> None:
        """Show what is known of newer versions, on the page that is open."""

    def erase_everything(self, keep_models: bool, keys: tuple[str, ...]) -> None:
        """End all that runs, erase the profile, say what came of it, and leave.

        `keys`: sentences about what is still in the keyring.
        """

    def notify(self, title: str, text: str) -> None:
        """Tell the person on the desktop, outside of the window."""

    def show_strip(self, words: str) -> None:
        """Show the quiet line at the bottom; "" hides it."""

    def show_settings(self, settings: Settings, problems: dict[str, str]) -> None:
        """Show the values on the settings page, and use those that are about the window."""

    def words(self) -> str:
        """Return what stands in the composer."""

    def put_words(self, text: str) -> None:
        """Put text into the composer, in place of what stands there, and go there."""

    def copy(self, text: str) -> None:
        """Put text on the clipboard."""

    def settle_edits(self) -> None:
        """Take what is being edited in place, a title say, as it stands."""

    def ask_link(self, url: str) -> None:
        """Show an address whole, and ask whether to open it."""

    def ask_erase(self, title: str, agreed: Callable[[], None]) -> None:
        """Ask whether a conversation shall be erased for good."""

    def ask_confirm(
        self, title: str, sentence: str, action: str, agreed: Callable[[], None]
    ) -> None:
        """Ask once more before something that cannot be undone."""

    def ask_token(self, given: Callable[[str], None], closed: Callable[[], None]) -> AsksToken:
        """Ask for a token without blocking anything; `given` is called with what was typed."""

    def ask_save(self, name: str, then: Callable[[str], None]) -> None:
        """Ask where to write a file of this name; call `then` with its path."""

    def leave(self) -> None:
        """Close the window."""
