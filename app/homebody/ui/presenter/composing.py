"""What the person is about to send: words, files, and how much of the context they take."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from homebody.base.errors import BadInput, EngineProblem, HomebodyError
from homebody.messages.turns import Attachment, Conversation, Foreseen, Turn
from homebody.ui.presenter.rows import short_count, size_of
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.talk import Talk
from homebody.ui.states import AttachmentChip
from homebody.ui.words import tr

__all__ = ["MOST_BYTES", "Composing", "read_text_file"]

MOST_BYTES = 2_000_000
"""The largest file that can be attached. No context of today holds more text than that."""
_DRAFT_SECONDS = 0.8
_METER_SECONDS = 0.3


def read_text_file(path: str) -> Attachment:
    """Read a text file that the person gave. Raises `BadInput` with a sentence."""
    file = Path(path)
    try:
        if not file.is_file():
            raise BadInput(
                tr("{name} is not a file.").format(name=file.name),
                tr("Give a text file; folders can't be attached."),
            )
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or tr("its name cannot be used")
        raise BadInput(
            tr("{name} cannot be read: {why}.").format(name=file.name, why=why)
        ) from error
    if len(data) > MOST_BYTES:
        raise BadInput(
            tr("{name} is larger than 2 MB, more than any model here can read.").format(
                name=file.name
            ),
            tr("Attach the part that matters."),
        )
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = data.decode(encoding, "replace")
    # One broken character in a thousand is a damaged text; more, or a null, is something else.
    if "\0" in text or text.count("\N{REPLACEMENT CHARACTER}") > len(text) / 1000:
        raise BadInput(
            tr("{name} is not a text file.").format(name=file.name),
            tr("Only text can be attached in this version."),
        )
    return Attachment(file.name, text.replace("\r\n", "\n"))


class Composing:
    """Keeps drafts, reads files, measures. Lives on the window's thread."""

    def __init__(self, stage: Stage, talk: Talk) -> None:
        self._stage, self._talk = stage, talk
        self._files: list[Attachment] = []
        self._chips: list[AttachmentChip] = []
        self._editing: Turn | None = None
        self._drafted: str | None = None
        """The conversation that the words in the composer belong to; None: a new one."""
        self._on_its_way = ""
        self._waiting = False
        self._first = True
        self._measured = 0
        self._call_off: dict[str, Callable[[], None]] = {}

    # ------------------------------------------------------------------ the person writes

    def typed(self, _text: str) -> None:
        """The words changed: keep them, and measure them, once there is a pause."""
        self._later("draft", _DRAFT_SECONDS, self.keep_draft)
        self._later("meter", _METER_SECONDS, self.measure)

    def send(self, text: str) -> None:
        """Send what is written. The words stay until they are on the disk."""
        if self._stage.session is None:
            # Asked before the conversations are open: it goes out as soon as they are.
            self._waiting = True
            self._stage.composer(placeholder=tr("Opening…"), can_send=False)
            return
        if not text.strip() or any(chip.problem for chip in self._chips):
            return
        request = text.strip("\r\n").rstrip()
        if self._talk.send(request, self._files, self._editing):
            self._on_its_way = request

    def opened_for_business(self) -> None:
        """The conversations are open."""
        if self._waiting:
            self._waiting = False
            self.send(self._stage.view.words())

    def accepted(self, request: str) -> None:
        """What was sent is safe: clear it, unless something else was written since."""
        if request != self._on_its_way:
            # Not from here: an earlier request was answered again.
            return
        self._on_its_way, self._editing = "", None
        self._set_files([])
        self._stage.composer(editing="")
        if self._stage.view.words().strip("\r\n").rstrip() == request:
            self._stage.view.put_words("")
        self.keep_draft()
        self._drafted = self._conversation()
        self.keep_draft()

    def suggest(self, text: str) -> None:
        """Send a suggestion, beside whatever is written."""
        self._talk.send(text)

    # ------------------------------------------------------------------ editing

    def edit(self, turn: str) -> None:
        """Put an earlier request into the composer, to send it anew."""
        if not self._talk.writing_here:
            self._talk.with_turn(turn, self._edit)

    def _edit(self, turn: Turn) -> None:
        self.keep_draft()
        self._editing = turn
        self._set_files(list(turn.attachments))
        self._stage.composer(
            editing=tr("Editing an earlier message. The old one and its replies are kept.")
        )
        self._stage.view.put_words(turn.request)
        self.measure()

    def cancel_edit(self) -> None:
        """Leave the earlier message as it is, and bring the draft back."""
        if self._editing is not None:
            self._editing = None
            self._set_files([])
            self._stage.composer(editing="")
            self._stage.view.put_words("")
            self._bring_draft(self._conversation())

    # ------------------------------------------------------------------ drafts

    def opened(self, conversation: Conversation | None) -> None:
        """Another conversation is shown: bring what was being written there."""
        on_its_way = self._on_its_way
        self._on_its_way, self._editing = "", None
        self._drafted = conversation.id if conversation else None
        self._set_files(self._files if on_its_way else [])
        self._stage.composer(editing="", meter="", meter_detail="", meter_level="calm")
        first, self._first = self._first, False
        if on_its_way or (first and self._stage.view.words()):
            # It could not be saved where it was written, or was typed before anything was open:
            # it stays here to be sent.
            return
        self._stage.view.put_words(conversation.draft if conversation is not None else "")
        if conversation is None:
            self._bring_draft(None)
        self.measure()

    def keep_draft(self) -> None:
        """Keep the words that are not sent. Not those of a temporary chat, nor of an edit."""
        self._no_longer("draft")
        session, place = self._stage.session, self._talk.place
        if session is None or place is None or place.temporary or self._editing is not None:
            return
        store, conversation, words = session.saved, self._drafted, self._stage.view.words()
        # A draft that cannot be kept is no news: whatever keeps it so will stop the message too.
        self._stage.run(
            "store", lambda: store.save_draft(conversation, words), failed=lambda _: None
        )

    def _bring_draft(self, conversation: str | None) -> None:
        session, place = self._stage.session, self._talk.place
        if session is None or place is None:
            return
        store = session.saved

        def then(words: str) -> None:
            # What was typed meanwhile counts more.
            if words and self._talk.place is place and not self._stage.view.words():
                self._stage.view.put_words(words)
                self.measure()

        if not place.temporary:
            self._stage.run("store", lambda: store.draft(conversation), then, lambda _: None)

    def _conversation(self) -> str | None:
        place = self._talk.place
        return place.conversation if place is not None and not place.temporary else None

    # ------------------------------------------------------------------ files

    def attach(self, paths: Sequence[str]) -> None:
        """Add text files to the message."""

        def work() -> list[Attachment | HomebodyError]:
            found: list[Attachment | HomebodyError] = []
            for path in paths:
                try:
                    found.append(read_text_file(path))
                except HomebodyError as problem:
                    found.append(problem)
            return found

        def then(found: list[Attachment | HomebodyError]) -> None:
            files = [each for each in found if isinstance(each, Attachment)]
            self._set_files(self._files + files)
            for number, each in enumerate(found):
                if isinstance(each, HomebodyError):
                    self._stage.board.tell(each, key=f"file-{number}")
            self._weigh()
            self.measure()

        self._stage.run("slow", work, then)

    def detach(self, number: int) -> None:
        """Take a file off the message."""
        if 0 <= number < len(self._files):
            self._set_files(self._files[:number] + self._files[number + 1 :])
            self._weigh()
            self.measure()

    def _set_files(self, files: list[Attachment]) -> None:
        self._files = files
        self._show_chips([size_of(file.text) for file in files])

    def _show_chips(self, details: list[str]) -> None:
        self._chips = [
            AttachmentChip(name=file.name, detail=detail)
            for file, detail in zip(self._files, details, strict=True)
        ]
        self._stage.composer(attachments=tuple(self._chips))

    def _weigh(self) -> None:
        """Say how many tokens each file has, once there is a model that can tell."""
        session, files = self._stage.session, self._files
        if session is None or not files or session.engine.loaded is None:
            return
        engine = session.engine

        def then(counts: tuple[int, ...]) -> None:
            if files is self._files:
                self._show_chips([tr("{count:,} tokens").format(count=each) for each in counts])

        self._stage.run(
            "count",
            lambda: engine.count([file.text for file in files]),
            then,
            failed=lambda _: None,
        )

    # ------------------------------------------------------------------ the meter

    def measure(self) -> None:
        """Say how full the context would be, and what would be left out."""
        self._no_longer("meter")
        assistant, place = self._talk.assistant(), self._talk.place
        # While a reply is written the engine has no time to count.
        if assistant is None or place is None or self._talk.writing:
            return
        self._measured += 1
        number = self._measured
        parent = self._talk.head.id if self._talk.head else None
        if self._editing is not None:
            parent = self._editing.parent
        words, files = self._stage.view.words(), tuple(self._files)

        def then(foreseen: Foreseen | None) -> None:
            if number == self._measured:
                self._show_meter(foreseen)

        def failed(problem: HomebodyError) -> None:
            if number == self._measured:
                too_much = isinstance(problem, EngineProblem) and problem.kind == "overflow"
                self._stage.composer(
                    meter=tr("too long") if too_much else "",
                    meter_detail=f"{problem.message} {problem.hint}" if too_much else "",
                    meter_level="over" if too_much else "calm",
                )

        self._stage.run(
            "count",
            partial(assistant.foresee, place.conversation, words, parent=parent, attachments=files),
            then,
            failed,
        )

    def _show_meter(self, foreseen: Foreseen | None) -> None:
        if foreseen is None:
            self._stage.composer(meter="", meter_detail="", meter_level="calm")
            return
        used, size, out = foreseen.tokens, foreseen.size, len(foreseen.dropped)
        detail = tr("{used:,} of {size:,} tokens of the model's context are used.").format(
            used=used, size=size
        )
        if out == 1:
            detail += " " + tr("The earliest turn will be left out: it no longer fits.")
        elif out:
            detail += " " + tr(
                "The {count} earliest turns will be left out: they no longer fit."
            ).format(count=out)
        self._stage.composer(
            meter=tr("{used} of {size}").format(used=short_count(used), size=short_count(size)),
            meter_detail=detail,
            meter_level="near" if out else "calm",
        )

    # ------------------------------------------------------------------ later

    def _later(self, what: str, seconds: float, work: Callable[[], None]) -> None:
        self._no_longer(what)
        self._call_off[what] = self._stage.background.after(seconds, work)

    def _no_longer(self, what: str) -> None:
        call_off = self._call_off.pop(what, None)
        if call_off is not None:
            call_off()
