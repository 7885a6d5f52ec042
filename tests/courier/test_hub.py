"""Searching and listing: what the hub says is believed only where it can be true."""

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from homebody.base.errors import CourierProblem
from homebody.courier import hub as hub_module
from homebody.courier.hub import list_files, search
from hub_server import TOKEN, HubServer, gguf_bytes

REPO = "acme/Tiny-GGUF"


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add(REPO, {"Tiny-Q4_K_M.gguf": gguf_bytes(5000), "Tiny-Q8_0.gguf": gguf_bytes(9000)})
        hub.add("acme/Other-GGUF", {"o.gguf": gguf_bytes(50)}, downloads=7, gated="manual")
        yield hub


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(follow_redirects=True, timeout=5, trust_env=False) as client:
        yield client


def listed(client, hub, revision="main", token=None, repo=REPO):
    return list_files(client, hub.url, repo, revision, token)


def refused(kind: str, call: Any, *arguments: Any) -> CourierProblem:
    with pytest.raises(CourierProblem) as caught:
        call(*arguments)
    assert caught.value.kind == kind, caught.value.message
    assert caught.value.message.endswith(".")
    return caught.value


def test_a_search_tells_the_facts_most_fetched_first(client, hub):
    one, two = search(client, hub.url, "  acme ", 30, None)
    assert (one.repo, one.downloads, one.likes, one.gated) == (REPO, 1000, 10, False)
    assert (one.licence, one.parameters, one.architecture) == ("apache-2.0", 4_022_468_096, "qwen3")
    assert (one.context, one.updated) == (262_144, "2025-08-07T09:51:22+00:00")
    assert (two.repo, two.gated) == ("acme/Other-GGUF", True)
    (asked,) = hub.asked
    assert asked.query["filter"] == ["gguf"]
    assert asked.query["search"] == ["acme"]
    assert "gguf" in asked.query["expand"]


def test_a_search_finds_as_many_as_were_asked_for(client, hub):
    assert len(search(client, hub.url, "gguf", 1, None)) == 1
    assert search(client, hub.url, "nothing of that kind", 30, None) == ()
    refused("bad_request", search, client, hub.url, " \n", 30, None)


def test_a_listing_has_sizes_hashes_and_the_commit(client, hub):
    listing = listed(client, hub)
    assert listing.commit == hub.repos[REPO].newest
    assert [(file.name, file.bytes) for file in listing.files] == [
        ("Tiny-Q4_K_M.gguf", 5000),
        ("Tiny-Q8_0.gguf", 9000),
    ]
    assert all(len(file.sha256) == 64 for file in listing.files)
    assert (listing.gated, listing.licence) == (False, "apache-2.0")
    assert listed(client, hub, listing.commit) == listing


def test_nothing_is_sent_but_the_question_and_the_token(client, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    listed(client, hub)
    listed(client, hub, token=TOKEN)
    one, two = hub.asked
    assert "authorization" not in one.headers
    assert two.headers["authorization"] == f"Bearer {TOKEN}"
    known = {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert set(one.headers) == known
    assert "hf_hub" not in one.headers["user-agent"]
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_proxies_of_the_environment_do_not_go_around_our_client(client, hub, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    hub_module.huggingface_hub.close_session()
    assert listed(client, hub).repo == REPO


def test_what_is_not_there_is_said(client, hub):
    assert "no repository" in refused("token", listed, client, hub, "main", None, "a/b").message
    assert "no repository" in refused("hub", listed, client, hub, "main", TOKEN, "a/b").message
    assert "no such revision" in refused("hub", listed, client, hub, "v2").message
    assert "revoked" in refused("token", listed, client, hub, "main", "hf_gone1234").message


@pytest.mark.parametrize("repo", ["", "a", "../x", "a/../b", "a/b/c", "a/b?x", "a\n/b", "a/b--c"])
def test_what_is_no_repository_is_not_asked_for(client, hub, repo):
    refused("bad_request", listed, client, hub, "main", None, repo)
    assert hub.asked == []


@pytest.mark.parametrize("revision", ["", "../../x", "a b", "?x", "/x", "x" * 300])
def test_what_is_no_revision_is_not_asked_for(client, hub, revision):
    refused("bad_request", listed, client, hub, revision)
    assert hub.asked == []


def test_a_page_in_place_of_an_answer_is_named(client, hub):
    hub.switches.portal = True
    assert "web page" in refused("hub", listed, client, hub).message
    assert "web page" in refused("hub", search, client, hub.url, "acme", 30, None).message


@pytest.mark.parametrize("status", [400, 403, 418, 429, 500, 503])
def test_every_status_is_words(client, hub, status):
    hub.switches.api_statuses = [status]
    refused("token" if status == 403 else "hub", listed, client, hub)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"17", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"id": 7}',
             b'{"id": "acme/Tiny-GGUF"}', b'{"id": "a/b", "siblings": [{}]}', b"[[1]]",
             b'[{"id": 1}]']
)  # fmt: skip
def test_garbage_is_named(client, hub, body):
    hub.switches.api_body = body
    refused("hub", listed, client, hub)
    if body != b"[]":
        refused("hub", search, client, hub.url, "acme", 30, None)


