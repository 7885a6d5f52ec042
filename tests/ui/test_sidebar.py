"""The sidebar: what it shows, what it asks for, and what never gets lost in it."""

import time

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLineEdit, QMenu

from homebody.ui.sidebar import Sidebar
from homebody.ui.sidebar_list import ConversationList
from homebody.ui.sidebar_rows import ConversationRows
from homebody.ui.states import ConversationRow, SidebarState
from ui.stage import child, stage

KEY = Qt.Key
PORTO = ConversationRow(id="porto", title="Trip to Porto", group="Today")
TAX = ConversationRow(id="tax", title="Tax letter", group="Today")
PLAN = ConversationRow(id="plan", title="Garden plan", group="Earlier", pinned=True)
ROWS = (PORTO, TAX, PLAN)
FOUND = (
    ConversationRow(
        id="porto", turn="t7", title="Trip", group="Found", snippet="in \ue000Rio\ue001"
    ),
    ConversationRow(id="tax", turn="t9", title="Tax", group="Found", snippet="by \ue000Rio\ue001"),
)


@pytest.fixture
def sidebar(look, qtbot) -> Sidebar:
    made = Sidebar(look)
    stage(qtbot, made, 300, 640)
    made.show_state(SidebarState(rows=ROWS, selected="tax"))
    return made


def rows_of(sidebar: Sidebar) -> ConversationList:
    return child(sidebar, "conversations")


def titles(sidebar: Sidebar) -> list[str]:
    model = rows_of(sidebar).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def menu_of(sidebar: Sidebar) -> QMenu:
    # Menus that were closed wait for the event loop to take them away.
    return [menu for menu in sidebar.findChildren(QMenu) if menu.isVisible()][-1]


def choose(sidebar: Sidebar, name: str) -> None:
    menu = menu_of(sidebar)
    [action] = [action for action in menu.actions() if action.objectName() == name]
    action.trigger()
    menu.hide()


def go_to(sidebar: Sidebar, row: ConversationRow) -> None:
    rows = rows_of(sidebar)
    rows.setFocus()
    rows.setCurrentIndex(rows.rows.find(row.id, row.turn))


def test_the_model_keeps_qts_rules(qtmodeltester):
    model = ConversationRows()
    model.show_rows(ROWS)
    qtmodeltester.check(model, force_py=True)
    model.show_rows(FOUND)
    qtmodeltester.check(model, force_py=True)


def test_rows_stand_under_their_headings_and_headings_cannot_be_chosen(sidebar):
    assert titles(sidebar) == ["Today", "Trip to Porto", "Tax letter", "Earlier", "Garden plan"]
    model = rows_of(sidebar).model()
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags


def test_a_click_opens_a_conversation(sidebar, qtbot):
    rows = rows_of(sidebar)
    place = rows.visualRect(rows.rows.find("porto")).center()
    with qtbot.waitSignal(sidebar.opened) as got:
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert got.args == ["porto", None]


def test_arrows_skip_headings_and_enter_opens(sidebar, qtbot):
    go_to(sidebar, TAX)
    qtbot.keyClick(rows_of(sidebar), KEY.Key_Down)
    with qtbot.waitSignal(sidebar.opened) as got:
        qtbot.keyClick(rows_of(sidebar), KEY.Key_Return)
    assert got.args == ["plan", None]


def test_a_found_place_is_opened_with_its_turn(sidebar, qtbot):
    sidebar.show_state(SidebarState(rows=FOUND))
    go_to(sidebar, FOUND[1])
    with qtbot.waitSignal(sidebar.opened) as got:
        qtbot.keyClick(rows_of(sidebar), KEY.Key_Return)
    assert got.args == ["tax", "t9"]


def test_what_was_found_is_read_without_the_marks(sidebar):
    sidebar.show_state(SidebarState(rows=FOUND))
    model = rows_of(sidebar).model()
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0, 0).data(role) == "Trip: in Rio"


