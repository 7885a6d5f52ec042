"""Everything that can be pressed has a name, and Tab goes through it in the order it is read."""

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import SETTINGS, Settings
from homebody.ui.composer import Composer
from homebody.ui.focus_order import order_focus
from homebody.ui.header import Header
from homebody.ui.model_states import (
    CardButton,
    CardDetails,
    ContextSlider,
    ModelCard,
    ModelsState,
    SearchState,
    Section,
)
from homebody.ui.notices import Notices
from homebody.ui.pages.about import AboutPage
from homebody.ui.pages.models import ModelsPage
from homebody.ui.pages.settings import SettingsPage
from homebody.ui.pages.shortcuts import ShortcutsPage
from homebody.ui.sheets import ConfirmSheet, LinkSheet, TokenSheet
from homebody.ui.sidebar import Sidebar
from homebody.ui.states import (
    AttachmentChip,
    ComposerState,
    ConversationRow,
    HeaderState,
    ModelChoice,
    Notice,
    SidebarState,
    WelcomeState,
)
from homebody.ui.welcome import Welcome
from ui.access import stops, unnamed
from ui.stage import stage


@pytest.fixture
def resized(look):
    """Shows everything in another size; the style sheet is the whole application's."""

    def resize(size):
        look.choose("light", size)
        return look

    yield resize
    look.choose("light", 100)


def sidebar(look):
    made = Sidebar(look)
    made.show_state(SidebarState(rows=(ConversationRow(id="a", title="A", group="Today"),)))
    return made


def composer(look):
    made = Composer(look)
    chips = (AttachmentChip(name="a.md"), AttachmentChip(name="b.pdf"))
    made.show_state(ComposerState(attachments=chips, editing="Editing.", meter="1k of 4k"))
    return made


def header(look):
    made = Header(look)
    models = (ModelChoice(name="a", title="A"),)
    made.show_state(HeaderState(title="T", model="M", models=models, home="It stays."))
    return made


def notices(look):
    made = Notices(look)
    made.show_state((Notice(key="a", text="Something.", action="Undo"), Notice(key="b", text="B.")))
    return made


def welcome(look):
    made = Welcome(look)
    made.show_state(WelcomeState(title="Hello", suggestions=("One", "Two")))
    return made


def settings(look):
    made = SettingsPage(look, SETTINGS)
    made.show_state(Settings(temperature=0.5), {})
    return made


def shortcuts(look):
    return ShortcutsPage(look)


def about(look):
    return AboutPage(look, [("Conversations", "/somewhere")])


def models(look):
    made = ModelsPage(look)
    coming = ModelCard(
        key="get:a",
        name="A",
        progress=0.3,
        problem="It is gated.",
        button=CardButton("resume", "Try again"),
        other=CardButton("drop", "Cancel"),
        mend=CardButton("token", "Give a token…"),
        opens=False,
    )
    opened = ModelCard(
        key="shelf:b",
        name="B",
        button=CardButton("settings", "Close"),
        details=CardDetails(
            slider=ContextSlider((1024, 2048), 0, "1k of 2k tokens"),
            settings=ModelSettings(adapter="/a.gguf"),
            buttons=(CardButton("remove", "Remove"),),
        ),
    )
    sections = (
        Section(key="fetching", title="Being fetched", cards=(coming,)),
        Section(key="here", title="On this machine", cards=(opened,)),
    )
    search = SearchState(note="It connects.", token="A token is kept in a place")
    made.show_state(ModelsState(sections=sections, folders=("/one",), search=search))
    return made


MAKERS = (sidebar, composer, header, notices, welcome, models, settings, shortcuts, about)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_everything_that_can_be_pressed_has_a_name(make, look, qtbot):
    widget = make(look)
    stage(qtbot, widget)
    qtbot.waitUntil(lambda: not isinstance(widget, AboutPage) or len(stops(widget)) > 5)
    assert unnamed(widget) == []


