"""The pages: settings, shortcuts, about."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from homebody.settings.declared import SETTINGS, Settings
from homebody.ui.pages.about import AboutPage
from homebody.ui.pages.licences import find_parts, licence_text
from homebody.ui.pages.settings import GROUPS, SettingsPage
from homebody.ui.pages.shortcuts import ShortcutsPage
from homebody.ui.shortcuts import SHORTCUTS
from ui.stage import child, stage

KEY = Qt.Key


@pytest.fixture
def page(look, qtbot) -> SettingsPage:
    made = SettingsPage(look, SETTINGS)
    stage(qtbot, made)
    made.show_state(Settings(), {})
    return made


def words(widget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def write(page, qtbot, key: str, text: str) -> None:
    editor = child(page, key)
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClick(editor, KEY.Key_Delete)
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, KEY.Key_Return)


def test_every_setting_has_its_place():
    placed = [key for _, keys in GROUPS for key in keys]
    assert sorted(placed) == sorted(setting.key for setting in SETTINGS)


def test_every_setting_is_shown_with_its_title_and_help(page):
    shown = words(page)
    for setting in SETTINGS:
        assert setting.title in shown
        assert setting.help in shown
        assert child(page, setting.key).isVisibleTo(page)


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("context", "8192", 8192),
        ("context", "0", 0),
        ("temperature", "0.7", 0.7),
        ("temperature", "0,7", 0.7),
        ("seed", "12", 12),
        ("gpu_layers", "12", 12),
        ("model", "other", "other"),
    ],
)
def test_a_good_value_is_told_in_its_type(page, qtbot, key, typed, value):
    with qtbot.waitSignal(page.changed) as got:
        write(page, qtbot, key, typed)
    assert got.args == [key, value]
    assert type(got.args[1]) is type(value)


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("context", "7"),
        ("context", "lots"),
        ("context", ""),
        ("context", "8192.5"),
        ("temperature", "3"),
        ("temperature", "nan"),
        ("model", "  "),
        ("seed", "-1"),
    ],
)
def test_a_wrong_value_says_what_it_may_be_and_is_kept_as_typed(page, qtbot, key, typed):
    with qtbot.assertNotEmitted(page.changed):
        write(page, qtbot, key, typed)
    allowed = next(setting.allowed() for setting in SETTINGS if setting.key == key)
    assert f"It must be {allowed}. Until then nothing changes." in words(page)
    page.show_state(Settings(), {})
    assert child(page, key).text() == typed
    assert any(allowed in sentence for sentence in words(page))


def test_a_wrong_value_that_was_mended_is_no_longer_complained_of(page, qtbot):
    write(page, qtbot, "context", "7")
    with qtbot.waitSignal(page.changed):
        write(page, qtbot, "context", "1024")
    page.show_state(Settings(context=1024), {})
    assert not any("It must be" in sentence for sentence in words(page))


def test_an_emptied_number_is_the_models_own_again(page, qtbot):
    page.show_state(Settings(temperature=0.5), {})
    assert child(page, "temperature").text() == "0.5"
    with qtbot.waitSignal(page.changed) as got:
        write(page, qtbot, "temperature", "")
    assert got.args == ["temperature", None]


def test_half_a_number_outlives_a_new_state(page, qtbot):
    editor = child(page, "context")
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, "20")
    page.show_state(Settings(text_size=110), {})
    assert editor.text() == "20"
    assert child(page, "text_size").text() == "110"


def test_the_same_value_written_otherwise_is_not_told(page, qtbot):
    page.show_state(Settings(temperature=0.5), {})
    with qtbot.assertNotEmitted(page.changed):
        write(page, qtbot, "temperature", "0,50")
    assert child(page, "temperature").text() == "0.5"


def test_a_value_changed_elsewhere_is_shown(page):
    page.show_state(Settings(text_size=150, tray=True, appearance="dark"), {})
    assert child(page, "text_size").text() == "150"
    assert child(page, "tray").isChecked()
    assert child(page, "appearance").currentText() == "Dark"


def test_a_switch_and_a_choice_are_told_at_once(page, qtbot):
    with qtbot.waitSignal(page.changed) as got:
        qtbot.keyClick(child(page, "tray"), KEY.Key_Space)
    assert got.args == ["tray", True]
    with qtbot.waitSignal(page.changed) as got:
        qtbot.keyClick(child(page, "appearance"), KEY.Key_Down)
        child(page, "appearance").activated.emit(2)
    assert got.args[0] == "appearance"


def test_the_prompt_is_told_when_the_focus_leaves_and_not_before(page, qtbot):
    editor = child(page, "system_prompt")
    editor.setFocus()
    with qtbot.assertNotEmitted(page.changed):
        qtbot.keyClicks(editor, "Be brief")
        qtbot.keyClick(editor, KEY.Key_Return)
    page.show_state(Settings(system_prompt="Other"), {})
    assert editor.toPlainText() == "Be brief\n"
    with qtbot.waitSignal(page.changed) as got:
        child(page, "model").setFocus()
    assert got.args == ["system_prompt", "Be brief\n"]


def test_a_prompt_is_not_lost_when_the_page_goes(page, qtbot):
    editor = child(page, "system_prompt")
    editor.setFocus()
    qtbot.keyClicks(editor, "Be brief")
    with qtbot.waitSignal(page.changed) as got:
        page.hide()
    assert got.args == ["system_prompt", "Be brief"]


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("context", Settings(context=512)),
        ("temperature", Settings(temperature=1.0)),
        ("tray", Settings(tray=True)),
        ("appearance", Settings(appearance="dark")),
        ("system_prompt", Settings(system_prompt="x")),
        ("model", Settings(model="other")),
    ],
)
def test_what_differs_can_go_back(page, qtbot, key, values):
    button = child(page, f"reset_{key}")
    assert not button.isVisible()
    page.show_state(values, {})
    assert button.isVisible()
    button.setFocus()
    with qtbot.waitSignal(page.changed) as got:
        qtbot.keyClick(button, KEY.Key_Space)
    assert got.args == [key, getattr(Settings(), key)]
    page.show_state(Settings(), {})
    assert not button.isVisible()
    assert QApplication.focusWidget().objectName() == key


def test_a_problem_is_said_below_its_setting_until_it_is_gone(page):
    page.show_state(Settings(), {"model": "There is no such model."})
    assert "There is no such model." in words(page)
    assert "There is no such model." in child(page, "model").accessibleDescription()
    page.show_state(Settings(), {})
    assert "There is no such model." not in words(page)


def test_a_narrow_page_puts_its_editors_below_their_words(look, qtbot):
    made = SettingsPage(look, SETTINGS)
    window = stage(qtbot, made, 800, 600)
    editor, title = child(made, "context"), SETTINGS[2].title
    label = next(each for each in made.findChildren(QLabel) if each.text() == title)
    assert editor.x() > label.geometry().right()
    window.resize(340, 600)
    qtbot.waitUntil(lambda: editor.x() == label.x())
    assert editor.mapTo(window, editor.rect().bottomRight()).x() < 340


def test_a_field_that_was_not_touched_tells_nothing(page, qtbot):
    with qtbot.assertNotEmitted(page.changed):
        for setting in SETTINGS:
            child(page, setting.key).setFocus()


def test_every_shortcut_is_listed_with_every_key(look, qtbot):
    sheet = ShortcutsPage(look)
    stage(qtbot, sheet)
    shown = words(sheet)
    for shortcut in SHORTCUTS:
        assert shortcut.title in shown
        assert shortcut.group in shown
    keys = [label for label in sheet.findChildren(QLabel) if label.property("role") == "key"]
    assert len(keys) == sum(len(shortcut.keys) for shortcut in SHORTCUTS)
    assert all(label.text() for label in keys)


def test_the_parts_are_what_is_installed_and_each_names_its_licence():
    parts = find_parts()
    names = [part.name.lower() for part in parts]
    assert names[0] == "homebody"
    assert {"pyside6_essentials", "llama_cpp_python", "msgspec"} <= set(names)
    assert "pytest" not in names
    assert [part.name for part in parts if not part.licence] == []
    assert "Apache License" in licence_text(parts[0])


def test_about_lists_the_licences_after_it_was_shown_and_opens_one(look, qtbot):
    about = AboutPage(look, [])
    assert about.findChild(QPushButton, "read_licence_0") is None
    stage(qtbot, about)
    qtbot.waitUntil(lambda: about.findChild(QPushButton, "read_licence_0") is not None)
    button = child(about, "read_licence_0")
    button.click()
    assert "Apache License" in child(about, "licence").toPlainText()
    button.click()
    qtbot.waitUntil(lambda: about.findChild(QPushButton, "licence") is None)
    assert button.text() == "Read"


def test_about_shows_where_the_files_are(look, qtbot):
    places = [("Conversations", "/x/my.files"), ("Models", "/x/models")]
    about = AboutPage(look, places)
    stage(qtbot, about)
    for place, folder in enumerate(("/x/my.files", "/x/models")):
        with qtbot.waitSignal(about.folder_asked) as got:
            child(about, f"show_place_{place}").click()
        assert got.args == [folder]


@pytest.mark.parametrize("name", ["settings_page", "context", "appearance"])
def test_escape_leaves_a_page_from_wherever_the_focus_is(page, qtbot, name):
    place = page if name == "settings_page" else child(page, name)
    place.setFocus()
    with qtbot.waitSignal(page.left):
        qtbot.keyClick(place, KEY.Key_Escape)