def test_typing_searches_once_and_escape_ends_it(sidebar, qtbot):
    field = child(sidebar, "search")
    sidebar.focus_search()
    searches = []
    sidebar.searched.connect(searches.append)
    qtbot.keyClicks(field, "rio")
    assert searches == []
    qtbot.waitUntil(lambda: searches == ["rio"])
    qtbot.keyClick(field, KEY.Key_Escape)
    assert searches == ["rio", ""]
    assert field.text() == ""


def test_enter_in_the_search_opens_the_first_place_found(sidebar, qtbot):
    field = child(sidebar, "search")
    sidebar.focus_search()
    qtbot.keyClicks(field, "rio")
    with qtbot.waitSignal(sidebar.searched) as searched:
        qtbot.keyClick(field, KEY.Key_Return)
    assert searched.args == ["rio"]
    sidebar.show_state(SidebarState(rows=FOUND))
    with qtbot.waitSignal(sidebar.opened) as got:
        qtbot.keyClick(field, KEY.Key_Return)
    assert got.args == ["porto", "t7"]


def test_down_leads_from_the_search_into_the_list(sidebar, qtbot):
    sidebar.focus_search()
    qtbot.keyClick(child(sidebar, "search"), KEY.Key_Down)
    assert rows_of(sidebar).hasFocus()


def test_a_new_state_leaves_the_search_and_its_cursor_alone(sidebar, qtbot):
    field = child(sidebar, "search")
    sidebar.focus_search()
    qtbot.keyClicks(field, "porto")
    field.setCursorPosition(2)
    sidebar.show_state(SidebarState(rows=FOUND))
    assert (field.text(), field.cursorPosition(), field.hasFocus()) == ("porto", 2, True)


@pytest.mark.parametrize("step", [1, -1])
def test_the_next_conversation_is_opened_over_a_heading(sidebar, qtbot, step):
    with qtbot.waitSignal(sidebar.opened) as got:
        sidebar.select_next(step)
    assert got.args == [{1: "plan", -1: "porto"}[step], None]


def test_there_is_no_next_one_after_the_last(sidebar, qtbot):
    sidebar.show_state(SidebarState(rows=ROWS, selected="plan"))
    with qtbot.assertNotEmitted(sidebar.opened):
        sidebar.select_next(1)


def test_a_title_is_renamed_in_its_place(sidebar, qtbot):
    sidebar.rename_selected()
    editor = child(rows_of(sidebar), "title_editor")
    qtbot.waitUntil(editor.hasFocus)
    assert editor.text() == "Tax letter"
    editor.selectAll()
    qtbot.keyClicks(editor, "Taxes 2026")
    with qtbot.waitSignal(sidebar.rename_asked) as got:
        qtbot.keyClick(editor, KEY.Key_Return)
    assert got.args == ["tax", "Taxes 2026"]


def test_a_title_that_is_being_typed_outlives_new_rows(sidebar, qtbot):
    sidebar.rename_selected()
    editor = child(rows_of(sidebar), "title_editor")
    qtbot.waitUntil(editor.hasFocus)
    editor.selectAll()
    qtbot.keyClicks(editor, "Half a ti")
    fresh = ConversationRow(id="new", title="New", group="Today")
    sidebar.show_state(SidebarState(rows=(fresh, *ROWS), selected="tax"))
    assert editor.isVisible()
    assert editor.text() == "Half a ti"
    with qtbot.waitSignal(sidebar.rename_asked) as got:
        qtbot.keyClick(editor, KEY.Key_Return)
    assert got.args == ["tax", "Half a ti"]
    qtbot.waitUntil(lambda: titles(sidebar)[1] == "New")


