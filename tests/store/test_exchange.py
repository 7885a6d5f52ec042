"""Export and import lose nothing, duplicate nothing, overwrite nothing."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.base.errors import BadInput
from homebody.messages.turns import ModelName, RunRecord, Stats
from homebody.store.store import Store

texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40)
counts = st.none() | st.integers(0, 2**40)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
runs = st.none() | st.builds(
    RunRecord,
    model=st.builds(ModelName, texts, st.none() | texts),
    seed=st.none() | st.integers(0, 2**32 - 1),
    stop=st.none() | texts,
    dropped=st.lists(texts, max_size=3).map(tuple),
    stats=st.builds(Stats, prompt_tokens=counts, ttft_ms=numbers, energy_joules=numbers),
    bytes_sent=st.integers(0, 2**50),
)
turns = st.tuples(
    st.integers(0, 99), texts, texts, texts,
    st.sampled_from(["done", "stopped", "failed", "interrupted"]), texts, runs,
)  # fmt: skip
conversations = st.tuples(
    texts, texts, st.booleans(), st.booleans(), st.booleans(), st.lists(turns, max_size=6),
    st.integers(0, 99),
)  # fmt: skip


def fill(store, drawn):
    for title, draft, pinned, archived, deleted, made, shown in drawn:
        name = store.create_conversation(title).id
        ids = [None]
        for parent, request, reply, reasoning, state, problem, run in made:
            turn = store.begin_turn(name, request, ids[parent % len(ids)])
            store.end_turn(
                turn.id, state=state, reply=reply, reasoning=reasoning, problem=problem, run=run
            )
            ids.append(turn.id)
        if made:
            store.choose(ids[1 + shown % len(made)])
        store.pin(name, on=pinned)
        store.archive(name, on=archived)
        store.save_draft(name, draft)
        if deleted:
            store.delete(name)


def everything(store):
    kept = []
    for which in ({}, {"archived": True}, {"deleted": True}):
        for conversation in store.conversations(**which):
            rows = store._read(
                "test",
                lambda c, name=conversation.id: c.execute(
                    "SELECT t.id FROM turn t JOIN conversation c ON c.seq = t.conversation"
                    " WHERE c.id = ? ORDER BY t.seq",
                    (name,),
                ).fetchall(),
            )
            all_turns = [store.turn(row["id"]) for row in rows]
            kept.append((conversation, all_turns, store.branch(conversation.id)))
    return kept


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(conversations, max_size=3))
def test_there_and_back(drawn):
    one, two = Store.temporary(), Store.temporary()
    fill(one, drawn)
    data = one.export_json()
    imported = two.import_json(data)
    assert len(imported) == len(drawn)
    assert everything(two) == everything(one)
    assert two.export_json() == data
    two.import_json(data)
    assert everything(two) == everything(one)
    one.close()
    two.close()


@pytest.fixture
def said(store):
    name = store.create_conversation("Talk").id
    turn = store.begin_turn(name, "question", None)
    store.end_turn(turn.id, state="done", reply="an *answer*", reasoning="hm")
    store.begin_turn(name, "unanswered", turn.id)
    return store


def test_existing_turns_are_not_overwritten(said):
    file = json.loads(said.export_json())
    before = everything(said)
    file["conversations"][0]["conversation"]["title"] = "Changed"
    for turn in file["conversations"][0]["turns"]:
        turn["reply"] = "changed"
    said.import_json(json.dumps(file).encode())
    assert everything(said) == before


def test_what_is_missing_is_added(said):
    data = said.export_json()
    name = said.conversations()[0].id
    said.erase(name)
    said.import_json(data)
    assert [turn.state for turn in said.branch(name)] == ["done", "interrupted"]
    assert said.search("question")


def test_one_of_several(said):
    other = said.create_conversation("Other").id
    file = json.loads(said.export_json([other]))
    assert [kept["conversation"]["title"] for kept in file["conversations"]] == ["Other"]


def damage(file, name):  # noqa: C901  one line each
    kept = file["conversations"][0]
    first, second = kept["turns"]
    match name:
        case "format":
            file["format"] = "something else"
        case "newer":
            file["version"] = 99
        case "id":
            kept["conversation"]["id"] = "../../etc"
        case "head":
            kept["conversation"]["head"] = "nobody"
        case "loop":
            first["parent"] = second["id"]
        case "self":
            first["parent"] = first["id"]
        case "twice":
            second["id"] = first["id"]
        case "elsewhere":
            first["conversation"] = "f" * 32
        case "state":
            first["state"] = "eaten"
        case "type":
            first["reply"] = 7
        case "second":  # the first is fine, and must not stay behind alone
            file["conversations"].append({"conversation": {}, "turns": []})
        case "stolen":  # turns of another conversation
            kept["conversation"]["id"] = "f" * 32
            for turn in kept["turns"]:
                turn["conversation"] = "f" * 32


@pytest.mark.parametrize(
    "name",
    "format newer id head loop self twice elsewhere state type second stolen".split(),  # noqa: SIM905
)
def test_bad_files_change_nothing(said, name):
    before = everything(said)
    file = json.loads(said.export_json())
    damage(file, name)
    with pytest.raises(BadInput) as caught:
        said.import_json(json.dumps(file).encode())
    assert caught.value.hint or name == "newer"
    assert everything(said) == before


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff\xfe", b"null", b"[" * 100_000, b'{"format": "homebody'],
)
def test_other_files_are_refused(said, data):
    with pytest.raises(BadInput):
        said.import_json(data)


def test_times_without_a_zone_count_as_utc(said):
    file = json.loads(said.export_json())
    said.erase(said.conversations()[0].id)
    file["conversations"][0]["conversation"]["created"] = "2020-01-01T10:00:00"
    imported = said.import_json(msgspec.json.encode(file))
    assert imported[0].created == datetime(2020, 1, 1, 10, tzinfo=UTC)


def test_imported_into_the_bin_gets_its_30_days(said, clock):
    name = said.conversations()[0].id
    said.delete(name)
    data = said.export_json()
    said.erase(name)
    clock.forward(days=40)
    said.import_json(data)
    said.empty_bin()
    assert said.conversation(name).deleted is not None


def test_markdown(said):
    text = said.export_markdown(said.conversations()[0].id)
    assert text == (
        "# Talk\n\n*2026-03-01 12:00 UTC*\n\n## You\n\nquestion\n\n## Homebody\n\nan *answer*\n\n"
        "## You\n\nunanswered\n\n*Being answered.*\n"
    )
