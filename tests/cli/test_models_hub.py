"""`homebody models search|get|token` against a hub on this machine; every process is real."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.support import HOMEBODY, Ran, run, surroundings
from hub_server import HubServer, gguf_bytes

REPO = "acme/Tiny-GGUF"
FILES = {
    "Tiny-Q8_0.gguf": gguf_bytes(900_000, 1),
    "Tiny-Q4_K_M.gguf": gguf_bytes(600_000, 2),
    "mmproj-Tiny-f16.gguf": gguf_bytes(500, 3),
}


@pytest.fixture
def hub(profile: Path) -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add(REPO, FILES)
        profile.mkdir()
        (profile / "settings.toml").write_text(
            f'hub = "{hub.url}"\nextra_hosts = "{" ".join(hub.hosts)}"\n', encoding="utf-8"
        )
        yield hub


def models(*words: str, **options: object) -> Ran:
    return run([*HOMEBODY, "models", *words], **options)  # type: ignore[arg-type]


def test_a_search_is_a_table_and_json(hub):
    hub.add("acme/Gated-GGUF", {"g.gguf": gguf_bytes(50)}, gated="manual", downloads=2_345_678)
    ran = models("search", "acme")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["repository", "parameters", "fetched", "licence", "gated"]
    assert lines[1].split() == ["acme/Gated-GGUF", "4.0", "B", "2,345,678", "apache-2.0", "gated"]
    assert lines[2].split() == [REPO, "4.0", "B", "1,000", "apache-2.0"]
    found = json.loads(models("search", "tiny", "GGUF", "--json").out)
    assert (found["words"], [each["repo"] for each in found["models"]]) == ("tiny GGUF", [REPO])
    assert "Try fewer words" in models("search", "nothing", "like", "it").err


def test_get_picks_the_usual_quantisation_and_says_why(hub, profile):
    ran = models("get", REPO)
    assert ran.status == 0
    assert Path(ran.out.strip()) == profile / "models" / "Tiny-Q4_K_M.gguf"
    assert Path(ran.out.strip()).read_bytes() == FILES["Tiny-Q4_K_M.gguf"]
    assert "Q4_K_M loses little" in ran.err
    assert "Licence: apache-2.0" in ran.err


def test_get_fetches_the_file_that_is_named_and_tells_all_as_json(hub):
    got = json.loads(models("get", f"{REPO}/Tiny-Q8_0.gguf", "--json").out)
    assert Path(got["paths"][0]).read_bytes() == FILES["Tiny-Q8_0.gguf"]
    assert got["commit"] == hub.repos[REPO].newest
    assert (got["repo"], got["bytes"], got["why"]) == (REPO, 900_000, "you named it")


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ("", "Tiny-Q4_K_M.gguf"),
        ("/tree/main?x=1", "Tiny-Q4_K_M.gguf"),
        ("/blob/main/Tiny-Q8_0.gguf", "Tiny-Q8_0.gguf"),
    ],
)
def test_an_address_as_a_browser_shows_it_is_understood(hub, rest, name):
    assert Path(models("get", f"{hub.url}/{REPO}{rest}").out.strip()).name == name


def test_a_second_get_fetches_nothing(hub):
    models("get", REPO)
    hub.sent = 0
    assert models("get", REPO).status == 0
    assert hub.sent == 0


def test_a_recommended_model_is_fetched_by_its_name(hub, profile):
    from homebody.library.catalog import catalog

    entry = catalog()[0]
    hub.add(entry.repo, {entry.file: gguf_bytes(5000), "Other-Q4_K_M.gguf": gguf_bytes(600)})
    ran = models("get", entry.key)
    assert Path(ran.out.strip()).name == entry.file
    assert "the one that is recommended" in ran.err
    hub.add(entry.repo, {"Other-Q4_K_M.gguf": gguf_bytes(600)})
    ran = models("get", entry.key)
    assert Path(ran.out.strip()).name == "Other-Q4_K_M.gguf"
    assert "is not there any more" in ran.err


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("nonsense", "none of the recommended models"),
        ("acme/Nothing", "There is no repository acme/Nothing"),
        (f"{REPO}/x.gguf", "has no file x.gguf"),
        ("a/b c", "not the name of a repository"),
        ("../../etc", "not the name of a repository"),
    ],
)
def test_what_cannot_be_got_is_said(hub, wanted, why):
    models("get", wanted).complained(why)


def test_what_was_tampered_with_is_refused(hub, profile):
    hub.switches.content = lambda data: data[:-1] + b"x"
    models("get", REPO).complained("Nothing of it was kept")
    assert [path for path in (profile / "models").iterdir() if path.is_file()] == []


def test_a_gated_model_says_what_to_do(hub):
    hub.repos[REPO].gated = "manual"
    models("get", REPO).complained("is gated", "Agree to its terms")


def test_offline_nothing_is_asked(hub, profile):
    models("search", "acme", "--offline").complained("offline")
    models("get", REPO, "--offline").complained("offline")
    with (profile / "settings.toml").open("a", encoding="utf-8") as settings:
        settings.write("offline = true\n")
    models("get", REPO).complained("offline")
    assert hub.asked == []


def test_the_ledger_lists_what_get_did(hub):
    models("get", REPO)
    listed = json.loads(run([*HOMEBODY, "ledger", "list", "--json"]).out)["connections"]
    assert [each["purpose"] for each in listed] == ["list", "download", "download"]
    assert {each["agreed"] for each in listed} == {f"homebody models get {REPO}"}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(hub, profile):
    hub.switches.bytes_per_second = 200_000
    process = subprocess.Popen(
        [*HOMEBODY, "models", "get", REPO],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(),
        text=True,
    )
    deadline = time.monotonic() + 30
    while hub.sent < 100_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert f"`homebody models get {REPO}` goes on" in err
    (part,) = (profile / "models" / "incoming").glob("*.part")
    kept = part.stat().st_size
    assert kept > 50_000
    hub.switches.bytes_per_second, hub.sent = None, 0
    assert models("get", REPO).status == 0
    # A slice may still have been on its way to the one that was interrupted.
    assert hub.sent <= 600_000 - kept + 32 * 1024


def test_on_a_terminal_one_line_tells_how_far_it_is(hub, profile):
    import pexpect

    hub.switches.bytes_per_second = 300_000
    child = pexpect.spawn(
        HOMEBODY[0], [*HOMEBODY[1:], "models", "get", REPO], env=surroundings(),
        dimensions=(30, 100), encoding="utf-8", timeout=30,
    )  # fmt: skip
    child.expect(r"Tiny-Q4_K_M: \d+ %, 0\.\d MB of 0\.6 MB, 0\.\d MB/s, 0 min \d s left")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert re.search(r"\r\x1b\[K.*Tiny-Q4_K_M\.gguf", child.before, re.DOTALL)


def test_a_token_is_not_asked_for_where_none_can_be_kept(hub, monkeypatch):
    # A bus that is not there: no keyring.
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    models("token", stdin=b"hf_abcdefghijkl\n").complained("no keyring", "GNOME Keyring")
    forgotten = models("token", "--forget", "--json")
    assert json.loads(forgotten.out) == {"there": False, "place": ""}
    assert hub.asked == []
