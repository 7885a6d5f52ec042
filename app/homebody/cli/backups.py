"""`homebody backups list|restore`: copies of the conversations, and putting one back."""

from types import SimpleNamespace

from homebody.base.clock import now
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.messages.backups import BackupFile, BackupsReport
from homebody.store.going_back import copies, go_back

__all__ = ["backups"]


def backups(home: Home, options: SimpleNamespace) -> int:
    """Do what was asked for. Returns the exit status."""
    if options.action == "list":
        return _list(home, as_json=options.json)
    return _restore(home, options.name or "", as_json=options.json)


def _list(home: Home, *, as_json: bool) -> int:
    found = copies(home)
    if as_json:
        print(to_json(BackupsReport(folder=str(home.backups), backups=found)))
        return 0
    for each in found:
        print(harmless(f"{each.name}  {_about(each)}"))
    if found:
        note("`homebody backups restore NAME` puts one back; what is there now is copied first.")
    else:
        note("There are no backups yet. One is made every half hour in which something changed.")
    return 0


def _restore(home: Home, name: str, *, as_json: bool) -> int:
    done = go_back(home, now(), name)
    if as_json:
        print(to_json(done))
        return 0
    print(harmless(f"{done.restored.name} was put back: {_about(done.restored)}."))
    if done.kept:
        print(harmless(f"What was there before is kept as {done.kept}."))
    match done.restored.written_by:
        case "older":
            note("An older Homebody opens it now. This one would upgrade it, after a copy.")
        case "newer":
            note("This version does not open it: start the newer one.")
        case _:
            pass
    return 0


def _about(backup: BackupFile) -> str:
    day = backup.taken[:16].replace("T", " ")
    if backup.conversations is None:
        return f"{day}, damaged"
    count = backup.conversations
    whose = {"older": ", of an older version", "newer": ", of a newer version"}
    told = whose.get(backup.written_by or "", "")
    return f"{day}, {count} conversation{'' if count == 1 else 's'}{told}"
