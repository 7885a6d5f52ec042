"""Offers, vault, consents and sent bodies: one transaction, kept over damage, gone if erased."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from homebody.base.errors import BadInput
from homebody.messages.offers import Offer, Replacement
from homebody.messages.providers import Provider
from homebody.messages.turns import ModelName, RunRecord
from homebody.privacy.offers import make_offer
from homebody.privacy.redaction import Redactor
from homebody.store.store import Store
from store.test_erase import WORDS, traces
from store.test_opening import SCHEMAS
from store.test_work import break_first_page

BIG = Provider(name="Big", url="https://api.example.org/v1", model="big-1")
EMAIL = Replacement(placeholder="[EMAIL_1]", kind="EMAIL", value="ada@example.com", by="pattern")


def offer_for(text="Is ada@example.com mine?") -> Offer:
    return make_offer(
        BIG,
        reason="asked",
        sentence="You asked for it.",
        parts=[
            ("question", "Your question", text, True),
            ("file1", "a.txt", "quite private", False),
        ],
        redactor=Redactor(),
    )


@pytest.fixture
def name(store):
    return store.create_conversation("a").id


def waiting(store, name, text="Is ada@example.com mine?", parent=None):
    turn = store.begin_turn(name, text, parent)
    return store.offer_turn(turn.id, offer_for(text), None, ())


def sent(store, name, text="Is ada@example.com mine?", parent=None):
    turn = waiting(store, name, text, parent)
    turn = store.agree_offer(turn.id, turn.offer.sha256, "once")
    store.keep_offer(turn.id, replace(turn.offer, state="sent", bytes_sent=700))
    run = RunRecord(model=ModelName("m"), elsewhere="big-1 at api.example.org", bytes_sent=700)
    return store.end_turn(turn.id, state="done", reply="Yes.", reasoning="", run=run)


# ---------------------------------------------------------------- waiting, and a yes


def test_an_offer_waits_over_a_restart(home, store, name):
    turn = store.begin_turn(name, "words", None)
    store.checkpoint(turn.id, "So far", "thoughts")
    turn = store.offer_turn(turn.id, offer_for("words"), None, ())
    assert (turn.state, turn.reply, turn.waiting) == ("waiting", "So far", None)
    store.close()
    with closing(Store.open(home)) as again:
        assert again.turn(turn.id) == turn
        assert again.search("words")[0].turn == turn.id
        changed = replace(offer_for("other words"), sentence="changed")
        assert again.change_offer(turn.id, changed).offer == changed


def test_a_yes_is_committed_whole_with_the_body(home, store, name, clock):
    turn = waiting(store, name)
    agreed = store.agree_offer(turn.id, turn.offer.sha256, "conversation")
    assert (agreed.state, agreed.offer.state, agreed.offer.scope) == (
        "open",
        "agreed",
        "conversation",
    )
    other = Store.open(home)
    [body] = other.sent_bodies()
    other.close()
    assert (body.sha256, body.body, body.at) == (turn.offer.sha256, turn.offer.body, clock())
    assert (body.provider, body.host, body.model) == ("Big", "api.example.org", "big-1")
    assert body.conversation == name
    assert store.sent_body(turn.offer.sha256) == body
    assert store.consented(name, BIG)


@pytest.mark.parametrize("what", ["another hash", "a body that is not its hash", "no offer"])
def test_a_yes_to_anything_else_changes_nothing(store, name, what):
    if what == "no offer":
        turn = store.begin_turn(name, "x", None)
        before = turn
        with pytest.raises(BadInput, match="does not wait"):
            store.agree_offer(turn.id, "0" * 64, "once")
    else:
        turn = waiting(store, name)
        sha256 = "0" * 64
        if what != "another hash":
            sha256 = turn.offer.sha256
            turn = store.change_offer(turn.id, replace(turn.offer, body=turn.offer.body + " "))
        before = turn
        with pytest.raises(BadInput, match="changed since") as caught:
            store.agree_offer(turn.id, sha256, "conversation")
        assert turn.offer.sha256 in caught.value.hint
    assert store.turn(turn.id) == before
    assert store.sent_bodies() == []
    assert not store.consented(name, BIG)


def test_of_two_windows_one_says_yes(home, store, name):
    turn = waiting(store, name)
    with closing(Store.open(home)) as other:
        other.agree_offer(turn.id, turn.offer.sha256, "once")
        for late in (
            lambda: store.agree_offer(turn.id, turn.offer.sha256, "once"),
            lambda: store.change_offer(turn.id, turn.offer),
            lambda: store.resume_turn(turn.id),
        ):
            with pytest.raises(BadInput):
                late()
        assert len(other.sent_bodies()) == 1


def test_a_yes_that_cannot_be_kept_leaves_it_waiting(store, name):
    turn = waiting(store, name)
    store._database.connection.execute(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON main.consent BEGIN SELECT RAISE(ABORT, 'x'); END"
    )
    with pytest.raises(Exception, match="Could not save your yes"):
        store.agree_offer(turn.id, turn.offer.sha256, "conversation")
    assert store.turn(turn.id) == turn
    assert store.sent_bodies() == []


def test_half_a_character_is_turned_down(store, name):
    turn = waiting(store, name)
    for broken in (replace(turn.offer, sentence="\ud83e"), replace(turn.offer, body="{\ud83e}")):
        with pytest.raises(BadInput, match="half a character"):
            store.change_offer(turn.id, broken)
    assert store.turn(turn.id) == turn


def test_killed_after_the_yes_it_is_interrupted_and_still_agreed(home, store, name):
    turn = waiting(store, name)
    store.agree_offer(turn.id, turn.offer.sha256, "once")
    store._answering.clear()
    store._database.connection.execute("UPDATE turn SET owner = '1:gone'")
    store.close()
    with closing(Store.open(home)) as again:
        found = again.turn(turn.id)
        assert (found.state, found.offer.state) == ("interrupted", "agreed")
        assert again.reopen_turn(turn.id).offer == found.offer


# ---------------------------------------------------------------- vault, consents, staying home


def test_the_vault_never_lets_a_placeholder_mean_two_things(store, name):
    store.keep_vault(name, [EMAIL])
    store.keep_vault(name, [replace(EMAIL, value="eve@example.com"), replace(EMAIL, on=False)])
    assert store.vault(name) == [EMAIL]
    assert store.vault(store.create_conversation().id) == []
    store._database.connection.execute("UPDATE vault SET kind = 'NONSENSE'")
    assert store.vault(name) == [], "what damage made stands for nothing"


def test_a_consent_is_for_one_conversation_and_one_destination(store, name, clock):
    turn = waiting(store, name)
    store.agree_offer(turn.id, turn.offer.sha256, "conversation")
    assert store.consented(name, BIG)
    assert store.consented(name, replace(BIG, price_in=1.0))
    for other in (
        replace(BIG, name="Bigger"),
        replace(BIG, url="https://api.example.com/v1"),
        replace(BIG, model="big-2"),
    ):
        assert not store.consented(name, other)
    assert not store.consented(store.create_conversation().id, BIG)
    for leap in (timedelta(days=-4000), timedelta(days=9000)):
        clock.moment += leap
        assert store.consented(name, BIG), "a clock that jumps changes nothing"
    store.stay_home(name)
    assert not store.consented(name, BIG), "what stays home needs a yes each time"


def test_staying_home_is_remembered_until_a_yes_for_the_conversation(home, store, name):
    assert not store.stays_home(name)
    store.stay_home(name)
    store.stay_home(name)
    store.close()
    with closing(Store.open(home)) as again:
        assert again.stays_home(name)
        once = waiting(again, name)
        again.agree_offer(once.id, once.offer.sha256, "once")
        again.end_turn(once.id, state="done", reply="", reasoning="")
        assert again.stays_home(name)
        whole = waiting(again, name)
        again.agree_offer(whole.id, whole.offer.sha256, "conversation")
        assert not again.stays_home(name)


# ---------------------------------------------------------------- bodies


def test_bodies_are_listed_newest_first_in_pages(store, name, clock):
    for number in range(5):
        clock.forward(minutes=1)
        sent(store, name, f"words {number}")
    found = store.sent_bodies(limit=2)
    assert ["words 4" in found[0].body, "words 3" in found[1].body] == [True, True]
    rest = store.sent_bodies(limit=10, before=found[1].at)
    assert [body.at for body in rest] == sorted((body.at for body in rest), reverse=True)
    assert len(rest) == 3
    assert store.sent_body("0" * 64) is None


def test_a_body_that_is_deleted_is_in_no_file_any_more(home, store, name):
    turn = sent(store, name, "no such words")
    body = turn.offer.body.replace("no such words", WORDS[1])
    words = sent(store, name, WORDS[1])
    assert body == words.offer.body
    store.back_up()
    # Only what was sent is deleted; take the person's own words away to see that.
    store._database.connection.execute("UPDATE turn SET request = ''")
    store._database.connection.execute("DELETE FROM turn_words")
    store.forget_body(words.offer.sha256)
    bare = store.turn(words.id).offer
    assert (bare.body, bare.parts, bare.replacements) == ("", (), ())
    assert (bare.sha256, bare.state, bare.host) == (words.offer.sha256, "sent", "api.example.org")
    assert store.sent_body(words.offer.sha256) is None
    assert store.sent_body(turn.offer.sha256) is not None
    store.empty_bin()
    for path in store.backups():
        with closing(sqlite3.connect(path)) as copy:
            [(left,)] = copy.execute("SELECT count(*) FROM sent")
            assert left == 1
            assert WORDS[1] not in str(copy.execute("SELECT body FROM sent").fetchall())
            assert WORDS[1] not in str(copy.execute("SELECT offer FROM turn").fetchall())
    with pytest.raises(BadInput):
        store.forget_body(words.offer.sha256)


def test_a_body_is_deleted_from_a_backup_in_which_it_still_waits(home, store, name):
    turn = waiting(store, name, WORDS[1])
    store.back_up()
    store.agree_offer(turn.id, turn.offer.sha256, "once")
    store.end_turn(turn.id, state="done", reply="", reasoning="")
    store.forget_body(turn.offer.sha256)
    store.empty_bin()
    [path] = store.backups()
    with closing(sqlite3.connect(path)) as copy:
        [(offer, state)] = copy.execute("SELECT offer, state FROM turn").fetchall()
    assert WORDS[1] not in offer
    assert state == "interrupted", "nobody can say yes to what is not there"


def test_an_offer_that_was_answered_takes_no_second_yes(store, name):
    turn = waiting(store, name)
    over = replace(turn.offer, state="home")
    store._database.connection.execute(
        "UPDATE turn SET offer = ?", (msgspec.json.encode(over).decode(),)
    )
    with pytest.raises(BadInput):
        store.agree_offer(turn.id, turn.offer.sha256, "once")


def test_a_body_that_still_waits_is_not_taken_from_its_turn(store, name):
    first = waiting(store, name)
    store.agree_offer(first.id, first.offer.sha256, "once")
    store.end_turn(first.id, state="done", reply="", reasoning="")
    second = waiting(store, name)
    assert second.offer.sha256 == first.offer.sha256
    store.forget_body(first.offer.sha256)
    assert store.turn(second.id) == second


def test_erasing_a_conversation_takes_vault_consents_and_bodies_along(home, store, name):
    other = store.create_conversation("other").id
    for each in (name, other):
        turn = waiting(store, each, f"{WORDS[0]} ada@example.com" if each == name else "other")
        store.keep_vault(each, [replace(EMAIL, value=WORDS[1])] if each == name else [EMAIL])
        store.stay_home(each)
        store.agree_offer(turn.id, turn.offer.sha256, "conversation")
        store.end_turn(turn.id, state="done", reply="x", reasoning="")
    store.back_up()
    assert traces(home)
    store.erase(name)
    assert traces(home) == []
    with closing(sqlite3.connect(home.database)) as rows:
        for table in ("vault", "consent", "sent"):
            [(count,)] = rows.execute(f"SELECT count(*) FROM {table}")
            assert count == 1, table
    assert store.consented(other, BIG)


# ---------------------------------------------------------------- damage, export, age


@pytest.mark.parametrize("backup", [False, True])
def test_recovery_brings_offers_and_bodies_back_but_no_consent(home, store, name, backup):
    first = sent(store, name)
    if backup:
        store.back_up()
    second = waiting(store, name, "second", first.id)
    third = waiting(store, name, "third", second.id)
    third = store.agree_offer(third.id, third.offer.sha256, "conversation")
    store.end_turn(third.id, state="done", reply="r", reasoning="")
    bodies = store.sent_bodies()
    store.close()
    break_first_page(home)
    with closing(Store.open(home)) as again:
        assert again.notices
        found = again.branch(name)
        assert found[:2] == [first, second]
        assert found[2].offer.sha256 == third.offer.sha256
        assert again.sent_bodies() == bodies
        assert not again.consented(name, BIG), "one wrong byte would be a yes to somebody else"
        # It can be answered: what it says is what its hash is of.
        again.agree_offer(second.id, second.offer.sha256, "once")


def test_recovery_lets_nobody_say_yes_to_a_body_with_a_wrong_byte(home, store, name):
    turn = waiting(store, name, "a plain question about Porto")
    store.close()
    with closing(sqlite3.connect(home.database)) as rows, rows:
        rows.execute("UPDATE turn SET offer = replace(offer, 'Porto', 'Ports')")
    with closing(sqlite3.connect(home.database)) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    break_first_page(home)
    with closing(Store.open(home)) as again:
        found = again.turn(turn.id)
        assert (found.state, found.offer) == ("interrupted", None)


def test_export_and_import_keep_what_was_and_ask_nothing_that_a_file_says(store, name):
    first = sent(store, name)
    second = waiting(store, name, "second", first.id)
    data = store.export_json()
    assert msgspec.json.decode(data)["version"] == 4
    with closing(Store.temporary()) as other:
        other.import_json(data)
        found = other.branch(name)
        assert found[0] == first
        assert (found[1].state, found[1].offer) == ("interrupted", None)
        assert other.sent_bodies() == []
        assert other.vault(name) == []
    assert store.turn(second.id) == second
    shown = store.export_markdown(name)
    assert "big-1 at api.example.org" in shown
    assert "Waiting for an answer: You asked for it." in shown


def test_what_has_no_offer_is_still_written_for_an_older_homebody(store, name):
    turn = store.begin_turn(name, "x", None)
    store.end_turn(turn.id, state="done", reply="y", reasoning="")
    assert msgspec.json.decode(store.export_json())["version"] == 1


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("v*.sql")), ids=lambda path: path.stem)
def test_a_profile_of_every_age_takes_offers(home, path):
    home.data.mkdir(parents=True)
    with sqlite3.connect(home.database) as connection:
        connection.executescript(path.read_text(encoding="utf-8"))
    connection.close()
    with closing(Store.open(home)) as store:
        name = store.conversations()[0].id
        before = store.branch(name)
        had = path.stem >= "v4"
        assert (before[0].offer is not None) is had
        assert (store.vault(name) == [EMAIL], store.stays_home(name)) == (had, had)
        assert (store.consented(name, BIG), len(store.sent_bodies())) == (had, int(had))
        if before[0].offer is not None:
            assert store.sent_body(before[0].offer.sha256).body == before[0].offer.body
        turn = waiting(store, name, parent=before[-1].id)
        assert store.branch(name)[-1] == turn
        store.agree_offer(turn.id, turn.offer.sha256, "once")
