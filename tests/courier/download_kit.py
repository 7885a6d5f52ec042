"""A folder, a hub and a plain client to fetch with."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from homebody.base.errors import CourierProblem
from homebody.courier.download import Patience, fetch
from homebody.messages.courier import Download, HubFile
from hub_server import HubServer

REPO = "acme/Tiny-GGUF"
FILE = "Tiny-Q4_K_M.gguf"
HASTY = Patience(tries=5, wait=0.001)


@dataclass
class Fetcher:
    """Fetches from a hub into a folder."""

    hub: HubServer
    folder: Path
    token: str | None = None
    patience: Patience = HASTY
    stopped: Callable[[], bool] = lambda: False
    timeout: float = 5.0
    progress: list[tuple[int, int, float | None, bool]] = field(default_factory=list)

    def listed(self, *names: str, repo: str = REPO) -> tuple[HubFile, ...]:
        """The files, as an honest hub lists them."""
        files = self.hub.repos[repo].commits[self.hub.repos[repo].newest]
        return tuple(
            HubFile(
                name=name, bytes=len(files[name]), sha256=hashlib.sha256(files[name]).hexdigest()
            )
            for name in names or files
        )

    def request(self, *files: HubFile, repo: str = REPO, commit: str = "") -> Download:
        return Download(
            id=1,
            repo=repo,
            commit=commit or self.hub.repos[repo].newest,
            files=files or self.listed(repo=repo),
            folder=str(self.folder),
            agreed="a test",
        )

    def fetch(self, *files: HubFile, **facts: str) -> tuple[Path, ...]:
        with httpx2.Client(follow_redirects=True, timeout=self.timeout, trust_env=False) as client:
            return fetch(
                self.request(*files, **facts),
                client,
                self.hub.url,
                self.token,
                lambda *news: self.progress.append(news),
                self.stopped,
                self.patience,
            )

    def fails(self, kind: str, *files: HubFile, **facts: str) -> CourierProblem:
        """Fetch; it has to fail so, in words, and without a file that looks whole."""
        with pytest.raises(CourierProblem) as caught:
            self.fetch(*files, **facts)
        assert caught.value.kind == kind, caught.value.message
        assert caught.value.message.endswith(".")
        return caught.value

    def whole(self) -> list[str]:
        """Names of what looks whole."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())

    def left(self) -> list[str]:
        """Names of what is not whole."""
        folder = self.folder / "incoming"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    @property
    def part(self) -> Path:
        (file,) = self.listed()
        return self.folder / "incoming" / f"{file.sha256}.part"
