"""The page of skills: what there is, how it went, what was granted, and what is kept.

Everything is read in the lane `skills`, when the page is opened and after each change.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from homebody.base.clock import now
from homebody.base.errors import HomebodyError
from homebody.base.paths import is_elsewhere
from homebody.messages.skills import Access, Example, Grant, Note, Reliability, Reminder, Skill
from homebody.skills.built_in import BUILT_IN
from homebody.skills.registry import Registry
from homebody.store.store import Store
from homebody.ui.presenter.needs import KeepsOwnSkills
from homebody.ui.presenter.stage import Stage
from homebody.ui.presenter.work import milliseconds
from homebody.ui.skill_states import (
    FolderRow,
    KeptRow,
    OwnCard,
    SkillCard,
    SkillGroup,
    SkillsState,
)
from homebody.ui.states import Fact
from homebody.ui.words import tr

if TYPE_CHECKING:
    from homebody.skills.own import OwnSkill

__all__ = ["Abilities", "day_and_time"]

_NOTES: Final = 50
"""So many notes are shown; `search_notes` finds all."""
_SHOWN, _SHOWN_LINES = 280, 4
"""So many characters and lines of a note or a reminder are shown."""
_PASSAGE: Final = "…"
_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "Numbers and dates",
        ("calculate", "convert_units", "current_time", "date_difference", "shift_date"),
    ),
    ("Reminders and notes", ("set_reminder", "list_reminders", "add_note", "search_notes")),
    ("Files", ("find_files", "list_folder", "read_file", "write_file", "open_item")),
    ("Words", ("summarize", "translate", "rewrite", "extract", "write_code")),
    ("This computer", ("read_clipboard", "copy_to_clipboard", "system_status")),
)


class _Seen(Struct, frozen=True, kw_only=True):
    """What was read for the page."""

    reliability: Sequence[Reliability]
    grants: Sequence[Grant]
    own: "Sequence[OwnSkill]"
    own_problem: str
    notes: Sequence[Note]
    reminders: Sequence[Reminder]


class Abilities:
    """Looks after the page of skills. Its methods are called on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        store: Store,
        own: KeepsOwnSkills,
        use_skills: Callable[[Sequence[Skill]], None],
    ) -> None:
        """`use_skills` is told which there are whenever that changes."""
        self._stage, self._store, self._own = stage, store, own
        self._use_skills = use_skills
        self._seen: _Seen | None = None
        self._problem: HomebodyError | None = None
        self._opened = ""

    # ------------------------------------------------------------------ looking

    def refresh(self) -> None:
        """Look anew at what there is."""
        self.show()

        def failed(problem: HomebodyError) -> None:
            self._problem = problem
            self.show()

        self._stage.run("skills", self._look, self._looked, failed)

    def offer(self) -> None:
        """Say again which skills there are: the settings may have changed."""
        if self._seen is not None:
            self._use_skills(self._registry(self._seen).all)

    def _look(self) -> _Seen:
        store = self._store
        return _Seen(
            reliability=store.reliability(),
            grants=store.grants(),
            own=self._own.found(),
            own_problem=self._own.problem,
            notes=store.notes(None, _NOTES + 1),
            reminders=[each for each in store.reminders() if each.told is None],
        )

    def _looked(self, seen: _Seen) -> None:
        self._seen, self._problem = seen, None
        self._use_skills(self._registry(seen).all)
        self.show()

    def _registry(self, seen: _Seen) -> Registry:
        allowed = [each for each in seen.own if each.state == "allowed"]
        return Registry(own=[each.skill for each in allowed if each.skill is not None])

    # ------------------------------------------------------------------ intents

    def open(self, name: str) -> None:
        """Open a skill, and close the one that is open; "" only closes."""
        self._opened = name
        self.show()

    def write_example(self, words: str) -> None:
        """Put what a person may say into the composer."""
        self._stage.go("chat")
        self._stage.view.put_words(words.removesuffix(_PASSAGE))

    def add_folder(self, path: str) -> None:
        """Let skills read in a folder from now on."""
        if is_elsewhere(path):
            self._stage.board.say(
                "problem",
                tr("{path} is on another machine. Skills work on this one.").format(path=path),
                kind="bad",
            )
            return
        # As a skill will see it: what a link leads to is what counts.
        self._change(lambda: self._store.grant(str(Path(path).resolve()), "read"))

    def give_access(self, folder: str, access: Access) -> None:
        """Let skills read, or also change, what is in a folder."""
        self._change(lambda: self._store.grant(folder, access))

    def revoke(self, folder: str) -> None:
        """Let skills into a folder no longer, and offer to take that back."""
        grants = self._seen.grants if self._seen is not None else ()
        access: Access = "read"
        for each in grants:
            access = each.access if each.folder == folder else access

        def then() -> None:
            self._stage.board.say(
                "revoked",
                tr("Skills ask again before they look into {folder}.").format(folder=folder),
                action=tr("Undo"),
                do=partial(self.give_access, folder, access),
                fades=True,
            )

        self._change(lambda: self._store.revoke(folder), then)

    def allow(self, name: str) -> None:
        """Let one of the person's own skills be used as it is now."""
        self._change(lambda: self._own.allow(name))

    def forbid(self, name: str) -> None:
        """Let it be used no longer."""
        self._change(lambda: self._own.forbid(name))

    def show_own_folder(self) -> None:
        """Show where the person's own skills lie; it is made if there is none."""

        def work() -> None:
            self._own.folder.mkdir(parents=True, exist_ok=True)
            self._stage.porter.open_folder(self._own.folder)

        self._stage.run("slow", work)

    def remove_note(self, note: str) -> None:
        """Remove a note, and offer to take that back."""
        notes = self._seen.notes if self._seen is not None else ()
        text = next((each.text for each in notes if each.id == note), "")
        self._remove(
            lambda: self._store.remove_note(note),
            tr("The note is removed."),
            lambda: self._store.add_note(text),
        )

    def remove_reminder(self, reminder: str) -> None:
        """Remove a reminder, and offer to take that back."""
        reminders = self._seen.reminders if self._seen is not None else ()
        found = next((each for each in reminders if each.id == reminder), None)
        if found is None:
            return
        self._remove(
            lambda: self._store.remove_reminder(reminder),
            tr("The reminder is removed."),
            lambda: self._store.add_reminder(found.text, found.due),
        )

    def _remove(
        self, work: Callable[[], None], words: str, undo: Callable[[], Note | Reminder]
    ) -> None:
        def back() -> None:
            self._change(undo)

        def then() -> None:
            self._stage.board.say("kept", words, action=tr("Undo"), do=back, fades=True)

        self._change(work, then)

    def _change(self, work: Callable[[], object], then: Callable[[], None] | None = None) -> None:
        def done(_: object) -> None:
            if then is not None:
                then()
            self.refresh()

        def failed(problem: HomebodyError) -> None:
            self._stage.board.tell(problem)
            # What is shown may no longer be so: another window, or the files, changed.
            self.refresh()

        self._stage.run("skills", work, done, failed)

    # ------------------------------------------------------------------ what is shown

    def show(self) -> None:
        """Show the page, if it is open."""
        if self._is_open():
            self._stage.view.show_skills(self._state())

    def told(self) -> None:
        """Look anew where it is seen: a reminder was told, or put off."""
        if self._is_open():
            self.refresh()

    def _is_open(self) -> bool:
        return self._stage.sidebar_state.page == "skills"

    def _state(self) -> SkillsState:
        problem, seen = self._problem, self._seen
        if problem is not None:
            return SkillsState(problem=problem.message, hint=problem.hint)
        if seen is None:
            return SkillsState(busy=tr("Looking at the skills…"))
        registry = self._registry(seen)
        return SkillsState(
            groups=self._groups(seen.reliability),
            folders=tuple(map(_folder, seen.grants)),
            own=tuple(_own(each, registry) for each in seen.own),
            own_note=_own_note(seen, registry, self._own.folder),
            notes=tuple(
                KeptRow(id=each.id, text=_beginning(each.text), when=day_and_time(each.created))
                for each in seen.notes[:_NOTES]
            ),
            more_notes=tr(
                "The newest {count} are shown. Ask for the others by their words."
            ).format(count=_NOTES)
            if len(seen.notes) > _NOTES
            else "",
            reminders=tuple(
                KeptRow(id=each.id, text=_beginning(each.text), when=day_and_time(each.due))
                for each in seen.reminders
            ),
        )

    def _groups(self, reliability: Sequence[Reliability]) -> tuple[SkillGroup, ...]:
        known = {skill.name: skill for skill in BUILT_IN}
        placed = {name for _, names in _GROUPS for name in names}
        rest = tuple(name for name in known if name not in placed)
        groups = (*_GROUPS, ("Other", rest)) if rest else _GROUPS
        return tuple(
            SkillGroup(
                tr(title),
                tuple(self._card(known[name], reliability) for name in names if name in known),
            )
            for title, names in groups
        )

    def _card(self, skill: Skill, reliability: Sequence[Reliability]) -> SkillCard:
        is_open = skill.name == self._opened
        runs = [each for each in reliability if each.skill == skill.name]
        return SkillCard(
            name=skill.name,
            title=tr(skill.title),
            sentence=tr(skill.description),
            mark=tr("asks each time") if skill.permission == "ask" else "",
            examples=tuple(map(_example, skill.examples)) if is_open else (),
            facts=_facts(skill, runs) if is_open else (),
            is_open=is_open,
        )


