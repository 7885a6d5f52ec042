"""The one style sheet. What it cannot say, widgets paint.

A widget takes a style by its `role` property: `primary` (the one action of a screen), `plain` (any
other button), `quiet` (a button that is only its word), `nav` (a row to go somewhere), `chip`;
frames are `card` or `ask`; labels are `title`, `label`, `dim`, `fact`, `ok`, `warn` or `bad`.
"""

from collections.abc import Callable, Mapping

__all__ = ["style_sheet"]

_SHEET = """
* {{ outline: none; }}
QToolTip {{ color: {text}; background: {card}; border: 1px solid {line}; padding: {px4}px; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {px16}px; font-weight: 600; }}
QLabel[role="label"] {{ font-size: {px12}px; font-weight: 600; color: {faint}; }}
QLabel[role="dim"] {{ color: {dim}; }}
QLabel[role="fact"] {{ font-size: {px12}px; color: {faint}; }}
QLabel[role="ok"] {{ color: {ok}; }}
QLabel[role="warn"] {{ color: {warn}; }}
QLabel[role="bad"] {{ color: {bad}; }}
QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 8px; }}
QFrame[role="ask"] {{ background: {card}; border: 1px solid {line}; border-radius: 12px; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
  background: {card}; color: {text}; border: 1px solid {line}; border-radius: 8px;
  padding: {px4}px {px8}px; min-height: {px20}px; selection-background-color: {accent};
  selection-color: {ink}; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
  border: 2px solid {accent}; padding: {px3}px {px7}px; }}
QPushButton, QToolButton {{
  background: {card}; color: {text}; border: 1px solid {line}; border-radius: 8px;
  padding: {px4}px {px12}px; min-height: {px18}px; }}
QPushButton:hover, QToolButton:hover {{ background: {selected}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: {bg}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent};
  padding: {px3}px {px11}px; }}
*[role="primary"] {{ background: {accent}; color: {ink}; border: 1px solid {accent};
  font-weight: 600; }}
*[role="primary"]:hover {{ background: {accent}; }}
*[role="primary"]:focus {{ border: 2px solid {text}; }}
*[role="primary"]:disabled {{ background: {selected}; color: {faint};
  border: 1px solid {selected}; }}
*[role="quiet"] {{ background: transparent; border: 2px solid transparent; color: {faint};
  font-size: {px12}px; padding: {px2}px {px6}px; }}
*[role="quiet"]:hover {{ color: {text}; background: transparent; }}
*[role="quiet"]:focus {{ border: 2px solid {accent}; padding: {px2}px {px6}px; }}
*[role="nav"] {{ background: transparent; border: 2px solid transparent; color: {dim};
  text-align: left; padding: {px4}px {px12}px; }}
*[role="nav"]:hover {{ background: {selected}; }}
*[role="nav"]:checked {{ background: {selected}; color: {text}; font-weight: 600; }}
*[role="nav"]:focus {{ border: 2px solid {accent}; padding: {px4}px {px12}px; }}
*[role="chip"] {{ background: {card}; border: 1px solid {line}; border-radius: {px14}px;
  padding: {px3}px {px12}px; color: {dim}; }}
QMenu {{ background: {card}; border: 1px solid {line}; border-radius: 8px; padding: {px4}px; }}
QMenu::item {{ padding: {px6}px {px24}px {px6}px {px12}px; border-radius: 6px; }}
QMenu::item:selected {{ background: {selected}; color: {text}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {px4}px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {line}; border-radius: 4px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {faint}; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {line}; border-radius: 4px; min-width: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def style_sheet(tokens: Mapping[str, str], size: Callable[[float], int]) -> str:
    """Return the style sheet for some colours; `size` scales a length with the text."""
    lengths = {f"px{pixels}": str(size(pixels)) for pixels in range(1, 33)}
    return _SHEET.format(**tokens, **lengths)
