"""A porter, and a program in the place of xdg-open that writes down what it was asked."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from courier.support import Opener
from homebody.courier.client import Porter


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Put a program of ours first on PATH, under the name xdg-open."""
    if sys.platform == "win32":
        pytest.skip("on Windows the system itself opens things")
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    opener = Opener(folder / "xdg-open", tmp_path / "opened")
    opener.does()
    return opener


@pytest.fixture
def porter(opener: Opener) -> Iterator[Porter]:
    """A porter that was started when the opener was there."""
    porter = Porter()
    porter.start()
    yield porter
    porter.close()


@pytest.fixture
def make_porter() -> Iterator[Callable[..., Porter]]:
    """Start porters that are ended with the test."""
    made: list[Porter] = []

    def make(command: list[str] | None = None) -> Porter:
        porter = Porter(command)
        made.append(porter)
        porter.start()
        return porter

    yield make
    for porter in made:
        porter.close()
