"""What a newer version wrote into the files of a profile stays there, whatever is changed here."""

import json

import pytest

from homebody.base.paths import find_home
from homebody.library.shelf import Shelf
from homebody.messages.providers import Provider
from homebody.messages.shelf import ModelSettings
from homebody.privacy.dictionary import PrivateWord, load_words, save_words
from homebody.settings.file import load, save
from homebody.settings.providers import add_provider, agree, load_providers, remove_provider
from homebody.skills.own import OwnSkills

URL = "https://api.example.org/v1"


@pytest.fixture
def home():
    home = find_home()
    home.config.mkdir(parents=True)
    return home


def write(path, table):
    path.write_text(json.dumps(table), encoding="utf-8")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_settings(home):
    home.settings.write_text('dreams = "vivid" # mine\ntop_k = 5\n\n[later]\nx = 1\n')
    assert load(home).problems == ()
    save(home, {"top_k": 7})
    text = home.settings.read_text()
    assert 'dreams = "vivid" # mine' in text
    assert "[later]\nx = 1" in text
    assert load(home).settings.top_k == 7


def test_the_shelf(home, tmp_path):
    write(
        home.shelf,
        {
            "models": {"starter": {"top_k": 5, "mood": {"a": 1}}, "other": {"mood": 2}},
            "groups": [{"name": "mine"}],
            "version": 9,
        },
    )
    assert "nothing to this version" in " ".join(Shelf(home).notices)
    shelf = Shelf(home)
    shelf.change_settings("starter", ModelSettings(top_k=6))
    shelf.add_folder(tmp_path)
    table = read(home.shelf)
    assert table["models"] == {"starter": {"top_k": 6, "mood": {"a": 1}}, "other": {"mood": 2}}
    assert (table["groups"], table["version"]) == ([{"name": "mine"}], 9)
    assert table["folders"] == [str(tmp_path)]
    # Nothing was left out, so nothing was copied aside.
    assert list(home.config.glob("shelf.kept*")) == []
    shelf.change_settings("starter", ModelSettings())
    assert read(home.shelf)["models"]["starter"] == {"mood": {"a": 1}}


def test_providers(home):
    box = {"name": "Box", "url": "http://192.168.1.9:8080", "model": "m", "mine": True}
    write(
        home.providers,
        {"providers": [{**box, "timeout": 30}, {"name": "Big", "url": URL, "model": "b", "z": [1]}],
         "order": "name"},
    )  # fmt: skip
    agree(home, "Box", "2026-01-01T00:00:00+00:00")
    add_provider(home, Provider(name="Third", url=URL, model="c"))
    table = read(home.providers)
    assert table["order"] == "name"
    assert [each.get("timeout") for each in table["providers"]] == [30, None, None]
    assert table["providers"][1]["z"] == [1]
    remove_provider(home, "Box")
    assert [each["name"] for each in read(home.providers)["providers"]] == ["Big", "Third"]
    assert [each.name for each in load_providers(home)] == ["Big", "Third"]


def test_private_words(home):
    write(
        home.private_words,
        {"words": [{"word": "Falkenhorst", "kind": "PROJECT", "since": "x"}], "languages": ["de"]},
    )
    save_words(home, [*load_words(home), PrivateWord("Ada", "PERSON")])
    table = read(home.private_words)
    assert table["languages"] == ["de"]
    assert table["words"][0]["since"] == "x"
    assert [each.word for each in load_words(home)] == ["Falkenhorst", "Ada"]


@pytest.mark.parametrize("text", ["", "[]", '{"words": 5, "later": 1}', '{"words": {"word": "x"}}'])
def test_what_cannot_be_understood_keeps_nobody_from_writing(home, text):
    home.private_words.write_text(text, encoding="utf-8")
    save_words(home, [PrivateWord("Ada", "PERSON")])
    assert [each.word for each in load_words(home)] == ["Ada"]


def test_allowed_skills(home):
    folder = home.own_skills / "minutes"
    folder.mkdir(parents=True)
    face = "---\nname: minutes\ndescription: Write minutes.\n---\nWrite minutes.\n"
    (folder / "SKILL.md").write_text(face, encoding="utf-8")
    write(home.allowed_skills, {"allowed": {"a": "0" * 64, "b": {"newer": 1}}, "trusted": ["x"]})
    own = OwnSkills(home.own_skills, home.allowed_skills)
    own.allow("minutes")
    table = read(home.allowed_skills)
    assert table["trusted"] == ["x"]
    assert table["allowed"].keys() == {"a", "b", "minutes"}
    assert table["allowed"]["b"] == {"newer": 1}
    own.forbid("minutes")
    assert "minutes" not in read(home.allowed_skills)["allowed"]
