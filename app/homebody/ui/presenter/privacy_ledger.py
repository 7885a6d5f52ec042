"""The ledger on the page of privacy: its rows, what was sent, whether it is whole, a copy of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, NoReturn

from homebody.base.clock import now
from homebody.base.errors import BadInput, HomebodyError
from homebody.base.files import replace_file
from homebody.base.paths import Home, is_elsewhere
from homebody.messages.ledger import LedgerEntry, VerifyReport
from homebody.privacy.ledger import verify
from homebody.ui.presenter.needs import PrivacyNeeds
from homebody.ui.presenter.privacy_words import moment_words, size_words
from homebody.ui.presenter.stage import Stage
from homebody.ui.privacy_states import LedgerDetails, LedgerFilter, LedgerRow, LedgerState
from homebody.ui.states import Fact
from homebody.ui.words import tr

__all__ = ["LedgerPage"]

_FIRST: Final = 20
"""So many rows are shown at first, so that what stands below stays near."""
_OF: Final[dict[LedgerFilter, frozenset[str]]] = {
    "elsewhere": frozenset({"ask", "models"}),
    "models": frozenset({"list", "download"}),
    "words": frozenset({"search"}),
}
_DOES: Final = {
    "ask": "asked {host}",
    "models": "asked {host} which models it has",
    "search": "searched at {host}",
    "list": "looked at files of {host}",
    "download": "fetched from {host}",
    "version": "asked {host} which version is the newest",
}
_FOR: Final = {
    "ask": "a question for a model elsewhere",
    "models": "the names of its models",
    "search": "a search for models",
    "list": "the files of a model",
    "download": "a file of a model",
    "version": "the newest version of Homebody",
}

_Rows = dict[LedgerEntry, LedgerRow]


class LedgerPage:
    """Lives on the window's thread."""

    def __init__(
        self, stage: Stage, needs: PrivacyNeeds, home: Home, *, changed: Callable[[], None]
    ) -> None:
        self._stage, self._needs, self._home, self._changed = stage, needs, home, changed
        self._all: Sequence[LedgerEntry] = ()
        self._filter: LedgerFilter = "all"
        self._whole = False
        """All rows are shown."""
        self._rows: tuple[LedgerRow, ...] = ()
        self._matching: Sequence[LedgerEntry] = ()
        self._known: _Rows = {}
        """Rows that were made, as one says it on the day `_day`."""
        self._day = now().astimezone().date()
        self._opened = 0
        self._body: str | None = None
        self._body_known = False
        self._report: VerifyReport | None = None
        self._verifying = False
        self._problem: HomebodyError | None = None

    def know(self, entries: Sequence[LedgerEntry], problem: HomebodyError | None = None) -> None:
        """Take over what was read, oldest first."""
        if len(entries) != len(self._all):
            # What was found is of another ledger.
            self._report = None
        self._all, self._problem = entries, problem
        self._choose()

    # ------------------------------------------------------------------ intents

    def filter(self, which: LedgerFilter) -> None:
        """Show only some of it."""
        self._filter, self._whole, self._opened = which, False, 0
        self._choose()
        self._changed()

    def more(self) -> None:
        """Show all rows. Making ten thousand takes long enough to be done elsewhere."""
        matching, which = self._matching, self._filter

        def done(rows: _Rows) -> None:
            self._known.update(rows)
            if which == self._filter:
                self._whole = True
                self._choose()
                self._changed()

        self._stage.run("privacy", lambda: {each: _row(each) for each in matching}, done)

    def open(self, number: int) -> None:
        """Unfold a connection; 0 folds."""
        self._opened, self._body, self._body_known = number, None, False
        entry = self._entry(number)
        if entry is not None and entry.purpose == "ask" and entry.body_sha256:
            self._look_for_body(number, entry.body_sha256)
        self._changed()

    def delete_body(self) -> None:
        """Delete the copy of what was sent, once that was agreed to."""
        number, entry = self._opened, self._entry(self._opened)
        if entry is None or not entry.body_sha256 or self._body is None:
            return
        sha256 = entry.body_sha256

        def work() -> None:
            self._stage.run(
                "privacy",
                partial(self._needs.forget_body, sha256),
                lambda _: self._look_for_body(number, sha256),
            )

        self._stage.view.ask_confirm(
            tr("Delete this copy?"),
            tr(
                "What was sent to {host} can then no longer be read here. The ledger goes on "
                "saying that it was sent, how much, and its SHA-256. This has no undo."
            ).format(host=entry.host),
            tr("Delete the copy"),
            work,
        )

    def verify(self) -> None:
        """Follow the chain from its first line to its last."""
        self._verifying = True
        self._changed()

        def done(report: VerifyReport) -> None:
            self._verifying, self._report = False, report
            self._changed()

        def failed(problem: HomebodyError) -> None:
            self._verifying, self._report = False, None
            self._stage.board.tell(problem)
            self._changed()

        home = self._home
        self._stage.run("privacy", lambda: verify(home.ledger, home.ledger_head), done, failed)

    def export(self) -> None:
        """Write a copy of the ledger to where the person says."""
        self._stage.view.ask_save("homebody-ledger.jsonl", self._save)

    def _save(self, path: str) -> None:
        def then(name: str) -> None:
            self._stage.board.say(
                "exported", tr("Written to {name}.").format(name=name), kind="ok", fades=True
            )

        self._stage.run("slow", partial(_copy, self._home, path), then)

    def _look_for_body(self, number: int, sha256: str) -> None:
        def found(body: str | None) -> None:
            if self._opened == number:
                self._body, self._body_known = body, True
                self._changed()

        self._stage.run("privacy", partial(self._needs.sent_body, sha256), found)

    def _entry(self, number: int) -> LedgerEntry | None:
        return next((each for each in self._all if each.number == number), None)

    # ------------------------------------------------------------------ what is shown

    def _choose(self) -> None:
        """Make the rows that are shown."""
        of = _OF.get(self._filter)
        matching = [each for each in reversed(self._all) if of is None or each.purpose in of]
        self._matching = matching
        today = now().astimezone().date()
        if today != self._day:
            self._day, self._known = today, {}
        for each in (shown := matching if self._whole else matching[:_FIRST]):
            if each not in self._known:
                self._known[each] = _row(each)
        self._rows = tuple(self._known[each] for each in shown)
        if all(each.number != self._opened for each in self._rows):
            self._opened = 0

    def state(self) -> LedgerState:
        """Return the section."""
        problem = self._problem
        kind, verdict, notes = self._verdict()
        entry = self._entry(self._opened) if self._opened else None
        left = len(self._matching) - len(self._rows)
        return LedgerState(
            filter=self._filter,
            rows=self._rows,
            more=tr("Show all {count:,}").format(count=len(self._matching)) if left > 0 else "",
            empty=self._empty() if not self._rows and problem is None else "",
            opened=self._opened if entry is not None else 0,
            details=self._details(entry) if entry is not None else None,
            verdict=verdict,
            verdict_kind=kind,
            notes=notes,
            problem=problem.message if problem is not None else "",
            hint=problem.hint if problem is not None else "",
        )

    def _empty(self) -> str:
        if not self._all:
            return tr("No connection was ever made.")
        return {
            "elsewhere": tr("Nothing was ever asked elsewhere."),
            "models": tr("No model was ever fetched."),
            "words": tr("Nothing was ever searched for."),
        }.get(self._filter, "")

    def _verdict(self) -> tuple[Literal["ok", "bad", "fact"], str, tuple[str, ...]]:
        report = self._report
        if self._verifying:
            return "fact", tr("Following the chain…"), ()
        if report is None:
            return "fact", "", ()
        if not report.ok:
            words = tr("The chain is broken: somebody changed the ledger, or its disk lost some.")
            return "bad", words, (*report.problems, *report.notes)
        if not report.lines:
            return "ok", tr("There is no line yet, and none is missing."), report.notes
        words = (
            tr("The chain is whole: 1 line.")
            if report.lines == 1
            else tr("The chain is whole: {count:,} lines.").format(count=report.lines)
        )
        notes = report.notes
        if report.unfinished:
            unfinished = tr(
                "Of {count:,} the end is not known: they are still open, or Homebody was ended."
            )
            notes = (unfinished.format(count=report.unfinished), *notes)
        return "ok", words, notes

    def _details(self, entry: LedgerEntry) -> LedgerDetails:
        note, can_delete = "", False
        if entry.purpose == "ask" and entry.body_sha256:
            if self._body is not None:
                can_delete = True
                note = tr(
                    "This is what was sent, letter by letter. The copy lies on this machine only."
                )
            elif self._body_known:
                note = tr("No copy of what was sent is kept any more. Its SHA-256 is above.")
        return LedgerDetails(
            facts=_facts(entry), body=self._body or "", body_note=note, can_delete=can_delete
        )


