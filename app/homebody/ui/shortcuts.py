"""Every action that has a key, declared once: the window's actions and the sheet are made of it.

`Ctrl` is the command key where there is one. No single key deletes.
"""

from typing import Final

from msgspec import Struct

__all__ = ["SHORTCUTS", "Shortcut"]


class Shortcut(Struct, frozen=True):
    """An action: its name in code, the group and words it stands under, and its keys."""

    name: str
    group: str
    title: str
    keys: tuple[str, ...]
    """As Qt writes key sequences; the first is the one that is shown."""
    own: bool = False
    """The widget that has the focus handles it itself: it is listed, and made no action."""


SHORTCUTS: Final = (
    Shortcut("new", "Conversations", "New chat", ("Ctrl+N",)),
    Shortcut("temporary", "Conversations", "New temporary chat", ("Ctrl+Shift+N",)),
    Shortcut("search", "Conversations", "Search", ("Ctrl+K", "Ctrl+F")),
    Shortcut("next", "Conversations", "Next conversation", ("Ctrl+PgDown", "Ctrl+Tab")),
    Shortcut("previous", "Conversations", "Previous conversation", ("Ctrl+PgUp", "Ctrl+Shift+Tab")),
    Shortcut("rename", "Conversations", "Rename", ("F2",)),
    Shortcut("pin", "Conversations", "Pin, or no longer", ("Ctrl+D",)),
    Shortcut("archive", "Conversations", "Archive, or no longer", ("Ctrl+Shift+A",)),
    Shortcut("delete", "Conversations", "Move to the bin", ("Ctrl+Shift+Backspace",)),
    Shortcut("undo_delete", "Conversations", "Undo the last delete", ("Ctrl+Shift+Z",)),
    Shortcut("send", "Writing", "Send", ("Return",), own=True),
    Shortcut("newline", "Writing", "New line", ("Shift+Return",), own=True),
    Shortcut("by_name", "Writing", "At the beginning: name a skill", ("/",), own=True),
    Shortcut("stop", "Writing", "Stop the reply", ("Esc",)),
    Shortcut("edit_last", "Writing", "Edit your last message", ("Ctrl+Up",)),
    Shortcut("attach", "Writing", "Attach a text file", ("Ctrl+Shift+O",)),
    Shortcut("compose", "Writing", "Go to where you write", ("Ctrl+L",)),
    Shortcut("again", "Replies", "Answer again; the old answer is kept", ("Ctrl+R",)),
    Shortcut("continue", "Replies", "Go on with a reply that broke off", ("Ctrl+Shift+R",)),
    Shortcut("older", "Replies", "Previous version of the last turn", ("Alt+Left",)),
    Shortcut("newer", "Replies", "Next version of the last turn", ("Alt+Right",)),
    Shortcut("copy_reply", "Replies", "Copy the last reply", ("Ctrl+Shift+C",)),
    Shortcut("copy_all", "Replies", "Copy the conversation as Markdown", ("Ctrl+Alt+C",)),
    Shortcut("question", "Replies", "Go to what you are asked", ("Ctrl+J",)),
    Shortcut("end", "Replies", "Go to the end", ("Ctrl+End",)),
    Shortcut("top", "Replies", "Go to the beginning", ("Ctrl+Home",)),
    Shortcut("model", "Window", "Choose a model", ("Ctrl+M",)),
    Shortcut("open_model", "Window", "Open a GGUF file", ("Ctrl+O",)),
    Shortcut("models", "Window", "The page of models", ("Ctrl+Shift+M",)),
    Shortcut("skills", "Window", "The page of skills", ("Ctrl+Shift+K",)),
    Shortcut("privacy", "Window", "The page of privacy", ("Ctrl+Shift+P",)),
    Shortcut("sidebar", "Window", "Show or hide the list", ("Ctrl+B",)),
    Shortcut("larger", "Window", "Larger text", ("Ctrl++", "Ctrl+=")),
    Shortcut("smaller", "Window", "Smaller text", ("Ctrl+-",)),
    Shortcut("normal", "Window", "Text at 100 %", ("Ctrl+0",)),
    Shortcut("settings", "Window", "Settings", ("Ctrl+,",)),
    Shortcut("shortcuts", "Window", "This sheet", ("F1", "Ctrl+/")),
    Shortcut("quit", "Window", "Quit", ("Ctrl+Q",)),
)
