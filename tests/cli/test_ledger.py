"""`homebody ledger`, as a person and a script see it."""

import json
from pathlib import Path

import msgspec

from cli.support import homebody
from homebody.base.paths import find_home
from homebody.messages.ledger import LedgerReport, VerifyReport
from homebody.privacy.ledger import Ledger


def write(connections: int = 2) -> None:
    home = find_home()
    ledger = Ledger(home.ledger, home.ledger_head)
    for number in range(connections):
        opened = ledger.opened(
            purpose="search", agreed='pressed "Search"', method="GET", host="hub.example",
            port=443, path="/api/models\x1b[2J", address="93.184.215.14", proxy=None,
        )  # fmt: skip
        if number % 2 == 0:
            ledger.closed(
                opened, bytes_out=1234, bytes_in=56789, body_sha256=None, status=200, problem=""
            )


def test_an_empty_ledger_says_so_and_makes_nothing(profile: Path) -> None:
    ran = homebody("ledger", "list")
    assert (ran.status, ran.out, ran.err) == (0, "No connection was ever opened.\n", "")
    ran = homebody("ledger", "verify")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "The ledger is empty. No connection was ever opened.\n"
    assert not list(profile.glob("ledger*"))


def test_every_connection_is_listed_in_plain_words() -> None:
    write()
    ran = homebody("ledger", "list")
    assert (ran.status, ran.err) == (0, "")
    assert 'search: pressed "Search"' in ran.out
    assert "hub.example:443 (93.184.215.14)" in ran.out
    assert "1,234 bytes out, 56,789 bytes in, answer 200" in ran.out
    assert "its end is not known" in ran.out
    assert ran.out.splitlines()[-1] == "2 connections, 1,234 bytes out, 56,789 bytes in."
    assert "\x1b" not in ran.out


def test_list_prints_a_ledger_report() -> None:
    write()
    ran = homebody("ledger", "list", "--json")
    report = msgspec.json.decode(ran.out, type=LedgerReport, strict=True)
    assert "\x1b" not in ran.out
    assert (report.bytes_out, report.bytes_in) == (1234, 56789)
    assert [entry.bytes_out for entry in report.connections] == [1234, None]
    assert json.loads(ran.out)["connections"][0]["purpose"] == "search"


def test_verify_says_that_it_is_whole() -> None:
    write()
    ran = homebody("ledger", "verify")
    assert (ran.status, ran.err) == (0, "")
    assert "The ledger is whole: 3 lines, 2 connections." in ran.out
    assert "The end of 1 of them is not known" in ran.out


def test_verify_fails_with_the_line_that_was_changed() -> None:
    write()
    path = find_home().ledger
    path.write_bytes(path.read_bytes().replace(b"1234", b"1"))
    ran = homebody("ledger", "verify")
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "Line 2 was changed."
    assert "Somebody changed the ledger" in ran.out
    ran = homebody("ledger", "verify", "--json")
    report = msgspec.json.decode(ran.out, type=VerifyReport, strict=True)
    assert (ran.status, report.ok, report.problems) == (1, False, ("Line 2 was changed.",))


def test_a_ledger_that_cannot_be_read_is_a_sentence() -> None:
    find_home().ledger.mkdir(parents=True)
    for action in ("list", "verify"):
        homebody("ledger", action).complained("cannot be read", "See that you may read it.")
