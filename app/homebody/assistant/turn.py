"""A turn, from request to reply.

`Assistant.run` is a generator of events: nothing in it knows a screen, and whoever iterates it
chooses the thread. The order that nothing may change: the request is committed before the model
sees it; a plan, and each step, before it is carried out; the reply at least every half second while
it is written; whatever happens, the turn ends with what was written in the store.

A question to the person does not block: the turn ends *waiting*, is committed, and `decide` goes
on with it, in another process if need be.
"""

import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from homebody.assistant.context import Context
from homebody.assistant.decisions import answerable, settle, stopped, taken_up, tell_anew
from homebody.assistant.draft import STAYED_HOME, Draft
from homebody.assistant.needs import Keeps, Meters, Writes
from homebody.assistant.plan_lines import PlanInvalid, check
from homebody.assistant.questions import ask_unsure
from homebody.assistant.references import given_with, seen_of, surroundings
from homebody.assistant.steps import Chain, begun, reopened
from homebody.assistant.telling import not_done, told_of
from homebody.assistant.titles import title_for
from homebody.assistant.work import Work
from homebody.base.clock import now
from homebody.base.errors import (
    BadInput,
    EngineDied,
    EngineProblem,
    HomebodyError,
    SkillProblem,
)
from homebody.base.log import log
from homebody.messages.events import (
    Accepted,
    Done,
    Left,
    Paused,
    Saved,
    Stepped,
    Stumbled,
    Thought,
    TurnEvent,
    Waiting,
    Written,
)
from homebody.messages.frames import (
    Adapter,
    Generate,
    Generated,
    Loaded,
    Progress,
    Sampling,
)
from homebody.messages.plans import (
    AskPlan,
    Choice,
    EscalatePlan,
    Planned,
    PlannedStep,
    Question,
    SkillsPlan,
)
from homebody.messages.skills import Value
from homebody.messages.turns import (
    Attachment,
    Foreseen,
    ModelName,
    RunRecord,
    Turn,
    TurnState,
)

__all__ = ["CHECKPOINT_SECONDS", "Assistant"]

CHECKPOINT_SECONDS = 0.4
_ATTEMPTS = 2
"""A turn that failed before there was a word of reply is tried once more."""


def _kind(problem: HomebodyError) -> str:
    return getattr(problem, "kind", "")


