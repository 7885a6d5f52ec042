"""`homebody backups …`: the way back, as a person types it."""

import json

from cli.support import HOMEBODY, Ran, run
from homebody.base.paths import find_home
from homebody.store.store import Store
from store.test_old_profiles import DREAMS, migrations, unpack


def backups(*words: str) -> Ran:
    return run([*HOMEBODY, "backups", *words])


def test_without_any_it_says_when_they_are_made():
    ran = backups("list")
    assert (ran.status, ran.out) == (0, "")
    assert "every half hour" in ran.err
    assert json.loads(backups("list", "--json").out)["backups"] == []
    backups("restore").complained("no backup that this version opens")


def test_an_upgrade_is_taken_back_and_made_again():
    home = find_home()
    unpack(home, 2)
    Store.open(home).close()
    assert len(migrations(home.database)) > 2
    ran = backups("list")
    [line] = ran.out.splitlines()
    assert "4 conversations, of an older version" in line
    name = line.split()[0]
    ran = backups("restore", name)
    assert ran.status == 0
    assert ran.out.startswith(f"{name} was put back: ")
    assert "is kept as homebody-000002-" in ran.out
    assert "An older Homebody opens it now" in ran.err
    assert len(migrations(home.database)) == 2
    done = json.loads(backups("restore", "--json").out)
    assert done["restored"]["written_by"] == "this"
    assert done["kept"].startswith("homebody-000003-")
    backups("restore", "nothing").complained("no backup 'nothing'")


def test_conversations_of_a_newer_version_are_left_and_the_way_back_is_named():
    import sqlite3
    from contextlib import closing

    home = find_home()
    unpack(home, 4)
    with closing(Store.open(home)) as store:
        store.back_up()
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute(DREAMS)
    before = home.database.read_bytes()
    ran = run([*HOMEBODY, "doctor", "--json"])
    told = json.loads(ran.out)
    assert any("newer Homebody" in each for each in told["problems"] + told["store"]["notices"])
    assert home.database.read_bytes() == before
    assert backups("restore").status == 0
    assert len(migrations(home.database)) == 4
