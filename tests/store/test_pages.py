"""The transcript in pages: the right turns and versions, and no dearer in a long conversation."""

import random

import pytest

from homebody.base.errors import BadInput
from homebody.messages.turns import ShownTurn
from homebody.store.store import Store


def say(store, conversation, request, parent=None):
    turn = store.begin_turn(conversation, request, parent)
    return store.end_turn(turn.id, state="done", reply="yes", reasoning="").id


@pytest.fixture
def memory():
    store = Store.temporary()
    yield store
    store.close()


@pytest.fixture
def name(memory):
    return memory.create_conversation("a").id


def requests(page):
    return [shown.turn.request for shown in page]


def test_pages_go_back_from_the_newest_turn_to_the_first(memory, name):
    parent = None
    for number in range(10):
        parent = say(memory, name, str(number), parent)
    last = memory.page(name, count=4)
    assert requests(last) == ["6", "7", "8", "9"]
    middle = memory.page(name, before=last[0].turn.id, count=4)
    assert requests(middle) == ["2", "3", "4", "5"]
    first = memory.page(name, before=middle[0].turn.id, count=4)
    assert requests(first) == ["0", "1"]
    assert memory.page(name, before=first[0].turn.id, count=4) == []
    assert [each.turn for each in (*first, *middle, *last)] == memory.branch(name)
    assert requests(memory.page(name)) == [str(number) for number in range(10)]
    assert memory.page(name, count=0) == memory.page(name, count=-5) == []


def test_an_empty_conversation_has_an_empty_page(memory, name):
    assert memory.page(name) == []


def test_versions_are_counted_among_siblings_from_one(memory, name):
    first = [say(memory, name, f"first {number}") for number in range(3)]
    say(memory, memory.create_conversation("b").id, "elsewhere")
    second = [say(memory, name, f"second {number}", first[1]) for number in range(2)]
    memory.choose(second[0])
    assert memory.page(name) == [
        ShownTurn(memory.turn(first[1]), 2, 3),
        ShownTurn(memory.turn(second[0]), 1, 2),
    ]
    assert memory.shown(first[2]) == ShownTurn(memory.turn(first[2]), 3, 3)
    assert memory.shown(second[1]) == ShownTurn(memory.turn(second[1]), 2, 2)
    assert memory.shown(second[1]).place == memory.siblings(second[1]).index(second[1]) + 1


def test_any_tree_is_paged_as_its_branch(memory, name):
    chance = random.Random(7)
    made = [None]
    for number in range(60):
        made.append(say(memory, name, str(number), chance.choice(made[-4:])))
    for leaf in made[1:]:
        memory.choose(leaf)
        whole = memory.branch(name)
        found, before = [], None
        while page := memory.page(name, before, chance.randint(1, 5)):
            found = page + found
            before = page[0].turn.id
        assert [each.turn for each in found] == whole
        for each in found:
            versions = memory.siblings(each.turn.id)
            assert each.versions == len(versions)
            assert versions[each.place - 1] == each.turn.id


def test_an_open_turn_has_the_words_that_were_written_down(memory, name):
    turn = memory.begin_turn(name, "q", None)
    memory.checkpoint(turn.id, "half", "why")
    (shown,) = memory.page(name)
    assert (shown.turn.reply, shown.turn.reasoning, shown.turn.state) == ("half", "why", "open")


def test_ids_that_do_not_belong_are_refused(memory, name):
    other = memory.create_conversation("b").id
    turn = say(memory, other, "q")
    for work in (
        lambda: memory.page("nothing"),
        lambda: memory.page(name, before="nothing"),
        lambda: memory.page(name, before=turn),
        lambda: memory.shown("nothing"),
    ):
        with pytest.raises(BadInput):
            work()


def fill(store, turns, versions):
    """Write a long conversation at once, its last turns with versions; return its id."""
    name = store.create_conversation("long").id
    connection = store._database.connection
    home = connection.execute("SELECT seq FROM conversation WHERE id = ?", (name,)).fetchone()[0]
    parent = None
    for number in range(turns):
        for version in range(versions if number in (0, turns - 2) else 1):
            seq = connection.execute(
                "INSERT INTO turn (id, conversation, parent, state, created, request, reply,"
                " reasoning, problem) VALUES (?, ?, ?, 'done', '', 'question', 'answer', '', '')",
                (f"{name}-{number}-{version}"[-60:], home, parent),
            ).lastrowid
        parent = seq
    connection.execute("UPDATE conversation SET head = ? WHERE seq = ?", (parent, home))
    return name


def steps(store, work):
    """Return how many steps SQLite's machine takes for `work`."""
    taken = 0

    def count():
        nonlocal taken
        taken += 1

    connection = store._database.connection
    connection.set_progress_handler(count, 1)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 1)
    return taken


def test_a_page_of_ten_thousand_turns_costs_as_much_as_one_of_a_hundred(memory):
    """Counted in steps of SQLite's own machine, so that no busy processor blurs it."""
    for _ in range(200):  # other conversations, whose first turns have no parent either
        say(memory, memory.create_conversation().id, "elsewhere")
    short, long = fill(memory, 100, 3), fill(memory, 10_000, 3)

    def last(name):
        return steps(memory, lambda: memory.page(name))

    def above(name):
        before = memory.page(name)[0].turn.id
        return steps(memory, lambda: memory.page(name, before, 30))

    assert last(long) <= 1.2 * last(short)
    assert above(long) <= 1.2 * above(short)
    first = memory.branch(long)[:2]
    assert steps(memory, lambda: memory.page(long, first[1].id)) < 2_000
    assert steps(memory, lambda: memory.shown(first[0].id)) < 2_000
    assert last(long) < steps(memory, lambda: memory.branch(long)) / 50
