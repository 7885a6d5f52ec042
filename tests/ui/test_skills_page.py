"""The page of skills: over a real store, real own skills and the real notifier."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from homebody.base.clock import now
from homebody.base.errors import StoreProblem
from homebody.base.paths import find_home
from homebody.skills.built_in import BUILT_IN
from homebody.store.store import Store
from homebody.ui.pages.skills import SkillsPage
from homebody.ui.presenter.skills import Abilities, day_and_time
from homebody.ui.skill_states import FolderRow, KeptRow, OwnCard, SkillCard, SkillGroup, SkillsState
from homebody.ui.states import Fact
from homebody.ui.theme import Look
from ui.access import stops, unnamed
from ui.journey import journey
from ui.stage import stage
from ui.stand import Stand, stand
from ui.work_kit import RealSkills, Skilled, own_skill

WriteScript = Callable[..., Path]


@pytest.fixture
def it(write_script: WriteScript) -> Iterator[Stand]:
    """A presenter with the page of skills open."""
    with stand(write_script("Hello."), skills=RealSkills(), work=Skilled()) as made:
        made.until(lambda: made.view.composer.skills, "the skills")
        made.presenter.go("skills")
        made.until(lambda: made.view.skills.groups, "the page")
        yield made


def do(it: Stand, work: Callable[[Abilities], None]) -> None:
    it.presenter.with_skills(work)


def test_every_built_in_skill_is_on_the_page_once(it: Stand) -> None:
    names = [card.name for group in it.view.skills.groups for card in group.cards]
    assert sorted(names) == sorted(skill.name for skill in BUILT_IN)
    assert it.view.header.title == "Skills"
    assert it.view.skills.own_note
    assert str(find_home().data / "skills") in it.view.skills.own_note


def card(it: Stand, name: str) -> SkillCard:
    [found] = [each for group in it.view.skills.groups for each in group.cards if each.name == name]
    return found


def test_an_opened_skill_says_what_it_asks_touches_and_how_it_went(it: Stand) -> None:
    store = it.session.saved
    for ok in (True, True, False):
        store.record_skill("write_file", "SmolLM2 135M", ok, 20.0)
    do(it, lambda abilities: abilities.refresh())
    do(it, lambda abilities: abilities.open("write_file"))
    # The page may have been read before all three were there.
    it.until(lambda: "of 3" in str(card(it, "write_file").facts), "what is known")
    facts = {fact.label: fact.value for fact in card(it, "write_file").facts}
    assert facts["By name"] == "/write_file"
    assert "each time" in facts["Asks"]
    assert facts["Touches"] == "writes files"
    assert facts["Went well"] == "2 of 3 times (67 %) with SmolLM2 135M, usually in 20 ms"
    assert facts["Last used"].startswith("today")
    assert card(it, "write_file").mark == "asks each time"
    do(it, lambda abilities: abilities.open("translate"))
    facts = {fact.label: fact.value for fact in card(it, "translate").facts}
    assert facts["Works from"] == "a model of 1.5 billion parameters"
    assert facts["Last used"] == "never"
    assert not card(it, "write_file").is_open


def test_an_example_goes_into_the_composer(it: Stand) -> None:
    do(it, lambda abilities: abilities.open("summarize"))
    [words] = card(it, "summarize").examples
    assert words == "summarize this: …"
    do(it, lambda abilities: abilities.write_example(words))
    assert it.view.typed == "summarize this: "
    assert it.view.page == "chat"


def test_a_folder_is_let_in_changed_taken_back_and_put_back(it: Stand, tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    do(it, lambda abilities: abilities.add_folder(str(link)))
    it.until(lambda: it.view.skills.folders, "the folder")
    [row] = it.view.skills.folders
    assert (row.path, row.writes) == (str(folder.resolve()), False)
    do(it, lambda abilities: abilities.give_access(row.path, "write"))
    it.until(lambda: it.view.skills.folders[0].writes, "the change")
    do(it, lambda abilities: abilities.revoke(row.path))
    it.until(lambda: not it.view.skills.folders, "the end of it")
    assert it.session.saved.grants() == []
    it.presenter.board.act("revoked")
    it.until(lambda: it.view.skills.folders, "the undo")
    assert it.session.saved.grants()[0].access == "write"


def test_a_folder_on_another_machine_is_refused(it: Stand) -> None:
    do(it, lambda abilities: abilities.add_folder(r"\\server\share"))
    assert it.notice("problem")
    it.settle()
    assert it.session.saved.grants() == []


def test_an_own_skill_is_off_until_allowed_and_off_again_when_it_changes(it: Stand) -> None:
    file = own_skill(find_home().data / "skills", "minutes", "Write minutes.")
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.own, "the skill")
    assert it.view.skills.own[0].state == "off"
    assert "minutes" not in [each.name for each in it.view.composer.skills]
    do(it, lambda abilities: abilities.allow("minutes"))
    it.until(lambda: it.view.skills.own[0].state == "allowed", "the yes")
    assert "minutes" in [each.name for each in it.view.composer.skills]
    file.write_text(file.read_text("utf-8") + "And something else.\n", "utf-8")
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.own[0].state == "changed", "the change")
    assert "changed since you allowed it" in it.view.skills.own[0].words
    assert "minutes" not in [each.name for each in it.view.composer.skills]
    do(it, lambda abilities: abilities.allow("minutes"))
    it.until(lambda: it.view.skills.own[0].state == "allowed", "the second yes")
    do(it, lambda abilities: abilities.forbid("minutes"))
    it.until(lambda: it.view.skills.own[0].state == "off", "the no")


def test_two_own_skills_of_one_name_are_said_and_none_is_used(it: Stand) -> None:
    skills = find_home().data / "skills"
    own_skill(skills, "calculate", "Mine.")
    do(it, lambda abilities: abilities.allow("calculate"))
    it.until(lambda: it.view.skills.own and it.view.skills.own[0].state == "allowed", "the yes")
    assert it.view.skills.own[0].can_use
    assert "built-in" in it.view.skills.own_note


def test_the_folder_of_own_skills_is_made_and_opened(it: Stand) -> None:
    do(it, lambda abilities: abilities.show_own_folder())
    it.until(lambda: it.porter.opened, "the folder")
    assert Path(it.porter.opened[0]).is_dir()


def test_notes_and_reminders_are_removed_and_come_back(it: Stand) -> None:
    store = it.session.saved
    store.add_note("the wifi code is 1234")
    store.add_reminder("call mum", now() + timedelta(days=1))
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.notes and it.view.skills.reminders, "both")
    assert it.view.skills.reminders[0].when.startswith("tomorrow, ")
    do(it, lambda abilities: abilities.remove_note(it.view.skills.notes[0].id))
    it.until(lambda: not it.view.skills.notes, "the note gone")
    it.presenter.board.act("kept")
    it.until(lambda: it.view.skills.notes, "the note back")
    do(it, lambda abilities: abilities.remove_reminder(it.view.skills.reminders[0].id))
    it.until(lambda: not it.view.skills.reminders, "the reminder gone")
    it.presenter.board.act("kept")
    it.until(lambda: it.view.skills.reminders, "the reminder back")
    assert [each.text for each in store.reminders()] == ["call mum"]


def test_what_is_gone_already_is_said_and_the_page_is_read_again(it: Stand) -> None:
    store = it.session.saved
    note = store.add_note("x")
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.notes, "the note")
    store.remove_note(note.id)
    do(it, lambda abilities: abilities.remove_note(note.id))
    it.until(lambda: not it.view.skills.notes and it.notice("problem"), "the sentence")


def test_what_cannot_be_read_is_said_on_the_page(
    it: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Store) -> None:
        raise StoreProblem("The granted folders cannot be read.", "Look at the disk.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "grants", broken)
        do(it, lambda abilities: abilities.refresh())
        it.until(lambda: it.view.skills.problem, "the sentence")
        assert it.view.skills.hint == "Look at the disk."
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.groups, "the page")


def test_more_notes_than_are_shown_are_counted_out(it: Stand) -> None:
    for number in range(52):
        it.session.saved.add_note(f"note {number}")
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: len(it.view.skills.notes) == 50, "the notes")
    assert "newest 50" in it.view.skills.more_notes


def test_of_a_long_note_only_the_beginning_is_shown_and_all_of_it_comes_back(it: Stand) -> None:
    store = it.session.saved
    whole = "word " * 100_000
    store.add_note(whole)
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.notes, "the note")
    [row] = it.view.skills.notes
    assert row.text.startswith("word word")
    assert row.text.endswith("…")
    assert len(row.text) < 300
    do(it, lambda abilities: abilities.remove_note(row.id))
    it.until(lambda: not it.view.skills.notes, "its end")
    it.presenter.board.act("kept")
    it.until(lambda: it.view.skills.notes, "the undo")
    assert [each.text for each in store.notes()] == [whole]


def test_skills_that_are_switched_off_are_not_offered(it: Stand) -> None:
    it.presenter.models.change("skills", False)
    it.until(lambda: not it.view.composer.skills, "none")
    it.presenter.models.change("skills", True)
    it.until(lambda: it.view.composer.skills, "all")


# ---------------------------------------------------------------- reminders


def test_a_reminder_that_is_due_is_told_in_the_window_and_on_the_desktop(it: Stand) -> None:
    due = it.session.saved.add_reminder("call mum", now() + timedelta(seconds=0.3))
    it.until(lambda: it.view.notified, "the reminder")
    assert it.view.notified == [("Reminder", "call mum")]
    notice = it.notice(f"reminder-{due.id}")
    assert notice is not None
    assert notice.text == "Reminder: call mum"
    assert not notice.fades
    it.presenter.board.act(notice.key)
    it.settle()
    later = [each for each in it.session.saved.reminders() if each.told is None]
    assert [each.text for each in later] == ["call mum"]
    assert timedelta(minutes=9) < later[0].due - now() < timedelta(minutes=11)


def test_a_reminder_that_was_told_goes_from_the_page_and_comes_back_when_put_off(
    it: Stand,
) -> None:
    due = it.session.saved.add_reminder("call mum", now() + timedelta(seconds=1))
    do(it, lambda abilities: abilities.refresh())
    it.until(lambda: it.view.skills.reminders, "the reminder")
    it.until(lambda: it.view.notified, "the telling")
    it.until(lambda: not it.view.skills.reminders, "the reminder gone")
    it.presenter.board.act(f"reminder-{due.id}")
    it.until(lambda: it.view.skills.reminders, "the later one")


def test_what_was_missed_is_told_once_at_the_next_start(write_script: WriteScript) -> None:
    store = Store.open(find_home())
    for number in range(7):
        store.add_reminder(f"thing {number}", now() - timedelta(hours=1))
    store.close()
    for expected in (True, False):
        with stand(write_script("Hello."), skills=RealSkills()) as it:
            it.until(lambda it=it: it.view.composer.skills, "the skills")
            it.settle()
            if expected:
                it.until(lambda it=it: it.notice("missed"), "what was missed")
                text = it.notice("missed").text
                assert "thing 6" in text
                assert "and 2 earlier ones" in text
            assert it.view.notified == []
            assert bool(it.notice("missed")) is expected


def test_days_are_said_as_people_say_them() -> None:
    present = now().astimezone().replace(hour=9, minute=5)
    assert day_and_time(present) == "today, 09:05"
    assert day_and_time(present + timedelta(days=1)) == "tomorrow, 09:05"
    assert day_and_time(present - timedelta(days=1)) == "yesterday, 09:05"
    far = present + timedelta(days=40)
    assert day_and_time(far) == f"{far:%Y-%m-%d}, {far:%H:%M}"


# ---------------------------------------------------------------- the widgets


def page_state(*, opened: bool = True) -> SkillsState:
    one = SkillCard(
        name="calculate",
        title="Calculate",
        sentence="Work it out.",
        examples=("what's 15% of 240", "R&D"),
        facts=(Fact("Asks", "no"),),
        is_open=opened,
    )
    two = SkillCard(name="write_file", title="Write", sentence="Write it.", mark="asks each time")
    folder = FolderRow(path="/home/ada", words="read", other="Allow changes", writes=False)
    return SkillsState(
        groups=(SkillGroup("Things", (one, two)),),
        folders=(folder,),
        own=(
            OwnCard(name="mine", sentence="Mine.", state="off", words="off"),
            OwnCard(name="his", sentence="His.", state="allowed", words="allowed"),
            OwnCard(name="bad", sentence="", state="broken", words="broken", problem="No name."),
        ),
        notes=(KeptRow(id="n", text="a note", when="today"),),
        reminders=(KeptRow(id="r", text="a reminder", when="tomorrow"),),
    )


@pytest.fixture
def page(look: Look, qtbot: QtBot) -> SkillsPage:
    made = SkillsPage(look)
    made.show_state(page_state())
    stage(qtbot, made, height=1200)
    return made


def button(page: QWidget, name: str, number: int = 0) -> QAbstractButton:
    found = [each for each in page.findChildren(QAbstractButton, name) if each.isVisible()]
    return found[number]


def test_what_is_pressed_on_the_page_is_reported(page: SkillsPage) -> None:
    heard: list[tuple[object, ...]] = []
    for signal in ("opened", "example_chosen", "access_given", "folder_revoked", "own_allowed"):
        getattr(page, signal).connect(lambda *given, signal=signal: heard.append((signal, *given)))
    for signal in ("own_forbidden", "own_folder_asked", "note_removed", "reminder_removed"):
        getattr(page, signal).connect(lambda *given, signal=signal: heard.append((signal, *given)))
    for name, number in (
        ("skill_head", 0),
        ("skill_head", 1),
        ("skill_example", 1),
        ("folder_access", 0),
        ("folder_revoke", 0),
        ("own_allow", 0),
        ("own_forbid", 0),
        ("skills_own_folder", 0),
        ("kept_remove", 0),
        ("kept_remove", 1),
    ):
        button(page, name, number).click()
    assert heard == [
        ("opened", ""),
        ("opened", "write_file"),
        ("example_chosen", "R&D"),
        ("access_given", "/home/ada", "write"),
        ("folder_revoked", "/home/ada"),
        ("own_allowed", "mine"),
        ("own_forbidden", "his"),
        ("own_folder_asked",),
        ("reminder_removed", "r"),
        ("note_removed", "n"),
    ]


def test_the_page_has_a_name_for_everything_and_tab_goes_as_one_reads(page: SkillsPage) -> None:
    assert unnamed(page) == []
    page.setFocus()
    page.focusNextPrevChild(True)
    order = [each for each in stops(page.window()) if each != "skills_page"]
    wanted = ["jump_folders", "skill_head", "skill_example", "folder_access", "skills_add_folder"]
    places = [order.index(each) for each in wanted]
    assert places == sorted(places)
    assert order.index("own_allow") < order.index("skills_own_folder") < order.index("kept_remove")


def test_the_same_state_changes_nothing_and_a_row_that_goes_leaves_the_focus_near(
    page: SkillsPage,
) -> None:
    kept = button(page, "folder_access")
    page.show_state(page_state())
    assert button(page, "folder_access") is kept
    two = (*page_state().notes, KeptRow(id="m", text="another", when="today"))
    from msgspec.structs import replace

    page.show_state(replace(page_state(), notes=two))
    button(page, "kept_remove", 1).setFocus()
    page.show_state(replace(page_state(), notes=two[1:]))
    focus = QApplication.focusWidget()
    assert isinstance(focus, QPushButton)
    assert focus.accessibleName() == "Remove: another"


def test_no_text_of_the_persons_makes_the_page_wider_than_a_small_window(
    page: SkillsPage,
) -> None:
    long = "x" * 5000
    own = OwnCard(
        name="minutes-" * 8,
        sentence=long,
        asks="reads",
        state="changed",
        words="changed since you allowed it, so it is off",
        problem=long,
    )
    folder = FolderRow(path=f"/{long}", words="read", other="Allow changes", writes=False)
    kept = KeptRow(id="k", text=long, when="today")
    page.show_state(
        SkillsState(folders=(folder,), own=(own,), own_note=f"/{long}", notes=(kept,), reminders=())
    )
    page.resize(440, 500)
    assert page.widget().minimumSizeHint().width() <= 440


def test_a_page_that_failed_offers_to_try_again(page: SkillsPage) -> None:
    asked = []
    page.refreshed.connect(lambda: asked.append(True))
    page.show_state(SkillsState(problem="It broke.", hint="Mend it."))
    assert not page.findChild(QWidget, "skill_calculate").isVisible()
    button(page, "skills_again").click()
    assert asked == [True]
    page.show_state(page_state())
    assert page.findChild(QWidget, "skill_calculate").isVisible()


def test_the_whole_window_shows_skills_by_key_and_writes_an_example(
    qapp: QApplication, write_script: WriteScript
) -> None:
    with journey(write_script("Hello."), qapp, skills=RealSkills(), work=Skilled()) as it:
        it.until(lambda: it.presenter._abilities, "the skills")
        it.press(
            Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
        page = it.find("skills_page", SkillsPage)
        it.until(lambda: page.findChildren(QAbstractButton, "skill_head"), "the cards")
        QTest.qWait(50)
        assert unnamed(it.window) == []
        it.click("skill_head")
        it.until(lambda: page.findChildren(QAbstractButton, "skill_example"), "the card")
        it.click("skill_example")
        assert it.window.words() == "what's 15% of 240"
        assert not [each for each in it.window.findChildren(QLabel) if "$text" in each.text()]
