"""What tests of the assistant share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.abroad import BIG, Abroad
from assistant.chores import Chores
from homebody.messages.plans import Planned
from homebody.messages.providers import Provider
from homebody.skills.workshop import Workshop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The person's files."""
    made = tmp_path / "ada" / "files"
    made.mkdir(parents=True)
    (made / "notes.md").write_text("buy milk")
    return made


@pytest.fixture
def chores(write_script: Callable[..., Path], folder: Path) -> Iterator[Callable[..., Chores]]:
    """Start an assistant with skills: `chores({request: plan line, …}, reply, …)`."""
    with ExitStack() as opened:

        def start(
            lines: dict[str, str | Planned], *replies: str, workshop: Workshop | None = None
        ) -> Chores:
            script = write_script(*(replies or ("A reply of the model.",)))
            return opened.enter_context(Chores.started(script, folder, lines, workshop))

        yield start


@pytest.fixture
def abroad(write_script: Callable[..., Path], folder: Path) -> Iterator[Callable[..., Abroad]]:
    """Start an assistant that can ask elsewhere: `abroad({request: plan}, provider, …)`."""
    with ExitStack() as opened:

        def start(
            lines: dict[str, str | Planned], *providers: Provider, replies: tuple[str, ...] = ()
        ) -> Abroad:
            script = write_script(*(replies or ("A reply of the model.",)))
            return Abroad.started(opened, script, folder, lines, *(providers or (BIG,)))

        yield start
