"""The one style sheet. What it cannot say, widgets paint.

A widget takes a style by its `role` property: `primary` (the one action of a screen), `plain` (any
other button), `quiet` (a button that is only its word), `flush` (the same, at the beginning of a
line), `nav` (a row to go somewhere), `accent`
(a row that begins something), `chip`, `home`, `heading` (a title that is a button), `opens` (the
name of what opens, which paints itself), `icon` (a button that is only a picture), `suggestion`;
frames are `card`, `best` (the card that is recommended), `ask`, `asked` (it has the focus), `chip`
or `line`; texts to read are `result`, lists `options` or `completion`;
labels are `title`, `strong`, `label`, `dim`, `fact`, `key`, `badge`, `ok`, `warn` or
`bad`.
"""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

__all__ = ["set_role", "style_sheet"]

_SHEET = """
* {{ outline: none; }}
QToolTip {{ color: {text}; background: {card}; border: 1px solid {line}; padding: {px4}px; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {px16}px; font-weight: 600; }}
QLabel[role="label"] {{ font-size: {px12}px; font-weight: 600; color: {faint}; }}
QLabel[role="dim"] {{ color: {dim}; }}
QLabel[role="fact"] {{ font-size: {px12}px; color: {faint}; }}
QLabel[role="key"] {{ font-size: {px12}px; color: {dim}; background: {card};
  border: 1px solid {line}; border-radius: 4px; padding: {px2}px {px6}px; }}
QLabel[role="ok"] {{ font-size: {px12}px; font-weight: 600; color: {ok}; }}
QLabel[role="warn"] {{ font-size: {px12}px; font-weight: 600; color: {warn}; }}
QLabel[role="bad"] {{ font-size: {px12}px; font-weight: 600; color: {bad}; }}
QLabel[role="badge"] {{ font-size: {px12}px; font-weight: 600; color: {accent};
  background: {accent_soft}; border-radius: {px10}px; padding: {px4}px {px10}px; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QFrame[role="line"] {{ background: {line}; border: none; }}
QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 8px; }}
QFrame[role="best"] {{ background: {card}; border: 1px solid {accent}; border-radius: 8px; }}
QFrame[role="ask"] {{ background: {card}; border: 1px solid {line}; border-radius: 12px; }}
QFrame[role="asked"] {{ background: {card}; border: 1px solid {faint}; border-radius: 12px; }}
QFrame[role="chip"] {{ background: {code}; border: 1px solid {line}; border-radius: {px14}px; }}
QPlainTextEdit {{ background: transparent; selection-background-color: {accent};
  selection-color: {ink}; }}
QTextEdit[role="address"] {{ background: {code}; border: 1px solid {line}; border-radius: 8px;
  padding: {px4}px {px8}px; selection-background-color: {accent}; selection-color: {ink}; }}
QTextEdit[role="address"]:focus {{ border: 2px solid {accent}; padding: {px3}px {px7}px; }}
QPlainTextEdit[role="result"] {{ background: {code}; border: 1px solid {line};
  border-radius: 8px; padding: {px8}px; }}
QPlainTextEdit[role="result"]:focus {{ border: 2px solid {accent}; padding: {px7}px; }}
QListView {{ background: transparent; }}
QListView[role="completion"] {{ border: none; }}
QListView[role="options"] {{ background: {bg}; border: 1px solid {line}; border-radius: 8px;
  padding: {px4}px; }}
QListView[role="options"]:focus {{ border: 2px solid {accent}; padding: {px3}px; }}
QListView[role="options"]::item {{ min-height: {px28}px; padding: 0 {px8}px; border-radius: 6px;
  color: {text}; }}
QListView[role="options"]::item:selected {{ background: {selected}; color: {text}; }}
QLineEdit, QComboBox, QPlainTextEdit[role="field"] {{
  background: {card}; color: {text}; border: 1px solid {line}; border-radius: 8px;
  padding: {px5}px {px9}px; min-height: {px20}px; selection-background-color: {accent};
  selection-color: {ink}; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit[role="field"]:focus {{
  border: 2px solid {accent}; padding: {px4}px {px8}px; }}
QFrame[role="card"] QLineEdit, QFrame[role="card"] QComboBox,
QFrame[role="card"] QPlainTextEdit {{ background: {bg}; }}
QFrame[role="best"] QLineEdit, QFrame[role="best"] QComboBox,
QFrame[role="best"] QPlainTextEdit {{ background: {bg}; }}
QLineEdit[wrong="true"] {{ border: 1px solid {bad}; }}
QLineEdit[wrong="true"]:focus {{ border: 2px solid {bad}; }}
QComboBox::drop-down {{ border: none; width: {px28}px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {card}; color: {text}; border: 1px solid {line};
  padding: {px4}px; }}
QComboBox QAbstractItemView::item {{ min-height: {px28}px; padding: 0 {px8}px;
  border-radius: 6px; color: {text}; }}
QComboBox QAbstractItemView::item:selected {{ background: {selected}; color: {text}; }}
QPushButton, QToolButton {{
  background: {card}; color: {text}; border: 1px solid {line}; border-radius: 8px;
  padding: {px5}px {px14}px; min-height: {px20}px; }}
QPushButton:hover, QToolButton:hover {{ background: {selected}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: {bg}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent};
  padding: {px4}px {px13}px; }}
QToolButton::menu-indicator {{ image: none; }}
*[role="primary"] {{ background: {accent}; color: {ink}; border: 1px solid {accent};
  font-weight: 600; }}
*[role="primary"]:hover {{ background: {accent}; }}
*[role="primary"]:focus {{ border: 2px solid {text}; }}
*[role="primary"]:disabled {{ background: {selected}; color: {faint};
  border: 1px solid {selected}; }}
*[role="quiet"], *[role="flush"], *[role="nav"], *[role="accent"], *[role="icon"], *[role="home"],
*[role="heading"] {{ background: transparent; border: 2px solid transparent; }}
*[role="quiet"], *[role="flush"] {{ color: {faint}; font-size: {px12}px;
  padding: {px2}px {px6}px; min-height: {px22}px; }}
*[role="flush"], *[role="flush"]:focus {{ text-align: left; padding: {px2}px {px6}px {px2}px 0px; }}
*[role="quiet"]:hover, *[role="flush"]:hover {{ color: {text}; background: transparent; }}
*[role="nav"] {{ color: {dim}; text-align: left; padding: {px2}px {px12}px;
  min-height: {px22}px; }}
*[role="nav"]:checked {{ background: {selected}; color: {text}; font-weight: 600; }}
*[role="accent"] {{ color: {accent}; font-weight: 600; text-align: left;
  padding: {px4}px {px10}px; }}
*[role="suggestion"] {{ text-align: left; padding: {px9}px {px14}px; }}
*[role="suggestion"]:focus {{ padding: {px8}px {px13}px; }}
*[role="icon"] {{ padding: {px4}px; }}
*[role="home"] {{ color: {ok}; font-weight: 600; padding: {px4}px {px8}px; }}
*[role="heading"] {{ font-size: {px16}px; font-weight: 600; padding: {px4}px {px6}px; }}
*[role="heading"]:hover {{ background: transparent; }}
*[role="opens"] {{ font-weight: 600; }}
*[role="quiet"]:focus, *[role="flush"]:focus, *[role="nav"]:focus, *[role="accent"]:focus,
*[role="icon"]:focus, *[role="home"]:focus, *[role="heading"]:focus {{
  border: 2px solid {accent}; }}
*[role="quiet"]:focus {{ padding: {px2}px {px6}px; }}
*[role="nav"]:focus {{ padding: {px2}px {px12}px; }}
*[role="accent"]:focus {{ padding: {px4}px {px10}px; }}
*[role="icon"]:focus {{ padding: {px4}px; }}
*[role="home"]:focus {{ padding: {px4}px {px8}px; }}
*[role="heading"]:focus {{ padding: {px4}px {px6}px; }}
QToolButton[role="chip"] {{ border-radius: {px15}px; color: {dim};
  padding: {px4}px {px30}px {px4}px {px14}px; }}
QToolButton[role="chip"]:focus {{ padding: {px3}px {px29}px {px3}px {px13}px; }}
QMenu {{ background: {card}; color: {text}; border: 1px solid {line}; padding: {px4}px; }}
QMenu::item {{ padding: {px6}px {px24}px {px6}px {px12}px; border-radius: 6px; }}
QMenu::item:selected {{ background: {selected}; color: {text}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {px4}px {px8}px; }}
QSlider {{ min-height: {px28}px; }}
QSlider::groove:horizontal {{ background: {line}; height: {px4}px; border-radius: {px2}px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: {px2}px; }}
QSlider::handle:horizontal {{ background: {card}; border: 2px solid {accent}; width: {px14}px;
  margin: -{px7}px 0; border-radius: {px9}px; }}
QSlider::handle:horizontal:focus {{ background: {accent}; border: 2px solid {text}; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def style_sheet(tokens: Mapping[str, str], size: Callable[[float], int]) -> str:
    """Return the style sheet for some colours; `size` scales a length with the text."""
    lengths = {f"px{pixels}": str(size(pixels)) for pixels in range(1, 33)}
    return _SHEET.format(**tokens, **lengths)


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget a role that it may already be shown in another of."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    # A style sheet looks at properties once, when it polishes.
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
