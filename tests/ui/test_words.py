"""Every sentence of the window can be translated: with a translation, none stays as it was."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from engine.tiny_models import tiny_llama
from homebody.base.clock import now
from homebody.base.paths import find_home
from homebody.library.catalog import catalog, starter_entry
from homebody.library.shelf import Shelf
from homebody.skills.built_in import BUILT_IN
from homebody.ui.pages.models import ModelsPage
from homebody.ui.shortcuts import SHORTCUTS
from homebody.ui.transcript.steps import StepLine
from homebody.ui.words import breakable, set_translation, tr
from library.other_apps import fresh_person
from ui.journey import Journey, journey
from ui.library_kit import WITH_CARD, RealBehind, RingCourier, put_ring
from ui.work_kit import Hands, RealSkills, Skilled, own_skill

WriteScript = Callable[..., Path]
MAKERS = {"Made by", "Licence", "From", "sha256", "File", "Not checked"}
MARK = "\N{SNOWMAN}"
KEYS = {
    part
    for shortcut in SHORTCUTS
    for keys in shortcut.keys
    for part in (keys, keys.replace("Return", "Enter"))
}
# What is nobody's sentence: names, numbers, addresses, a model's own words, separators.
DATA = re.compile(
    r"Homebody.*|SmolLM2 135M.*|scripted.*|[\W\d_]*|-?[\d.,]+( .?s| MB)?|python|starter|"
    r"(?s:.*0 bytes sent.*)|[/~].*|.*\.(md|gguf)|DEBUG|INFO|WARNING|"
    # Parameters, quantisation, licence.
    r"[\d.]+B · \w+ · [\w. -]+"
)


@pytest.fixture
def marked() -> Iterator[None]:
    set_translation(lambda text: f"{MARK}{text}")
    yield
    set_translation(None)


def untranslated(window: QWidget, own: set[str]) -> set[str]:
    """Return the texts that a person can read and that did not go through `tr`."""
    texts = [label.text() for label in window.findChildren(QLabel)]
    for button in window.findChildren(QAbstractButton):
        texts += [button.text(), button.accessibleName(), button.toolTip()]
    for field in window.findChildren(QLineEdit):
        texts += [field.placeholderText(), field.accessibleName()]
    for action in window.findChildren(QAction):
        texts.append(action.text())
    return {
        text
        for text in texts
        if text
        and MARK not in text
        and text not in own
        and text not in KEYS
        and not DATA.fullmatch(text.replace("\u200b", ""))
    }


@pytest.mark.usefixtures("marked")
def test_every_sentence_about_models_goes_through_the_translation(
    qapp: QApplication,
    write_script: WriteScript,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh_person(tmp_path / "person", monkeypatch)
    folder = tmp_path / "mine"
    folder.mkdir()
    tiny_llama(folder / "Garden.gguf")
    Shelf(find_home()).add_folder(folder)
    every = [starter_entry()["name"], *(each.name for each in catalog())]
    own = {*every, "Garden", *(each.licence for each in catalog())}
    put_ring(monkeypatch)
    behind = RealBehind(reading=WITH_CARD, courier=RingCourier)
    with journey(write_script(), qapp, behind=behind) as it:
        it.until(lambda: it.presenter.models.loaded, "the model")
        it.presenter.go("models")
        page = it.find("models_page", ModelsPage)
        it.until(lambda: any("Garden" in card.key for card in page.cards()), "the cards")
        it.until(lambda: page.cards()[0]._state.bar, "the fit")
        assert untranslated(it.window, own) == set()
        for kind in ("shelf:", "catalog:"):
            key = next(card.key for card in page.cards() if card.key.startswith(kind))
            it.presenter.with_library(lambda shelving, key=key: shelving.open(key))
            it.until(lambda: any(card._details for card in page.cards()), "the open card")
            QTest.qWait(300)
            assert untranslated(it.window, own | values(page)) == set(), kind
        key = next(card.key for card in page.cards() if card.key.startswith("catalog:"))
        it.presenter.with_library(lambda shelving: shelving.act(key, "token"))
        it.until(lambda: it.find("token").isEnabled(), "the keyring")
        assert untranslated(it.find("token_sheet"), own) == set()


@pytest.mark.usefixtures("marked")
def test_every_sentence_about_skills_goes_through_the_translation(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    lines = {"My own words": "calculate 15% of 240\nwrite_file shop.txt | $1"}
    own_skill(find_home().data / "skills", "minutes", "Write minutes.")
    own = {"My own words", "minutes", "Write minutes.", "a note", "a reminder"}
    own.add(breakable(str(tmp_path)))
    own |= {example.request for skill in BUILT_IN for example in skill.examples}
    own |= {argument.name for skill in BUILT_IN for argument in skill.arguments}
    own |= {f"/{skill.name}" for skill in BUILT_IN} | {"36", "shop.txt"}
    work = Skilled(lines, Hands(calculate="36"), [tmp_path])
    with journey(write_script("no"), qapp, skills=RealSkills(), work=work) as it:
        it.until(lambda: it.presenter._abilities, "the skills")
        it.session.saved.add_note("a note")
        it.session.saved.add_reminder("a reminder", now() + timedelta(days=1))
        it.session.saved.grant(str(tmp_path), "read")
        it.send("My own words")
        it.until(lambda: it.ids() and it.last().asked, "the card")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        it.click("step")
        it.click("rerun")
        QTest.qWait(60)
        spoken = {each.accessibleName() for each in it.window.findChildren(StepLine)}
        sentence = breakable(it.last().asked.sentence)
        assert untranslated(it.window, own | spoken | {sentence}) == set()
        it.presenter.go("skills")
        it.until(lambda: it.window.findChildren(QAbstractButton, "kept_remove"), "the page")
        it.presenter.with_skills(lambda abilities: abilities.open("translate"))
        QTest.qWait(100)
        assert untranslated(it.find("skills_page"), own | asks()) == set()


def asks() -> set[str]:
    """Return what own skills ask for, in the words of whoever read them."""
    return {breakable(own.asks) for own in RealSkills().own_skills().found()}


def values(page: ModelsPage) -> set[str]:
    """Return what the facts of the open card say: of a model, in its maker's words."""
    details = (card._state.details for card in page.cards() if card._state.details)
    facts = (fact for each in details for fact in each.facts)
    return {breakable(fact.value) for fact in facts if fact.label.removeprefix(MARK) in MAKERS}


@pytest.mark.usefixtures("marked")
def test_every_sentence_goes_through_the_translation(
    qapp: QApplication, write_script: WriteScript
) -> None:
    said = "Some words.\n\n```python\nx = 1\n```"
    own = {"My own words", "Some words."}
    with journey(write_script(said), qapp) as it:
        it.until(it.window.welcome.isVisible, "the welcome")
        assert untranslated(it.window, own) == set()
        it.say("My own words")
        visit(it, own)


def visit(it: Journey, own: set[str]) -> None:
    for page in ("chat", "settings", "shortcuts", "about"):
        it.presenter.go(page)
        QTest.qWait(60)
        # Names and licences of other people's libraries are their own.
        found = untranslated(it.window, own)
        if page == "about":
            licences = it.find("licences").findChildren(QLabel)
            found -= {label.text() for label in licences}
        assert found == set(), page
    it.presenter.go("chat")
    it.presenter.ask_link("https://example.org/a")
    QTest.qWait(30)
    it.press(Qt.Key.Key_Escape)


def test_without_a_translation_words_are_as_they_stand() -> None:
    assert tr("Send once") == "Send once"
