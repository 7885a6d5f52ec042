"""Where things are kept, and where what ships with the app is found."""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Home", "find_home", "is_elsewhere", "shipped"]

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folders of one profile. Nothing is created until something is written."""

    data: Path
    config: Path
    state: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.data, self.config, self.state)))

    @property
    def database(self) -> Path:
        """The conversations."""
        return self.data / "homebody.sqlite"

    @property
    def backups(self) -> Path:
        """Copies of the database that were opened and checked."""
        return self.data / "backups"

    @property
    def models(self) -> Path:
        """GGUF files that Homebody fetched, or that the person put here."""
        return self.data / "models"

    @property
    def packs(self) -> Path:
        """Packs of engine libraries that the person added: a folder each."""
        return self.data / "engines"

    @property
    def shelf(self) -> Path:
        """Which other folders hold models, and what was set for each model; as JSON."""
        return self.config / "shelf.json"

    @property
    def own_skills(self) -> Path:
        """Skills of the person's own: a folder each."""
        return self.data / "skills"

    @property
    def allowed_skills(self) -> Path:
        """Which of them are allowed, and what their files were then; as JSON."""
        return self.config / "skills.json"

    @property
    def providers(self) -> Path:
        """Who can be asked elsewhere, without their keys; as JSON."""
        return self.config / "providers.json"

    @property
    def private_words(self) -> Path:
        """What the person named as private; as JSON."""
        return self.config / "private.json"

    @property
    def ledger(self) -> Path:
        """What ever left this machine: one JSON object a line, only ever added to."""
        return self.data / "ledger.jsonl"

    @property
    def ledger_head(self) -> Path:
        """How long the ledger is and how it ends, kept apart from it."""
        return self.state / "ledger.head"

    @property
    def build(self) -> Path:
        """What came out when the engine's build was tried on this machine, as JSON."""
        return self.state / "build.json"

    @property
    def settings(self) -> Path:
        """The settings, as TOML."""
        return self.config / "settings.toml"

    @property
    def log(self) -> Path:
        """What happened, without a word of any conversation."""
        return self.state / "homebody.log"


def find_home() -> Home:
    """Return the person's profile; `HOMEBODY_HOME` puts all of it under one folder."""
    root = os.environ.get("HOMEBODY_HOME")
    if root:
        base = Path(root).expanduser().absolute()
        return Home(data=base, config=base, state=base)
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("homebody", appauthor=False)
    return Home(data=dirs.user_data_path, config=dirs.user_config_path, state=dirs.user_state_path)


def shipped(name: str) -> Path:
    """Return the path of something that ships with the app, such as `models/catalog.toml`.

    In a wheel and in a frozen app it lies inside the package; in a checkout at the top level.
    """
    inside = _PACKAGE / "shipped" / name
    return inside if inside.exists() else _PACKAGE.parent.parent / name


def is_elsewhere(path: str) -> bool:
    """Tell whether a path is on another machine. On Windows only to look at it would connect."""
    return path.startswith(("//", "\\\\"))
