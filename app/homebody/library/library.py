"""The library as a front end gets it: one bundle, made by `launch`, with everything about models.

What it does on other machines goes through the courier; what takes time is called on a thread of
the front end's, never on the window's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from homebody.library.downloads import DownloadState
from homebody.library.shelf import Removed
from homebody.machine.gpus import GpuReading
from homebody.messages.courier import HubFile, HubListing, HubModel, TokenKept
from homebody.messages.fit import FitPlan
from homebody.messages.shelf import ModelSettings, ShelvedFile

__all__ = ["FetchesModels", "KeepsModels", "Library", "SearchesHub"]


class KeepsModels(Protocol):
    """The models on this machine: `library.shelf.Shelf`. Any thread; raises `ModelProblem`."""

    def files(self) -> tuple[ShelvedFile, ...]:
        """Return what the person and Homebody put here; no header is read."""

    def facts(self, key: str) -> ShelvedFile:
        """Return a model with what its header says, which is read if it was not before."""

    def found(self) -> tuple[ShelvedFile, ...]:
        """Return what other apps keep on this machine."""

    def add_folder(self, path: Path) -> Any:
        """Look into a folder of the person's from now on."""

    def remove_folder(self, path: Path) -> None:
        """Do not look into it any more; nothing in it is touched."""

    def folders(self) -> tuple[Path, ...]:
        """Return the folders of the person's that are looked into."""

    def add_file(self, path: Path) -> ShelvedFile:
        """Put a single file on the shelf, where it lies."""

    def remove(self, key: str) -> Removed:
        """Take a model off; what is ours is kept for an undo."""

    def undo(self, removed: Removed) -> None:
        """Put it back."""

    def settings_of(self, key: str) -> ModelSettings:
        """Return what the person set for a model."""

    def change_settings(self, key: str, settings: ModelSettings) -> None:
        """Keep what the person set for a model."""


class FetchesModels(Protocol):
    """The queue of what is fetched: `library.downloads.Downloads`. Any thread."""

    def watch(self) -> Iterator[tuple[DownloadState, ...]]:
        """Yield the queue now and whenever it changes, until `close`."""

    def begin(self) -> None:
        """Go on with what a former run left."""

    def get(
        self, listing: HubListing, files: tuple[HubFile, ...], *, name: str, agreed: str
    ) -> str:
        """Fetch some files of a listing; return the key of the download."""

    def pause(self, key: str) -> None:
        """Stop for now; what came is kept."""

    def resume(self, key: str) -> None:
        """Go on."""

    def drop(self, key: str) -> None:
        """Stop for good, and delete what came."""

    def close(self) -> None:
        """Stop for now, and end those that watch."""


class SearchesHub(Protocol):
    """Asks Hugging Face: `courier.client.Courier`. Any thread; raises `CourierProblem`."""

    offline: bool
    """Whether everything is refused."""

    def search(self, words: str, limit: int = 30, *, agreed: str) -> tuple[HubModel, ...]:
        """Search for models."""

    def list_files(self, repo: str, revision: str = "main", *, agreed: str) -> HubListing:
        """Return the GGUF files of a repository."""

    def keep_token(self, token: str | None) -> TokenKept:
        """Keep the person's token in the system's keyring; "" forgets it, None only looks."""

    def close(self) -> None:
        """End the courier."""


@dataclass(frozen=True)
class Library:
    """Everything about models that a front end needs."""

    shelf: KeepsModels
    downloads: FetchesModels
    hub: SearchesHub
    fit: Callable[[Path, ModelSettings], FitPlan]
    """What a file would take, from its header alone: some ms."""
    measure: Callable[[Path, ModelSettings], FitPlan]
    """The same, the working memory as llama.cpp says it: a second or so."""
    read_gpus: Callable[[], GpuReading]