def _row(entry: LedgerEntry) -> LedgerRow:
    does = tr(_DOES[entry.purpose]).format(host=_host(entry))
    if entry.bytes_out is None or entry.bytes_in is None:
        end = tr("its end is not known")
    else:
        end = tr("{out} out, {back} in").format(
            out=size_words(entry.bytes_out), back=size_words(entry.bytes_in)
        )
    parts = [does, end]
    if entry.problem:
        parts.append(entry.problem.rstrip("."))
    elif entry.status is not None:
        parts.append(tr("answer {status}").format(status=entry.status))
    title = entry.agreed
    if not title.startswith("homebody "):  # a command stays as it was typed
        title = title[:1].upper() + title[1:]
    return LedgerRow(
        number=entry.number,
        title=title,
        words=" · ".join(parts),
        when=moment_words(entry.opened),
        bad=bool(entry.problem),
    )


def _host(entry: LedgerEntry) -> str:
    usual = entry.port in {80, 443}
    return entry.host if usual else f"{entry.host}:{entry.port}"


def _facts(entry: LedgerEntry) -> tuple[Fact, ...]:
    def size(count: int | None) -> str:
        if count is None:
            return tr("not known")
        return f"{size_words(count)} ({count:,})" if count >= 1000 else size_words(count)

    facts = [
        Fact(tr("Opened"), _exactly(entry.opened)),
        Fact(tr("Closed"), _exactly(entry.closed) if entry.closed else tr("not known")),
        Fact(tr("What you did"), entry.agreed),
        Fact(tr("What for"), tr(_FOR[entry.purpose])),
        Fact(tr("Address"), f"{entry.method} {entry.path}"),
        Fact(tr("Of"), f"{entry.host}:{entry.port}"),
        Fact(tr("Connected to"), entry.address),
    ]
    if entry.proxy:
        facts.append(Fact(tr("Through the proxy"), entry.proxy))
    facts += [Fact(tr("Out"), size(entry.bytes_out)), Fact(tr("In"), size(entry.bytes_in))]
    if entry.status is not None:
        facts.append(Fact(tr("Answer"), str(entry.status)))
    if entry.problem:
        facts.append(Fact(tr("Problem"), entry.problem))
    if entry.body_sha256:
        facts.append(Fact(tr("SHA-256 of the body"), entry.body_sha256))
    facts.append(Fact(tr("Line"), f"{entry.number:,}"))
    return tuple(facts)


def _exactly(written: str) -> str:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written[:40]
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _copy(home: Home, path: str) -> str:
    """Write the ledger's whole lines to another file; return its name."""
    target = Path(path)
    if is_elsewhere(path):
        raise BadInput(
            tr("{path} is on another machine, and the copy stays on this one.").format(path=path),
            tr("Choose another place."),
        )
    try:
        if target.resolve() in {each.resolve() for each in (home.ledger, home.ledger_head)}:
            return _not_itself()
        lines = home.ledger.read_bytes() if home.ledger.exists() else b""
        replace_file(target, lines[: lines.rfind(b"\n") + 1])
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or tr("its name cannot be used")
        raise BadInput(
            tr("{name} could not be written: {why}.").format(name=target.name, why=why),
            tr("Choose another place. Nothing is lost."),
        ) from error
    return target.name


def _not_itself() -> NoReturn:
    raise BadInput(
        tr("That is the ledger itself, which only Homebody writes."), tr("Choose another place.")
    )
