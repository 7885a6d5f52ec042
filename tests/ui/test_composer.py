"""The composer: what sends, what does not, and that no word is ever lost."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage, QInputMethodEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLayout

from homebody.ui.composer import Composer
from homebody.ui.states import AttachmentChip, ComposerState
from ui.stage import child, stage

KEY, HELD = Qt.Key, Qt.KeyboardModifier
READY = ComposerState(can_send=True, placeholder="Ask")
RUNNING = ComposerState(running=True)
CHIPS = (AttachmentChip(name="a.md", detail="12 tokens"), AttachmentChip(name="b.md"))


@pytest.fixture
def composer(look, qtbot) -> Composer:
    made = Composer(look)
    stage(qtbot, made, 800, 600)
    made.show_state(READY)
    made.focus()
    return made


def field(composer):
    return child(composer, "message")


def words(composer) -> list[str]:
    return [label.text() for label in composer.findChildren(QLabel) if label.isVisible()]


def test_enter_sends_and_leaves_the_words_where_they_are(composer, qtbot):
    qtbot.keyClicks(field(composer), "Hello")
    with qtbot.waitSignal(composer.sent) as got:
        qtbot.keyClick(field(composer), KEY.Key_Return)
    assert got.args == ["Hello"]
    assert composer.text() == "Hello"


def test_the_button_sends_too(composer, qtbot):
    composer.set_text("Hello")
    with qtbot.waitSignal(composer.sent) as got:
        qtbot.mouseClick(child(composer, "send"), Qt.MouseButton.LeftButton)
    assert got.args == ["Hello"]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_is_not_sent(composer, qtbot, text):
    composer.set_text(text)
    assert not child(composer, "send").isEnabled()
    with qtbot.assertNotEmitted(composer.sent):
        qtbot.keyClick(field(composer), KEY.Key_Return)


@pytest.mark.parametrize("state", [ComposerState(), RUNNING])
def test_enter_does_nothing_while_nothing_can_be_sent_and_the_words_stay(composer, qtbot, state):
    composer.show_state(state)
    composer.set_text("Hello")
    with qtbot.assertNotEmitted(composer.sent):
        qtbot.keyClick(field(composer), KEY.Key_Return)
    assert composer.text() == "Hello"


@pytest.mark.parametrize("held", [HELD.ShiftModifier, HELD.AltModifier])
def test_enter_with_a_key_held_begins_a_line(composer, qtbot, held):
    qtbot.keyClicks(field(composer), "a")
    with qtbot.assertNotEmitted(composer.sent):
        qtbot.keyClick(field(composer), KEY.Key_Return, held)
    qtbot.keyClicks(field(composer), "b")
    assert composer.text() == "a\nb"


def test_enter_belongs_to_the_input_method_while_it_composes(composer, qtbot):
    qtbot.keyClicks(field(composer), "a")
    QApplication.sendEvent(field(composer), QInputMethodEvent("ねこ", []))
    with qtbot.assertNotEmitted(composer.sent):
        qtbot.keyClick(field(composer), KEY.Key_Return)
    done = QInputMethodEvent()
    done.setCommitString("猫")
    QApplication.sendEvent(field(composer), done)
    with qtbot.waitSignal(composer.sent) as got:
        qtbot.keyClick(field(composer), KEY.Key_Return)
    assert got.args == ["a猫"]


def test_escape_stops_a_reply_and_then_cancels_an_edit(composer, qtbot):
    composer.show_state(ComposerState(running=True, editing="Editing."))
    with qtbot.waitSignal(composer.stop_asked), qtbot.assertNotEmitted(composer.edit_cancelled):
        qtbot.keyClick(field(composer), KEY.Key_Escape)
    composer.show_state(ComposerState(can_send=True, editing="Editing."))
    with qtbot.waitSignal(composer.edit_cancelled):
        qtbot.keyClick(field(composer), KEY.Key_Escape)


def test_up_in_an_empty_field_asks_for_the_last_message_and_only_there(composer, qtbot):
    with qtbot.waitSignal(composer.edit_last_asked):
        qtbot.keyClick(field(composer), KEY.Key_Up)
    composer.set_text("a\nb")
    with qtbot.assertNotEmitted(composer.edit_last_asked):
        qtbot.keyClick(field(composer), KEY.Key_Up)


def test_a_paste_is_plain_and_a_picture_is_refused(composer):
    rich = QMimeData()
    rich.setHtml("<b>bold</b><img src='file:///etc/passwd'>")
    rich.setText("bold")
    field(composer).insertFromMimeData(rich)
    assert composer.text() == "bold"
    # A plain text even where that looks like markup, or is one to Qt.
    marked = QMimeData()
    marked.setHtml("<b>x</b>")
    marked.setText("<b>x</b>\u2029y")
    composer.set_text("")
    field(composer).insertFromMimeData(marked)
    assert composer.text() == "<b>x</b>\ny"
    composer.set_text("bold")
    picture = QMimeData()
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    picture.setImageData(image)
    assert not field(composer).canInsertFromMimeData(picture)
    field(composer).insertFromMimeData(picture)
    assert composer.text() == "bold"


def test_files_that_are_pasted_go_out_by_their_paths(composer, qtbot):
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/a/plan.md"), QUrl("https://example.org")])
    files.setText("file:///a/plan.md")
    with qtbot.waitSignal(composer.files_given) as got:
        field(composer).insertFromMimeData(files)
    assert got.args == [["/a/plan.md"]]
    assert composer.text() == ""


def test_files_that_are_dropped_on_the_card_go_out_too(composer, qtbot):
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/a/plan.md")])
    drop = QDropEvent(
        QPointF(QPoint(5, 5)),
        Qt.DropAction.CopyAction,
        files,
        Qt.MouseButton.LeftButton,
        HELD.NoModifier,
    )
    with qtbot.waitSignal(composer.files_given) as got:
        composer.dropEvent(drop)
    assert got.args == [["/a/plan.md"]]


def test_a_web_address_is_pasted_as_words(composer):
    address = QMimeData()
    address.setUrls([QUrl("https://example.org/a")])
    address.setText("https://example.org/a")
    field(composer).insertFromMimeData(address)
    assert composer.text() == "https://example.org/a"


def test_the_dialog_for_files_does_not_block(composer, qtbot):
    qtbot.mouseClick(child(composer, "attach"), Qt.MouseButton.LeftButton)
    dialog = composer.findChild(QFileDialog, "attach_dialog")
    assert dialog.isVisible()
    with qtbot.waitSignal(composer.files_given) as got:
        dialog.filesSelected.emit(["/a/b.md"])
    assert got.args == [["/a/b.md"]]
    dialog.close()


def test_a_state_changes_neither_text_nor_cursor_nor_focus(composer, qtbot):
    qtbot.keyClicks(field(composer), "Hello there")
    cursor = field(composer).textCursor()
    cursor.setPosition(3)
    field(composer).setTextCursor(cursor)
    for state in (RUNNING, ComposerState(attachments=CHIPS, editing="E.", meter="1 of 2"), READY):
        composer.show_state(state)
        assert composer.text() == "Hello there"
        assert field(composer).textCursor().position() == 3
        assert field(composer).hasFocus()


def test_setting_the_same_text_keeps_the_cursor_and_what_can_be_undone(composer, qtbot):
    qtbot.keyClicks(field(composer), "abc")
    cursor = field(composer).textCursor()
    cursor.setPosition(1)
    field(composer).setTextCursor(cursor)
    composer.set_text("abc")
    assert field(composer).textCursor().position() == 1
    assert field(composer).document().isUndoAvailable()


def test_typing_is_told(composer, qtbot):
    said = []
    composer.text_changed.connect(said.append)
    qtbot.keyClicks(field(composer), "ab")
    assert said == ["a", "ab"]


def test_stop_takes_the_place_of_send_and_the_focus(composer, qtbot):
    composer.set_text("a")
    child(composer, "send").setFocus()
    composer.show_state(RUNNING)
    assert not child(composer, "send").isVisible()
    assert child(composer, "stop").hasFocus()
    with qtbot.waitSignal(composer.stop_asked):
        qtbot.keyClick(child(composer, "stop"), KEY.Key_Space)
    composer.set_text("")
    composer.show_state(READY)
    assert field(composer).hasFocus()


def test_chips_can_be_taken_off_and_the_focus_stays_in_the_row(composer, qtbot):
    composer.show_state(ComposerState(attachments=CHIPS))
    second = child(composer, "remove_attachment_1")
    second.setFocus()
    with qtbot.waitSignal(composer.attachment_removed) as got:
        qtbot.keyClick(second, KEY.Key_Space)
    assert got.args == [1]
    composer.show_state(ComposerState(attachments=CHIPS[:1]))
    assert QApplication.focusWidget().objectName() == "remove_attachment_0"
    composer.show_state(ComposerState())
    assert field(composer).hasFocus()


@pytest.mark.parametrize(
    ("level", "said"),
    [("calm", "1k of 4k"), ("near", "1k of 4k · some left out"), ("over", "1k of 4k · too long")],
)
def test_the_meter_says_in_words_what_its_colour_says(composer, level, said):
    state = ComposerState(meter="1k of 4k", meter_detail="One turn is left out.", meter_level=level)
    composer.show_state(state)
    assert said in words(composer)
    [meter] = [label for label in composer.findChildren(QLabel) if label.text() == said]
    assert meter.accessibleDescription() == "One turn is left out."


def test_the_field_grows_with_its_text_up_to_a_share_of_the_window(composer, qtbot):
    one = field(composer).height()
    composer.set_text("\n" * 3)
    assert field(composer).height() > 3 * one / 2
    composer.set_text("line\n" * 500)
    assert 0.3 * 600 < field(composer).height() <= 0.4 * 600 + 8
    qtbot.waitUntil(lambda: field(composer).verticalScrollBar().isVisible())
    composer.set_text("")
    assert field(composer).height() == one


def test_a_long_line_is_broken_and_grows_the_field_too(composer):
    one = field(composer).height()
    composer.set_text("word " * 100)
    assert field(composer).height() > one


def test_an_edit_can_be_cancelled_and_the_focus_goes_to_the_field(composer, qtbot):
    composer.show_state(ComposerState(editing="The old answer is kept."))
    cancel = child(composer, "cancel_edit")
    cancel.setFocus()
    with qtbot.waitSignal(composer.edit_cancelled):
        qtbot.keyClick(cancel, KEY.Key_Space)
    composer.show_state(READY)
    assert field(composer).hasFocus()


def test_nothing_in_the_field_or_in_a_file_name_is_read_as_markup(composer):
    chip = AttachmentChip(name="<b>x</b>", detail="<i>no</i>")
    composer.show_state(ComposerState(attachments=(chip,), editing="<u>e</u>"))
    formats = {label.textFormat() for label in composer.findChildren(QLabel) if "<" in label.text()}
    assert formats == {Qt.TextFormat.PlainText}


def test_a_narrow_composer_drops_the_meter_and_cuts_no_button(composer, qtbot):
    composer.show_state(ComposerState(can_send=True, meter="624 of 4k"))
    assert "624 of 4k" in words(composer)
    # As in the window, which may be narrower than what is in it would like.
    composer.window().layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    composer.window().setMinimumSize(1, 1)
    composer.window().resize(276, 600)
    qtbot.waitUntil(lambda: composer.width() == 276)
    qtbot.waitUntil(lambda: "624 of 4k" not in words(composer))
    send = child(composer, "send")
    qtbot.waitUntil(lambda: send.width() >= send.sizeHint().width())
    assert send.mapTo(composer, QPoint(send.width(), 0)).x() < composer.width()
    composer.window().resize(800, 600)
    qtbot.waitUntil(lambda: "624 of 4k" in words(composer))