class Assistant:
    """Answers requests, one at a time. `stop` may be called from any thread."""

    def __init__(
        self,
        store: Keeps,
        engine: Writes,
        *,
        sampling: Sampling | None = None,
        system: str = "",
        max_tokens: int = 0,
        model: Callable[[Loaded | None], ModelName] = lambda loaded: ModelName(
            loaded.name if loaded is not None else ""
        ),
        meter: Meters | None = None,
        adapters: tuple[Adapter, ...] = (),
        template: str = "",
        work: Work | None = None,
    ) -> None:
        """Take what answers. Without `work` there are no skills: it only talks."""
        self._store, self._engine = store, engine
        self._sampling = sampling or Sampling()
        self._max_tokens = max_tokens
        self._adapters, self._template = adapters, template
        self._model, self._meter = model, meter
        self._work = work
        self._context = Context(engine, system)
        self._stopping = threading.Event()
        self._ended = 0
        """How many turns were closed here."""
        self._history: tuple[tuple[str, str, int], list[Turn]] | None = None

    @property
    def work(self) -> Work | None:
        """What skills need; None where there are none."""
        return self._work

    def stop(self) -> None:
        """Stop the turn that is running; what is written so far stays."""
        self._stopping.set()
        if self._work is not None:
            self._work.planner.stop()
            self._work.runner.stop()
        self._engine.stop()

    # ------------------------------------------------------------------ what can be asked for

    def run(
        self,
        conversation: str,
        request: str,
        *,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
        skills: bool = True,
        plan: Planned | None = None,
    ) -> Generator[TurnEvent]:
        """Answer `request`, and the files with it, after the turn `parent` (None: as a first turn).

        `plan`: what to do, where the person said so exactly. Raises `BadInput` or `StoreProblem` if
        the request could not even be accepted: then nothing was kept, and the caller still has the
        words.
        """
        if not request.strip():
            raise BadInput("There is nothing to answer: the message is empty.", "Write something.")
        if plan is not None:
            self._check(plan, request, attachments)
        self._stopping.clear()
        turn = self._store.begin_turn(conversation, request, parent, attachments)
        draft = Draft(turn, plans=skills and self._work is not None, planned=plan)
        # A title is not worth failing for: the request is safe, and the next turn tries again.
        with suppress(HomebodyError):
            if not self._store.conversation(conversation).title:
                self._store.rename(conversation, title_for(request), by="app")
        yield from self._answer(draft)

    def resume(self, turn: str) -> Generator[TurnEvent]:
        """Take up a turn that was broken off, and go on where it ends.

        A step that may have had its effect is not run again.
        """
        self._stopping.clear()
        opened = self._store.reopen_turn(turn)
        draft = taken_up(opened)
        if draft.planned is None:
            # Broken off before there was a plan, if there is to be one.
            draft.plans = self._work is not None and not draft.reply
        else:
            draft.steps = reopened(draft.steps, self._has_effect)
        tell_anew(draft)
        yield from self._answer(draft)

    def decide(self, turn: str, choice: Choice, *, option: str = "") -> Generator[TurnEvent]:
        """Answer what a waiting turn asks, and go on with it.

        `option`: one of the question's, where it asks which. The yes is for what was shown: if that
        is something else by now, it is asked again. Raises `BadInput` for an answer that does not
        fit, and where the turn does not wait any more.
        """
        question = answerable(self._store.turn(turn), choice, option)
        work = self._needed()
        self._stopping.clear()
        if choice == "always" and question.folder:
            # First: if it cannot be kept, the turn still waits.
            work.grants.grant(question.folder, question.access)
        draft = taken_up(self._store.resume_turn(turn))
        tell_anew(draft)
        draft.may_be_unsure = False
        settle(draft, question, choice, option, work.skills)
        yield from self._answer(draft)

    def rerun(self, turn: str, step: int, args: dict[str, Value]) -> Generator[TurnEvent]:
        """Run a step again with these arguments, and those after it, as another version of a turn.

        The results of the steps before it are taken as they are. Raises `BadInput` for arguments
        that cannot be.
        """
        work = self._needed()
        first = self._store.turn(turn)
        planned = first.planned
        if planned is None or not isinstance(planned.plan, SkillsPlan):
            raise BadInput("That turn has no steps.", "Ask again instead.")
        if not 0 <= step < len(planned.plan.steps):
            raise BadInput(f"That turn has no step {step + 1}.")
        steps = list(planned.plan.steps)
        steps[step] = PlannedStep(steps[step].skill, args)
        changed = replace(planned, plan=SkillsPlan(tuple(steps)), sure=True, line="")
        before = self._remembered(first.conversation, first.parent)
        # Values of the request that it was read with, too.
        values, _ = surroundings(first, before, changed, work.skills)
        check(changed.plan, work.skills, values)
        self._stopping.clear()
        again = self._store.begin_turn(
            first.conversation, first.request, first.parent, first.attachments
        )
        fresh = begun(SkillsPlan(tuple(steps)))
        draft = Draft(again, plans=True, planned=changed, may_be_unsure=False)
        draft.steps = (*reopened(first.steps, self._has_effect)[:step], *fresh[step:])
        draft.reply = told_of(draft.steps)
        yield from self._answer(draft)

    def plain(self, turn: str) -> Generator[TurnEvent]:
        """Never mind the skills: let the model answer. A turn that waits is ended by it.

        Any other turn gets another version.
        """
        first = self._store.turn(turn)
        if first.state == "waiting":
            yield from self.decide(turn, "answer")
            return
        yield from self.run(
            first.conversation,
            first.request,
            parent=first.parent,
            attachments=first.attachments,
            skills=False,
        )

    def foresee(
        self,
        conversation: str | None,
        request: str,
        *,
        parent: str | None,
        attachments: Sequence[Attachment] = (),
    ) -> Foreseen | None:
        """Return what the next prompt would be; None while that cannot be told: no model is ready.

        For a new chat `conversation` is None. May be called from any thread, also beside a `run`;
        there it waits until the engine has time, but never for a model. Raises `BadInput` and
        `StoreProblem`, and `EngineProblem` of kind `overflow` if the request alone does not fit.
        """
        loaded = self._engine.loaded
        if loaded is None:
            return None
        history = self._remembered(conversation, parent)
        try:
            fitted = self._context.fit(history, request, loaded.context, attachments=attachments)
        except EngineProblem as problem:
            if problem.kind == "overflow":
                raise
            return None
        return Foreseen(fitted.tokens, loaded.context, fitted.dropped)

    def _remembered(self, conversation: str | None, parent: str | None) -> Sequence[Turn]:
        """Return the turns down to `parent`, read once as long as nothing was answered since."""
        if conversation is None or parent is None:
            return ()
        # Asked for before reading: what is read while a turn ends is read again next time.
        wanted = (conversation, parent, self._ended)
        known = self._history
        if known is None or known[0] != wanted:
            known = self._history = (wanted, self._store.branch(conversation, parent))
        return known[1]

    # ------------------------------------------------------------------ taking up

    def _needed(self) -> Work:
        if self._work is None:
            raise BadInput(
                "Skills are switched off, so nothing can be done for this.",
                "Switch them on in the settings, or have it answered without them.",
            )
        return self._work

    def _check(self, planned: Planned, request: str, attachments: Sequence[Attachment]) -> None:
        """Raise `BadInput` unless a plan that a person made could be run."""
        skills = self._needed().skills
        check(planned.plan, skills, given_with(seen_of(request, attachments, skills), reply=""))

    def _has_effect(self, name: str) -> bool:
        skill = self._work.skills.find(name) if self._work is not None else None
        return skill is None or skill.effect

    def _title(self, name: str) -> str:
        skill = self._work.skills.find(name) if self._work is not None else None
        return name if skill is None else skill.title

    # ------------------------------------------------------------------ answering

    def _answer(self, draft: Draft) -> Generator[TurnEvent]:
        ending: TurnEvent | None = None
        try:
            yield Accepted(draft.turn, saved=self._store.on_disk)
            # What kept the model from being loaded may be mended by now: a file, memory, a card.
            self._engine.retry()
            for attempt in range(_ATTEMPTS):
                try:
                    done = yield from self._proceed(draft)
                except HomebodyError as problem:
                    if self._stopping.is_set() or _kind(problem) == "stopped":
                        ending = self._end(draft, "stopped")
                    elif attempt + 1 < _ATTEMPTS and self._worth_repeating(problem, draft):
                        continue
                    else:
                        ending = self._stumble(draft, problem)
                else:
                    ending = (
                        self._pause(draft, done)
                        if isinstance(done, Question)
                        else self._end(draft, "done", done)
                    )
                break
        finally:
            # The caller went away, or a bug: what was written is kept all the same.
            if ending is None:
                self._end(draft, "stopped")
        assert ending is not None
        yield ending

    def _worth_repeating(self, problem: HomebodyError, draft: Draft) -> bool:
        if draft.first is not None:
            return False
        died, changed = isinstance(problem, EngineDied), _kind(problem) == "model_changed"
        if changed or (died and not draft.loaded):
            # Dead before it was ever ready: it was given up after several crashes. It is started
            # again because a person asks, and not otherwise.
            self._engine.reload()
        return died or changed

    def _proceed(self, draft: Draft) -> Generator[TurnEvent, None, Generated | Question | None]:
        """Plan, and carry the plan out. Returns what the person is asked, if anything."""
        work = self._work if draft.plans else None
        if work is not None:
            planned = yield from self._settled(draft, work)
            match planned.plan:
                case SkillsPlan() as plan:
                    return (yield from self._do(draft, work, planned, plan))
                case AskPlan(question=question):
                    if not draft.reply:
                        yield self._tell(draft, question)
                    return None
                case EscalatePlan():
                    draft.preface = STAYED_HOME
        if not draft.reply.startswith(draft.preface):
            yield self._tell(draft, draft.preface.removeprefix(draft.reply))
        return (yield from self._write(draft))

    # ------------------------------------------------------------------ planning and doing

    def _settled(self, draft: Draft, work: Work) -> Generator[TurnEvent, None, Planned]:
        """Return what is to be done, once it is committed."""
        if draft.planned is None:
            yield from self._think(draft, work)
        planned = draft.planned
        assert planned is not None
        if draft.turn.planned is None:
            yield from self._announce(draft, planned)
        return planned

    def _think(self, draft: Draft, work: Work) -> Iterator[TurnEvent]:
        yield Waiting("plan", 0.0)
        if self._meter is not None:
            draft.energy = self._meter.begin()
        self._heed_stop()
        turn = draft.turn
        before = self._remembered(turn.conversation, turn.parent)
        planned = work.planner.plan(turn.request, attachments=turn.attachments, before=before)
        self._heed_stop()
        draft.planned = planned

    def _announce(self, draft: Draft, planned: Planned) -> Iterator[TurnEvent]:
        """Commit the plan, and say that there is one; and which steps of it are done already."""
        if isinstance(planned.plan, SkillsPlan):
            draft.steps = draft.steps or begun(planned.plan)
        try:
            draft.turn = self._store.keep_work(draft.turn.id, planned, draft.steps)
        except HomebodyError as problem:
            draft.turn = replace(draft.turn, planned=planned)
            yield self._not_saved(draft, problem)
        yield Thought(planned)
        for index, step in enumerate(draft.steps):
            if step.state != "planned":
                yield Stepped(index, step)
        if draft.reply:
            yield Written(draft.reply)

    def _do(
        self, draft: Draft, work: Work, planned: Planned, plan: SkillsPlan
    ) -> Generator[TurnEvent, None, Question | None]:
        """Run the steps; return what the person is asked."""
        if self._meter is not None and draft.energy is None:
            draft.energy = self._meter.begin()
        before = self._remembered(draft.turn.conversation, draft.turn.parent)
        values, sight = surroundings(draft.turn, before, planned, work.skills)
        try:
            check(plan, work.skills, values)
        except PlanInvalid as problem:
            # No planner of ours makes such a plan; but a skill of the person's may be gone by now.
            raise SkillProblem(
                f"This cannot be done as it was planned: {problem.message}",
                "Say it in other words.",
                "arguments",
            ) from problem
        if draft.may_be_unsure and not planned.sure:
            return ask_unsure(plan.steps, work.skills.find)
        loaded = self._engine.loaded
        draft.devices = loaded.devices if loaded is not None and loaded.gpu_layers else ()
        chain = Chain(
            work,
            self._store,
            draft.turn.id,
            planned,
            plan,
            draft.steps,
            values=values,
            sight=sight,
            stopped=self._stopping.is_set,
            model=self._model(loaded).name,
            approved=draft.approved,
        )
        if loaded is not None:
            draft.turn = replace(draft.turn, run=RunRecord(model=self._model(loaded)))
        question = yield from self._follow(draft, chain)
        if question is not None or any(step.kind == "stopped" for step in draft.steps):
            self._heed_stop()
        if question is None and (rest := not_done(draft.steps, self._title)):
            yield self._tell(draft, f"\n\n{rest}" if draft.reply else rest)
        return question

    def _follow(self, draft: Draft, chain: Chain) -> Generator[TurnEvent, None, Question | None]:
        """Yield what the steps bring; return what the person is asked."""
        events = chain.run()
        try:
            while True:
                try:
                    event = next(events)
                except StopIteration as ended:
                    question: Question | None = ended.value
                    return question
                if isinstance(event, Written):
                    draft.first = draft.first or time.perf_counter()
                    draft.reply += event.text
                yield event
                if time.perf_counter() - draft.saved_at >= CHECKPOINT_SECONDS:
                    yield from self._checkpoint(draft)
        finally:
            events.close()
            draft.steps = tuple(chain.steps)

    def _pause(self, draft: Draft, question: Question) -> TurnEvent:
        with suppress(HomebodyError):
            # So that what was told so far is read while it waits.
            self._store.checkpoint(draft.turn.id, draft.reply, draft.reasoning)
        try:
            turn = self._store.pause_turn(draft.turn.id, question, draft.planned, draft.steps)
        except HomebodyError as problem:
            return self._stumble(draft, problem)
        self._ended += 1
        return Paused(turn, question)

    # ------------------------------------------------------------------ writing

    def _write(self, draft: Draft) -> Generator[TurnEvent, None, Generated]:
        """Yield the reply as it comes; return the engine's last word on it."""
        for progress in self._engine.loading():
            self._heed_stop()
            yield Waiting("load", progress)
        loaded = self._engine.wait_loaded()
        draft.loaded = True
        draft.devices = loaded.devices if loaded.gpu_layers else ()
        if self._meter is not None and draft.energy is None:
            draft.energy = self._meter.begin()
        draft.turn = replace(
            draft.turn, run=draft.without_dropped(RunRecord(model=self._model(loaded)))
        )
        history = self._store.branch(draft.turn.conversation, draft.turn.parent)
        history = history if draft.turn.parent else []
        for more in itertools.count():
            fitted = self._context.fit(
                history,
                draft.turn.request,
                loaded.context,
                drop_more=more,
                attachments=draft.turn.attachments,
            )
            if fitted.dropped != draft.dropped:
                draft.dropped = fitted.dropped
                yield Left(fitted.dropped)
            request = Generate(
                id=0,
                messages=fitted.messages,
                begin=draft.begun,
                sampling=self._sampling,
                max_tokens=self._max_tokens,
                adapters=self._adapters,
                template=self._template,
            )
            try:
                return (yield from self._stream(draft, request))
            except EngineProblem as problem:
                # The estimate was too low; the engine counts exactly.
                if problem.kind != "overflow" or not fitted.kept:
                    raise
        raise AssertionError

    def _heed_stop(self) -> None:
        if self._stopping.is_set():
            raise EngineProblem("Stopped.", kind="stopped")

    def _stream(self, draft: Draft, request: Generate) -> Generator[TurnEvent, None, Generated]:
        self._heed_stop()
        for answer in self._engine.generate(request):
            if isinstance(answer, Generated):
                return answer
            if self._stopping.is_set():
                # Said again: the first time may have been a moment before the request was sent.
                self._engine.stop()
            if isinstance(answer, Progress):
                yield Waiting("read", answer.done)
            elif answer.text:
                draft.add(answer)
                yield Written(answer.text, answer.reasoning)
            if time.perf_counter() - draft.saved_at >= CHECKPOINT_SECONDS:
                yield from self._checkpoint(draft)
        raise EngineProblem("The engine ended its answer without saying so.")

    @staticmethod
    def _tell(draft: Draft, text: str) -> Written:
        """Add to the reply what no chat model wrote."""
        draft.reply += text
        return Written(text)

    # ------------------------------------------------------------------ keeping

    def _checkpoint(self, draft: Draft) -> Iterator[TurnEvent]:
        draft.saved_at = time.perf_counter()
        length = len(draft.reply) + len(draft.reasoning)
        if length == draft.saved_length:
            return
        try:
            self._store.checkpoint(draft.turn.id, draft.reply, draft.reasoning)
        except HomebodyError as problem:
            # Said once; every later checkpoint tries again.
            if problem.message != draft.trouble:
                yield self._not_saved(draft, problem)
        else:
            draft.saved_length, draft.trouble = length, ""
            yield Saved(length)

    @staticmethod
    def _not_saved(draft: Draft, problem: HomebodyError) -> Saved:
        draft.trouble = problem.message
        return Saved(draft.saved_length, problem.message)

    def _end(self, draft: Draft, state: TurnState, done: Generated | None = None) -> Done:
        if done is not None and done.stop == "stopped":
            state = "stopped"
        turn, problem = self._close(draft, state, done)
        return Done(turn, problem)

    def _stumble(self, draft: Draft, problem: HomebodyError) -> Stumbled:
        turn, trouble = self._close(draft, "failed", problem=problem.message)
        hint = f"{problem.hint} {trouble}".strip()
        resumable = bool(draft.reply) and _kind(problem) in {"died", "engine"}
        return Stumbled(turn, problem.message, hint, resumable=resumable)

    def _close(
        self,
        draft: Draft,
        state: TurnState,
        done: Generated | None = None,
        problem: str = "",
    ) -> tuple[Turn, str]:
        """Commit the end of a turn; return it, and what kept it from being committed."""
        run = draft.record(done, self._model)
        log.info(
            "turn ended: %s, %s tokens",
            state,
            done.generated_tokens if done is not None else "unknown",
        )
        try:
            if draft.planned is not None:
                if state == "stopped":
                    draft.steps = stopped(draft.steps)
                # If that cannot be done, neither can the turn be ended, and that is said.
                with suppress(HomebodyError):
                    self._store.keep_work(draft.turn.id, draft.planned, draft.steps)
            turn = self._store.end_turn(
                draft.turn.id,
                state=state,
                reply=draft.reply,
                reasoning=draft.reasoning,
                problem=problem,
                run=run,
            )
        except HomebodyError as trouble:
            turn = replace(
                draft.turn,
                state=state,
                reply=draft.reply,
                reasoning=draft.reasoning,
                ended=now(),
                problem=problem,
                run=run,
                planned=draft.planned,
                steps=tuple(draft.steps),
            )
            return turn, f"{trouble.message} {trouble.hint}".strip()
        finally:
            # What `foresee` remembers stands before a turn that has just changed.
            self._ended += 1
            if self._work is not None:
                self._work.forget(draft.turn.id)
        return turn, ""
