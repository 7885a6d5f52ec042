"""Granted folders, and the card that says how well skills do."""

from contextlib import closing

import pytest

from homebody.base.errors import BadInput
from homebody.store import permits
from homebody.store.store import Store


def test_grants_are_kept_and_taken_back(home, store, clock):
    store.grant("/home/ada/b", "read")
    store.grant("/home/ada/a", "write")
    store.grant("/home/ada/b", "write")
    assert [(each.folder, each.access) for each in store.grants()] == [
        ("/home/ada/a", "write"),
        ("/home/ada/b", "write"),
    ]
    assert store.grants()[0].since == clock.moment
    store.revoke("/home/ada/a")
    store.revoke("/nowhere")
    store.close()
    with closing(Store.open(home)) as again:
        assert [each.folder for each in again.grants()] == ["/home/ada/b"]


def test_a_folder_without_a_name_in_text_is_not_granted(store):
    with pytest.raises(BadInput) as caught:
        store.grant("/home/\udcff", "read")
    assert caught.value.hint
    assert store.grants() == []


def test_what_is_no_access_is_no_grant(store):
    store.grant("/home/ada", "read")
    store._database.connection.execute("UPDATE granted SET access = 'reed'")
    assert store.grants() == []


def test_the_card_says_how_often_a_skill_went_well(store, clock):
    assert store.reliability() == []
    for ok, ms in ((True, 10.0), (True, 30.0), (False, 900.0), (True, None)):
        clock.forward(minutes=1)
        store.record_skill("summarize", "SmolLM2", ok, ms)
    store.record_skill("summarize", "Qwen3", False, 5.0)
    qwen, smol = store.reliability()
    assert (qwen.skill, qwen.model, qwen.runs, qwen.failures) == ("summarize", "Qwen3", 1, 1)
    assert qwen.median_ms is None
    assert (smol.runs, smol.failures, smol.median_ms, smol.last) == (4, 1, 20.0, clock.moment)


def test_only_the_last_runs_are_kept(store, monkeypatch):
    monkeypatch.setattr(permits, "_RUNS_KEPT", 3)
    for number in range(5):
        store.record_skill("calculate", "", number > 2, 1.0)
    assert [(each.runs, each.failures) for each in store.reliability()] == [(3, 1)]
