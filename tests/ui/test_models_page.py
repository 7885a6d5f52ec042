"""The page of models as a widget: what it makes, what it says, and how it is reached by keys."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QSlider, QWidget

from homebody.messages.shelf import ModelSettings
from homebody.ui.model_states import (
    CardButton,
    CardDetails,
    ContextSlider,
    FileRow,
    FitBar,
    ModelCard,
    ModelsState,
    SearchState,
    Section,
)
from homebody.ui.pages.models import ModelsPage
from homebody.ui.pages.models_card import Card
from homebody.ui.states import Fact
from ui.access import stops, unnamed
from ui.stage import child, stage

SEARCH = SearchState(note="It connects to a hub.")
NAMES = ("Garden", "نموذج صغير (2B)", "שלום", "a" * 300, "<b>bold</b> & co", "日本語")


def card(number: int, **facts) -> ModelCard:
    given = {
        "key": f"shelf:{number}",
        "name": NAMES[number % len(NAMES)],
        "facts": "Q4_0 · 2.1 GB",
        "bar": FitBar(0.5, 0.1, 0.1, 0.1),
        "sentence": "it fits",
        "button": CardButton("use", "Use"),
        **facts,
    }
    return ModelCard(**given)


DETAILS = CardDetails(
    facts=(Fact("File", "/a/" + "long-name/" * 30), Fact("sha256", "0123" * 16)),
    note="Close other programs.",
    slider=ContextSlider((1024, 2048, 4096), 1, "2k of 4k tokens"),
    settings=ModelSettings(),
    buttons=(CardButton("show_folder", "Show in folder"), CardButton("remove", "Remove")),
)


def state(*cards: ModelCard, **facts) -> ModelsState:
    sections = (Section(key="here", title="On this machine", cards=cards, **facts),)
    return ModelsState(machine="A machine", sections=sections, search=SEARCH)


@pytest.fixture
def page(look, qtbot):
    made = ModelsPage(look)
    stage(qtbot, made, 900, 700)
    return made


def test_everything_has_a_name_closed_and_open(page):
    rows = (
        FileRow(key="f", name="Q4", size="1 GB", mark="fits", level="ok",
                button=CardButton("get", "Get 1 GB")),
    )  # fmt: skip
    busy = card(2, progress=0.4, opens=False, other=CardButton("drop", "Cancel"))
    opened = card(0, details=replace(DETAILS, files=rows))
    page.show_state(replace(state(opened, card(1), busy, more="Show 9 more"), filters=True))
    QTest.qWait(50)
    assert unnamed(page) == []


def test_tab_goes_through_it_in_the_order_it_is_read(page):
    opened = card(0, details=replace(DETAILS, settings=None))
    page.show_state(replace(state(opened, card(1), more="Show more"), filters=True))
    QTest.qWait(50)
    page.focusNextPrevChild(True)
    assert stops(page.window()) == [
        "models_page",
        "filter_models",
        *("card_name", "card_button", "context_slider", "card_show_folder", "card_remove"),
        *("card_name", "card_button"),
        "more_here",
        "add_file",
        "add_folder",
        "search_hub",
    ]


@pytest.mark.parametrize(("size", "width"), [(75, 420), (100, 420), (200, 640), (200, 1100)])
def test_nothing_is_wider_than_the_page_and_buttons_can_be_hit(look, qtbot, size, width):
    look.choose("light", size)
    try:
        made = ModelsPage(look)
        stage(qtbot, made, width, 700)
        made.show_state(state(card(0, details=DETAILS), *(card(n) for n in range(1, 6))))
        QTest.qWait(60)
        assert made.viewport().width() >= made.widget().width()
        for button in made.findChildren(QPushButton):
            if button.isVisible():
                assert button.height() >= look.theme.size(28)
                assert button.mapTo(made, button.rect().topRight()).x() <= made.width()
    finally:
        look.choose("light", 100)


def test_the_same_state_makes_nothing_anew(page):
    page.show_state(state(card(0), card(1)))
    before = page.cards()
    page.show_state(state(card(0, sentence="another"), card(1)))
    assert page.cards() == before
    page.show_state(state(card(1), card(0)))
    assert [each.key for each in page.cards()] == ["shelf:1", "shelf:0"]
    assert set(page.cards()) == set(before)


def test_names_are_never_read_as_markup(page):
    page.show_state(state(card(4, facts="<i>x</i>", problem="<b>bad</b>")))
    formats = {each.textFormat() for each in page.cards()[0].findChildren(QLabel)}
    assert formats == {Qt.TextFormat.PlainText}


def test_a_card_opens_by_key_and_its_button_says_what_it_asks(page, qtbot):
    page.show_state(state(card(0), card(1)))
    QTest.qWait(40)
    name = child(page.cards()[1], "card_name")
    name.setFocus()
    with qtbot.waitSignal(page.opened) as opened:
        QTest.keyClick(name, Qt.Key.Key_Space)
    assert opened.args == ["shelf:1"]
    with qtbot.waitSignal(page.acted) as acted:
        QTest.mouseClick(child(page.cards()[0], "card_button"), Qt.MouseButton.LeftButton)
    assert acted.args == ["shelf:0", "use"]


def test_the_slider_says_tokens_and_the_wheel_leaves_it_alone(page, qtbot):
    page.show_state(state(card(0, details=DETAILS)))
    QTest.qWait(40)
    slider = page.findChild(QSlider, "context_slider")
    with qtbot.waitSignal(page.context_moved) as moved:
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert moved.args == [4096]


def test_a_setting_of_one_model_is_given_and_taken_back(page, qtbot):
    page.show_state(state(card(0, details=DETAILS)))
    QTest.qWait(40)
    field = child(page, "temperature")
    field.setFocus()
    QTest.keyClicks(field, "0.5")
    with qtbot.waitSignal(page.setting_given) as given:
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert given.args == ["temperature", 0.5]
    chosen = replace(DETAILS, settings=ModelSettings(temperature=0.5))
    page.show_state(state(card(0, details=chosen)))
    with qtbot.waitSignal(page.setting_given) as given:
        child(page, "reset_temperature").click()
    assert given.args == ["temperature", None]


def test_the_focus_goes_on_when_its_card_goes(page):
    page.show_state(state(card(0), card(1), card(2)))
    QTest.qWait(40)
    child(page.cards()[1], "card_button").setFocus()
    page.show_state(state(card(0), card(2)))
    assert child(page.cards()[1], "card_name").hasFocus()


def test_only_what_can_be_seen_is_asked_for(page, qtbot):
    with qtbot.waitSignal(page.seen) as seen:
        page.show_state(state(*(card(number) for number in range(40))))
    assert 3 <= len(seen.args[0]) <= 12
    with qtbot.waitSignal(page.seen) as seen:
        page.verticalScrollBar().setValue(page.verticalScrollBar().maximum())
    assert "shelf:39" in seen.args[0]
    assert "shelf:0" not in seen.args[0]


def test_searching_needs_enter_and_is_not_there_when_offline(page, qtbot):
    page.show_state(state(card(0)))
    field = child(page, "search_hub")
    heard: list[str] = []
    page.searched.connect(heard.append)
    QTest.keyClicks(field, "qwen")
    assert heard == []
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard == ["qwen"]
    page.show_state(ModelsState(search=SearchState(offline="Offline: nothing is searched.")))
    assert not field.isVisible()
    assert "Offline: nothing is searched." in [each.text() for each in page.findChildren(QLabel)]


def made(widget: QWidget) -> int:
    return len(widget.findChildren(QWidget))


def test_a_card_that_was_closed_leaves_nothing_behind(page, qtbot):
    page.show_state(state(card(0)))
    before = made(page)
    page.show_state(state(card(0, details=DETAILS)))
    assert made(page) > before
    page.show_state(state(card(0)))
    qtbot.waitUntil(lambda: made(page) == before)
    assert len(page.findChildren(Card)) == 1


def left_of_words(widget: QWidget, page: ModelsPage) -> int:
    """Return where the words, or the picture, of a widget begin, in pixels from the page's left."""
    return widget.mapTo(page, widget.rect().topLeft()).x()