def _example(example: Example) -> str:
    """Return what a person may say; where a text belongs, there are dots."""
    return example.request.replace("$text", _PASSAGE)


def _facts(skill: Skill, runs: Sequence[Reliability]) -> tuple[Fact, ...]:
    asks = {
        "free": tr("no: it changes nothing outside of Homebody"),
        "ask": tr("each time, with exactly what would happen"),
        "never": tr("it is not allowed"),
    }[skill.permission]
    if skill.permission == "free" and "reads files" in skill.touches:
        asks = tr("before it looks into a folder for the first time")
    where = {
        "workshop": tr("in the workshop: a process without a network, which sees granted folders"),
        "engine": tr("in the model that chats"),
        "desk": tr("in Homebody itself"),
    }[skill.runs]
    touches = ", ".join(tr(each) for each in skill.touches) or tr("nothing")
    facts = [
        Fact(tr("By name"), f"/{skill.name}"),
        Fact(tr("Asks"), asks),
        Fact(tr("Touches"), touches),
        Fact(tr("Runs"), where),
    ]
    if skill.smallest is not None:
        least = tr("a model of {billions:.1f} billion parameters").format(
            billions=skill.smallest / 1e9
        )
        facts.append(Fact(tr("Works from"), least))
    last = max((each.last for each in runs if each.last is not None), default=None)
    facts.append(Fact(tr("Last used"), day_and_time(last) if last is not None else tr("never")))
    facts += [Fact(tr("Went well"), _went(each)) for each in runs if each.runs]
    return tuple(facts)


