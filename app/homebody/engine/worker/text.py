"""From bytes of tokens to pieces of text that may be shown.

Four stages, each of which holds back what it cannot decide yet: whole UTF-8 characters, stop
strings across token borders, reasoning blocks, whole emoji. Concatenated, the pieces are always the
decoded text up to the first stop string, less the tags of the reasoning block.
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["REASONING_MARKS", "Ready", "StopStrings", "TextStream", "hold_back_emoji", "opened_by"]

# How models open and close their reasoning. The tags of the last two are several tokens.
_REASONING = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    ("<|channel>thought", "<channel|>"),
)
# What opens a reply that comes without reasoning; it is not part of the reply.
_HEADERS = ("<|channel|>final<|message|>",)

REASONING_MARKS = frozenset(
    {tag for pair in _REASONING for tag in pair if tag.isascii()}
    | {"<|channel|>", "<|message|>", "<|end|>", "<|start|>", "<|channel>", "<channel|>"}
)
"""Control tokens that are looked at; all others are never text."""


def opened_by(prompt: str) -> str:
    """Return the reasoning tag that the end of a prompt opens, or nothing."""
    prompt = prompt.rstrip()
    return next((tag for tag, _ in _REASONING if prompt.endswith(tag)), "")


@dataclass(frozen=True)
class Ready:
    """Text that will not change any more."""

    text: str
    reasoning: bool = False


def overlap(text: str, marks: Sequence[str]) -> int:
    """Return the length of the longest end of `text` that is a part of one of `marks`, not all."""
    best = 0
    for mark in marks:
        for length in range(min(len(mark) - 1, len(text)), best, -1):
            if text.endswith(mark[:length]):
                best = length
                break
    return best


class StopStrings:
    """Cuts a stream of text before the first of some strings."""

    def __init__(self, strings: Sequence[str]) -> None:
        self._strings = tuple(string for string in strings if string)
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """Return the text that is certain not to belong to a stop string."""
        if not self._strings:
            return text
        if self.hit:
            return ""
        text = self._held + text
        # The first to be complete counts, so that it does not matter how the text was cut up.
        hits = [(place + len(s), place) for s in self._strings if (place := text.find(s)) >= 0]
        if hits:
            self.hit, self._held = True, ""
            return text[: min(hits)[1]]
        keep = overlap(text, self._strings)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """Return what was held back, at the end of the stream."""
        held, self._held = self._held, ""
        return held


class _Reasoning:
    """Parts reasoning from reply. A block counts only at the very beginning of an answer."""

    def __init__(self, opened_by: str) -> None:
        closes = dict(_REASONING)
        self._held = ""
        self._strip = False
        self._close = closes.get(opened_by, "")
        self._state = "inside" if self._close else "start"

    def feed(self, text: str) -> list[Ready]:
        text = self._held + text
        self._held = ""
        ready: list[Ready] = []
        if self._state == "start":
            stripped = text.lstrip()
            for tag, close in (*_REASONING, *((header, "") for header in _HEADERS)):
                if stripped.startswith(tag):
                    self._close = close
                    self._state = "inside" if close else "reply"
                    self._strip = True
                    text = stripped[len(tag) :]
                    break
            else:
                tags = (*(tag for tag, _ in _REASONING), *_HEADERS)
                if not stripped or any(tag.startswith(stripped) for tag in tags):
                    self._held = text
                    return []
                self._state = "reply"
        if self._state == "inside":
            place = text.find(self._close)
            if place < 0:
                keep = overlap(text, (self._close,))
                # White space before the closing tag is not part of the block either.
                end = len(text[: len(text) - keep].rstrip())
                self._held = text[end:]
                return self._cut(text[:end], reasoning=True)
            ready += self._cut(text[:place].rstrip(), reasoning=True)
            text = text[place + len(self._close) :]
            self._state, self._strip = "reply", True
        return ready + self._cut(text, reasoning=False)

    def flush(self) -> list[Ready]:
        held, self._held = self._held, ""
        return self._cut(held, reasoning=self._state == "inside")

    def _cut(self, text: str, *, reasoning: bool) -> list[Ready]:
        if self._strip:
            text = text.lstrip()
            self._strip = not text
        return [Ready(text, reasoning)] if text else []


_JOINER = 0x200D
_FLAG = range(0x1F1E6, 0x1F200)


def _extends(code: int) -> bool:
    """Say whether a character changes the one before it, within an emoji."""
    return (
        code in {_JOINER, 0xFE0E, 0xFE0F, 0x20E3}
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


def _pictures(code: int) -> bool:
    return (
        0x2190 <= code <= 0x3299
        or 0x1F000 <= code <= 0x1FAFF
        or code in {0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139}
        or chr(code) in "0123456789#*"  # what a keycap encloses
    )


def hold_back_emoji(text: str) -> int:
    """Return where the last emoji of `text` begins if it may still grow, else its length."""
    start = len(text)
    while start > 0 and len(text) - start < 32:
        start -= 1
        code = ord(text[start])
        if _extends(code) or (start > 0 and ord(text[start - 1]) == _JOINER):
            continue
        if code in _FLAG:
            flags = start
            while flags > 0 and ord(text[flags - 1]) in _FLAG:
                flags -= 1
            if (start - flags) % 2:
                start -= 1
        return start if _pictures(ord(text[start])) else len(text)
    return len(text)


class TextStream:
    """Turns the bytes of generated tokens into pieces that may be shown.

    `opened_by` is the reasoning tag that the prompt itself ends with, if it does.
    """

    def __init__(self, stop: Sequence[str] = (), opened_by: str = "") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = StopStrings(stop)
        self._reasoning = _Reasoning(opened_by)
        self._held = Ready("")

    @property
    def stopped(self) -> bool:
        """True once a stop string was met."""
        return self._stop.hit

    def feed(self, data: bytes) -> list[Ready]:
        """Take the bytes of one token; return what can be shown."""
        text = self._stop.feed(self._decoder.decode(data))
        return self._whole(self._reasoning.feed(text), last=False) if text else []

    def flush(self) -> list[Ready]:
        """Return everything that is left, at the end."""
        text = self._stop.feed(self._decoder.decode(b"", final=True))
        if not self._stop.hit:
            text += self._stop.flush()
        ready = self._reasoning.feed(text) + self._reasoning.flush()
        return self._whole(ready, last=True)

    def _whole(self, ready: list[Ready], *, last: bool) -> list[Ready]:
        whole: list[Ready] = []
        for part in [self._held, *ready]:
            if whole and whole[-1].reasoning == part.reasoning:
                whole[-1] = Ready(whole[-1].text + part.text, part.reasoning)
            elif part.text:
                whole.append(part)
        self._held = Ready("")
        if whole and not last:
            text, reasoning = whole[-1].text, whole[-1].reasoning
            place = hold_back_emoji(text)
            whole[-1] = Ready(text[:place], reasoning)
            self._held = Ready(text[place:], reasoning)
        return [part for part in whole if part.text]
