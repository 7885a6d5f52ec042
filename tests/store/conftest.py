"""A profile in a temporary folder, a store in it, and a clock that tests can set."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from homebody.base.paths import Home
from homebody.store.store import Store
from store.support import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    root = tmp_path / "profile"
    return Home(data=root, config=root, state=root)


@pytest.fixture
def store(home: Home, clock: SetClock) -> Iterator[Store]:
    store = Store.open(home, clock=clock)
    yield store
    store.close()
