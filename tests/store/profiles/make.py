"""Writes a profile with the code of an older Homebody: run once for each schema, and kept.

    git archive COMMIT app | tar -x -C OLD
    PYTHONPATH=OLD/app python -P tests/store/profiles/make.py tests/store/profiles/vN.tar.xz

The commits: v1 d828679, v2 c7cbb3e, v3 f4cae85, v4 316ebfb, each the last with that schema. Only
what that version could write is in it; `test_old_profiles` says what every one of them holds.
"""

import importlib.util
import os
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from homebody.base.paths import Home
from homebody.settings.file import save
from homebody.store.store import Store

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def has(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def write(root: Path) -> None:
    home = Home(data=root, config=root, state=root)
    save(home, {"temperature": 0.35, "context": 8192, "appearance": "dark", "text_size": 125})
    settings = home.settings.read_text(encoding="utf-8")
    home.settings.write_text(f"# Mine.\n{settings}", encoding="utf-8")
    store = Store.open(home, clock=lambda: WHEN)
    talk(store)
    if hasattr(store, "add_note"):
        work(store)
    if hasattr(store, "offer_turn"):
        offers(store)
    store.close()
    files(home)


def talk(store: Store) -> None:
    name = store.create_conversation("Trip to Porto").id
    store.rename(name, "Trip to Porto")
    first = store.begin_turn(name, "How do I spend four days in Porto?", None)
    store.end_turn(first.id, state="done", reply="By the river. 日本 🏡", reasoning="Think.")
    one = store.begin_turn(name, "And a boat?", first.id)
    store.end_turn(one.id, state="done", reply="The one at nine.", reasoning="")
    other = store.begin_turn(name, "And a tram?", first.id)
    store.end_turn(other.id, state="stopped", reply="Number twenty-two", reasoning="")
    store.choose(one.id)
    store.pin(name)
    store.save_draft(name, "half a sentence")
    archived = store.create_conversation("Tax letter").id
    store.archive(archived)
    binned = store.create_conversation("Old things").id
    turn = store.begin_turn(binned, "Forget this", None)
    store.end_turn(turn.id, state="failed", reply="", reasoning="", problem="It broke.")
    store.delete(binned)
    open_ = store.create_conversation("Broken off").id
    turn = store.begin_turn(open_, "Tell me a long story", None)
    store.checkpoint(turn.id, "Once upon a time", "")
    if has("homebody.courier"):
        from homebody.messages.turns import Attachment

        given = store.create_conversation("With a file").id
        attached = (Attachment("lease.md", "Two rooms and a cellar."),)
        turn = store.begin_turn(given, "What does it say?", None, attached)
        store.end_turn(turn.id, state="done", reply="Two rooms.", reasoning="")


def work(store: Store) -> None:
    from homebody.messages.plans import Planned, PlannedStep, Question, SkillsPlan, Step

    store.add_note("Water the ficus")
    store.add_reminder("Call Ada", datetime(2030, 1, 2, 9, tzinfo=UTC))
    store.grant("/home/ada/Documents", "read")
    store.record_skill("calculate", "SmolLM2 135M", True, 1.5)
    name = store.create_conversation("Steps").id
    turn = store.begin_turn(name, "15% of 240, and write it down", None)
    planned = Planned(
        plan=SkillsPlan(
            (
                PlannedStep("calculate", {"expression": "15% of 240"}),
                PlannedStep("write_file", {"path": "sum.txt", "text": "$1"}),
            )
        ),
        confidence=0.9,
        ms=200.0,
        planner="expert",
        line="calculate 15% of 240\nwrite_file sum.txt | $1",
    )
    done = Step(
        skill="calculate",
        given={"expression": "15% of 240"},
        args={"expression": "15% of 240"},
        state="done",
        result="36",
        label="tool",
        ms=1.5,
        tries=1,
    )
    asks = Step(skill="write_file", given={"path": "sum.txt", "text": "$1"}, state="waiting")
    question = Question(
        step=1,
        reason="permission",
        sentence="Write 2 bytes to /home/ada/sum.txt (a new file)",
        details="36",
        folder="/home/ada",
        access="write",
        choices=("once", "always", "no", "answer"),
    )
    store.pause_turn(turn.id, question, planned, (done, asks))


def offers(store: Store) -> None:
    from homebody.messages.offers import Replacement
    from homebody.messages.providers import Provider
    from homebody.privacy.offers import make_offer
    from homebody.privacy.redaction import Redactor

    big = Provider(name="Big", url="https://api.example.org/v1", model="big-1")
    text = "Is ada@example.com mine?"
    offer = make_offer(
        big,
        reason="asked",
        sentence="You asked for it.",
        parts=[("question", "Your question", text, True)],
        redactor=Redactor(),
    )
    name = store.create_conversation("Elsewhere").id
    turn = store.begin_turn(name, text, None)
    turn = store.offer_turn(turn.id, offer, None, ())
    store.keep_vault(
        name,
        [Replacement(placeholder="[EMAIL_1]", kind="EMAIL", value="ada@example.com", by="pattern")],
    )
    turn = store.agree_offer(turn.id, offer.sha256, "once")
    store.end_turn(turn.id, state="done", reply="Yes.", reasoning="")


def files(home: Home) -> None:
    """Write what lies beside the database."""
    if has("homebody.library.shelf_file"):
        from homebody.library.shelf import Shelf
        from homebody.messages.shelf import ModelSettings

        Shelf(home).change_settings("starter", ModelSettings(temperature=0.2, context=2048))
    if has("homebody.privacy.ledger"):
        from homebody.privacy.ledger import Ledger

        ledger = Ledger(home.ledger, home.ledger_head, lambda: WHEN)
        number = ledger.opened(
            purpose="search",
            agreed="pressed Enter in the search",
            method="GET",
            host="huggingface.co",
            port=443,
            path="/api/models?search=qwen",
            address="192.0.2.1",
            proxy=None,
        )
        ledger.closed(
            number, bytes_out=412, bytes_in=5000, body_sha256=None, status=200, problem=""
        )
    if has("homebody.skills.own"):
        from homebody.skills.own import OwnSkills

        folder = home.own_skills / "minutes"
        folder.mkdir(parents=True)
        face = "---\nname: minutes\ndescription: Write minutes of a meeting.\n---\nWrite minutes.\n"
        (folder / "SKILL.md").write_text(face, encoding="utf-8", newline="\n")
        OwnSkills(home.own_skills, home.allowed_skills).allow("minutes")
    if has("homebody.settings.providers"):
        from homebody.messages.providers import Provider
        from homebody.privacy.dictionary import PrivateWord, save_words
        from homebody.settings.providers import add_provider

        add_provider(home, Provider(name="Big", url="https://api.example.org/v1", model="big-1"))
        save_words(home, [PrivateWord("Falkenhorst", "PROJECT")])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "profile"
        write(root)
        with tarfile.open(sys.argv[1], "w:xz") as archive:
            for path in sorted(root.rglob("*")):
                if path.is_file() and not path.name.endswith(("-lock", ".log")):
                    facts = tarfile.TarInfo(path.relative_to(root).as_posix())
                    facts.size = path.stat().st_size
                    with path.open("rb") as stream:
                        archive.addfile(facts, stream)
    # What SQLite left open is of no use to anybody.
    os._exit(0)


if __name__ == "__main__":
    main()