@pytest.mark.parametrize("size", [100, 200])
def test_all_that_a_card_shows_begins_on_one_line(look, qtbot, size):
    look.choose("light", size)
    try:
        made = ModelsPage(look)
        stage(qtbot, made, 900, 700)
        help_out = CardButton("token", "Give a token…")
        coming = card(0, bar=None, progress=0.4, opens=False, problem="Bad.", hint="So.")
        coming = replace(coming, mend=help_out)
        made.show_state(state(coming, card(0, details=DETAILS)))
        QTest.qWait(60)
        lines = set()
        for each in made.cards():
            shown = [each._bar, each._sentence, each._problem, each._hint, each._mend]
            lines |= {left_of_words(part, made) for part in shown if part and part.isVisible()}
            # The room before the name is for the focus.
            lines.add(left_of_words(each._name, made) + look.theme.size(4))
        assert len(lines) == 1
    finally:
        look.choose("light", 100)


def test_only_a_card_with_the_one_action_has_a_border_in_the_accent(page):
    first = CardButton("get", "Get", primary=True)
    page.show_state(state(card(0, badge="best", button=first), card(1, badge="best")))
    assert [each.property("role") for each in page.cards()] == ["best", "card"]
    page.show_state(state(card(0, badge="best")))
    assert page.cards()[0].property("role") == "card"


