"""The header: title, model and home."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QMenu, QPushButton

from homebody.ui.header import Header
from homebody.ui.states import HeaderState, ModelChoice
from ui.stage import child, stage

KEY = Qt.Key
MODELS = (
    ModelChoice(name="starter", title="SmolLM2 135M", detail="98 MB", chosen=True),
    ModelChoice(name="/models/q&a.gguf", title="Q&A 4B"),
)
STATE = HeaderState(
    title="Trip to Porto",
    model="SmolLM2 135M",
    model_detail="on the processor",
    models=MODELS,
    home="Nothing is sent. The kernel sees to it.",
)


@pytest.fixture
def header(look, qtbot) -> Header:
    made = Header(look)
    stage(qtbot, made, 800, 300)
    made.show_state(STATE)
    return made


def test_the_chip_says_which_model_and_where_it_computes(header, qtbot):
    chip = child(header, "model")
    qtbot.waitUntil(lambda: chip.text() == "SmolLM2 135M · on the processor")


def test_a_failed_model_is_marked_and_read_as_failed(header):
    calm = child(header, "model").toolButtonStyle()
    failed = HeaderState(model="SmolLM2", model_detail="stopped", model_failed=True)
    header.show_state(failed)
    chip = child(header, "model")
    assert chip.toolButtonStyle() != calm
    assert chip.accessibleName() == "Model, failed: SmolLM2 · stopped"


@pytest.mark.parametrize("place", [0, 1])
def test_a_model_is_chosen_from_the_menu(header, qtbot, place):
    qtbot.mouseClick(child(header, "model"), Qt.MouseButton.LeftButton)
    menu = header.findChild(QMenu, "models_menu")
    assert menu.isVisible()
    with qtbot.waitSignal(header.model_chosen) as got:
        menu.actions()[place].trigger()
    assert got.args == [MODELS[place].name]
    menu.hide()


def test_the_menu_marks_the_chosen_model_and_reads_no_letter_as_a_key(header):
    header.open_models()
    menu = header.findChild(QMenu, "models_menu")
    assert [action.isChecked() for action in menu.actions()[:2]] == [True, False]
    assert menu.actions()[1].text() == "Q&&A 4B"
    menu.hide()


def test_a_model_file_is_asked_for_without_blocking(header, qtbot):
    header.open_model_file()
    dialog = header.findChild(QFileDialog, "model_dialog")
    assert dialog.isVisible()
    with qtbot.waitSignal(header.model_file_given) as got:
        dialog.fileSelected.emit("/a/b.gguf")
    assert got.args == ["/a/b.gguf"]
    dialog.close()


def edit(header, qtbot):
    title = child(header, "title")
    qtbot.mouseDClick(title, Qt.MouseButton.LeftButton)
    editor = child(header, "title_field")
    qtbot.waitUntil(editor.hasFocus)
    return editor


def test_a_double_click_edits_the_title(header, qtbot):
    editor = edit(header, qtbot)
    assert editor.text() == "Trip to Porto"
    editor.setText(" Lisbon ")
    with qtbot.waitSignal(header.rename_asked) as got:
        qtbot.keyClick(editor, KEY.Key_Return)
    assert got.args == ["Lisbon"]
    assert child(header, "title").isVisible()


def test_enter_edits_the_title_and_one_click_does_not(header, qtbot):
    title = child(header, "title")
    qtbot.mouseClick(title, Qt.MouseButton.LeftButton)
    assert not child(header, "title_field").isVisible()
    title.setFocus()
    qtbot.keyClick(title, KEY.Key_Return)
    assert child(header, "title_field").isVisible()


def test_a_title_being_typed_outlives_a_new_state(header, qtbot):
    editor = edit(header, qtbot)
    editor.setText("Half")
    header.show_state(HeaderState(title="Another", model="M"))
    assert editor.isVisible()
    assert editor.text() == "Half"
    assert not child(header, "title").isVisible()


@pytest.mark.parametrize(("key", "text"), [(KEY.Key_Escape, "Other"), (KEY.Key_Return, " ")])
def test_escape_and_nothing_rename_nothing(header, qtbot, key, text):
    editor = edit(header, qtbot)
    editor.setText(text)
    with qtbot.assertNotEmitted(header.rename_asked):
        qtbot.keyClick(editor, key)
    assert child(header, "title").hasFocus()


def test_a_temporary_chat_says_so_and_has_no_title_to_keep(header, qtbot):
    header.show_state(HeaderState(title="Temporary chat", temporary=True))
    badges = [label.text() for label in header.findChildren(QLabel) if label.isVisible()]
    assert badges == ["Temporary: nothing is kept"]
    header.edit_title()
    assert not child(header, "title_field").isVisible()


def test_long_words_are_cut_and_told_whole(look, qtbot):
    made = Header(look)
    stage(qtbot, made, 420, 60)
    made.show_state(HeaderState(title="word " * 60, model="A model with a name " * 6))
    for name in ("title", "model"):
        button = child(made, name)
        qtbot.waitUntil(lambda button=button: button.text().endswith("…"))
        assert button.toolTip() == button.words()
    assert made.width() == 420
    home = child(made, "home")
    assert home.geometry().right() < 420


def card(header) -> QFrame | None:
    found = header.window().findChildren(QFrame, "popover")
    return next((each for each in found if each.isVisible()), None)


def test_home_says_what_stays_and_blocks_nothing(header, qtbot):
    home = child(header, "home")
    home.setFocus()
    qtbot.keyClick(home, KEY.Key_Space)
    assert STATE.home in [label.text() for label in card(header).findChildren(QLabel)]
    qtbot.keyClick(card(header), KEY.Key_Escape)
    assert card(header) is None
    assert home.hasFocus()


def test_home_again_or_a_click_elsewhere_closes_its_card(header, qtbot):
    home = child(header, "home")
    elsewhere = QPushButton(header.window())
    elsewhere.move(10, 200)
    elsewhere.show()
    for target in (home, elsewhere):
        qtbot.mouseClick(home, Qt.MouseButton.LeftButton)
        assert card(header) is not None
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton)
        assert card(header) is None


def test_a_long_title_is_cut_before_the_name_of_the_model(header, qtbot):
    title = "A title without an end " * 9
    header.show_state(HeaderState(title=title, model="SmolLM2 135M", model_detail="loading 54 %"))
    chip = child(header, "model")
    qtbot.waitUntil(lambda: chip.text() == "SmolLM2 135M · loading 54 %")
    assert child(header, "title").text().endswith("…")
    assert child(header, "home").geometry().right() < header.width()


def test_the_corner_says_what_leaves_and_home_again_after_it(header):
    home = child(header, "home")
    header.show_state(HeaderState(title="T", model="M", sending="api.example.org"))
    assert home.text() == "sending to api.example.org"
    assert home.accessibleName().startswith("Sending to api.example.org")
    assert home.icon().isNull()
    header.show_state(HeaderState(title="T", model="M"))
    assert home.text() == "home"
    assert not home.icon().isNull()
    # What leaves is said first, whatever is set.
    header.show_state(HeaderState(title="T", model="M", sending="a&b", offline=True))
    assert home.text() == "sending to a&&b"
    header.show_state(HeaderState(title="T", model="M", offline=True))
    assert home.text() == "offline"
