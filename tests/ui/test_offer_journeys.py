"""Asking elsewhere as a person does, through the whole app: what is shown is what arrives."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit

from homebody.messages.offers import AddReplacement, SwitchReplacement
from homebody.settings.providers import load_providers, remove_provider
from ui.access import unnamed
from ui.elsewhere_kit import Reaching, reaching
from ui.journey import Journey, journey
from ui.stand import Stand, stand

WriteScript = Callable[..., Path]
ASKED = "Please write to ada@example.org about the boat."


@pytest.fixture
def far() -> Iterator[Reaching]:
    with reaching() as made:
        yield made


def offered(it: Stand) -> None:
    """Say something, have it answered here, and ask for an offer."""
    it.say(ASKED)
    it.presenter.elsewhere.ask(it.rows[-1].id)
    it.until(lambda: it.rows[-1].waits and not it.presenter.talk.writing, "the offer")


def card(it: Stand):
    found = it.rows[-1].offer
    assert found is not None
    return found


def ended(it: Stand) -> None:
    it.until(lambda: not it.rows[-1].waits and not it.presenter.talk.writing, "the end")


def test_nothing_leaves_until_there_is_a_yes_and_then_what_was_shown(
    write_script: WriteScript, far: Reaching
) -> None:
    with stand(write_script("Here."), work=far) as it:
        offered(it)
        row = it.rows[-1]
        assert (row.versions, row.live, card(it).stage) == (2, False, "open")
        assert "ada@example.org" not in card(it).text
        assert "[EMAIL_1]" in card(it).text
        assert [each.words for each in card(it).providers] == [
            f"Box: {far.server.host} · large-1 · yours"
        ]
        assert far.server.connections == 0
        shown = card(it)
        it.presenter.talk.send_offer(row.id, shown.sha256, "once")
        ended(it)
        row = it.rows[-1]
        assert [body.decode() for body in far.server.bodies] == [shown.request]
        # The answer came with the placeholder, and the true value stands in it again.
        assert "ada@example.org" in row.reply
        assert "[EMAIL_1]" not in row.reply
        assert card(it).stage == "sent"
        assert card(it).line.startswith("Sent ")
        assert row.facts.startswith(f"large-1 at {far.server.host} · ")
        run = it.session.store.turn(row.id).run
        assert run is not None
        assert run.bytes_sent > len(shown.request)
        assert f"{run.bytes_sent:,} bytes sent" in row.facts
        it.until(
            lambda: f"{run.bytes_sent:,} bytes have left in all" in it.view.header.home,
            "how much left",
        )


def test_the_corner_says_where_something_goes_while_it_goes(
    write_script: WriteScript, far: Reaching
) -> None:
    far.server.piece_seconds = 0.05
    with stand(write_script("Here."), work=far) as it:
        offered(it)
        it.presenter.talk.send_offer(it.rows[-1].id, card(it).sha256, "once")
        it.until(lambda: it.view.header.sending == far.server.host, "the corner")
        assert card(it).stage == "sending"
        assert it.rows[-1].live
        ended(it)
        assert it.view.header.sending == ""


def test_keeping_it_home_connects_to_nothing(write_script: WriteScript, far: Reaching) -> None:
    with stand(write_script("Here.", "Also here."), work=far) as it:
        offered(it)
        it.presenter.talk.keep_home(it.rows[-1].id, never=True)
        ended(it)
        assert card(it).line == "Nothing was sent."
        assert it.rows[-1].reply
        assert "0 bytes sent" in it.rows[-1].facts
        assert far.server.connections == 0
        assert it.session.store.stays_home(it.presenter.talk.place.conversation)


def test_a_failure_is_a_sentence_and_the_turn_goes_on_at_home(
    write_script: WriteScript, far: Reaching
) -> None:
    far.server.fault = "500"
    with stand(write_script("Here.", "Also here."), work=far) as it:
        offered(it)
        it.presenter.talk.send_offer(it.rows[-1].id, card(it).sha256, "once")
        ended(it)
        assert card(it).stage == "failed"
        assert card(it).line
        assert it.rows[-1].reply
        assert it.view.header.sending == ""


def test_changes_are_shown_and_a_yes_for_what_was_shown_before_sends_nothing(
    write_script: WriteScript, far: Reaching
) -> None:
    with stand(write_script("Here."), work=far) as it:
        offered(it)
        before, turn = card(it), it.rows[-1].id
        it.presenter.talk.change_offer(turn, SwitchReplacement("[EMAIL_1]", on=False))
        it.until(lambda: card(it).sha256 != before.sha256, "the change")
        assert "ada@example.org" in card(it).text
        it.presenter.talk.send_offer(turn, before.sha256, "once")
        it.until(lambda: it.notice("problem"), "the refusal")
        it.settle()
        assert it.rows[-1].waits
        assert far.server.connections == 0
        it.presenter.talk.change_offer(turn, AddReplacement("not in it"))
        it.until(lambda: card(it).problem, "why it was not changed")
        assert "do not stand" in card(it).problem
        it.presenter.talk.change_offer(turn, AddReplacement("the boat"))
        it.until(lambda: "the boat" not in card(it).text, "the hidden words")
        assert card(it).problem == ""


def test_a_yes_for_a_machine_of_ones_own_is_asked_for_once(
    write_script: WriteScript, far: Reaching
) -> None:
    with stand(write_script("Here."), work=far) as it:
        offered(it)
        [more] = card(it).more
        it.presenter.talk.send_offer(it.rows[-1].id, card(it).sha256, more.scope)
        ended(it)
        assert load_providers(it.session.home)[0].agreed
        it.presenter.elsewhere.ask(it.rows[-1].id)
        it.until(lambda: len(far.server.bodies) == 2, "the second request")
        ended(it)
        assert card(it).stage == "sent"


def test_killed_between_the_yes_and_the_answer_it_asks_again_and_sends_nothing(
    write_script: WriteScript, far: Reaching
) -> None:
    script = write_script("Here.")
    with stand(script, work=far) as it:
        offered(it)
        turn, before = it.rows[-1].id, card(it)
        it.session.store.agree_offer(turn, before.sha256, "once")
        conversation = it.presenter.talk.place.conversation
    with stand(script, work=far, reopen=conversation) as it:
        it.until(lambda: it.rows, "the conversation")
        row = it.rows[-1]
        assert card(it).line.startswith("It is not known whether this was sent")
        assert row.resumable
        it.presenter.talk.resume(row.id)
        it.until(lambda: it.rows[-1].waits and not it.presenter.talk.writing, "the offer")
        assert (card(it).sha256, card(it).request) == (before.sha256, before.request)
        assert "ledger" in f"{card(it).problem} {card(it).note}"
        assert far.server.connections == 0


def test_without_anybody_to_ask_it_says_what_to_do(
    write_script: WriteScript, far: Reaching
) -> None:
    with stand(write_script("Here."), work=far) as it:
        remove_provider(it.session.home, "Box")
        far.add("Box", model="")
        it.say(ASKED)
        it.presenter.elsewhere.ask(it.rows[-1].id)
        it.until(lambda: it.notice("elsewhere-nobody"), "the sentence")
        assert it.view.page == "privacy"
        it.presenter.go("chat")
        it.presenter._stage.header(offline=True)
        it.presenter.elsewhere.ask(it.rows[-1].id)
        notice = it.notice("elsewhere-offline")
        assert notice is not None
        assert notice.action == "Settings"
        assert len(it.rows) == 1


def test_a_list_that_cannot_be_read_is_told(write_script: WriteScript, far: Reaching) -> None:
    with stand(write_script("Here."), work=far) as it:
        it.say(ASKED)
        it.session.home.providers.write_text("{", "utf-8")
        it.presenter.elsewhere.ask(it.rows[-1].id)
        it.until(lambda: it.notice("problem"), "the sentence")
        assert not it.rows[-1].waits


# ---------------------------------------------------------------- at the window


def ask(it: Journey) -> None:
    it.say(ASKED)
    it.click("ask-elsewhere")
    it.until(lambda: it.last().waits and not it.presenter.talk.writing, "the offer")


def test_an_offer_waits_over_a_restart_and_is_answered_by_clicks(
    qapp: QApplication, write_script: WriteScript, far: Reaching
) -> None:
    script = write_script("Here.")
    with journey(script, qapp, work=far) as it:
        ask(it)
        it.click("offer-edit")
        field = it.find("offer-field", QPlainTextEdit)
        assert "[EMAIL_1]" in field.toPlainText()
        QTest.keyClicks(field, "Be brief. ")
        # Another conversation is looked at meanwhile, and nothing of it is lost.
        it.presenter.talk.new()
        it.until(lambda: it.ids() == [], "the new chat")
        it.presenter.talk.open(it.session.saved.conversations()[0].id)
        it.until(it.ids, "the conversation")
        field = it.find("offer-field", QPlainTextEdit)
        assert field.toPlainText().startswith("Be brief. ")
        it.click("offer-save")
        it.until(lambda: it.last().offer.text.startswith("Be brief. "), "the edit")
        shown = it.last().offer
        assert far.server.connections == 0
    with journey(script, qapp, work=far) as it:
        it.until(lambda: it.ids() and it.last().waits, "the offer after a restart")
        it.until(lambda: it.last().offer.providers, "who can be asked")
        assert it.last().offer.request == shown.request
        assert unnamed(it.window) == []
        it.press(Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.focusWidget() is it.find("offer-keep")
        it.click("offer-send")
        assert QApplication.focusWidget() is it.find("message")
        it.until(lambda: it.last().offer.stage == "sent", "the answer")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert [body.decode() for body in far.server.bodies] == [shown.request]
        said = json.loads(far.server.bodies[0])["messages"][-1]["content"]
        assert said.startswith("Be brief. ")
        it.click("offer-show")
        assert it.find("offer-sent", QPlainTextEdit).toPlainText() == shown.request


def test_another_way_to_say_yes_is_in_the_menu(
    qapp: QApplication, write_script: WriteScript, far: Reaching
) -> None:
    with journey(write_script("Here."), qapp, work=far) as it:
        ask(it)
        it.click("offer-more")
        menu = it.window.findChild(QMenu, "offer-scopes")
        [action] = menu.actions()
        assert action.text() == "Send, and don't ask again for this machine of yours"
        action.trigger()
        menu.close()
        it.until(lambda: it.last().offer.stage == "sent", "the answer")
        it.until(lambda: not it.presenter.talk.writing, "the end")
        assert "ada@example.org" in it.last().reply
