"""Shows one text: to read, to select and to copy. It loads nothing and opens nothing."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QMimeData, QRect, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QTextBrowser, QToolTip, QWidget

from homebody.ui.theme import Look
from homebody.ui.transcript.colours import Colours
from homebody.ui.transcript.highlight import Highlighter
from homebody.ui.transcript.leaves import Change, Leaf, Reader
from homebody.ui.transcript.manner import PAD, Manner
from homebody.ui.transcript.ornaments import card_rectangle, paint_ornaments
from homebody.ui.transcript.page import Page
from homebody.ui.words import tr

__all__ = ["SHOWN", "Body"]

SHOWN = 200_000
"""So many characters of a text are shown; copying gives all of it."""

_LONGEST_TIP = 2_000


class Body(QTextBrowser):
    """One text. Its height is that of the text; it never scrolls by itself."""

    link_clicked = Signal(str)
    copied = Signal(str)
    reshaped = Signal()
    """Its height may be another one."""
    recoloured = Signal()
    """The colours of a code made its height another one: italics break lines elsewhere."""
    selected = Signal(QWidget)
    """Something of it was selected."""
    wheeled = Signal(QWheelEvent)
    """The wheel was turned over it; whoever scrolls takes the event as its own."""

    def __init__(self, look: Look, highlighter: Highlighter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._reader: Reader | None = None
        self._whole = ""
        self._name = ""
        self._is_quiet = False
        self._link = ""
        self._menu_link = ""
        self._is_ringed = False
        self._ideal: tuple[int, int] | None = None
        """For the most that the text may have: how wide it would like to be."""
        self._buttons: list[QPushButton] = []
        self._page = Page(self, Manner(look.theme))
        self._colours = Colours(look, highlighter, self._page, self)
        self._colours.coloured.connect(self._on_coloured)
        self._build()

    def _build(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setCursorWidth(0)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setDocument(self._page.document)
        self._restyle()
        self.anchorClicked.connect(self._on_anchor)
        self.highlighted.connect(self._on_highlighted)
        self.selectionChanged.connect(self._on_selection)

    # ------------------------------------------------------------ what is shown

    @property
    def page(self) -> Page:
        """What is drawn."""
        return self._page

    @property
    def whole(self) -> str:
        """The text as it was given, also where only its beginning is shown."""
        return self._whole

    @property
    def is_cut(self) -> bool:
        """Whether only the beginning is shown."""
        return len(self._whole) > SHOWN

    def name(self, speaker: str) -> None:
        """Say whose text it is, for screen readers."""
        self._name = speaker
        self._say_name()

    def set_quiet(self, *, quiet: bool) -> None:
        """Set everything in the dim colour; before anything is shown."""
        self._is_quiet = quiet
        self._page.restyle(Manner(self._look.theme, quiet=quiet))

    def show_markdown(self, text: str, *, live: bool = False) -> None:
        """Show a text; only what differs from what is shown is drawn again."""
        self._whole, shown = text, text[:SHOWN]
        reader = self._reader
        if reader is not None and shown.startswith(reader.text):
            change = reader.add(shown[len(reader.text) :])
            self._page.show(change, reader.references)
            change = Change(len(reader.leaves), []) if live else reader.finish()
        else:
            reader = self._reader = Reader()
            read = reader.add if live else reader.read
            change = _difference(self._page.leaves, read(shown))
        self._page.show(change, reader.references)
        self._after_drawing(live=live)

    def write(self, text: str) -> None:
        """Show more of a Markdown text that is being written."""
        room = SHOWN - len(self._whole)
        self._whole += text
        if self._reader is None:
            self._reader = Reader()
        if room > 0:
            change = self._reader.add(text[:room])
            self._page.show(change, self._reader.references)
            self._after_drawing(live=True)

    def show_plain(self, text: str) -> None:
        """Show a text as it was typed, line by line."""
        self._whole, self._reader = text, None
        self._page.restyle(Manner(self._look.theme, quiet=self._is_quiet))
        self._page.show_plain(text[:SHOWN])
        self._after_drawing(live=False)

    def show_code(self, text: str, language: str = "") -> None:
        """Show a text as one code."""
        self._whole, self._reader = text, None
        leaf = Leaf("code", text[:SHOWN], language=language)
        self._page.restyle(Manner(self._look.theme, quiet=self._is_quiet))
        self._page.show(Change(0, [leaf]), {})
        self._after_drawing(live=False)

    def clear_text(self) -> None:
        """Show nothing."""
        self._whole, self._reader = "", None
        self._page.restyle(Manner(self._look.theme, quiet=self._is_quiet))
        self._after_drawing(live=False)

    def restyle(self) -> None:
        """Draw anew in the theme of now. What is selected stays so."""
        cursor = self.textCursor()
        anchor, position = cursor.anchor(), cursor.position()
        leaves, plain = self._page.leaves, self._page.plain
        references = self._reader.references if self._reader else {}
        self._page.restyle(Manner(self._look.theme, quiet=self._is_quiet))
        if plain is None:
            self._page.show(Change(0, leaves), references)
        else:
            self._page.show_plain(plain)
        self._restyle()
        self._after_drawing(live=False)
        if anchor != position:
            cursor = self.textCursor()
            cursor.setPosition(anchor)
            cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)

    def lay_out(self, width: int) -> int:
        """Break the lines at a width, and return the height; both in pixels."""
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        # Setting it breaks every line anew, also where it is the same.
        if self._page.document.textWidth() != width:
            self._page.document.setTextWidth(width)
        # The document ends with the last line, the card of a code a little later.
        is_card = bool(self._page.leaves) and self._page.leaves[-1].kind == "code"
        below = self._look.theme.size(PAD) if is_card else 0
        return -int(-self._page.document.size().height() // 1) + below

    def ideal_width(self, most: int) -> int:
        """Return how wide the text would like to be, up to a limit; plain text only."""
        if self._ideal is None or self._ideal[0] != most:
            self._page.document.setTextWidth(most)
            self._ideal = most, min(-int(-self._page.document.idealWidth() // 1) + 1, most)
        return self._ideal[1]

    def place_buttons(self) -> None:
        """Put the buttons of the codes where their cards are."""
        size = self._look.theme.size
        while len(self._buttons) < len(self._page.cards):
            self._buttons.append(self._button())
        for number, button in enumerate(self._buttons):
            if number >= len(self._page.cards):
                button.hide()
                continue
            card = card_rectangle(self._page, self._page.cards[number])
            wide = max(button.sizeHint().width(), size(28))
            place = QRect(
                round(card.right()) - wide - size(8),
                round(card.top()) + size(4),
                wide,
                max(size(28), button.sizeHint().height()),
            )
            button.setGeometry(place)
            button.show()

    def has_selection(self) -> bool:
        """Tell whether something is selected."""
        return self.textCursor().hasSelection()

    def deselect(self) -> None:
        """Select nothing."""
        cursor = self.textCursor()
        cursor.clearSelection()
        self.setTextCursor(cursor)

    # ------------------------------------------------------------ drawing

    def _after_drawing(self, *, live: bool) -> None:
        self._ideal = None
        if not live:
            self._say_name()
        if self._page.cards:
            self._colours.follow()
        self.reshaped.emit()

    def _say_name(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._whole[:_LONGEST_TIP]}")

    def _restyle(self) -> None:
        theme = self._look.theme
        palette = theme.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(0, 0, 0, 0))
        self.setPalette(palette)
        self.setFont(theme.font("body"))

    def _button(self) -> QPushButton:
        button = QPushButton(tr("Copy"), self.viewport())
        button.setProperty("role", "quiet")
        button.setObjectName("copy-code")
        button.setAccessibleName(tr("Copy code"))
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.clicked.connect(self._on_copy_code)
        return button

    # ------------------------------------------------------------ doing

    def _on_copy_code(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton) and button in self._buttons:
            number = self._buttons.index(button)
            if number < len(self._page.cards):
                QGuiApplication.clipboard().setText(self._page.cards[number].code)
                self.copied.emit(tr("Copied the code."))

    def _on_coloured(self) -> None:
        self.viewport().update()
        width = self.lineWrapColumnOrWidth()
        if width > 0 and self.lay_out(width) != self.height():
            self.recoloured.emit()

    def _on_anchor(self, address: QUrl) -> None:
        self.link_clicked.emit(address.toString(QUrl.ComponentFormattingOption.FullyEncoded))

    def _on_highlighted(self, address: QUrl) -> None:
        self._link = address.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        self.setAccessibleDescription(self._link)

    def _on_selection(self) -> None:
        if self.has_selection():
            self.selected.emit(self)

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self._whole)
        self.copied.emit(tr("Copied the message."))

    def _copy_link(self) -> None:
        QGuiApplication.clipboard().setText(self._menu_link)
        self.copied.emit(tr("Copied the link."))

    # ------------------------------------------------------------ Qt

    def loadResource(self, kind: int, name: QUrl | str) -> None:
        """Return nothing, whatever a text names."""

    def createMimeDataFromSelection(self) -> QMimeData:
        """Offer what is selected as plain text only, with the marks of its list items."""
        data = QMimeData()
        data.setText(self._page.selected_text(self.textCursor()))
        return data

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be copied."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(tr("Copy"))
        copy.setEnabled(self.has_selection())
        copy.triggered.connect(self.copy)
        menu.addAction(tr("Copy message")).triggered.connect(self._copy_all)
        self._menu_link = self.anchorAt(event.pos())
        if self._menu_link:
            menu.addAction(tr("Copy link")).triggered.connect(self._copy_link)
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave to the transcript what scrolls; keep what selects, copies or follows a link."""
        keys = QKeySequence.StandardKey
        selects = event.key() in _MOVES and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        follows = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if selects or follows or event.matches(keys.Copy) or event.matches(keys.SelectAll):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the transcript."""
        self.wheeled.emit(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Never scroll: all of the text has room."""

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the whole address of the link under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            address = self.anchorAt(event.pos())
            if address:
                # Words in a tip would be taken for HTML where they look like it.
                tip = f"<p>{escape(address[:_LONGEST_TIP])}</p>"
                QToolTip.showText(event.globalPos(), tip, self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().viewportEvent(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint cards, bars and marks, and the words over them."""
        painter = QPainter(self.viewport())
        paint_ornaments(painter, self._page, QRectF(event.rect()))
        painter.end()
        super().paintEvent(event)
        if self._is_ringed:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._look.theme.color("accent"), 2))
            ring = QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring, 4, 4)
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is, if that is how it came here."""
        super().focusInEvent(event)
        reasons = {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}
        self._ring(ringed=event.reason() in reasons)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no longer."""
        super().focusOutEvent(event)
        self._ring(ringed=False)

    def _ring(self, *, ringed: bool) -> None:
        self._is_ringed = ringed
        self.setCursorWidth(1 if ringed else 0)
        self.viewport().update()


_MOVES = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)


def _difference(drawn: Sequence[Leaf], change: Change) -> Change:
    same = 0
    for old, new in zip(drawn, change.leaves, strict=False):
        if old != new:
            break
        same += 1
    return Change(same, change.leaves[same:])
