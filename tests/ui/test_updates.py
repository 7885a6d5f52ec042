"""Looking for a newer version in the window: only when it is pressed, and only with a yes."""

import json

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from courier.loopback import Loopback, page
from homebody import __version__
from homebody.base.paths import find_home
from homebody.privacy.ledger import entries
from homebody.settings.file import load, save
from homebody.ui.pages.about import AboutPage
from homebody.ui.update_states import UpdateState
from ui.journey import journey
from ui.library_kit import RealBehind
from ui.stage import child, stage
from ui.stand import stand

PATH = "/repos/acme/homebody/releases/latest"


@pytest.fixture
def server():
    with Loopback().running() as server:
        announce(server, "v9.0.0")
        yield server


def announce(server, tag, **facts):
    told = {
        "tag_name": tag,
        "html_url": f"https://{server.host}/acme/homebody/releases/tag/{tag}",
        "published_at": "2026-11-20T10:00:00Z",
        **facts,
    }
    server.pages[PATH] = page(json.dumps(told).encode(), Content_Type="application/json")


def behind(server):
    return RealBehind(releases=f"{server.url}{PATH}")


def asked(it):
    """Press the button, and wait for what comes of it."""
    it.presenter.updating.ask()
    assert it.view.update.asks
    it.until(lambda: not it.view.update.asks, "an answer")
    return it.view.update


def test_nothing_is_asked_before_it_is_pressed(write_script, server):
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        it.settle()
        assert it.view.update.can_ask
        assert not it.view.update.result
        assert f"asks {server.host} once" in it.view.update.note
        assert "Nothing is fetched" in it.view.update.note
    assert server.seen == []
    assert not find_home().ledger.exists()


def test_a_newer_version_is_told_and_its_page_is_asked_about_first(write_script, server):
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        state = asked(it)
        assert state.result == "There is a newer version: 9.0.0, of 2026-11-20."
        assert (state.kind, state.has_page) == ("plain", True)
        it.presenter.updating.open_page()
        # The person sees the address whole, and then says yes or not.
        assert it.view.link == f"https://{server.host}/acme/homebody/releases/tag/v9.0.0"
        assert it.porter.opened == []
    (entry,) = entries(find_home().ledger)
    assert (entry.purpose, entry.agreed) == ("version", "pressed Check for a newer version")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        (f"v{__version__}", "This is the newest version."),
        ("v0.0.1", "This is newer than what is announced: 0.0.1."),
    ],
)
def test_what_is_not_newer_is_told_without_a_page(write_script, server, tag, words):
    announce(server, tag)
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        state = asked(it)
        assert (state.result, state.kind, state.has_page) == (words, "ok", False)
        it.presenter.updating.open_page()
        assert it.view.link == ""


def test_a_page_elsewhere_is_not_offered(write_script, server):
    announce(server, "v9.0.0", html_url="https://evil.example/acme/homebody/releases/tag/v9")
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        state = asked(it)
        assert "Look where you got Homebody" in state.result
        assert not state.has_page
        it.presenter.updating.open_page()
        assert it.view.link == ""


def test_a_failure_is_words_and_can_be_tried_again(write_script, server):
    server.pages[PATH] = page(b"<html>", Content_Type="text/html")
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        state = asked(it)
        assert (state.kind, state.can_ask) == ("bad", True)
        assert "web page" in state.result
        announce(server, f"v{__version__}")
        assert asked(it).kind == "ok"


def test_offline_nobody_is_asked_and_coming_back_can(write_script, server):
    save(find_home(), {"offline": True})
    with stand(write_script(), behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        assert not it.view.update.can_ask
        assert "offline" in it.view.update.note
        it.presenter.updating.ask()
        it.settle()
        assert server.seen == []
        it.presenter.models.change("offline", False)
        it.until(lambda: it.view.update.can_ask, "the button")
        assert asked(it).has_page
    assert not load(find_home()).settings.offline


def test_offline_of_this_run_stays_whatever_else_is_set(write_script, server):
    """`homebody --offline`: another setting must not bring the connections back."""
    with stand(write_script(), behind=behind(server), offline=True) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.models.change("text_size", 125)
        it.until(lambda: it.presenter.models.settings.text_size == 125, "the size")
        assert it.presenter.models.settings.offline
        assert not load(find_home()).settings.offline
        it.presenter.models.change("offline", False)
        it.until(lambda: not it.presenter.models.settings.offline, "a yes to connections")


def test_a_build_that_knows_no_address_says_so(write_script):
    with stand(write_script(), behind=RealBehind()) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        assert it.view.update.note.startswith("This build does not know")
        it.presenter.updating.ask()
        assert not it.view.update.asks
    with stand(write_script()) as it:
        it.presenter.go("about")
        assert not it.view.update.can_ask


def test_the_button_and_the_page_in_a_real_window(write_script, server, qapp: QApplication):
    with journey(write_script(), qapp, behind=behind(server)) as it:
        it.until(lambda: it.presenter.is_open, "the conversations")
        it.presenter.go("about")
        link = it.window.findChild(QPushButton, "update_page")
        assert not link.isVisible()
        it.click("update_ask")
        it.until(link.isVisible, "the page's button")
        assert "9.0.0" in it.find("update_result", QLabel).text()
        it.click("update_page")
        assert it.find("link_sheet").isVisible()


def test_the_page_shows_every_state(look, qtbot):
    about = AboutPage(look, [])
    stage(qtbot, about)
    ask, result = child(about, "update_ask"), child(about, "update_result")
    assert not ask.isVisible()
    for state in (
        UpdateState(note="n", can_ask=True),
        UpdateState(note="n", can_ask=True, asks=True, result="Asking…"),
        UpdateState(note="n", can_ask=True, result="Newer.", has_page=True),
        UpdateState(note="n", can_ask=True, result="Same.", kind="ok"),
        UpdateState(note="n", can_ask=True, result="Bad.", kind="bad"),
        UpdateState(note="n"),
    ):
        about.show_update(state)
        assert child(about, "update_note").text() == "n"
        assert (result.text(), result.isVisible()) == (state.result, bool(state.result))
        assert ask.isVisible() is state.can_ask
        assert child(about, "update_page").isVisible() is state.has_page
    with qtbot.waitSignal(about.update_asked):
        ask.click()
    with qtbot.waitSignal(about.update_page_asked):
        child(about, "update_page").click()
