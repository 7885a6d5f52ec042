"""The steps of one turn, one after another: settle what is meant, ask, run, write down.

What has an effect is written down as running before it runs. So after a crash it is known that it
may have happened, and it is never done twice by itself.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from homebody.assistant.needs import Keeps
from homebody.assistant.policy import Sight, joined
from homebody.assistant.questions import ask_which
from homebody.assistant.references import Given, result_of, steps_in
from homebody.assistant.telling import told_of
from homebody.assistant.work import Call, Work, prepare
from homebody.base.errors import EngineProblem, HomebodyError, SkillProblem
from homebody.base.log import log
from homebody.messages.events import Saved, Stepped, TurnEvent, Written
from homebody.messages.plans import Planned, PlannedStep, Question, SkillsPlan, Step
from homebody.messages.skills import Outcome, SkillFailure, Value
from homebody.skills.running import StepProgress, StepText
from homebody.store.work import is_shortened, shorten

__all__ = ["Chain", "begun", "reopened"]

_TRANSIENT: Final[tuple[SkillFailure, ...]] = ("died", "time")
"""What may go well when it is tried once more."""
_NOT_ITS_FAULT: Final[tuple[SkillFailure, ...]] = (
    "stopped",
    "refused",
    "unclear",
    "missing",
    "outside",
)
_LONGEST_ARGUMENT: Final = 2_000
_TRIES: Final = 2


def begun(plan: SkillsPlan) -> tuple[Step, ...]:
    """Return the steps of a plan before any of them ran."""
    return tuple(Step(skill=each.skill, given=each.args) for each in plan.steps)


def reopened(steps: Sequence[Step], is_effect: Callable[[str], bool]) -> tuple[Step, ...]:
    """Return the steps of a turn that broke off, as they are when it is taken up again.

    What ran and may have had an effect is not run again; the rest is.
    """
    return tuple(_reopened(step, is_effect) for step in steps)


def _reopened(step: Step, is_effect: Callable[[str], bool]) -> Step:
    if step.state == "running" and is_effect(step.skill):
        return replace(
            step,
            state="failed",
            kind="died",
            problem="Homebody ended while this ran; it may have been done.",
            hint="Look before you run it again.",
        )
    harmless = step.state in {"running", "failed"} and not is_effect(step.skill)
    if harmless or step.state in {"skipped", "waiting"}:
        # Without its arguments: those that it ran with are not what the person settled.
        settled = step.args if step.state == "waiting" else {}
        return Step(skill=step.skill, given=step.given, args=settled)
    return step


@dataclass
class _Streamed:
    """What an expert wrote into the reply so far."""

    text: str = ""


class Chain:
    """Runs the steps of a turn. `steps` is how they are now."""

    def __init__(
        self,
        work: Work,
        store: Keeps,
        turn: str,
        planned: Planned,
        plan: SkillsPlan,
        steps: Sequence[Step],
        *,
        values: Mapping[str, Given],
        sight: Sight,
        stopped: Callable[[], bool],
        model: str,
        approved: Question | None = None,
    ) -> None:
        """Take what there is to do.

        `approved`: the question that was answered with yes. What it says may be done, and nothing
        else: a question that is another by now, since a file changed say, is asked again.
        """
        self._work, self._store, self._turn = work, store, turn
        self._planned, self._plan = planned, plan
        self.steps = list(steps)
        self._values, self._sight = values, sight
        self._stopped, self._model = stopped, model
        self._approved = approved
        self._trouble = ""

    def run(self) -> Generator[TurnEvent, None, Question | None]:
        """Run what is left. Returns what the person is asked, None at the end.

        Where it is stopped the steps that are left are skipped.
        """
        try:
            for index, step in enumerate(self.steps):
                if step.state not in {"planned", "waiting"}:
                    continue
                if self._stopped():
                    yield from self._skip_from(index)
                    break
                if self._lacks(index):
                    yield self._set(index, state="skipped", problem="It needs a step before it.")
                    continue
                question = yield from self._step(index)
                if question is not None:
                    yield self._set(question.step, state="waiting")
                    return question
        finally:
            self._give_up()
        yield from self._keep()
        return None

    # ------------------------------------------------------------------ one step

    def _step(self, index: int) -> Generator[TurnEvent, None, Question | None]:
        try:
            call = self._prepared(index)
        except SkillProblem as problem:
            if problem.kind == "unclear" and problem.choices:
                return ask_which(index, problem.message, problem.choices)
            yield self._failed(index, problem)
            return None
        if call.question is not None and call.question != self._approved:
            return call.question
        if call.extra and call.skill.permission != "ask":
            self._work.once.setdefault(self._turn, []).extend(call.extra)
        return (yield from self._tried(index, call))

    def _prepared(self, index: int) -> Call:
        planned = self._plan.steps[index]
        values = {**self._values, **self._results(planned)}
        again = any(each.skill == planned.skill for each in self._plan.steps[:index])
        return prepare(
            self._work,
            self._turn,
            index,
            planned,
            self.steps[index].args,
            values,
            sight=self._sight,
            again=again,
        )

    def _results(self, planned: PlannedStep) -> dict[str, Given]:
        """Return what the steps brought that this one refers to."""
        results = {}
        for index in steps_in(planned.args):
            if not 0 <= index < len(self.steps) or self.steps[index].state != "done":
                continue
            step, whole = self.steps[index], self._work.whole.get((self._turn, index))
            if whole is None and is_shortened(step.result):
                raise SkillProblem(
                    f"The result of step {index + 1} was too long to be kept meanwhile.",
                    "Run that step again.",
                    "large",
                )
            results[f"${index + 1}"] = result_of(step, whole)
        return results

    def _tried(self, index: int, call: Call) -> Generator[TurnEvent, None, Question | None]:
        """Run a step; where that may help, a second time."""
        settled = self.steps[index].args
        for attempt in range(1, _TRIES + 1):
            yield self._set(index, state="running", args=_short(call.args), tries=attempt)
            trouble = yield from self._keep()
            if trouble and call.skill.effect:
                # What cannot be written down first is not done.
                problem = SkillProblem(f"It was not done: {trouble}", "", "failed")
                yield self._failed(index, problem)
                return None
            started, streamed = time.perf_counter(), _Streamed()
            try:
                outcome = yield from self._run(index, call, streamed)
            except SkillProblem as problem:
                ms = (time.perf_counter() - started) * 1e3
                self._record(call, ok=False, ms=ms, kind=problem.kind)
                if problem.kind == "unclear" and problem.choices:
                    self._set(index, args=settled)
                    return ask_which(index, problem.message, problem.choices)
                again = problem.kind in _TRANSIENT and not streamed.text and not call.skill.effect
                if again and attempt < _TRIES and not self._stopped():
                    continue
                yield self._failed(index, problem, ms)
            else:
                ms = (time.perf_counter() - started) * 1e3
                self._record(call, ok=True, ms=ms)
                yield from self._done(index, call, outcome, ms, streamed)
            yield from self._keep()
            return None
        raise AssertionError

    def _run(
        self, index: int, call: Call, streamed: _Streamed
    ) -> Generator[TurnEvent, None, Outcome]:
        last = self._is_last_word(index)
        said: Iterator[StepProgress | StepText | Outcome] = iter(())
        try:
            if call.skill.runs == "workshop" and call.skill.touches:
                self._work.folders.set_folders(call.grants, list(self._work.places()))
            self._heed_stop()
            said = self._work.runner.run(call.skill, call.args, label=call.label)
            for each in said:
                if isinstance(each, Outcome):
                    return each
                if self._stopped():
                    # Said again: the first time may have been a moment too early.
                    self._work.runner.stop()
                if isinstance(each, StepProgress):
                    yield Stepped(index, self.steps[index], each.done)
                elif last and each.text:
                    yield Written(self._gap(index, streamed) + each.text)
                    streamed.text += each.text
        except SkillProblem:
            raise
        except HomebodyError as problem:
            kind = "died" if isinstance(problem, EngineProblem) else "failed"
            raise SkillProblem(problem.message, problem.hint, kind) from problem
        finally:
            if isinstance(said, Generator):
                said.close()
        raise SkillProblem("The skill ended without a result.", "Try it once more.", "failed")

    def _heed_stop(self) -> None:
        """Raise where the stop came before a skill ran, when there was nothing to be stopped."""
        if self._stopped():
            raise SkillProblem("It was stopped.", "", "stopped")

    def _done(
        self, index: int, call: Call, outcome: Outcome, ms: float, streamed: _Streamed
    ) -> Generator[TurnEvent]:
        if shorten(outcome.text) != outcome.text:
            self._work.whole[self._turn, index] = outcome.text
        yield self._set(
            index,
            state="done",
            result=shorten(outcome.text),
            said=shorten(outcome.said) if outcome.said != outcome.text else "",
            label=joined((outcome.label, call.label)),
            choices=outcome.choices,
            kind=None,
            problem="",
            hint="",
            ms=ms,
        )
        if not self._is_last_word(index):
            return
        said = outcome.said or outcome.text
        if said.startswith(streamed.text):
            rest = said[len(streamed.text) :]
        elif said.strip() == streamed.text.strip():
            rest = ""
        else:
            rest = f"\n\n{said}"
        if rest:
            yield Written(self._gap(index, streamed) + rest)

    def _gap(self, index: int, streamed: _Streamed) -> str:
        """Return what separates this result from those before it in the reply."""
        return "" if streamed.text or not told_of(self.steps, index) else "\n\n"

    # ------------------------------------------------------------------ what became of it

    def _is_last_word(self, index: int) -> bool:
        """Say whether no later step takes up a result: then the person is told it."""
        return not any(index in steps_in(each.args) for each in self._plan.steps[index + 1 :])

    def _lacks(self, index: int) -> bool:
        """Say whether a step needs one that brought nothing."""
        return any(
            not 0 <= each < index or self.steps[each].state != "done"
            for each in steps_in(self._plan.steps[index].args)
        )

    def _set(self, index: int, **changes: object) -> Stepped:
        self.steps[index] = replace(self.steps[index], **changes)
        return Stepped(index, self.steps[index])

    def _failed(self, index: int, problem: SkillProblem, ms: float | None = None) -> Stepped:
        log.info("step failed: %s, %s", self.steps[index].skill, problem.kind)
        return self._set(
            index,
            state="refused" if problem.kind == "refused" else "failed",
            kind=problem.kind,
            problem=problem.message,
            hint=problem.hint,
            ms=ms,
        )

    def _skip_from(self, index: int) -> Generator[TurnEvent]:
        for place in range(index, len(self.steps)):
            if self.steps[place].state in {"planned", "waiting"}:
                yield self._set(place, state="skipped", problem="You stopped it.", kind="stopped")

    def _give_up(self) -> None:
        """Say of a step that was running when the caller went away that it was stopped."""
        for index, step in enumerate(self.steps):
            if step.state == "running":
                self._work.runner.stop()
                problem = "It was stopped; it may have been done."
                self._set(index, state="failed", kind="stopped", problem=problem)

    def _record(self, call: Call, *, ok: bool, ms: float, kind: str = "") -> None:
        if kind not in _NOT_ITS_FAULT:
            # How reliable a skill is is worth knowing, but not worth failing for.
            with suppress(HomebodyError):
                self._store.record_skill(call.skill.name, self._model, ok, ms)

    def _keep(self) -> Generator[TurnEvent, None, str]:
        """Commit the steps; return what kept them from being committed."""
        try:
            self._store.keep_work(self._turn, self._planned, self.steps)
        except HomebodyError as problem:
            trouble = f"{problem.message} {problem.hint}".strip()
            if trouble != self._trouble:
                self._trouble = trouble
                yield Saved(0, trouble)
            return trouble
        self._trouble = ""
        return ""


def _short(args: Mapping[str, Value]) -> dict[str, Value]:
    return {name: _shortened(value) for name, value in args.items()}


def _shortened(value: Value) -> Value:
    if isinstance(value, str) and len(value) > _LONGEST_ARGUMENT:
        return f"{value[:_LONGEST_ARGUMENT]} [… {len(value):,} characters in all]"
    return value