def test_a_folder_has_a_way_out_and_the_focus_stays(page, qtbot):
    page.show_state(replace(state(card(0)), folders=("/one", "/<b>two</b>")))
    QTest.qWait(40)
    buttons = [each for each in page.findChildren(QPushButton, "remove_folder") if each.isVisible()]
    assert [each.accessibleName() for each in buttons] == [
        "Remove folder: /one",
        "Remove folder: /<b>two</b>",
    ]
    buttons[1].setFocus()
    with qtbot.waitSignal(page.folder_removed) as removed:
        buttons[1].click()
    assert removed.args == ["/<b>two</b>"]
    page.show_state(replace(state(card(0)), folders=("/one",)))
    assert child(page, "add_folder").hasFocus()


def test_an_adapter_is_chosen_in_a_dialog_that_blocks_nothing(page, qtbot):
    page.show_state(state(card(0, details=DETAILS)))
    QTest.qWait(40)
    child(page, "choose_adapter").click()
    dialog = page.findChild(QFileDialog, "adapter_dialog")
    assert dialog.isVisible()
    with qtbot.waitSignal(page.setting_given) as given:
        dialog.fileSelected.emit("/some/lora.gguf")
    assert given.args == ["adapter", "/some/lora.gguf"]
    dialog.close()


def test_where_a_token_is_kept_is_said_with_a_way_to_forget_it(page, qtbot):
    page.show_state(replace(state(card(0)), search=replace(SEARCH, token="A token is kept in X")))
    QTest.qWait(40)
    assert child(page, "forget_token").isVisible()
    child(page, "forget_token").setFocus()
    with qtbot.waitSignal(page.token_forgotten):
        child(page, "forget_token").click()
    page.show_state(state(card(0)))
    assert not child(page, "forget_token").isVisible()
    assert child(page, "search_hub").hasFocus()


@pytest.mark.parametrize("width", range(460, 820, 40))
def test_nothing_in_a_head_is_cut_or_covered_from_the_first_paint_on(look, qtbot, width):
    made = ModelsPage(look)
    stage(qtbot, made, width, 700)
    heads = [card(0, name=name, badge="best for this computer") for name in ("A", "LFM2.5 1.2B")]
    heads = [replace(each, key=f"shelf:{each.name}") for each in heads]
    facts = "1.2B · Q4_K_M · LFM Open License 1.0"
    made.show_state(state(*(replace(each, facts=facts) for each in heads)))
    for pass_ in range(3):
        QApplication.sendPostedEvents()
        for each in made.cards():
            name, badge, said = (part.geometry() for part in (each._name, each._badge, each._facts))
            assert not said.intersects(name), pass_
            assert not said.intersects(badge), pass_
            assert badge.height() >= each._badge.sizeHint().height(), pass_
            below = each._facts.mapTo(each, each._facts.rect().bottomLeft()).y()
            assert each._bar.geometry().top() >= below, pass_
        QTest.qWait(20)
        made.window().resize(width + 40 * (pass_ - 1), 700)