def test_an_answer_without_end_is_left(client, hub, monkeypatch):
    monkeypatch.setattr(hub_module, "_LARGEST", 100_000)
    hub.switches.api_body = b"[" + b" " * 200_000 + b"]"
    assert "larger" in refused("hub", search, client, hub.url, "acme", 30, None).message


def test_pages_are_followed_neither_for_ever_nor_elsewhere(client, hub):
    hub.switches.api_body = b"[]"
    hub.switches.api_headers = {"Link": f'<{hub.url}/api/models?cursor=x>; rel="next"'}
    assert "no end" in refused("hub", search, client, hub.url, "acme", 30, None).message
    assert len(hub.asked) == 3
    elsewhere = f"http://{hub.hosts[1]}/api/models"
    hub.switches.api_headers = {"Link": f'<{elsewhere}>; rel="next"'}
    assert "another place" in refused("hub", search, client, hub.url, "acme", 30, None).message
    assert hub.files_asked() == []


def changed(**facts: Any):
    return lambda honest: {**honest, **facts}


def sibling(**facts: Any):
    def change(honest: dict[str, Any]) -> dict[str, Any]:
        first = next(each for each in honest["siblings"] if each["rfilename"].endswith("_0.gguf"))
        others = [each for each in honest["siblings"] if each is not first]
        return {**honest, "siblings": [*others, {**first, **facts}]}

    return change


LIES = {
    "no commit": changed(sha=None),
    "a branch for a commit": changed(sha="main"),
    "a commit with more": changed(sha="0" * 40 + "/.."),
    "no files": changed(siblings=None),
    "another's name": changed(id="../x"),
    "a number for a name": sibling(rfilename=7),
    "a name twice": sibling(rfilename="Tiny-Q4_K_M.gguf"),
    "no size": sibling(size=None),
    "a text for a size": sibling(size="9000"),
    "less than nothing": sibling(size=-1),
    "more than there is": sibling(size=2**60),
    "two sizes": sibling(size=9001),
    "a hash that is none": sibling(lfs={"sha256": "../../x", "size": 9000, "pointerSize": 1}),
    "a short hash": sibling(lfs={"sha256": "ab" * 31, "size": 9000, "pointerSize": 1}),
    "half of a hash": sibling(lfs={"size": 9000}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(client, hub, lie):
    hub.switches.listing = LIES[lie]
    refused("hub", listed, client, hub)


@pytest.mark.parametrize(
    "name",
    ["../Tiny.gguf", "/etc/x.gguf", "NUL.gguf", "a\u202eb.gguf", f"{'x' * 300}.gguf", "b?.gguf"],
)
def test_a_file_whose_name_cannot_be_is_left_out_and_the_others_are_not(client, hub, name):
    hub.switches.listing = sibling(rfilename=name)
    assert [file.name for file in listed(client, hub).files] == ["Tiny-Q4_K_M.gguf"]


def test_another_commit_than_asked_for_is_refused(client, hub):
    commit = hub.repos[REPO].newest
    hub.switches.listing = changed(sha="0" * 40)
    assert "another commit" in refused("hub", listed, client, hub, commit).message


def test_a_file_without_a_hash_is_listed_without_one(client, hub):
    hub.switches.listing = sibling(lfs=None)
    assert [file.sha256 is None for file in listed(client, hub).files] == [False, True]


def test_facts_of_the_wrong_kind_are_unknown(client, hub):
    hub.switches.listing = changed(
        downloads="many", likes=-1, gguf="none", tags=[7, "license:\x1b[2J"], gated="auto"
    )
    one, *_ = search(client, hub.url, "acme", 30, None)
    assert (one.downloads, one.likes, one.parameters, one.licence) == (None, None, None, None)
    assert one.gated


def test_a_hub_that_does_not_answer_is_said(client):
    refused("connection", list_files, client, "http://127.0.0.1:9", REPO, "main", None)
