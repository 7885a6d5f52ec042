"""What the front end and the courier say to each other, sealed in the porter's frames.

Every request says its purpose by its type, and in `agreed` what the person did to cause it, in
words for the ledger ("pressed Get", "homebody models search"). The courier decides by itself which
hosts that purpose may reach: no frame names one.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from homebody.messages.frames import Failed, Frame

__all__ = [
    "Cancel",
    "Commit",
    "Download",
    "Downloaded",
    "Downloading",
    "Found",
    "FromCourier",
    "HubFile",
    "HubListing",
    "HubModel",
    "KeepToken",
    "ListFiles",
    "Listed",
    "Purpose",
    "Search",
    "Sha256",
    "ToCourier",
    "TokenKept",
]

Purpose = Literal["search", "list", "download"]
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


ToCourier = Search | ListFiles | Download | Cancel | KeepToken

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


FromCourier = Found | Listed | Downloading | Downloaded | TokenKept | Failed
