"""What the front end and the courier say to each other, sealed in the porter's frames.

Every request says its purpose by its type, and in `agreed` what the person did to cause it, in
words for the ledger ("pressed Get", "homebody models search"). The courier decides by itself which
hosts that purpose may reach: no frame names one.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from homebody.messages.frames import Failed, Frame

__all__ = [
    "Answered",
    "AskElsewhere",
    "Cancel",
    "CheckVersion",
    "Commit",
    "Download",
    "Downloaded",
    "Downloading",
    "Found",
    "FromCourier",
    "HubFile",
    "HubListing",
    "HubModel",
    "KeepKey",
    "KeepToken",
    "KeyKept",
    "ListFiles",
    "ListModels",
    "Listed",
    "ModelsListed",
    "Purpose",
    "Said",
    "Search",
    "Sha256",
    "ToCourier",
    "TokenKept",
    "VersionFound",
]

Purpose = Literal["search", "list", "download", "ask", "models", "version"]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}$")]


class HubModel(Struct, frozen=True, kw_only=True):
    """A repository that a search found."""

    repo: str
    """Such as "unsloth/Qwen3-4B-Instruct-2507-GGUF"."""
    downloads: int | None
    likes: int | None
    updated: str | None
    """ISO 8601."""
    gated: bool
    licence: str | None
    parameters: int | None
    """As the hub read it from the GGUF files."""
    architecture: str | None
    context: int | None


class HubFile(Struct, frozen=True, kw_only=True):
    """A file of a repository at one commit."""

    name: str
    """With its folders, as the hub names it: never to be joined to a path as it is."""
    bytes: int
    sha256: Sha256 | None
    """None: the hub does not tell, so the file cannot be trusted and is not fetched."""


class HubListing(Struct, frozen=True, kw_only=True):
    """The GGUF files of a repository at one commit."""

    repo: str
    commit: Commit
    gated: bool
    licence: str | None
    files: tuple[HubFile, ...]


# ---------------------------------------------------------------- from the front end


class Search(Frame, frozen=True, kw_only=True, tag="search"):
    """Search the hub for GGUF models. Answered by `found`."""

    id: int
    words: str
    limit: Annotated[int, Meta(ge=1, le=100)] = 30
    agreed: str


class ListFiles(Frame, frozen=True, kw_only=True, tag="list_files"):
    """List the GGUF files of a repository. Answered by `listed`."""

    id: int
    repo: str
    revision: str = "main"
    agreed: str


class Download(Frame, frozen=True, kw_only=True, tag="download"):
    """Fetch files of one repository into a folder. Answered by `downloading`… `downloaded`.

    What was fetched before is kept and continued. A second request for the same files is refused
    with `busy` while the first one runs, in this Homebody or another.
    """

    id: int
    repo: str
    commit: Commit
    files: tuple[HubFile, ...]
    folder: str
    """Absolute. Parts lie in its `incoming` folder until the whole file was verified."""
    agreed: str


class Cancel(Frame, frozen=True, kw_only=True, tag="cancel"):
    """Stop working on request `id`, which is answered by `failed` (`stopped`). Parts are kept."""

    id: int


class KeepToken(Frame, frozen=True, kw_only=True, tag="keep_token"):
    """Keep the person's token for the hub in the system's keyring; "" forgets it.

    `token` None only asks whether there is one. Answered by `token_kept`.
    """

    id: int
    token: str | None


class AskElsewhere(Frame, frozen=True, kw_only=True, tag="ask_elsewhere"):
    """Send these bytes to a provider. Answered by `said`… `answered`.

    The provider's address is read by the courier from the person's list. It is refused unless that
    still says `url` and `model`, and the body has this hash.
    """

    id: int
    provider: str
    url: str
    model: str
    body: str
    """Sent as it is, as UTF-8."""
    sha256: Sha256
    agreed: str


class ListModels(Frame, frozen=True, kw_only=True, tag="list_models"):
    """Ask a provider which models it has. Answered by `models_listed`."""

    id: int
    provider: str
    agreed: str


class KeepKey(Frame, frozen=True, kw_only=True, tag="keep_key"):
    """Keep the person's key for a provider in the system's keyring; "" forgets it.

    `key` None only asks whether there is one. `session`: keep it in the courier's memory alone,
    where the system has no safe place. Answered by `key_kept`.
    """

    id: int
    provider: str
    key: str | None
    session: bool = False


class CheckVersion(Frame, frozen=True, kw_only=True, tag="check_version"):
    """Ask where this build's releases are announced which one is the newest.

    The address is this build's own, read by the courier. Answered by `version_found`.
    """

    id: int
    agreed: str


ToCourier = (
    Search
    | ListFiles
    | Download
    | Cancel
    | KeepToken
    | AskElsewhere
    | ListModels
    | KeepKey
    | CheckVersion
)

# ---------------------------------------------------------------- to the front end


class Found(Frame, frozen=True, kw_only=True, tag="found"):
    """What a search found, best first."""

    id: int
    models: tuple[HubModel, ...]


class Listed(Frame, frozen=True, kw_only=True, tag="listed"):
    """What a repository holds."""

    id: int
    listing: HubListing


class Downloading(Frame, frozen=True, kw_only=True, tag="downloading"):
    """How far a download has come; said about four times a second."""

    id: int
    done: int
    """Bytes that lie on this machine, of all files together."""
    total: int
    bytes_per_second: float | None
    verifying: bool = False


class Downloaded(Frame, frozen=True, kw_only=True, tag="downloaded"):
    """All files are there under their final names, and are what was promised."""

    id: int
    paths: tuple[str, ...]
    """In the order of the request's files."""


class TokenKept(Frame, frozen=True, kw_only=True, tag="token_kept"):
    """Whether a token is kept, and where."""

    id: int
    there: bool
    place: str
    """Such as "GNOME Keyring"; "" where the system has no safe place."""


class Said(Frame, frozen=True, kw_only=True, tag="said"):
    """More of the answer, as it came: placeholders are not restored here."""

    id: int
    text: str
    reasoning: bool = False


class Answered(Frame, frozen=True, kw_only=True, tag="answered"):
    """The answer is whole, or was ended by the provider; `finish` says why in its words."""

    id: int
    finish: str | None
    """Such as "stop", "length", "content_filter", "tool_calls"…; None: the provider did not say."""
    model: str | None
    """Which model answered, as the provider says."""
    prompt_tokens: int | None
    reply_tokens: int | None
    bytes_out: int
    """As HTTP wrote it, headers included."""
    bytes_in: int


class ModelsListed(Frame, frozen=True, kw_only=True, tag="models_listed"):
    """The names of a provider's models, in its order."""

    id: int
    models: tuple[str, ...]


class KeyKept(Frame, frozen=True, kw_only=True, tag="key_kept"):
    """Whether a key is kept for a provider, and where."""

    id: int
    there: bool
    place: str
    """Such as "GNOME Keyring"; "" where the system has no safe place."""
    session: bool
    """It is kept in the courier's memory alone, and asked for again next time."""


class VersionFound(Frame, frozen=True, kw_only=True, tag="version_found"):
    """Which release is the newest."""

    id: int
    version: str
    """Such as "0.2.0"."""
    page: str
    """Where it can be read about and fetched, by the person in a browser."""
    published: str | None
    """ISO 8601."""


FromCourier = (
    Found
    | Listed
    | Downloading
    | Downloaded
    | TokenKept
    | Said
    | Answered
    | ModelsListed
    | KeyKept
    | VersionFound
    | Failed
)
