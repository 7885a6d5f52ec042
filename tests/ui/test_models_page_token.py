"""The person's token for gated models: given in the window, kept in the keyring, forgotten."""

import logging

import pytest

from homebody.base.paths import find_home
from homebody.courier.client import Porter
from homebody.settings.file import save
from hub_server import HubServer
from library.gguf_files import File
from library.other_apps import fresh_person
from ui.library_kit import RealBehind, RingCourier, put_ring
from ui.stand import stand

REPO = "someone/Gated-GGUF"
SECRET = "hf_abcdefghijklmnop"
KEPT = ("homebody", "hugging-face")


@pytest.fixture(autouse=True)
def person(tmp_path, monkeypatch):
    """Nobody else's models are found."""
    return fresh_person(tmp_path / "person", monkeypatch)


@pytest.fixture
def porter():
    porter = Porter()
    porter.start()
    yield porter
    porter.close()


@pytest.fixture
def hub():
    with HubServer() as hub:
        hub.add(REPO, {"Gated-Q8_0.gguf": File().bytes()}, gated="manual")
        save(find_home(), {"hub": hub.url, "extra_hosts": " ".join(hub.hosts)})
        yield hub


def cards(it, kind):
    found = (card for section in it.view.models.sections for card in section.cards)
    return [card for card in found if card.key.startswith(kind)]


def open_page(it):
    it.presenter.go("models")
    it.until(lambda: it.view.models.sections, "the page")


def search(it):
    it.presenter.with_library(lambda shelving: shelving.search("gated"))
    it.until(lambda: cards(it, "hub:"), "what was found")
    return cards(it, "hub:")[0]


def press(it, card, action):
    it.presenter.with_library(lambda shelving: shelving.act(card.key, action))


def test_a_gated_download_asks_for_a_token_and_goes_on(
    write_script, hub, porter, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    ring = put_ring(monkeypatch)
    behind = RealBehind(porter=porter, courier=RingCourier)
    with stand(write_script(), behind=behind) as it:
        open_page(it)
        found = search(it)
        assert found.mend.words == "Give a token…"
        press(it, found, "files")
        it.until(lambda: cards(it, "hub:")[0].details.files, "its files")
        row = cards(it, "hub:")[0].details.files[0]
        press(it, row, "get")
        it.until(lambda: cards(it, "get:") and cards(it, "get:")[0].problem, "the refusal")
        refused = cards(it, "get:")[0]
        # What the courier says for a terminal is said for the window.
        assert "homebody models" not in refused.hint
        assert "the button below" in refused.hint
        assert refused.mend.action == "token"
        press(it, refused, "token")
        sheet = it.view.sheet
        it.until(lambda: sheet.can_type, "the keyring")
        assert "Test Keyring" in sheet.words
        assert hub.hosts[0] in sheet.words

        sheet.give("hf_ no")
        it.until(lambda: sheet.problem, "the refusal")
        assert "not a token" in sheet.problem
        assert sheet.open
        asked = len(hub.asked)
        sheet.give(SECRET)
        it.until(lambda: not sheet.open, "it to be kept")
        assert ring.kept == {KEPT: SECRET}
        assert it.view.models.search.token == "A token is kept in Test Keyring"
        # The hub lets nobody in for this one; but it was asked again, by itself.
        it.until(lambda: len(hub.asked) > asked, "another try")
        assert cards(it, "hub:")[0].mend is None

        it.presenter.with_library(lambda shelving: shelving.forget_token())
        it.until(lambda: not it.view.models.search.token, "it to be forgotten")
        assert ring.kept == {}
        assert SECRET not in repr(it.view.models) + repr(it.view.notices) + repr(vars(it.presenter))
    assert SECRET not in caplog.text


def test_a_token_is_looked_for_when_the_hub_is_asked_and_not_before(
    write_script, hub, porter, monkeypatch
):
    ring = put_ring(monkeypatch)
    RingCourier(porter).keep_token(SECRET)
    with stand(write_script(), behind=RealBehind(porter=porter, courier=RingCourier)) as it:
        open_page(it)
        it.settle()
        assert it.view.models.search.token == ""
        search(it)
        it.until(lambda: it.view.models.search.token, "where it is kept")
        # A keyring that is locked meanwhile.
        monkeypatch.setattr(ring, "locked", True)
        it.presenter.with_library(lambda shelving: shelving.forget_token())
        it.until(lambda: it.view.models.search.problem, "the refusal")
        assert "Unlock it" in it.view.models.search.hint
        assert ring.kept == {KEPT: SECRET}


def test_a_system_without_a_keyring_says_so_before_anything_is_typed(
    write_script, hub, porter, monkeypatch
):
    put_ring(monkeypatch).priority = 0
    with stand(write_script(), behind=RealBehind(porter=porter, courier=RingCourier)) as it:
        open_page(it)
        press(it, search(it), "token")
        it.until(lambda: it.view.sheet.problem, "the refusal")
        assert "no keyring" in it.view.sheet.problem
        assert not it.view.sheet.can_type
        it.view.sheet.close_sheet()
        # It can be asked for again.
        before = it.view.sheet
        press(it, cards(it, "hub:")[0], "token")
        assert it.view.sheet is not before


def test_a_sheet_that_was_closed_meanwhile_is_left_alone(write_script, hub, porter, monkeypatch):
    put_ring(monkeypatch)
    with stand(write_script(), behind=RealBehind(porter=porter, courier=RingCourier)) as it:
        open_page(it)
        found = search(it)
        with it.held("token"):
            press(it, found, "token")
            sheet = it.view.sheet
            sheet.close_sheet()
        done = []
        it.pump.run("token", lambda: None, done.append, lambda _: None)
        it.until(lambda: done, "the keyring")
        assert sheet.words == sheet.problem == ""
