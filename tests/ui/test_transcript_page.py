"""How a text is drawn into a document: the same, however it came."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QBrush, QTextBlock, QTextCursor, QTextFormat, QTextLength
from PySide6.QtWidgets import QApplication

from homebody.ui.theme import Look
from homebody.ui.transcript.leaves import Reader
from homebody.ui.transcript.manner import Manner
from homebody.ui.transcript.ornaments import card_rectangle
from homebody.ui.transcript.page import Page
from ui.markdown_texts import cut, texts

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Drawn:
    """A page and what reads for it."""

    def __init__(self, look: Look) -> None:
        self.owner = QObject()
        self.page = Page(self.owner, Manner(look.theme))
        # Without a layout a document tells nobody of changes.
        self.page.document.documentLayout()
        self.reader = Reader()

    def add(self, text: str) -> None:
        self.page.show(self.reader.add(text), self.reader.references)

    def finish(self) -> None:
        self.page.show(self.reader.finish(), self.reader.references)


def whole(look: Look, text: str) -> Page:
    drawn = Drawn(look)
    drawn.add(text)
    drawn.finish()
    # Kept alive by its page.
    drawn.page.owner = drawn.owner  # type: ignore[attr-defined]
    return drawn.page


def properties(given_format: QTextFormat) -> dict[int, object]:
    """Return all that a format says, without the number that a table happens to have."""
    found = given_format.properties()
    found.pop(QTextFormat.Property.ObjectIndex.value, None)
    return {int(key): comparable(value) for key, value in found.items()}


def comparable(value: object) -> object:
    if isinstance(value, QBrush):
        return value.color().name()
    if isinstance(value, list):
        return list(map(comparable, value))
    if isinstance(value, QTextLength):
        return value.type(), value.rawValue()
    return str(value)


def looks(block: QTextBlock) -> list[tuple[str, dict[int, object]]]:
    found: list[tuple[str, dict[int, object]]] = []
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        look = properties(fragment.charFormat())
        if found and found[-1][1] == look:
            found[-1] = (found[-1][0] + fragment.text(), look)
        else:
            found.append((fragment.text(), look))
        iterator += 1
    return found


def everything(page: Page) -> list[object]:
    """Return every block with its formats, its words with theirs, and the table it stands in."""
    found: list[object] = []
    block = page.document.begin()
    while block.isValid():
        table = QTextCursor(block).currentTable()
        found.append(
            (
                block.text(),
                properties(block.blockFormat()),
                properties(block.charFormat()),
                looks(block),
                (table.rows(), table.columns(), properties(table.format())) if table else None,
            )
        )
        block = block.next()
    cards = [(c.leaf, c.first, c.lines, c.code, c.language, c.closed) for c in page.cards]
    spots = [(s.position, s.block) for s in page.spots]
    return [*found, cards, spots, page.leaves]


@SETTINGS
@given(data=st.data())
def test_any_cutting_of_a_text_is_drawn_as_the_whole(look: Look, data: st.DataObject) -> None:
    text = data.draw(texts)
    drawn = Drawn(look)
    for part in data.draw(cut(text)):
        drawn.add(part)
    drawn.finish()
    assert everything(drawn.page) == everything(whole(look, text))


def test_what_is_settled_keeps_its_selection_while_the_rest_is_written(look: Look) -> None:
    drawn = Drawn(look)
    drawn.add("First *words*.\n\n```py\nx = 1\n```\n\nSecond")
    cursor = QTextCursor(drawn.page.document)
    cursor.setPosition(2)
    cursor.setPosition(12, QTextCursor.MoveMode.KeepAnchor)
    before = cursor.selectedText()
    changed: list[int] = []
    drawn.page.document.contentsChange.connect(lambda at, _removed, _added: changed.append(at))
    for part in (" and", " third\n\n- a", "\n- b\n\n| a |\n|---|\n| b", " |\n| c |\n", "\n# End"):
        drawn.add(part)
    assert cursor.selectedText() == before
    assert min(changed) >= drawn.page.spots[2].position, "a settled block was touched"


def test_code_that_is_open_gets_only_its_new_text(look: Look) -> None:
    drawn = Drawn(look)
    drawn.add("```py\n" + "line = 1\n" * 200)
    sizes: list[tuple[int, int]] = []
    drawn.page.document.contentsChange.connect(
        lambda _at, removed, added: sizes.append((removed, added))
    )
    drawn.add("more = 2\n")
    # Qt tells of the last line too, whose margin changed.
    assert sizes
    assert all(removed < 20 and added < 40 for removed, added in sizes)
    assert drawn.page.cards[0].code.endswith("line = 1\nmore = 2")


def test_the_code_to_copy_is_what_was_written(look: Look) -> None:
    code = "\tx = '\u2029\ufdd0'\n\n  y\u00a0= 2  \n"
    page = whole(look, f"Text\n\n~~~ sql extra\n{code}\n~~~\n")
    assert page.cards[0].code == code
    assert page.cards[0].language == "sql"


def test_a_picture_is_its_words_and_its_address(look: Look) -> None:
    page = whole(look, "See ![a map](https://example.org/m.png) there")
    assert page.document.toPlainText() == "See !a map (https://example.org/m.png) there"


def test_each_paragraph_runs_as_its_first_letter_does(look: Look) -> None:
    page = whole(look, "שלום, Qt\n\nHello, שלום\n\n- 1. مرحبا\n\n> (日本)")
    directions = []
    block = page.document.begin()
    while block.isValid():
        directions.append(block.blockFormat().layoutDirection())
        block = block.next()
    right, left = Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight
    assert directions == [right, left, right, left]


def test_what_is_selected_is_copied_as_plain_text_with_its_marks(look: Look) -> None:
    page = whole(
        look, "Say:\n\n1. one\n2. two\n   - in\n\n```\na\n\nb\n```\n\n|x|y|\n|-|-|\n|1|2|\n\nEnd"
    )
    cursor = QTextCursor(page.document)
    cursor.select(QTextCursor.SelectionType.Document)
    assert page.selected_text(cursor) == (
        "Say:\n\n1. one\n2. two\n• in\n\na\n\nb\n\nx\ty\n1\t2\n\nEnd"
    )
    cursor.setPosition(1)
    cursor.setPosition(8, QTextCursor.MoveMode.KeepAnchor)
    assert page.selected_text(cursor) == "ay:\n\n1. one"


def test_cards_and_tables_keep_their_distance(look: Look) -> None:
    """Qt drops the margin above what follows a table, and a card would be painted over it."""
    page = whole(look, "|a|\n|-|\n|b|\n\n```\ncode\n```\n|c|\n|-|\n|d|\n\nEnd")
    page.document.setTextWidth(400)
    layout = page.document.documentLayout()

    def cell(leaf: int, number: int) -> QRectF:
        block = page.document.findBlockByNumber(page.spots[leaf].block + number)
        return layout.blockBoundingRect(block)

    card = card_rectangle(page, page.cards[0])
    end = layout.blockBoundingRect(page.document.lastBlock())
    around = 6  # a cell's padding, and the border
    assert cell(0, 1).bottom() + around + 8 <= card.top()
    assert card.bottom() + 8 <= cell(2, 0).top() - around
    assert cell(2, 1).bottom() + around + 8 <= end.top()


def test_a_definition_that_comes_late_makes_links_at_the_end(look: Look) -> None:
    drawn = Drawn(look)
    drawn.add("See [here].\n\nThen more.\n\n")
    drawn.add("[here]: https://example.org/x\n")
    drawn.finish()
    formats = [look_ for _, look_ in looks(drawn.page.document.begin())]
    assert any("https://example.org/x" in str(value) for each in formats for value in each.values())


def test_headings_are_hardly_larger_than_the_text(look: Look, qapp: QApplication) -> None:
    del qapp
    page = whole(look, "# One\n\n###### Six")
    sizes = [
        look_[QTextFormat.Property.FontPixelSize.value]
        for number in (0, 1)
        for _, look_ in looks(page.document.findBlockByNumber(number))
    ]
    assert sizes == ["17", "15"]
