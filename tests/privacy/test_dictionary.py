"""The person's own words are found as whole words, however they are written, and kept safely."""

import unicodedata
from pathlib import Path

import pytest

from homebody.base.errors import BadInput
from homebody.base.paths import find_home
from homebody.privacy.dictionary import (
    Dictionary,
    PrivateWord,
    find_dictionary,
    load_words,
    own_words,
    save_words,
)

WORDS = Dictionary(
    (
        PrivateWord("Ada", "PERSON"),
        PrivateWord("Project Falcon", "PROJECT"),
        PrivateWord("Müller & Söhne", "ORGANISATION"),
        PrivateWord("Zoë", "PERSON"),
        PrivateWord("山田", "PERSON"),
        PrivateWord("C++ club", "ORGANISATION"),
        PrivateWord("/data/people/ada", "PATH"),
    )
)


def found(text: str) -> list[str]:
    spans = sorted(WORDS.find(text), key=lambda each: each.start)
    assert all(each.by == "dictionary" for each in spans)
    return [text[each.start : each.end] for each in spans]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ada, ADA and ada.", ["Ada", "ADA", "ada"]),
        ("Ada's, Ada’s, Adas Buch", ["Ada", "Ada", "Ada"]),
        ("Canada, Adam, adagio", []),
        ("ada_notes.txt my-ada-box", ["ada", "ada"]),
        ("project  falcon\nProject\nFalcon", ["project  falcon", "Project\nFalcon"]),
        ("Projects Falcon", []),
        ("MÜLLER & SÖHNE", ["MÜLLER & SÖHNE"]),
        (unicodedata.normalize("NFD", "Zoë"), [unicodedata.normalize("NFD", "Zoë")]),
        ("山田さん", ["山田"]),
        ("the C++ club", ["C++ club"]),
        ("see /data/people/ada/notes.txt now", ["/data/people/ada/notes.txt", "ada"]),
    ],
)
def test_words_are_found_however_they_are_written(text: str, words: list[str]) -> None:
    assert found(text) == words


def test_what_this_machine_knows_of_a_person_is_private_by_itself() -> None:
    words = own_words(Path("/home/alovelace"), "alovelace", "Ada Lovelace King")
    assert {each.word for each in words} == {
        *(str(Path("/home/alovelace")), "Ada Lovelace King", "Ada", "Lovelace", "alovelace")
    }
    assert own_words(Path("/root"), "root", "root") == ()
    assert own_words(None, "", "") == ()


def test_words_are_kept_each_once() -> None:
    home = find_home()
    assert load_words(home) == ()
    save_words(home, [PrivateWord("  Ada   Lovelace "), PrivateWord("Ada Lovelace", "PERSON")])
    assert load_words(home) == (PrivateWord("Ada Lovelace", "WORD"),)
    assert "Ada Lovelace" in {
        each.word for words in find_dictionary(home)._by_token.values() for _, _, each in words
    }


@pytest.mark.parametrize("word", ["", " ", "x", "!!", "a\u200bb\x07", "y" * 201])
def test_what_is_no_word_is_refused_and_nothing_is_lost(word: str) -> None:
    home = find_home()
    save_words(home, [PrivateWord("Falcon")])
    with pytest.raises(BadInput):
        save_words(home, [PrivateWord(word)])
    assert load_words(home) == (PrivateWord("Falcon"),)


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b'{"words":[{"word":1}]}', b"\xff", b'{"words":[{"word":"a b","kind":"X"}]}'],
)
def test_a_file_that_cannot_be_understood_stops_everything(data: bytes) -> None:
    home = find_home()
    home.private_words.parent.mkdir(parents=True, exist_ok=True)
    home.private_words.write_bytes(data)
    with pytest.raises(BadInput, match="it is not known what is private"):
        find_dictionary(home)
    assert home.private_words.read_bytes() == data
