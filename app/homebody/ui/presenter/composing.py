"""What the person is about to send: words, files, and how much of the context they take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from homebody.base.errors import BadInput, EngineProblem, HomebodyError
from homebody.base.paths import is_elsewhere
from homebody.messages.plans import Planned
from homebody.messages.skills import Skill
from homebody.messages.turns import Attachment, Conversation, Foreseen, Turn
from homebody.ui.presenter.drafts import Drafts
from homebody.ui.presenter.reply import Place
from homebody.ui.presenter.rows import short_count, size_of
from homebody.ui.presenter.slash import choices_of, plan_of
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.talk import Talk
from homebody.ui.states import AttachmentChip
from homebody.ui.words import tr

__all__ = ["MOST_BYTES", "Composing", "read_text_file", "refuse_elsewhere"]

MOST_BYTES = 2_000_000
"""The largest file that can be attached. No context of today holds more text than that."""
_TOLD_ONE_BY_ONE, _NAMED = 3, 5
"""So many refused files have a notice each; of more, so many are named in one."""
_DRAFT_SECONDS = 0.8
_METER_SECONDS = 0.3


def refuse_elsewhere(path: str) -> None:
    """Raise `BadInput` for a file on another machine, without looking at it."""
    if is_elsewhere(path):
        raise BadInput(
            tr("{path} is on another machine.").format(path=path),
            tr("Copy the file to this one first."),
        )


def read_text_file(path: str) -> Attachment:
    """Read a text file that the person gave. Raises `BadInput` with a sentence."""
    refuse_elsewhere(path)
    file = Path(path)
    try:
        if not file.is_file():
            if not file.exists():
                raise BadInput(
                    tr("{name} is not there.").format(name=file.name),
                    tr("It may have been moved or deleted."),
                )
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
            tr("{name} is not a text file in UTF-8 or UTF-16.").format(name=file.name),
            tr("Only such texts can be attached. An editor can save others as UTF-8."),
        )
    return Attachment(file.name, text.replace("\r\n", "\n"))


@dataclass(frozen=True)
class _Sent:
    """What was sent and is not known to be on the disk yet."""

    place: Place
    request: str
    files: list[Attachment]


class Composing:
    """Sends, edits, reads files, measures. Lives on the window's thread."""

    def __init__(self, stage: Stage, talk: Talk) -> None:
        self._stage, self._talk = stage, talk
        self._drafts = Drafts(stage)
        self._files: list[Attachment] = []
        self._files_of: dict[str | None, list[Attachment]] = {}
        """Files that wait in other conversations, until the window closes."""
        self._reading = 0
        """Files that are being read; what is sent meanwhile waits for them."""
        self._editing: Turn | None = None
        self._sent: _Sent | None = None
        self._carried: _Sent | None = None
        self._waiting = False
        self._skills: tuple[Skill, ...] = ()
        self._measured = 0
        self._call_off: dict[str, Callable[[], None]] = {}

    # ------------------------------------------------------------------ the person writes

    def typed(self, _text: str) -> None:
        """The words changed: keep them, and measure them, once there is a pause."""
        self._later("draft", _DRAFT_SECONDS, self.keep_draft)
        self._later("meter", _METER_SECONDS, self.measure)

    def send(self, text: str) -> None:
        """Send what is written. The words stay until they are on the disk."""
        place = self._talk.place
        if place is None or self._reading:
            # Asked before a conversation is open, or a file was read: it goes out after that.
            self._waiting = True
            if place is None:
                self._stage.composer(placeholder=tr("Opening…"))
            return
        self._waiting = False
        request = text.strip("\r\n").rstrip()
        if not request.strip():
            return
        try:
            plan = self._plan(request)
        except BadInput as problem:
            self._stage.board.tell(problem)
            return
        if self._talk.send(request, self._files, self._editing, plan):
            self._sent = _Sent(place, request, self._files)

    def _plan(self, request: str) -> Planned | None:
        """Return what is to be done, if the person named a skill. Raises `BadInput`."""
        head = self._talk.head
        return plan_of(
            request,
            self._skills,
            has_reply=head is not None and bool(head.reply),
            has_file=bool(self._files),
        )

    def use_skills(self, skills: Sequence[Skill]) -> None:
        """Offer these from now on where a message begins with `/`."""
        self._skills = tuple(skills)
        self._stage.composer(skills=choices_of(skills))

    @property
    def waiting(self) -> bool:
        """Whether something was sent that could not go out yet."""
        return self._waiting

    def _send_what_waited(self) -> None:
        if self._waiting:
            self.send(self._stage.view.words())

    def accepted(self, place: Place, turn: Turn, *, was_new: bool) -> None:
        """A request is on the disk. If it came from the field, it is cleared there."""
        sent = self._sent
        mine = sent is not None and sent.place is place and sent.request == turn.request
        if mine:
            self._sent = None
        if mine and place is not self._talk.place:
            # What waited there to be sent has been sent.
            self._files_of.pop(None if was_new else place.conversation, None)
        elif mine:
            self._editing = None
            self._set_files([])
            self._stage.composer(editing="")
        self._drafts.sent(place, turn.request if mine else "", was_new=was_new)

    def suggest(self, text: str) -> None:
        """Send a suggestion, beside whatever is written."""
        self._talk.send(text)

    def go_on_unsaved(self) -> None:
        """What was sent could not be saved: take it along to a temporary chat."""
        self._carried, self._sent = self._sent, None
        self._talk.new(temporary=True)

    # ------------------------------------------------------------------ editing

    def edit(self, turn: str) -> None:
        """Put an earlier request into the composer, to send it anew."""
        if not self._talk.writing_here:
            self._talk.with_turn(turn, self._edit)

    def _edit(self, turn: Turn) -> None:
        self._editing = turn
        self._set_files(list(turn.attachments))
        self._stage.composer(
            editing=tr("Editing an earlier message. The old one and its replies are kept.")
        )
        self._drafts.borrow(turn.request)
        self.measure()

    def cancel_edit(self) -> None:
        """Leave the earlier message as it is, and bring the draft back."""
        if self._editing is not None:
            self._editing = None
            self._set_files([])
            self._stage.composer(editing="")
            self._drafts.give_back()
            self.measure()

    # ------------------------------------------------------------------ going elsewhere

    def leaving(self) -> None:
        """The conversation that is shown is being left."""
        self.keep_draft(leaving=True)
        place = self._talk.place
        if place is not None and not place.temporary and self._editing is None:
            self._files_of[place.conversation] = self._files

    def opened(self, place: Place, conversation: Conversation | None) -> None:
        """Another conversation is shown: bring what was being written there."""
        carried, self._carried = self._carried, None
        self._editing = None
        waiting = None if place.temporary else self._files_of.pop(place.conversation, None)
        self._set_files(waiting or [])
        self._stage.composer(editing="", meter="", meter_detail="", meter_level="calm")
        self._drafts.arrive(place, conversation.draft if conversation is not None else None)
        if carried is not None and place.temporary:
            self._set_files(carried.files)
            self._drafts.carry(carried.request)
        self.measure()
        self._send_what_waited()

    def keep_draft(self, *, leaving: bool = False) -> None:
        """Keep the words that are not sent."""
        self._no_longer("draft")
        self._drafts.keep(leaving=leaving)

    # ------------------------------------------------------------------ files

    def attach(self, paths: Sequence[str]) -> None:
        """Add text files to the message."""
        place = self._talk.place
        self._reading += 1

        def work() -> list[Attachment | HomebodyError]:
            found: list[Attachment | HomebodyError] = []
            for path in paths:
                try:
                    found.append(read_text_file(path))
                except HomebodyError as problem:
                    found.append(problem)
            return found

        def then(found: list[Attachment | HomebodyError]) -> None:
            self._reading -= 1
            if place is not self._talk.place:
                # They were meant for the conversation that was left since.
                return
            files = [each for each in found if isinstance(each, Attachment)]
            self._set_files(self._files + files)
            self._tell_refused(
                [
                    (Path(path).name, each)
                    for path, each in zip(paths, found, strict=True)
                    if isinstance(each, HomebodyError)
                ]
            )
            self._weigh()
            self.measure()
            if len(files) == len(found):
                self._send_what_waited()
            self._waiting = False

        def failed(problem: HomebodyError) -> None:
            self._reading -= 1
            self._stage.board.tell(problem)

        self._stage.run("files", work, then, failed)

    def _tell_refused(self, refused: Sequence[tuple[str, HomebodyError]]) -> None:
        """Say of each file why it is not attached; of many, in one sentence."""
        if len(refused) <= _TOLD_ONE_BY_ONE:
            for number, (_, problem) in enumerate(refused):
                self._stage.board.tell(problem, key=f"file-{number}")
            return
        names = ", ".join(name for name, _ in refused[:_NAMED])
        self._stage.board.say(
            "files",
            tr(
                "{count} files were not attached: {names}. Only text files of up to 2 MB can be."
            ).format(count=len(refused), names=names + (", …" if len(refused) > _NAMED else "")),
            kind="bad",
        )

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
                    meter=tr("this message") if too_much else "",
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
