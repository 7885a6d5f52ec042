"""Sheets that ask before something leaves, or is gone for good."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from homebody.ui.sheets import ConfirmSheet, LinkSheet, TokenSheet
from ui.stage import child, stage

KEY = Qt.Key


@pytest.fixture
def window(look, qtbot) -> QWidget:
    made = stage(qtbot, QPushButton("below"), 700, 400)
    below = made.findChild(QPushButton)
    below.setObjectName("below")
    # Where Qt itself would go when a sheet is hidden.
    before, after = QPushButton("before", made), QPushButton("after", made)
    for other in (before, after):
        other.show()
    QWidget.setTabOrder(before, below)
    QWidget.setTabOrder(below, after)
    below.setFocus()
    return made


@pytest.fixture
def link(look, window) -> LinkSheet:
    return LinkSheet(look, window)


def address(link: LinkSheet) -> str:
    return child(link, "address").toPlainText()


def bold(link: LinkSheet) -> tuple[str, int]:
    """Return what is bold, and where it begins."""
    block = child(link, "address").document().begin()
    found, begins, each = "", -1, block.begin()
    while not each.atEnd():
        fragment = each.fragment()
        if fragment.charFormat().fontWeight() == QFont.Weight.Bold:
            found += fragment.text()
            begins = fragment.position() if begins < 0 else begins
        each += 1
    return found, begins


@pytest.mark.parametrize(
    ("given", "shown", "host"),
    [
        ("https://example.org/a?b#c", "https://example.org/a?b#c", "example.org"),
        ("https://google.com@evil.example/x", None, "evil.example"),
        # The first letter is Cyrillic.
        ("https://\u0430pple.com/", "https://xn--pple-43d.com/", "xn--pple-43d.com"),
        ("https://example.org/\u202egnp.exe", "https://example.org/%E2%80%AEgnp.exe", None),
        ("http://evil.example/https://bank.example", None, "evil.example"),
        ("https://ab.example@b.example/b.example", None, "b.example"),
        ("https://bank.example:99@evil.example", None, "evil.example"),
        ("https://a.example/?q=" + "x" * 3000, None, "a.example"),
    ],
)
def test_the_whole_address_is_shown_in_ascii_with_its_host_marked(link, given, shown, host):
    link.ask(given)
    assert address(link) == (shown or given)
    assert address(link).isascii()
    if host is not None:
        # A host ends where a path, a port or the address ends.
        words, begins = bold(link)
        assert words == host
        assert address(link)[begins - 1] in "/@"


def test_what_was_shown_is_what_is_opened(link, qtbot):
    link.ask("https://\u0430pple.com/")
    shown = address(link)
    with qtbot.waitSignal(link.opened) as got, qtbot.waitSignal(link.closed):
        qtbot.mouseClick(child(link, "open_address"), Qt.MouseButton.LeftButton)
    assert got.args == [shown]
    assert not link.isVisible()


@pytest.mark.parametrize(
    "bad",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "ssh://x",
        "C:\\x",
        "",
        "relative",
        "http://[bad",
        "smb://host/share",
    ],
)
def test_only_web_and_mail_addresses_can_be_opened(link, qtbot, bad):
    link.ask(bad)
    with qtbot.assertNotEmitted(link.opened):
        qtbot.mouseClick(child(link, "open_address"), Qt.MouseButton.LeftButton)
    assert link.isVisible()


def test_an_address_is_copied_as_it_was_shown(link, qtbot):
    link.ask("https://example.org/a b")
    with qtbot.waitSignal(link.copied) as got:
        qtbot.mouseClick(child(link, "copy_address"), Qt.MouseButton.LeftButton)
    assert got.args == ["https://example.org/a%20b"]


def test_an_address_is_never_read_as_markup(link):
    link.ask("https://example.org/<b>x</b><img src=file:///etc/passwd>")
    assert "%3Cb%3E" in address(link) or "<b>" in address(link)


def test_enter_keeps_it_home_and_the_focus_goes_back(link, window, qtbot):
    link.ask("https://example.org")
    assert child(link, "keep_home").hasFocus()
    with qtbot.waitSignal(link.closed), qtbot.assertNotEmitted(link.opened):
        qtbot.keyClick(child(link, "keep_home"), KEY.Key_Escape)
    assert child(window, "below").hasFocus()


def test_tab_stays_inside(link, window, qtbot):
    link.ask("https://example.org")
    seen = []
    for _ in range(8):
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
        seen.append(QApplication.focusWidget().objectName())
    assert set(seen) == {"address", "keep_home", "copy_address", "open_address"}
    qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Backtab)
    assert QApplication.focusWidget().objectName() in seen


def test_it_covers_the_window_also_when_that_grows(link, window):
    link.ask("https://example.org")
    window.resize(900, 500)
    assert link.size() == window.size()


def test_nothing_is_erased_without_a_second_word(look, window, qtbot):
    sheet = ConfirmSheet(look, window)
    sheet.ask("Erase “Tax” for good?", "It cannot be brought back.", "Erase for good")
    assert child(sheet, "keep_it").hasFocus()
    with qtbot.waitSignal(sheet.closed), qtbot.assertNotEmitted(sheet.agreed):
        qtbot.keyClick(child(sheet, "keep_it"), KEY.Key_Space)
    sheet = ConfirmSheet(look, window)
    sheet.ask("Erase “Tax” for good?", "It cannot be brought back.", "Erase for good")
    with qtbot.waitSignal(sheet.agreed):
        qtbot.mouseClick(child(sheet, "agree"), Qt.MouseButton.LeftButton)
    assert not sheet.isVisible()


def test_a_focus_that_is_gone_meanwhile_is_not_given_back(link, window, qtbot):
    link.ask("https://example.org")
    below = child(window, "below")
    with qtbot.waitSignal(below.destroyed):
        below.deleteLater()
    link.close_sheet()
    assert not link.isVisible()


def test_the_keys_of_the_window_rest_while_a_sheet_asks(link, window, qtbot):
    action = QAction(window)
    action.setShortcut("Ctrl+N")
    window.addAction(action)
    link.ask("https://example.org")
    with qtbot.assertNotEmitted(action.triggered):
        qtbot.keyClick(child(link, "keep_home"), KEY.Key_N, Qt.KeyboardModifier.ControlModifier)
    link.close_sheet()
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(child(window, "below"), KEY.Key_N, Qt.KeyboardModifier.ControlModifier)


def test_a_sheet_that_was_closed_is_gone(link, qtbot):
    link.ask("https://example.org")
    with qtbot.waitSignal(link.destroyed):
        link.close_sheet()


@pytest.mark.parametrize(("name", "opened"), [("open_address", 1), ("keep_home", 0)])
def test_enter_presses_the_button_with_the_focus(link, qtbot, name, opened):
    asked: list[str] = []
    link.opened.connect(asked.append)
    link.ask("https://example.com/")
    child(link, name).setFocus()
    qtbot.keyClick(child(link, name), KEY.Key_Return)
    assert len(asked) == opened
    assert link.isHidden()


SECRET = "hf_abcdefghijklmnop"


@pytest.fixture
def token(look, window) -> TokenSheet:
    made = TokenSheet(look, window)
    made.ask()
    return made


def spoken(widget: QWidget) -> str:
    """Return everything that a screen reader is told of a widget and what is in it."""
    kinds = QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value
    said = []
    for each in (widget, *widget.findChildren(QWidget)):
        interface = QAccessible.queryAccessibleInterface(each)
        said += [interface.text(kind) for kind in kinds] if interface else []
    return "\n".join(said)


def test_a_token_is_typed_once_there_is_a_place_for_it_and_never_shown(token, qtbot):
    field, keep = child(token, "token"), child(token, "keep_token")
    assert not field.isEnabled()
    assert child(token, "cancel_token").hasFocus()
    token.show_place("It is kept in a keyring.")
    assert field.hasFocus()
    assert not keep.isEnabled()
    QTest.keyClicks(field, SECRET)
    assert SECRET not in field.displayText()
    assert SECRET not in spoken(token)
    with qtbot.waitSignal(token.given) as given:
        QTest.keyClick(field, KEY.Key_Return)
    assert given.args == [SECRET]
    # Once is enough: nothing can be pressed until it is known how that went.
    assert not keep.isEnabled()
    with qtbot.assertNotEmitted(token.given):
        QTest.keyClick(field, KEY.Key_Return)


def test_a_token_that_cannot_be_kept_can_be_given_again(token, qtbot):
    token.show_place("It is kept in a keyring.")
    field = child(token, "token")
    QTest.keyClicks(field, SECRET)
    child(token, "keep_token").click()
    token.show_problem("The keyring is locked.", "Unlock it.")
    assert "The keyring is locked." in [each.text() for each in token.findChildren(QLabel)]
    assert field.hasFocus()
    with qtbot.waitSignal(token.given):
        QTest.keyClick(field, KEY.Key_Return)


@pytest.mark.parametrize("way", ["escape", "cancel", "kept"])
def test_what_was_typed_goes_with_the_sheet(token, window, qtbot, way):
    token.show_place("It is kept in a keyring.")
    field = child(token, "token")
    QTest.keyClicks(field, SECRET)
    with qtbot.waitSignal(token.closed):
        if way == "escape":
            QTest.keyClick(field, KEY.Key_Escape)
        elif way == "cancel":
            child(token, "cancel_token").click()
        else:
            token.close_sheet()
    assert field.text() == ""
    assert SECRET not in spoken(window)
    assert child(window, "below").hasFocus()


def test_where_there_is_no_safe_place_nothing_can_be_typed(token):
    token.show_no_place("There is no keyring.", "Install one.")
    assert not child(token, "token").isVisible()
    assert not child(token, "keep_token").isVisible()
    assert child(token, "cancel_token").isVisible()