def _went(runs: Reliability) -> str:
    good = runs.runs - runs.failures
    words = tr("{good} of {all} times ({percent:.0f} %)").format(
        good=good, all=runs.runs, percent=100 * good / runs.runs
    )
    if runs.model:
        words = tr("{words} with {model}").format(words=words, model=runs.model)
    if runs.median_ms is not None:
        words = tr("{words}, usually in {time}").format(
            words=words, time=milliseconds(runs.median_ms)
        )
    return words


def _folder(grant: Grant) -> FolderRow:
    writes = grant.access == "write"
    return FolderRow(
        path=grant.folder,
        words=tr("read and change, below it too") if writes else tr("read, below it too"),
        other=tr("Only read") if writes else tr("Allow changes"),
        writes=writes,
    )


def _own(own: "OwnSkill", registry: Registry) -> OwnCard:
    words = {
        "off": tr("off"),
        "allowed": tr("allowed"),
        "changed": tr("changed since you allowed it, so it is off"),
        "broken": tr("cannot be used"),
    }[own.state]
    taken = own.state == "allowed" and registry.find(own.name) != own.skill
    return OwnCard(
        name=own.name,
        sentence=own.description,
        asks=own.asks,
        state=own.state,
        words=words,
        problem=own.problem,
        can_use=tr("Not used: another skill has this name.") if taken else "",
    )


def _own_note(seen: _Seen, registry: Registry, folder: Path) -> str:
    problems = (*registry.problems, seen.own_problem)
    if any(problems):
        return " ".join(each for each in problems if each)
    if seen.own:
        return ""
    return tr(
        "None yet. A skill of your own is a folder with a SKILL.md in {folder}. It is off until "
        "you allow it, and off again when its files change."
    ).format(folder=folder)


def _beginning(text: str) -> str:
    """Return so much of a kept text that one knows which it is: a whole file may be kept."""
    lines = text.strip()[: _SHOWN + 1].split("\n")
    words = "\n".join(lines[:_SHOWN_LINES])
    whole = len(lines) <= _SHOWN_LINES and len(words) <= _SHOWN
    return words if whole else f"{words[:_SHOWN].rstrip()} …"


def day_and_time(moment: datetime) -> str:
    """Return a day and a time in the person's zone: `today, 09:00`, `2026-12-24, 18:30`."""
    local, today = moment.astimezone(), now().astimezone().date()
    days = (local.date() - today).days
    near = {-1: tr("yesterday"), 0: tr("today"), 1: tr("tomorrow")}
    return f"{near.get(days, f'{local:%Y-%m-%d}')}, {local:%H:%M}"
