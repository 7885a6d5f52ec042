"""Texts that want to be loaded. Run as a program it shows them all; a test watches it do so.

`python hostile_texts.py` shows them in the transcript, `python hostile_texts.py naive` as Qt shows
HTML and Markdown by itself: that one does open what they name.
"""

import sys
from itertools import product
from pathlib import Path

__all__ = ["MARK", "hostile_texts", "main"]

MARK = "hostileprobe"
"""Stands in every path and host that a text names."""

ADDRESSES = (
    f"file:///tmp/{MARK}.png",
    f"file://localhost/tmp/{MARK}.html",
    f"/tmp/{MARK}.png",
    f"../{MARK}/x.png",
    f"~/{MARK}.png",
    f"//{MARK}.example/share/p.png",
    rf"\\{MARK}.example\share\p.png",
    f"http://{MARK}.example/x.png?q=secret",
    f"https://user:word@{MARK}.example/x.png",
    f"ftp://{MARK}.example/x.png",
    f"qrc:/{MARK}.png",
    f":/{MARK}.png",
    f"data:text/html,<img src='file:///tmp/{MARK}.png'>",
    f"data:image/svg+xml,<svg><image href='file:///tmp/{MARK}.png'/></svg>",
    f"javascript:open('/tmp/{MARK}')",
    f"smb://{MARK}.example/share",
    f"x-{MARK}:run",
    f"C:\\{MARK}\\x.png",
)
SHAPES = (
    "![picture]({})",
    "![picture][r]\n\n[r]: {}",
    '![a]({} "title")',
    "[![inner]({})]({})",
    "[link]({})",
    "[link](<{}>)",
    "[link][r]\n\n[r]: <{}> 'title'",
    "<{}>",
    "{}",
    '<img src="{}">',
    "<IMG SRC={}>",
    '<img srcset="{} 2x" onerror="x">',
    '<iframe src="{}"></iframe>',
    '<object data="{}"><embed src="{}"></object>',
    '<link rel="stylesheet" href="{}">',
    '<style>@import url("{}"); body {{ background: url({}) }}</style>',
    '<p style="background-image: url({})">p</p>',
    '<table background="{}"><tr><td background="{}">x</td></tr></table>',
    '<body background="{}">b</body>',
    '<svg><image xlink:href="{}"/><use href="{}#x"/></svg>',
    '<script src="{}"></script>',
    '<a href="{}">a</a>',
    '<meta http-equiv="refresh" content="0;url={}">',
    '<base href="{}"><img src="x.png">',
    '<video poster="{}"><source src="{}"></video>',
    '[a](https://example.org "<img src={}>")',
    "`<img src={}>`",
)
FRAMES = (
    "{}",
    "- {}\n  - {}",
    "> {}",
    "| a | b |\n|---|---|\n| {} | {} |",
    "```html\n{}\n```",
    "    {}",
    "# {}",
    "שלום {}",
    "**{}** *{}*",
    "1. > - {}",
    "<!DOCTYPE html><html>{}</html>",
)


def hostile_texts() -> list[str]:
    """Return every shape with every address, each in one of the frames in turn."""
    texts = []
    for number, (shape, address) in enumerate(product(SHAPES, ADDRESSES)):
        inner = shape.format(*[address] * shape.count("{}"))
        frame = FRAMES[number % len(FRAMES)]
        texts.append(frame.replace("{}", inner))
    # What looks like HTML from its first character on is what Qt guesses by.
    texts += [f"<qt>{shape.format(*[ADDRESSES[0]] * shape.count('{}'))}</qt>" for shape in SHAPES]
    return texts


def main(arguments: list[str]) -> None:
    """Show all texts, and say how many."""
    from PySide6.QtWidgets import QApplication

    app = QApplication(["hostile"])
    texts = hostile_texts()
    if arguments == ["naive"]:
        _show_naively(texts)
    else:
        _show_in_transcript(app, texts)
    sys.stdout.write(f"{len(texts)} shown\n")


def _show_naively(texts: list[str]) -> None:
    from PySide6.QtWidgets import QTextBrowser

    browser = QTextBrowser()
    browser.resize(400, 300)
    for text in texts[::9]:
        browser.setHtml(text)
        browser.grab()
        browser.setMarkdown(text)
        browser.grab()


def _show_in_transcript(app: object, texts: list[str]) -> None:
    from PySide6.QtCore import QEvent, QPoint
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QApplication

    from homebody.ui.states import AttachmentChip, Fact, TurnRow
    from homebody.ui.theme import Look
    from homebody.ui.transcript.body import Body
    from homebody.ui.transcript.view import TranscriptView

    assert isinstance(app, QApplication)
    view = TranscriptView(Look(app))
    view.resize(600, 1200)
    view.show()
    for number, text in enumerate(texts):
        turn = f"t{number}"
        row = TurnRow(
            id=turn,
            request=text,
            reply=text,
            reasoning=text,
            waiting=text,
            facts=text,
            details=(Fact(text, text),),
            problem=text,
            hint=text,
            attachments=(AttachmentChip(name=text, detail=text, text=text),),
        )
        view.open([])
        view._unfolded |= {(turn, part) for part in ("reasoning", "facts", "attachment 0")}
        view.replace(None, [row, TurnRow(id="live", request=text, live=True)])
        for begin in range(0, len(text), 7):
            view.write("live", text[begin : begin + 7])
            view.write("live", text[begin : begin + 7], reasoning=True)
            view._tick()
        view.to_top()
        view.grab()
        for body in view.findChildren(Body):
            for place in (QPoint(4, 10), QPoint(30, 10)):
                there = body.mapToGlobal(place)
                QApplication.sendEvent(
                    body.viewport(), QHelpEvent(QEvent.Type.ToolTip, place, there)
                )
        app.processEvents()
    view.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(sys.argv[1:])