def test_sheets_have_names_too(look, qtbot):
    window = stage(qtbot, QWidget())
    link, confirm = LinkSheet(look, window), ConfirmSheet(look, window)
    token = TokenSheet(look, window)
    token.ask()
    token.show_place("It is kept in a keyring.")
    link.ask("https://example.org")
    confirm.ask("Erase?", "It is gone then.", "Erase")
    assert unnamed(window) == []


def test_tab_goes_through_the_page_of_models_as_one_reads(look, qtbot):
    window = stage(qtbot, models(look), 900, 700)
    window.findChild(ModelsPage).focusNextPrevChild(True)
    expected = ["models_page", "card_other", "card_button", "card_mend"]
    expected += ["card_name", "card_button", "context_slider", "card_remove"]
    found = stops(window)
    assert found[: len(expected)] == expected
    at = found.index("choose_adapter")
    assert found[at - 2 : at + 2] == ["adapter", "reset_adapter", "choose_adapter", "adapter_scale"]
    assert found[-5:] == ["add_file", "add_folder", "remove_folder", "search_hub", "forget_token"]


def test_a_button_without_a_name_is_found(look, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    nameless = QPushButton(window)
    assert unnamed(window) == [
        "QPushButton '' has no accessible name",
        "QPushButton '' has no object name",
    ]
    nameless.setObjectName("go")
    nameless.setAccessibleName("Go")
    assert unnamed(window) == []


def test_a_custom_widget_that_takes_the_focus_is_found_too(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    own = QWidget()
    own.setObjectName("own")
    own.setFocusPolicy(QLineEdit(window).focusPolicy())
    layout.addWidget(own)
    assert "QWidget 'own' has no accessible name" in unnamed(window)


@pytest.mark.parametrize(
    ("make", "order"),
    [
        (
            sidebar,
            "search new_chat new_temporary conversations archived bin models skills privacy "
            "settings shortcuts about",
        ),
        (composer, "cancel_edit remove_attachment_0 remove_attachment_1 attach message"),
        (header, "title model home"),
        (notices, "act close_notice close_notice"),
        (welcome, "suggestion_0 suggestion_1"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_tab_goes_through_it_in_the_order_it_is_read(make, order, look, qtbot):
    window = stage(qtbot, make(look))
    assert stops(window) == order.split()


def test_what_was_made_later_is_reached_where_it_stands(look, qtbot):
    window = QWidget()
    made = Notices(look, window), Composer(look, window), Header(look, window)
    stage(qtbot, window)
    said, below, above = made
    above.show_state(HeaderState(title="T", model="M"))
    said.show_state((Notice(key="a", text="Something.", action="Undo"),))
    assert stops(window.window())[0] != "title"
    order_focus(above, said, below)
    expected = ["title", "model", "home", "act", "close_notice", "attach", "message"]
    qtbot.waitUntil(lambda: stops(window.window()) == expected)


def test_a_part_that_holds_others_does_not_undo_their_order(look, qtbot):
    window = QWidget()
    page = QWidget(window)
    below, above = Composer(look, page), Header(look, page)
    stage(qtbot, window)
    above.show_state(HeaderState(title="T", model="M"))
    order_focus(above, below, page)
    expected = ["title", "model", "home", "attach", "message"]
    qtbot.waitUntil(lambda: stops(window.window()) == expected)


@pytest.mark.parametrize("make", MAKERS[:6], ids=lambda make: make.__name__)
@pytest.mark.parametrize("size", [75, 100, 200])
def test_targets_are_at_least_28_high(make, size, resized, qtbot):
    look = resized(size)
    widget = make(look)
    stage(qtbot, widget, 1200, 900)
    small = {
        each.objectName(): each.height()
        for each in widget.findChildren(QPushButton)
        if each.isVisible() and each.height() < look.theme.size(28)
    }
    assert small == {}
