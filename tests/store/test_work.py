"""Plans, steps and questions: kept with their turn, over restarts, damage, export and erasing."""

import sqlite3
from contextlib import closing

import msgspec
import pytest

from homebody.base.errors import BadInput
from homebody.messages.plans import AskPlan, Planned, PlannedStep, Question, SkillsPlan, Step
from homebody.store.store import Store
from homebody.store.work import KEPT_BYTES, is_shortened
from store.test_erase import WORDS, traces
from store.test_opening import SCHEMAS

PLAN = Planned(
    plan=SkillsPlan(
        (
            PlannedStep("read_file", {"path": "notes.md"}),
            PlannedStep("write_file", {"path": "two.md", "text": "$1"}),
        )
    ),
    confidence=0.93,
    ms=210.0,
    planner="expert",
    line="read_file notes.md\nwrite_file two.md | $1",
)
READ = Step(
    skill="read_file",
    given={"path": "notes.md"},
    args={"path": "/home/ada/notes.md"},
    state="done",
    result="stegosaurus\n日本 🎉",
    label="file",
    ms=12.5,
    tries=1,
)
WRITE = Step(skill="write_file", given={"path": "two.md", "text": "$1"}, state="waiting")
QUESTION = Question(
    step=1,
    reason="permission",
    sentence="Write 1.2 kB to /home/ada/two.md (a new file)",
    details="stegosaurus",
    folder="/home/ada",
    access="write",
    choices=("once", "always", "no", "answer"),
)


@pytest.fixture
def name(store):
    return store.create_conversation("a").id


def waiting(store, name, request="copy it", parent=None, steps=(READ, WRITE)):
    turn = store.begin_turn(name, request, parent)
    return store.pause_turn(turn.id, QUESTION, PLAN, steps)


def test_steps_are_kept_with_their_turn(home, store, name):
    turn = store.begin_turn(name, "copy it", None)
    assert (turn.planned, turn.steps, turn.waiting) == (None, (), None)
    kept = store.keep_work(turn.id, PLAN, (READ,))
    assert (kept.planned, kept.steps, kept.state) == (PLAN, (READ,), "open")
    store.checkpoint(turn.id, "half", "")
    odd = msgspec.structs.replace(READ, result='"\0 \ud83d \u2028', said="x")
    store.keep_work(turn.id, PLAN, (odd, WRITE))
    assert store.turn(turn.id).reply == "half"
    ended = store.end_turn(turn.id, state="done", reply="done", reasoning="")
    assert ended.steps == (msgspec.structs.replace(odd, result='"\0 � \u2028'), WRITE)
    store.close()
    with closing(Store.open(home)) as again:
        assert again.turn(turn.id) == ended
        assert again.branch(name) == [ended]
        assert again.page(name)[0].turn == ended


def test_a_waiting_turn_outlives_the_process(home, store, name):
    turn = store.begin_turn(name, "copy it", None)
    store.checkpoint(turn.id, "so far", "because")
    paused = store.pause_turn(turn.id, QUESTION, PLAN, (READ, WRITE))
    assert (paused.state, paused.waiting, paused.reply) == ("waiting", QUESTION, "so far")
    store.close()
    with closing(Store.open(home)) as again:
        assert again.turn(turn.id) == paused
        assert again.search("copy")[0].turn == turn.id
        opened = again.resume_turn(turn.id)
        assert (opened.state, opened.waiting, opened.steps) == ("open", None, (READ, WRITE))
        assert opened.reply == "so far"
        again.checkpoint(turn.id, "further", "")
        with pytest.raises(BadInput, match="does not wait"):
            again.resume_turn(turn.id)
    with closing(Store.open(home)) as last:
        found = last.turn(turn.id)
        assert (found.state, found.reply) == ("interrupted", "further"), "the process went"
        assert found.steps == (READ, WRITE)
        assert last.reopen_turn(turn.id).state == "open"


def test_a_crash_while_a_turn_waits_leaves_it_waiting(home, store, name):
    """Not closed: what the next start finds is what was committed."""
    turn = waiting(store, name)
    with closing(Store.open(home)) as other:
        assert other.turn(turn.id).state == "waiting"
        assert other.resume_turn(turn.id).state == "open"
    with pytest.raises(BadInput):
        store.resume_turn(turn.id)