def test_escape_and_an_empty_title_rename_nothing(sidebar, qtbot):
    for key, text in ((KEY.Key_Escape, "Other"), (KEY.Key_Return, "  ")):
        sidebar.rename_selected()
        editor = rows_of(sidebar).findChildren(QLineEdit)[-1]
        qtbot.waitUntil(editor.hasFocus)
        editor.setText(text)
        with qtbot.assertNotEmitted(sidebar.rename_asked):
            qtbot.keyClick(editor, key)


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (KEY.Key_Menu, Qt.KeyboardModifier.NoModifier),
        (KEY.Key_F10, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_the_menu_comes_by_either_key(sidebar, qtbot, key, held):
    go_to(sidebar, TAX)
    qtbot.keyClick(rows_of(sidebar), key, held)
    names = [action.objectName() for action in menu_of(sidebar).actions() if action.objectName()]
    assert names == ["open", "rename", "pin", "archive", "export", "delete"]
    menu_of(sidebar).hide()


@pytest.mark.parametrize(
    ("row", "shelf", "name", "signal", "args"),
    [
        (TAX, "chats", "open", "opened", ["tax", None]),
        (TAX, "chats", "pin", "pin_asked", ["tax", True]),
        (PLAN, "chats", "pin", "pin_asked", ["plan", False]),
        (TAX, "chats", "archive", "archive_asked", ["tax", True]),
        (TAX, "archived", "archive", "archive_asked", ["tax", False]),
        (TAX, "chats", "export", "export_asked", ["tax"]),
        (TAX, "chats", "delete", "delete_asked", ["tax"]),
        (TAX, "bin", "restore", "restore_asked", ["tax"]),
        (TAX, "bin", "erase", "erase_asked", ["tax"]),
    ],
)
def test_the_menu_asks_for_what_it_says(sidebar, qtbot, row, shelf, name, signal, args):
    sidebar.show_state(SidebarState(rows=ROWS, shelf=shelf))
    go_to(sidebar, row)
    rows_of(sidebar).pop_menu()
    with qtbot.waitSignal(getattr(sidebar, signal)) as got:
        choose(sidebar, name)
    assert got.args == args


def test_the_menu_names_its_own_row_even_when_the_list_changed_below_it(sidebar, qtbot):
    go_to(sidebar, PLAN)
    rows_of(sidebar).pop_menu()
    sidebar.show_state(SidebarState(rows=(PORTO, TAX), selected="tax"))
    with qtbot.waitSignal(sidebar.pin_asked) as got:
        choose(sidebar, "pin")
    assert got.args == ["plan", False]


def test_the_delete_key_alone_deletes_nothing(sidebar, qtbot):
    go_to(sidebar, TAX)
    with qtbot.assertNotEmitted(sidebar.delete_asked):
        for key in (KEY.Key_Delete, KEY.Key_Backspace):
            qtbot.keyClick(rows_of(sidebar), key)
    assert titles(sidebar)[2] == "Tax letter"


def test_what_is_in_the_bin_is_not_opened(sidebar, qtbot):
    sidebar.show_state(SidebarState(rows=ROWS, shelf="bin"))
    go_to(sidebar, TAX)
    with qtbot.assertNotEmitted(sidebar.opened):
        qtbot.keyClick(rows_of(sidebar), KEY.Key_Return)


@pytest.mark.parametrize(
    ("button", "signal", "args"),
    [
        ("new_chat", "new_asked", []),
        ("new_temporary", "temporary_asked", []),
        ("archived", "shelf_asked", ["archived"]),
        ("bin", "shelf_asked", ["bin"]),
        ("settings", "page_asked", ["settings"]),
        ("shortcuts", "page_asked", ["shortcuts"]),
        ("about", "page_asked", ["about"]),
    ],
)
def test_buttons_ask(sidebar, qtbot, button, signal, args):
    with qtbot.waitSignal(getattr(sidebar, signal)) as got:
        qtbot.mouseClick(child(sidebar, button), Qt.MouseButton.LeftButton)
    assert got.args == args


def test_only_the_state_says_which_page_is_shown(sidebar, qtbot):
    button = child(sidebar, "settings")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.isChecked()
    sidebar.show_state(SidebarState(rows=ROWS, selected="tax", page="settings"))
    assert button.isChecked()


def test_there_is_a_way_back_from_the_bin(sidebar, qtbot):
    assert not child(sidebar, "back_to_chats").isVisible()
    sidebar.show_state(SidebarState(shelf="bin", empty="The bin is empty."))
    with qtbot.waitSignal(sidebar.shelf_asked) as got:
        qtbot.mouseClick(child(sidebar, "back_to_chats"), Qt.MouseButton.LeftButton)
    assert got.args == ["chats"]


def test_nothing_is_said_about_the_list_before_the_store_is_open(look, qtbot):
    made = Sidebar(look)
    stage(qtbot, made)
    made.show_state(SidebarState(empty="Nothing yet.", opening=True))
    assert "Nothing yet." not in words_of(made)
    made.show_state(SidebarState(empty="Nothing yet."))
    assert "Nothing yet." in words_of(made)


def words_of(sidebar):
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in sidebar.findChildren(QLabel) if label.isVisible()]


