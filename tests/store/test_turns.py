"""The tree of turns, and what becomes of a turn whose process is gone."""

import os
import signal
import subprocess
import sys

import pytest

from homebody.base.errors import BadInput
from homebody.messages.turns import ModelName, RunRecord, Stats
from homebody.store.store import Store

RUN = RunRecord(
    model=ModelName("SmolLM2", "ab" * 32),
    seed=7,
    stop="end",
    dropped=("x", "y"),
    stats=Stats(prompt_tokens=3, ttft_ms=1.5, energy_joules=None),
    bytes_sent=12,
)


def say(store, conversation, request, parent=None, reply=None):
    turn = store.begin_turn(conversation, request, parent)
    return store.end_turn(turn.id, state="done", reply=reply or request.upper(), reasoning="").id


def requests(store, conversation, leaf=None):
    return [turn.request for turn in store.branch(conversation, leaf)]


def test_a_turn_from_begin_to_end(store, clock):
    name = store.create_conversation().id
    turn = store.begin_turn(name, "why?", None)
    assert (turn.state, turn.parent, turn.conversation) == ("open", None, name)
    assert store.conversation(name).head == turn.id
    store.checkpoint(turn.id, "Because", "hm")
    store.checkpoint(turn.id, "Because of", "hm, well")
    seen = store.turn(turn.id)
    assert (seen.reply, seen.reasoning, seen.state) == ("Because of", "hm, well", "open")
    clock.forward(seconds=2)
    ended = store.end_turn(turn.id, state="done", reply="Because.", reasoning="hm", run=RUN)
    assert ended == store.turn(turn.id)
    assert (ended.reply, ended.run, ended.ended) == ("Because.", RUN, clock.moment)


def test_an_ended_turn_cannot_be_overwritten(store):
    name = store.create_conversation().id
    turn = say(store, name, "a")
    with pytest.raises(BadInput):
        store.end_turn(turn, state="done", reply="other", reasoning="")
    with pytest.raises(BadInput):
        store.checkpoint(turn, "other", "")
    with pytest.raises(BadInput):
        store.reopen_turn(turn)
    open_turn = store.begin_turn(name, "b", turn)
    with pytest.raises(BadInput):
        store.end_turn(open_turn.id, state="open", reply="", reasoning="")
    assert store.turn(turn).reply == "A"


def test_regenerating_makes_a_sibling(store):
    name = store.create_conversation().id
    a = say(store, name, "a")
    b1 = say(store, name, "b", a, "one")
    c1 = say(store, name, "c", b1)
    b2 = say(store, name, "b", a, "two")
    assert requests(store, name) == ["a", "b"]
    assert store.siblings(b1) == store.siblings(b2) == [b1, b2]
    assert store.siblings(a) == [a]
    store.choose(b1)
    assert store.conversation(name).head == c1
    assert [turn.id for turn in store.branch(name)] == [a, b1, c1]
    c2 = say(store, name, "c again", b1)
    store.choose(c1)
    assert store.conversation(name).head == c1
    store.choose(a)
    assert store.conversation(name).head == c2
    assert requests(store, name, b2) == ["a", "b"]
    root2 = say(store, name, "a edited")
    assert store.siblings(a) == [a, root2]
    assert requests(store, name) == ["a edited"]


def test_turns_stay_in_their_conversation(store):
    one, two = store.create_conversation().id, store.create_conversation().id
    turn = say(store, one, "a")
    with pytest.raises(BadInput):
        store.begin_turn(two, "b", turn)
    with pytest.raises(BadInput):
        store.branch(two, turn)
    assert store.branch(two) == []


def test_stopped_turns_can_go_on(store):
    name = store.create_conversation().id
    turn = store.begin_turn(name, "a", None).id
    store.end_turn(turn, state="stopped", reply="half", reasoning="r", problem="p")
    again = store.reopen_turn(turn)
    assert (again.state, again.reply, again.reasoning, again.problem) == ("open", "half", "r", "")
    assert again.ended is None
    store.checkpoint(turn, "half and", "r")
    assert store.turn(turn).reply == "half and"
    assert store.end_turn(turn, state="done", reply="half and half", reasoning="").state == "done"
    assert len(store.search("half")) == 1


def test_closing_interrupts_what_is_open(home):
    store = Store.open(home)
    turn = store.begin_turn(store.create_conversation().id, "a", None).id
    store.checkpoint(turn, "so far", "")
    store.close()
    store = Store.open(home)
    assert (store.turn(turn).state, store.turn(turn).reply) == ("interrupted", "so far")
    assert store.search("far")
    store.close()


WRITER = """
import sys
from pathlib import Path
from homebody.base.paths import Home
from homebody.store.store import Store
root = Path(sys.argv[1])
store = Store.open(Home(data=root, config=root, state=root))
turn = store.begin_turn(store.create_conversation("child").id, "from the child", None)
store.checkpoint(turn.id, "half a reply", "thought")
print(turn.id, flush=True)
sys.stdin.readline()
store.end_turn(turn.id, state="done", reply="whole", reasoning="")
print("ended", flush=True)
store.close()
"""


def start_writer(home):
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home.data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return child, child.stdout.readline().strip()


def test_two_processes_at_once(home):
    store = Store.open(home)
    child, turn = start_writer(home)
    with child:
        # It is being answered by a process that lives: nobody else touches it.
        other = Store.open(home)
        assert store.turn(turn).state == other.turn(turn).state == "open"
        mine = store.begin_turn(store.create_conversation("mine").id, "meanwhile", None)
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "ended\n"
    assert store.turn(turn).reply == "whole"
    assert other.turn(mine.id).state == "open"
    other.close()
    assert store.turn(mine.id).state == "open"
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("while_open", [True, False])
def test_a_turn_of_a_dead_process_is_interrupted(home, while_open):
    store = Store.open(home) if while_open else None
    child, turn = start_writer(home)
    with child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    opened = Store.open(home)
    found = opened.turn(turn)
    assert (found.state, found.reply, found.reasoning) == ("interrupted", "half a reply", "thought")
    assert found.ended is not None
    assert opened.notices == ()
    opened.close()
    if store:
        store.close()


def test_a_turn_taken_for_dead_can_still_be_saved(store):
    turn = store.begin_turn(store.create_conversation().id, "a", None).id
    store._write("test", lambda c: c.execute("UPDATE turn SET state = 'interrupted'"))
    assert store.end_turn(turn, state="done", reply="all", reasoning="").reply == "all"


def test_recent_requests_newest_last_and_once(store):
    name = store.create_conversation().id
    for text in ("a", "b", "a", "c"):
        say(store, name, text)
    assert store.recent_requests() == ["b", "a", "c"]
    assert store.recent_requests(2) == ["a", "c"]
    store.delete(name)
    assert store.recent_requests() == []


def test_a_broken_run_does_not_hide_the_words(store):
    turn = say(store, store.create_conversation().id, "a")
    store._write("test", lambda c: c.execute("UPDATE turn SET run = '{', ended = 'never'"))
    assert store.turn(turn).run is None
    assert store.turn(turn).reply == "A"