def test_only_an_open_turn_can_be_worked_on(store, name):
    turn = waiting(store, name)
    with pytest.raises(BadInput):
        store.keep_work(turn.id, PLAN, ())
    with pytest.raises(BadInput):
        store.pause_turn(turn.id, QUESTION, PLAN, ())
    ended = store.end_turn(turn.id, state="done", reply="never mind", reasoning="")
    assert (ended.waiting, ended.steps) == (None, (READ, WRITE))
    for call in (store.resume_turn, lambda it: store.keep_work(it, None, ())):
        with pytest.raises(BadInput):
            call(turn.id)
    with pytest.raises(BadInput, match="no such turn"):
        store.keep_work("nobody", None, ())


def test_large_results_are_shortened_and_say_so(store, name):
    turn = store.begin_turn(name, "read", None)
    long = "日" * 1_000_000
    step = Step(skill="read_file", given={"path": long}, args={"path": long}, result=long)
    kept = store.keep_work(turn.id, None, (step,)).steps[0]
    assert KEPT_BYTES - 4 < len(kept.result.encode()) <= KEPT_BYTES
    assert kept.result.endswith("\n[… 1,000,000 characters in all; only the beginning is kept]")
    assert is_shortened(kept.result)
    assert not is_shortened("日" * 80_000)
    assert len(kept.args["path"]) < 5_000
    exact = "x" * KEPT_BYTES
    step = Step(skill="read_file", given={}, result=exact)
    assert store.keep_work(turn.id, None, (step,)).steps[0].result == exact
    details = msgspec.structs.replace(QUESTION, details=long)
    question = store.pause_turn(turn.id, details, None, ()).waiting
    assert is_shortened(question.details)


def test_what_steps_brought_is_found(store, name):
    turn = store.begin_turn(name, "read it", None)
    store.keep_work(turn.id, PLAN, (READ,))
    store.end_turn(turn.id, state="done", reply="here", reasoning="")
    hit = store.search("stegos")[0]
    assert hit.turn == turn.id
    assert "\ue000stegosaurus\ue001" in hit.snippet
    store._database.connection.execute("UPDATE turn_words_data SET block = x'00' WHERE id > 10")
    assert [hit.turn for hit in store.search("stegos")] == [turn.id]


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("v*.sql")), ids=lambda path: path.stem)
def test_a_profile_of_every_age_takes_work(home, path):
    home.data.mkdir(parents=True)
    with sqlite3.connect(home.database) as connection:
        connection.executescript(path.read_text(encoding="utf-8"))
    connection.close()
    with closing(Store.open(home)) as store:
        name = store.conversations()[0].id
        before = store.branch(name)
        had = before[0].steps
        assert [step.result for step in had] == (["wifi code 1234"] if path.stem >= "v3" else [])
        assert len(store.notes("wifi")) == len(store.reminders()) == len(had)
        assert store.grants() == [] or store.grants()[0].folder == "/somewhere/Documents"
        turn = waiting(store, name, parent=before[-1].id)
        assert store.branch(name)[-1] == turn
        store.add_note("wifi too")
        assert len(store.notes("wifi")) == len(had) + 1


def break_first_page(home):
    data = bytearray(home.database.read_bytes())
    data[:4096] = bytes(4096)
    home.database.write_bytes(data)


@pytest.mark.parametrize("backup", [False, True])
def test_recovery_brings_work_back(home, store, name, backup):
    open_before = store.begin_turn(name, "open", None)
    if backup:
        store.back_up()
    long = msgspec.structs.replace(READ, result="many words " * 5_000)
    store.keep_work(open_before.id, PLAN, (READ,))
    store.end_turn(open_before.id, state="stopped", reply="", reasoning="")
    first = waiting(store, name, parent=open_before.id)
    second = store.begin_turn(name, "second", first.id)
    store.keep_work(second.id, PLAN, (long,))
    second = store.end_turn(second.id, state="done", reply="r", reasoning="")
    third = store.begin_turn(name, "third", second.id)
    third = store.end_turn(third.id, state="done", reply="r", reasoning="")
    store.close()
    break_first_page(home)
    with closing(Store.open(home)) as again:
        assert again.notices
        found = again.branch(name)
        assert found[1:] == [first, second, third]
        assert found[0].steps == (READ,)
        assert again.resume_turn(first.id).steps == (READ, WRITE)
        assert again.search("stegosaurus")