def many(count: int) -> tuple[ConversationRow, ...]:
    return tuple(
        ConversationRow(id=str(i), title=f"Number {i}", group="Earlier") for i in range(count)
    )


def test_ten_thousand_rows_change_in_less_than_a_blink_and_keep_their_place(sidebar):
    rows, view = many(10_000), rows_of(sidebar)
    sidebar.show_state(SidebarState(rows=rows, selected="5000"))
    here = view.verticalScrollBar().value()
    assert here > 0
    moved = (rows[6000], *rows[:6000], *rows[6001:])
    start = time.perf_counter()
    sidebar.show_state(SidebarState(rows=moved, selected="5000"))
    assert time.perf_counter() - start < 0.25
    assert view.verticalScrollBar().value() == here
    assert view.rows.row(view.currentIndex()) == rows[5000]


def test_a_changed_title_is_drawn_without_a_reset(sidebar, qtbot):
    model = rows_of(sidebar).model()
    renamed = ConversationRow(id="porto", title="Lisbon", group="Today")
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        sidebar.show_state(SidebarState(rows=(renamed, TAX, PLAN), selected="tax"))
    assert titles(sidebar)[1] == "Lisbon"


def test_the_same_state_does_nothing(sidebar, qtbot):
    model = rows_of(sidebar).model()
    state = SidebarState(rows=ROWS, selected="tax")
    with qtbot.assertNotEmitted(model.modelReset), qtbot.assertNotEmitted(model.dataChanged):
        sidebar.show_state(state)


def test_rows_that_are_hard_to_draw_are_drawn(sidebar):
    hard = (
        ConversationRow(id="1", title="", group="Today"),
        ConversationRow(id="2", title="line\nline\ttab" * 200, group="Today"),
        ConversationRow(id="3", title="مرحبا \u202e reversed", group="Today"),
        ConversationRow(
            id="4", title="👩‍👩‍👧 <b>&amp; <img src='file:///etc/passwd'>", group="Today"
        ),
    )
    sidebar.show_state(SidebarState(rows=hard, selected="2"))
    assert not sidebar.grab().isNull()
    found = tuple(
        ConversationRow(id=str(i), turn="t", title="x", snippet=snippet)
        for i, snippet in enumerate(
            [
                "\ue000",
                "\ue001",
                "\ue000a\ue000b\ue001",
                "x" * 5000 + "\ue000😀\ue001",
                "😀 \ue000b\ue001",
            ]
        )
    )
    sidebar.show_state(SidebarState(rows=found))
    assert not sidebar.grab().isNull()


def test_the_index_of_what_is_not_there_is_invalid():
    model = ConversationRows()
    model.show_rows(ROWS)
    assert not model.find("nobody").isValid()
    assert not model.beside(QModelIndex(), 1).parent().isValid()
    assert model.row(QModelIndex()) is None
