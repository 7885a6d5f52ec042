"""Hashes of model files: computed once, on a thread, without ever getting in the way."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homebody.base.errors import StoreFull
from homebody.base.paths import find_home
from homebody.library.fingerprint import Fingerprints
from homebody.store.store import Store

DATA = os.urandom(9_000_000)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(find_home())
    yield store
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.gguf"
    path.write_bytes(DATA)
    return path


def test_a_hash_is_computed_and_remembered_beyond_the_session(store: Store, file: Path) -> None:
    hashes = Fingerprints(store)
    assert hashes.known(file) is None
    assert hashes.compute(file, wait=60) == hashlib.sha256(DATA).hexdigest()
    hashes.close()
    assert Fingerprints(store).known(file) == hashlib.sha256(DATA).hexdigest()


def test_a_part_of_a_model_has_no_hash_of_its_own(store: Store, file: Path) -> None:
    """It would be told as the model's."""
    part = file.rename(file.with_name("a-00001-of-00002.gguf"))
    store.remember_hash(part, "0" * 64)
    hashes = Fingerprints(store)
    assert hashes.compute(part, wait=5) is None
    assert hashes.known(part) is None
    whole = part.rename(part.with_name("a-00001-of-00001.gguf"))
    assert hashes.compute(whole, wait=60) == hashlib.sha256(DATA).hexdigest()
    hashes.close()


def test_a_known_file_is_not_read_again(store: Store, file: Path) -> None:
    hashes = Fingerprints(store)
    hashes.compute(file, wait=60)
    hashes.close()
    again = Fingerprints(store)
    assert again.compute(file) is not None
    assert "fingerprint" not in [thread.name for thread in threading.enumerate()]


def test_a_file_that_changed_has_no_hash_until_it_is_computed_again(
    store: Store, file: Path
) -> None:
    hashes = Fingerprints(store)
    hashes.compute(file, wait=60)
    file.write_bytes(DATA[1:])
    assert hashes.known(file) is None
    assert hashes.compute(file, wait=60) == hashlib.sha256(DATA[1:]).hexdigest()
    hashes.close()


def test_closing_gives_up_what_is_being_computed(store: Store, tmp_path: Path) -> None:
    large = tmp_path / "large.gguf"
    large.touch()
    os.truncate(large, 1 << 40)
    hashes = Fingerprints(store)
    assert hashes.compute(large) is None
    hashes.close()
    assert "fingerprint" not in [thread.name for thread in threading.enumerate()]


def test_a_file_that_is_gone_has_no_hash(store: Store, tmp_path: Path) -> None:
    hashes = Fingerprints(store)
    assert hashes.compute(tmp_path / "no.gguf", wait=60) is None
    hashes.close()


class Full:
    """A store on a full disk."""

    def known_hash(self, path: Path) -> str | None:
        raise StoreFull("No space is left.")

    def remember_hash(self, path: Path, sha256: str) -> None:
        raise StoreFull("No space is left.")


def test_a_store_that_fails_costs_the_hash_and_nothing_else(file: Path) -> None:
    """pytest would see an exception that ends the thread."""
    hashes = Fingerprints(Full())
    assert hashes.compute(file, wait=60) is None
    hashes.close()


def test_files_are_hashed_one_after_another_when_there_is_time(
    store: Store, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.gguf" for number in range(5)]
    for number, path in enumerate(files):
        path.write_bytes(DATA[number:])
    hashes = Fingerprints(store)
    hashes.begin(files)
    hashes.begin(files)
    for number, path in enumerate(files):
        assert hashes.compute(path, wait=60) == hashlib.sha256(DATA[number:]).hexdigest()
    hashes.close()


def test_what_somebody_waits_for_comes_first_and_the_other_is_not_lost(
    store: Store, file: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.gguf"
    large.touch()
    os.truncate(large, 1 << 40)
    hashes = Fingerprints(store)
    hashes.begin([large, file])
    assert hashes.compute(file, wait=60) == hashlib.sha256(DATA).hexdigest()
    assert hashes.known(large) is None
    hashes.close()