def test_steps_written_after_the_backup_are_newer(home, store, name):
    """State and end are the same as in the backup; only the steps moved on."""
    turn = store.begin_turn(name, "x", None)
    store.keep_work(turn.id, PLAN, (WRITE,))
    store.back_up()
    store.keep_work(turn.id, PLAN, (READ, WRITE))
    data = home.database.read_bytes(), (home.data / "homebody.sqlite-wal").read_bytes()
    store.close()
    home.database.write_bytes(data[0])
    (home.data / "homebody.sqlite-wal").write_bytes(data[1])
    break_first_page(home)
    with closing(Store.open(home)) as again:
        assert again.turn(turn.id).steps == (READ, WRITE)


def test_a_question_that_cannot_be_read_is_not_asked(home, store, name):
    turn = waiting(store, name)
    connection = store._database.connection
    connection.execute("UPDATE turn SET waiting = 'x', steps = substr(steps, 1, 150)")
    store.close()
    break_first_page(home)
    with closing(Store.open(home)) as again:
        found = again.turn(turn.id)
        assert (found.state, found.waiting) == ("interrupted", None)
        assert [step.skill for step in found.steps] == ["recovered"]
        assert "notes.md" in found.steps[0].result


def test_an_export_brings_steps_but_asks_nothing(store, name):
    turn = store.begin_turn(name, "read it", None)
    store.keep_work(turn.id, PLAN, (READ,))
    done = store.end_turn(turn.id, state="done", reply="here", reasoning="")
    asked = waiting(store, name, parent=turn.id)
    data = store.export_json()
    assert msgspec.json.decode(data)["version"] == 3
    with closing(Store.temporary()) as other:
        other.import_json(data)
        there = other.branch(name)
        assert there[0] == done
        assert (there[1].state, there[1].waiting) == ("interrupted", None)
        assert there[1].steps == asked.steps
        assert [hit.turn for hit in other.search("stegosaurus")] == [asked.id, done.id]


def test_only_work_asks_for_a_newer_homebody(store, name):
    turn = store.begin_turn(name, "plain", None)
    store.end_turn(turn.id, state="done", reply="here", reasoning="")
    assert msgspec.json.decode(store.export_json())["version"] == 1
    turn = store.begin_turn(name, "who", turn.id)
    store.keep_work(turn.id, Planned(plan=AskPlan("Which one?")), ())
    store.end_turn(turn.id, state="done", reply="Which one?", reasoning="")
    assert msgspec.json.decode(store.export_json())["version"] == 3


def test_markdown_shows_steps(store, name):
    turn = store.begin_turn(name, "read it", None)
    failed = Step(skill="open_item", given={}, state="failed", problem="There is no such file.")
    store.keep_work(turn.id, PLAN, (READ, failed))
    store.end_turn(turn.id, state="done", reply="here", reasoning="")
    waiting(store, name, parent=turn.id)
    text = store.export_markdown(name)
    assert (
        "read it\n\n**Step 1** `read_file path: notes.md` (done, 0.0 s)\n\n"
        "```\nstegosaurus\n日本 🎉\n```\n\n"
        "**Step 2** `open_item` (failed)\n\n*There is no such file.*\n\n## Homebody\n\nhere"
    ) in text
    assert "*Waiting for an answer: Write 1.2 kB to /home/ada/two.md (a new file)*" in text


def test_erasing_leaves_no_word_of_steps_notes_and_reminders(home, store, name):
    for number in range(20):
        steps = [msgspec.structs.replace(READ, result=f"{word} " * 50 * number) for word in WORDS]
        turn = waiting(store, name, request=f"r{number}", steps=steps)
        store.resume_turn(turn.id)
        store.end_turn(turn.id, state="done", reply="", reasoning="")
        note = store.add_note(" ".join(WORDS) * number)
        reminder = store.add_reminder(" ".join(WORDS), turn.created)
        if number == 10:
            store.back_up()
        store.remove_note(note.id)
        store.remove_reminder(reminder.id)
    kept = store.add_note("innocent words")
    store.erase(name)
    store.empty_bin()
    assert traces(home) == []
    store.close()
    assert traces(home) == []
    with closing(Store.open(home)) as again:
        assert again.notes("innocent") == [kept]
        assert len(again.backups()) == 1


def test_removed_notes_leave_the_backups_when_house_is_kept(home, store):
    note = store.add_note(f"about {WORDS[0]}")
    store.add_reminder(WORDS[1], note.created)
    store.back_up()
    store.remove_note(note.id)
    store.remove_reminder(store.reminders()[0].id)
    assert traces(home)
    store.empty_bin()
    assert traces(home) == []
