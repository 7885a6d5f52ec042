"""The page of privacy as a person meets it: widgets, keys, and whole journeys by clicks."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from homebody.base.paths import find_home
from homebody.settings.providers import load_providers
from homebody.ui.pages.privacy import PrivacyPage
from homebody.ui.pages.privacy_erased import ErasedCover, erased_state
from homebody.ui.pages.privacy_rows import _Row
from homebody.ui.privacy_states import (
    Choice,
    EraseState,
    HoldsState,
    KeyState,
    LedgerDetails,
    LedgerRow,
    LedgerState,
    OwnWord,
    PrivacyState,
    ProviderCard,
    ProviderFields,
    ProviderForm,
    ProvidersState,
    WordRow,
    WordsState,
)
from homebody.ui.states import Fact
from homebody.ui.theme import Look
from ui.access import stops, unnamed
from ui.journey import Journey, journey
from ui.privacy_kit import RealPrivacy, add, provider, real_privacy, write_ledger
from ui.stage import stage

WriteScript = Callable[..., Path]
KEY = Qt.Key
FORM = ProviderForm(
    number=1,
    fields=ProviderFields(name="Mistral", url="https://api.mistral.ai/v1", model="small-1"),
    key=KeyState(words="No key is kept for it.", can_give=True, there=True),
    look_note="That connects to api.mistral.ai.",
)
MISTRAL = ProviderCard(
    name="Mistral", words="api.mistral.ai · small-1", facts=("Asks you each time.",), agreed=True
)
NEW = ProviderForm(
    number=2, is_new=True, presets=(Choice("", "Another address"), Choice("Groq", "Groq"))
)


def rows(count: int) -> tuple[LedgerRow, ...]:
    return tuple(
        LedgerRow(number=n, title=f"Did {n}", words="asked a.example", when="today, 09:00")
        for n in range(count, 0, -1)
    )


STATE = PrivacyState(
    left="Nothing has ever left this machine.",
    holds=HoldsState(sentences=("It holds.",), limits=("It may not.",)),
    providers=ProvidersState(cards=(MISTRAL,)),
    words=WordsState(
        rows=(WordRow(word="Ada", kind="a name"), WordRow(word="Jacquard", kind="a project")),
        own=(OwnWord("/home/ada", "a folder"),),
        kinds=(Choice("PERSON", "a name"), Choice("WORD", "something else")),
    ),
    ledger=LedgerState(rows=rows(3), more="Show all 48"),
    erase=EraseState(goes=("everything",), models="Also the models, 4.6 GB", word="erase"),
)


@pytest.fixture
def page(look: Look, qtbot: QtBot) -> PrivacyPage:
    made = PrivacyPage(look)
    made.show_state(STATE)
    stage(qtbot, made, height=1600)
    return made


def seen(page: QWidget, name: str, number: int = 0) -> QWidget:
    found = [each for each in page.findChildren(QWidget, name) if each.isVisible()]
    assert len(found) > number, f"no {name} to be seen"
    return found[number]


def press(page: QWidget, name: str, number: int = 0) -> None:
    button = seen(page, name, number)
    assert isinstance(button, QAbstractButton)
    button.click()


def said(page: QWidget) -> str:
    return "\n".join(
        each.text().replace("\u200b", "") for each in page.findChildren(QLabel) if each.isVisible()
    )


def hear(*signals: object) -> list[tuple[object, ...]]:
    heard: list[tuple[object, ...]] = []
    for signal in signals:
        signal.connect(lambda *given: heard.append(given))  # type: ignore[attr-defined]
    return heard


# ---------------------------------------------------------------- what is pressed is reported


def test_what_is_pressed_on_cards_words_and_the_ledger_is_reported(page: PrivacyPage) -> None:
    providers, words, ledger = page.providers, page.words, page.ledger
    heard = hear(
        page.offline_given, providers.add_asked, providers.opened, providers.removed,
        providers.taken_back, words.removed, ledger.filtered, ledger.verify_asked,
        ledger.export_asked, ledger.more_asked, ledger.opened,
    )  # fmt: skip
    for name, number in (
        ("privacy_offline", 0),
        ("provider_add", 0),
        ("provider_change", 0),
        ("provider_remove", 0),
        ("provider_take_back", 0),
        ("private_remove", 1),
        ("ledger_elsewhere", 0),
        ("ledger_verify", 0),
        ("ledger_export", 0),
        ("ledger_more", 0),
        ("ledger_row", 1),
    ):
        press(page, name, number)
    assert heard == [
        (True,), (), ("Mistral",), ("Mistral",), ("Mistral",), ("Jacquard",), ("elsewhere",), (),
        (), (), (2,),
    ]  # fmt: skip
    # A click alone does not say what is shown: the state does.
    chosen = seen(page, "ledger_all")
    assert isinstance(chosen, QAbstractButton)
    assert chosen.isChecked()


def test_everything_has_a_name_and_tab_goes_as_one_reads(page: PrivacyPage) -> None:
    open_ = replace(MISTRAL, form=FORM)
    page.show_state(replace(STATE, providers=ProvidersState(cards=(open_,))))
    assert unnamed(page) == []
    page.focusNextPrevChild(True)
    found = [each for each in stops(page.window()) if each not in {"", "qt_scrollarea_viewport"}]
    order = (
        "jump_holds", "jump_erase", "privacy_offline", "provider_take_back", "provider_url",
        "provider_key", "provider_look", "provider_mine", "provider_keep", "provider_add",
        "private_remove", "private_word", "private_kind", "ledger_all", "ledger_export",
        "ledger_row", "ledger_more", "erase_models", "erase_word",
    )  # fmt: skip
    places = [found.index(name) for name in order]
    assert places == sorted(places)
    # The rows are one stop: the arrows go on from there.
    assert found.count("ledger_row") == 1


def test_busy_and_failed_pages_show_that_and_nothing_else(page: PrivacyPage) -> None:
    page.show_state(PrivacyState(busy="Looking…"))
    assert said(page) == "Looking…"
    page.show_state(PrivacyState(problem="The disk does not answer.", hint="Look at it."))
    assert said(page) == "The disk does not answer.\nLook at it."
    heard = hear(page.refreshed)
    press(page, "privacy_again")
    assert heard == [()]
    page.show_state(STATE)
    assert "Nothing has ever left" in said(page)


# ---------------------------------------------------------------- the form


def test_what_is_typed_stays_while_the_page_is_shown_anew(page: PrivacyPage) -> None:
    open_ = replace(MISTRAL, form=FORM)
    page.show_state(replace(STATE, providers=ProvidersState(cards=(open_,))))
    url, key = seen(page, "provider_url"), seen(page, "provider_key")
    assert isinstance(url, QLineEdit)
    assert isinstance(key, QLineEdit)
    assert key.echoMode() == QLineEdit.EchoMode.Password
    assert url.hasFocus()
    url.setText("https://other.example/v1")
    key.setText("sk-canary")
    problem = replace(FORM, problem="It is no address.", models=("small-1", "large-2"))
    page.show_state(
        replace(STATE, providers=ProvidersState(cards=(replace(MISTRAL, form=problem),)))
    )
    assert url.text() == "https://other.example/v1"
    assert key.text() == "sk-canary"
    assert "It is no address." in said(page)
    heard = hear(page.providers.kept, page.providers.key_given)
    press(page, "provider_key_keep")
    press(page, "provider_keep")
    assert heard[0] == ("sk-canary",)
    [typed] = heard[1]
    assert isinstance(typed, ProviderFields)
    assert (typed.url, typed.model, typed.name) == (
        "https://other.example/v1", "small-1", "Mistral",
    )  # fmt: skip
    busy = replace(problem, key=replace(FORM.key, busy=True))
    page.show_state(replace(STATE, providers=ProvidersState(cards=(replace(MISTRAL, form=busy),))))
    assert not key.isEnabled()
    page.show_state(
        replace(STATE, providers=ProvidersState(cards=(replace(MISTRAL, form=problem),)))
    )
    # It was kept: what was typed is here no longer.
    assert key.text() == ""


def test_a_new_provider_begins_with_who_it_is(page: PrivacyPage) -> None:
    page.show_state(replace(STATE, providers=ProvidersState(cards=(MISTRAL,), new=NEW)))
    assert seen(page, "provider_from").hasFocus()
    heard = hear(page.providers.preset_chosen, page.providers.opened)
    QTest.keyClick(seen(page, "provider_from"), KEY.Key_Down)
    assert heard == [("Groq",)]
    again = replace(NEW, number=3, fields=ProviderFields(name="Groq", url="https://g.example/v1"))
    page.show_state(replace(STATE, providers=ProvidersState(cards=(MISTRAL,), new=again)))
    name = seen(page, "provider_name")
    assert isinstance(name, QLineEdit)
    assert name.text() == "Groq"
    press(page, "provider_cancel")
    assert heard[-1] == ("",)
    page.show_state(STATE)
    assert seen(page, "provider_add").hasFocus() or page.hasFocus()


def test_the_wheel_over_a_choice_changes_nothing(page: PrivacyPage, qtbot: QtBot) -> None:
    kind = seen(page, "private_kind")
    qtbot.waitUntil(kind.isVisible)
    before = kind.currentIndex()  # type: ignore[attr-defined]
    centre = kind.rect().center()
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    event = QWheelEvent(
        QPointF(centre),
        QPointF(kind.mapToGlobal(centre)),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(kind, event)
    assert kind.currentIndex() == before  # type: ignore[attr-defined]


def test_a_private_word_is_added_by_enter(page: PrivacyPage) -> None:
    heard = hear(page.words.added)
    field = seen(page, "private_word")
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "Byron")
    QTest.keyClick(field, KEY.Key_Return)
    assert heard == [("Byron", "PERSON")]
    assert field.text() == ""
    QTest.keyClick(field, KEY.Key_Return)
    assert len(heard) == 1


# ---------------------------------------------------------------- the ledger's rows


def test_of_ten_thousand_rows_only_those_that_can_be_seen_are_made(
    look: Look, qtbot: QtBot
) -> None:
    page = PrivacyPage(look)
    stage(qtbot, page, height=600)
    many = replace(STATE, ledger=LedgerState(rows=rows(10_000)))
    begun = time.perf_counter()
    page.show_state(many)
    QApplication.processEvents()
    # A ratio in a benchmark, a bound here: making them all takes many seconds.
    assert time.perf_counter() - begun < 3
    bar = page.verticalScrollBar()
    for value in (bar.maximum() // 2, bar.maximum(), 0, bar.maximum() // 3):
        bar.setValue(value)
        QApplication.processEvents()
        made = page.findChildren(_Row)
        assert len([each for each in made if not each.isHidden()]) < 30
    shown = [each for each in made if not each.visibleRegion().isEmpty()]
    assert shown
    numbers = sorted(each._row.number for each in shown)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] > 5000


def test_arrows_go_through_the_rows_and_what_has_the_focus_is_seen(
    look: Look, qtbot: QtBot
) -> None:
    page = PrivacyPage(look)
    stage(qtbot, page, height=400)
    page.show_state(replace(STATE, ledger=LedgerState(rows=rows(500))))
    QApplication.processEvents()
    page.ledger.rows._go_to(0)
    for key, number in (
        (KEY.Key_Down, 499),
        (KEY.Key_PageDown, 491),
        (KEY.Key_Up, 492),
        (KEY.Key_End, 1),
        (KEY.Key_Down, 1),
        (KEY.Key_Home, 500),
    ):
        QTest.keyClick(QApplication.focusWidget(), key)
        QApplication.processEvents()
        row = QApplication.focusWidget()
        assert isinstance(row, _Row)
        assert row._row.number == number
        assert not row.visibleRegion().isEmpty()
    heard = hear(page.ledger.opened)
    QTest.keyClick(QApplication.focusWidget(), KEY.Key_Space)
    assert heard == [(500,)]


def test_an_unfolded_row_makes_room_and_shows_what_was_sent_as_it_was(page: PrivacyPage) -> None:
    body = '{"content":"<b>not bold</b> & [EMAIL_1]"}'
    details = LedgerDetails(
        facts=(Fact("SHA-256 of the body", "9f" * 32),),
        body=body,
        body_note="This is what was sent.",
        can_delete=True,
    )
    before = page.ledger.rows.height()
    page.show_state(replace(STATE, ledger=LedgerState(rows=rows(3), opened=2, details=details)))
    QApplication.processEvents()
    field = seen(page, "ledger_body")
    assert isinstance(field, QPlainTextEdit)
    assert field.toPlainText() == body
    assert page.ledger.rows.height() > before
    made = sorted((each for each in page.findChildren(_Row) if each.isVisible()), key=_Row.y)
    assert [each._row.number for each in made] == [3, 2, 1]
    inside = field.parentWidget()
    assert made[1].geometry().bottom() < inside.y()
    assert inside.geometry().bottom() < made[2].y() + 1
    assert unnamed(page) == []
    heard = hear(page.ledger.body_deleted, page.ledger.opened)
    press(page, "ledger_delete_body")
    press(page, "ledger_row", [each._row.number for each in page.findChildren(_Row)].index(2))
    assert heard == [(), (0,)]


# ---------------------------------------------------------------- erasing


def test_nothing_is_erased_before_the_word_is_typed_and_the_button_pressed(
    page: PrivacyPage,
) -> None:
    heard = hear(page.erase_asked)
    field, button = seen(page, "erase_word"), seen(page, "erase_everything")
    assert isinstance(button, QPushButton)
    QTest.keyClicks(field, "eras")
    assert not button.isEnabled()
    QTest.keyClick(field, KEY.Key_Return)
    QTest.keyClicks(field, "e")
    assert button.isEnabled()
    QTest.keyClick(field, KEY.Key_Return)
    assert heard == []
    button.click()
    assert heard == [(False,)]
    press(page, "erase_models")
    button.click()
    assert heard == [(False,), (True,)]
    page.show_state(replace(STATE, erase=replace(STATE.erase, running="Forgetting the keys…")))
    assert not button.isEnabled()
    assert "Forgetting the keys" in said(page)


def test_the_cover_keeps_every_key_and_ends_by_one(look: Look, qtbot: QtBot) -> None:
    from homebody.privacy.erasing import Erased

    window = QWidget()
    below = QLineEdit(window)
    stage(qtbot, window)
    cover = ErasedCover(look, window)
    cover.show_state(erased_state(None, keep_models=False))
    QTest.keyClicks(QApplication.focusWidget(), "words")
    assert below.text() == ""
    assert not [each for each in cover.findChildren(QPushButton) if each.isVisible()]
    left = Erased(stayed=("/x/homebody.sqlite (busy)",), keys=("The key for Mistral…",))
    cover.show_state(erased_state(left, keep_models=True))
    assert "Erased, but not all of it" in said(cover)
    what = seen(cover, "erased_left")
    assert isinstance(what, QPlainTextEdit)
    assert what.toPlainText() == "The key for Mistral…\n/x/homebody.sqlite (busy)"
    assert unnamed(cover) == []
    heard = hear(cover.left)
    QTest.keyClick(QApplication.focusWidget(), KEY.Key_Return)
    assert heard == [()]
    others = erased_state(Erased(others=("/x/taxes.ods",)), keep_models=False)
    assert others.title == "Everything is erased"
    assert "/x/taxes.ods" in " ".join(others.sentences)


# ---------------------------------------------------------------- journeys


@pytest.fixture
def behind() -> Iterator[RealPrivacy]:
    with real_privacy() as made:
        yield made


@pytest.fixture
def it(write_script: WriteScript, qapp: QApplication, behind: RealPrivacy) -> Iterator[Journey]:
    """The whole window, at the page, which was opened by its key."""
    write_ledger(3)
    with journey(write_script("Hello."), qapp, privacy=behind) as made:
        made.until(lambda: made.presenter.models.loaded, "the model")
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(made.window, KEY.Key_P, both)
        made.until(lambda: "kB left this machine" in said(made.window), "the page")
        yield made


def scroll_to(it: Journey, name: str) -> None:
    page = it.find("privacy_page")
    assert isinstance(page, PrivacyPage)
    page.ensureWidgetVisible(it.find(name))
    QTest.qWait(10)


def type_into(it: Journey, name: str, text: str) -> None:
    scroll_to(it, name)
    QTest.mouseClick(it.find(name), Qt.MouseButton.LeftButton)
    QTest.keyClicks(QApplication.focusWidget(), text)


def press_at(it: Journey, name: str) -> None:
    scroll_to(it, name)
    it.click(name)


def test_a_person_adds_somebody_to_ask_and_removes_them_again(it: Journey) -> None:
    press_at(it, "provider_add")
    type_into(it, "provider_name", "Mine")
    type_into(it, "provider_url", "http://127.0.0.1:9/v1")
    press_at(it, "provider_keep")
    it.until(lambda: "could be read on the way" in said(it.window), "the sentence")
    press_at(it, "provider_mine")
    press_at(it, "provider_keep")
    it.until(lambda: "No model is chosen yet" in said(it.window), "the card")
    it.until(lambda: it.find("provider_key").isEnabled(), "the keyring")
    type_into(it, "provider_key", "sk-canary")
    press_at(it, "provider_key_keep")
    it.until(lambda: "Its key is kept in Test Keyring" in said(it.window), "the key")
    type_into(it, "provider_model", "small-1")
    press_at(it, "provider_keep")
    it.until(lambda: "127.0.0.1:9 · small-1" in said(it.window), "the model")
    press_at(it, "provider_remove")
    it.until(lambda: "Nobody yet" in said(it.window), "its end")
    assert load_providers(find_home()) == ()


def test_a_person_looks_through_the_ledger_and_exports_it(it: Journey, tmp_path: Path) -> None:
    press_at(it, "ledger_verify")
    it.until(lambda: "The chain is whole: 6 lines." in said(it.window), "the verdict")
    press_at(it, "ledger_row")
    it.until(lambda: "SHA-256" not in said(it.window) and "Connected to" in said(it.window), "it")
    press_at(it, "ledger_elsewhere")
    it.until(lambda: "Nothing was ever asked elsewhere." in said(it.window), "the filter")
    press_at(it, "ledger_export")
    dialog = it.window.findChild(QFileDialog, "export")
    dialog.fileSelected.emit(str(tmp_path / "copy.jsonl"))
    dialog.close()
    it.until((tmp_path / "copy.jsonl").exists, "the copy")


def test_everything_is_erased_and_homebody_ends(
    it: Journey, behind: RealPrivacy, qtbot: QtBot
) -> None:
    home = find_home()
    add(provider())
    (home.models).mkdir(parents=True, exist_ok=True)
    (home.models / "mine.gguf").write_bytes(b"GGUF")
    it.presenter.go("chat")
    it.say("canary-4711")
    it.presenter.go("privacy")
    it.until(lambda: "api.mistral.ai" in said(it.window), "the provider")
    behind.courier.drawer = {"Mistral": "sk-canary"}
    assert home.database.exists()
    quits: list[bool] = []
    QApplication.instance().aboutToQuit.connect(lambda: quits.append(True))
    erasing = hear(it.desk.erasing)
    type_into(it, "erase_word", "erase")
    press_at(it, "erase_everything")
    it.until(lambda: "Everything is erased" in said(it.window), "the end")
    assert erasing == [()]
    assert behind.courier.drawer == {}
    files = [path for path in home.data.rglob("*") if path.is_file()]
    assert files == [home.models / "mine.gguf"]
    assert "The models stay" in said(it.window)
    # Closing writes nothing any more: no place of the window, no draft.
    it.desk.close()
    assert [path for path in home.data.rglob("*") if path.is_file()] == files
    assert QApplication.focusWidget() is it.find("erased_end")
