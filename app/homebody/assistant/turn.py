"""A turn, from request to reply.

`Assistant.run` is a generator of events: nothing in it knows a screen, and whoever iterates it
chooses the thread. The order that nothing may change: the request is committed before the model
sees it; a plan, and each step, before it is carried out; the reply at least every half second while
it is written; whatever happens, the turn ends with what was written in the store.

A question to the person does not block: the turn ends *waiting*, is committed, and `decide` goes
on with it, in another process if need be.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from homebody.assistant.asking import Asking
from homebody.assistant.context import Context
from homebody.assistant.decisions import answerable, offered, settle, taken_up, tell_anew
from homebody.assistant.draft import Draft
from homebody.assistant.elsewhere import HERE, KEPT, Elsewhere
from homebody.assistant.keeping import Keeping
from homebody.assistant.leaving import Failed, failed_in, input_of
from homebody.assistant.needs import Keeps, Meters, Writes
from homebody.assistant.plan_lines import PlanInvalid, check
from homebody.assistant.questions import ask_unsure
from homebody.assistant.references import given_with, seen_of, steps_in, surroundings
from homebody.assistant.remembering import Remembering
from homebody.assistant.steps import Chain, begun, reopened
from homebody.assistant.telling import not_done, told_of
from homebody.assistant.titles import title_for
from homebody.assistant.work import Work
from homebody.assistant.writing import Writing
from homebody.base.errors import (
    BadInput,
    EngineDied,
    EngineProblem,
    HomebodyError,
    SkillProblem,
)
from homebody.messages.events import (
    Accepted,
    Stepped,
    Thought,
    TurnEvent,
    Waiting,
    Written,
)
from homebody.messages.frames import Adapter, Generated, Loaded, Sampling
from homebody.messages.offers import Offer, OfferChange, Scope
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
)

__all__ = ["Assistant"]

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
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Take what answers.

        Without `work` there are no skills: it only talks. Without `elsewhere` nothing ever leaves.
        """
        self._store, self._engine = store, engine
        self._model, self._meter = model, meter
        self._work, self._elsewhere = work, elsewhere
        self._context = Context(engine, system)
        self._past = Remembering(store, engine, self._context)
        self._stopping = threading.Event()
        self._keeping = Keeping(store, model, self._closed)
        self._writing = Writing(
            store,
            engine,
            self._keeping,
            self._context,
            stopping=self._stopping,
            sampling=sampling or Sampling(),
            max_tokens=max_tokens,
            adapters=adapters,
            template=template,
            model=model,
            meter=meter,
        )
        self._asking = Asking(
            elsewhere,
            store,
            self._keeping,
            stopped=self._stopping.is_set,
            before=lambda turn: self._past.above(turn.conversation, turn.parent),
            meter=meter,
        )

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
        remote: str = "",
    ) -> Generator[TurnEvent]:
        """Answer `request`, and the files with it, after the turn `parent` (None: as a first turn).

        `plan`: what to do, where the person said so exactly. `remote`: a provider that is to be
        asked, so that an offer comes before anything else, and nothing is planned. Raises
        `BadInput` or `StoreProblem` if the request could not even be accepted: then nothing was
        kept, and the caller still has the words.
        """
        if not request.strip():
            raise BadInput("There is nothing to answer: the message is empty.", "Write something.")
        if plan is not None:
            self._check(plan, request, attachments)
        if remote:
            self._reachable().provider(remote)
        self._stopping.clear()
        turn = self._store.begin_turn(conversation, request, parent, attachments)
        plans = skills and self._work is not None and not remote
        draft = Draft(turn, plans=plans, planned=plan, remote=remote or None)
        # A title is not worth failing for: the request is safe, and the next turn tries again.
        with suppress(HomebodyError):
            if not self._store.conversation(conversation).title:
                self._store.rename(conversation, title_for(request), by="app")
        yield from self._answer(draft)

    def resume(self, turn: str) -> Generator[TurnEvent]:
        """Take up a turn that was broken off, and go on where it ends.

        A step that may have had its effect is not run again, and what may have been sent is not
        sent again: the person is asked.
        """
        self._stopping.clear()
        opened = self._store.reopen_turn(turn)
        draft = taken_up(opened)
        offer = draft.offer.state if draft.offer is not None else None
        if offer in ("open", "agreed"):
            # What came of an answer comes again with it.
            draft.reply, draft.reasoning = told_of(draft.steps), ""
        elif offer is None and draft.planned is None:
            # Broken off before there was a plan, if there is to be one.
            draft.plans = self._work is not None and not draft.reply
        elif draft.planned is not None and offer != "sent":
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
        before = self._past.above(first.conversation, first.parent)
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
            offers = first.waiting is None
            yield from self.keep_home(turn) if offers else self.decide(turn, "answer")
            return
        yield from self.run(
            first.conversation,
            first.request,
            parent=first.parent,
            attachments=first.attachments,
            skills=False,
        )

    # ------------------------------------------------------------------ asking elsewhere

    def offer(self, turn: str, provider: str = "") -> Generator[TurnEvent]:
        """Offer to ask a provider for what a turn wants; "": the first one that there is.

        A turn that waits comes to wait for the answer to this offer; any other gets another
        version. Raises `BadInput` where nobody can be asked.
        """
        first = self._store.turn(turn)
        if first.state == "open":
            raise BadInput("That turn is being answered right now.", "Stop it first, or wait.")
        self._reachable().provider(provider)
        self._stopping.clear()
        if first.state == "waiting":
            draft = taken_up(self._store.resume_turn(turn))
            draft.offer, draft.home = None, ""
        else:
            draft = Draft(
                self._store.begin_turn(
                    first.conversation, first.request, first.parent, first.attachments
                )
            )
        draft.remote = provider
        yield from self._answer(draft)

    def change_offer(self, turn: str, change: OfferChange) -> Turn:
        """Change the offer that a turn waits with, and keep it; the yes is then for the new one.

        May take seconds, where a model looks for what is private. Raises `BadInput` for a change
        that makes no sense, and where the turn does not wait with an offer any more.
        """
        from homebody.privacy.offers import change_offer

        elsewhere = self._reachable()
        kept = self._store.turn(turn)
        changed = change_offer(
            offered(kept),
            change,
            redactor=elsewhere.redactor(),
            vault=self._store.vault(kept.conversation),
            providers=elsewhere.providers(),
            count=elsewhere.count,
        )
        self._store.keep_vault(kept.conversation, changed.replacements)
        return self._store.change_offer(turn, changed)

    def send(self, turn: str, sha256: str, scope: Scope = "once") -> Generator[TurnEvent]:
        """Say yes to the body with this hash: send it, once, and take the answer as the reply.

        Raises `BadInput` where the turn waits with another body by now, or nobody can be asked;
        then it waits on, and nothing was sent.
        """
        from homebody.privacy.offers import is_as_shown

        offer = offered(self._store.turn(turn))
        elsewhere = self._reachable()
        provider = elsewhere.provider_of(offer)
        if not is_as_shown(offer):
            raise BadInput(
                "What this offer shows is not what it would send, so nothing was sent.",
                "Keep it here, then ask again.",
            )
        if scope == "mine":
            if not provider.mine or offer.sha256 != sha256:
                raise BadInput(
                    "A yes for good is only for a machine of your own, and for what was shown.",
                    "Say yes for this once, or for this conversation.",
                )
            # First: if it cannot be kept, the turn still waits.
            elsewhere.agree(provider.name)
        self._stopping.clear()
        draft = taken_up(self._store.agree_offer(turn, sha256, scope))
        draft.agreed = True
        yield from self._answer(draft)

    def keep_home(self, turn: str, never: bool = False) -> Generator[TurnEvent]:
        """Say no to an offer: the answer is the best that this machine can do, and says so.

        `never`: and offer nothing in this conversation any more. Raises `BadInput` where the turn
        does not wait with an offer.
        """
        kept = self._store.turn(turn)
        offer = offered(kept)
        if never:
            self._store.stay_home(kept.conversation)
        self._stopping.clear()
        opened = self._store.resume_turn(turn)
        opened = self._store.keep_offer(opened.id, replace(offer, state="home"))
        yield from self._answer(taken_up(opened))

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
        return self._past.foresee(conversation, request, parent, attachments)

    # ------------------------------------------------------------------ taking up

    def _needed(self) -> Work:
        if self._work is None:
            raise BadInput(
                "Skills are switched off, so nothing can be done for this.",
                "Switch them on in the settings, or have it answered without them.",
            )
        return self._work

    def _reachable(self) -> Elsewhere:
        if self._elsewhere is None:
            raise BadInput(
                "Nobody elsewhere can be asked from here.",
                "Use the window, `homebody chat` or `homebody ask --remote NAME`.",
            )
        return self._elsewhere

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
                        ending = self._keeping.end(draft, "stopped")
                    elif attempt + 1 < _ATTEMPTS and self._worth_repeating(problem, draft):
                        continue
                    else:
                        ending = self._keeping.stumble(draft, problem)
                else:
                    if isinstance(done, Question | Offer):
                        ending = self._keeping.pause(draft, done)
                    else:
                        ending = self._keeping.end(draft, "done", done)
                break
        finally:
            # The caller went away, or a bug: what was written is kept all the same.
            if ending is None:
                self._keeping.end(draft, "stopped")
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

    def _proceed(
        self, draft: Draft
    ) -> Generator[TurnEvent, None, Generated | Question | Offer | None]:
        """Plan, and carry the plan out. Returns what the person is asked, if anything."""
        asked = yield from self._asking.first(draft)
        work = self._work if draft.plans else None
        if asked is False and work is not None:
            planned = yield from self._settled(draft, work)
            match planned.plan:
                case SkillsPlan() as plan:
                    return (yield from self._do(draft, work, planned, plan))
                case AskPlan(question=question):
                    if not draft.reply:
                        yield self._tell(draft, question)
                    return None
                case EscalatePlan(reason=reason):
                    if draft.offer is None and not draft.preface:
                        trusted = self._caused_by_person(draft, work, planned)
                        asked = yield from self._asking.wanted(draft, reason, trusted=trusted)
        if asked is False:
            return (yield from self._write_here(draft))
        return None if asked is True else asked

    def _write_here(self, draft: Draft) -> Generator[TurnEvent, None, Generated | Offer | None]:
        """Have the model here answer; where another was wanted, say first why it does."""
        if draft.home and not draft.preface:
            before = f"{draft.reply}\n\n" if draft.reply else ""
            draft.preface = f"{before}{draft.home} {HERE}"
        if not draft.reply.startswith(draft.preface):
            yield self._tell(draft, draft.preface.removeprefix(draft.reply))
        try:
            return (yield from self._writing.write(draft))
        except EngineProblem as problem:
            if problem.kind != "overflow":
                raise
            # So many words are hardly all the person's own: no standing yes is for them.
            asked = yield from self._asking.instead(
                draft, "too_long", problem.message, trusted=False
            )
            if asked is False:
                if draft.home and not draft.preface:
                    yield self._tell_also(draft, draft.home)
                raise
            return None if asked is True else asked

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
        before = self._past.above(turn.conversation, turn.parent)
        planned = work.planner.plan(turn.request, attachments=turn.attachments, before=before)
        self._heed_stop()
        draft.planned = planned

    def _caused_by_person(self, draft: Draft, work: Work, planned: Planned) -> bool:
        """Say whether no other's words can have caused that another model is wanted."""
        before = self._past.above(draft.turn.conversation, draft.turn.parent)
        _, sight = surroundings(draft.turn, before, planned, work.skills)
        return not (sight.outside or sight.marked)

    def _announce(self, draft: Draft, planned: Planned) -> Iterator[TurnEvent]:
        """Commit the plan, and say that there is one; and which steps of it are done already."""
        if isinstance(planned.plan, SkillsPlan):
            draft.steps = draft.steps or begun(planned.plan)
        try:
            draft.turn = self._store.keep_work(draft.turn.id, planned, draft.steps)
        except HomebodyError as problem:
            draft.turn = replace(draft.turn, planned=planned)
            yield self._keeping.not_saved(draft, problem)
        yield Thought(planned)
        for index, step in enumerate(draft.steps):
            if step.state != "planned":
                yield Stepped(index, step)
        if draft.reply:
            yield Written(draft.reply)

    def _do(
        self, draft: Draft, work: Work, planned: Planned, plan: SkillsPlan
    ) -> Generator[TurnEvent, None, Generated | Question | Offer | None]:
        """Run the steps; return what the person is asked."""
        if self._meter is not None and draft.energy is None:
            draft.energy = self._meter.begin()
        before = self._past.above(draft.turn.conversation, draft.turn.parent)
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
        if question is not None:
            return question
        failed = failed_in(planned, draft.steps, work.skills)
        if failed is not None:
            index = failed.step
            more = () if index is None else input_of(index, draft.steps, work.skills, before)
            trusted = not sight.outside
            asked = yield from self._asking.instead(
                draft, failed.reason, failed.sentence, tuple(more), trusted=trusted
            )
            if asked is not False:
                return None if asked is True else asked
        return (yield from self._tell_rest(draft, failed))

    def _tell_rest(
        self, draft: Draft, failed: Failed | None
    ) -> Generator[TurnEvent, None, Generated | Offer | None]:
        """Say what was not done and why; the model here answers instead of a step that it can."""
        if draft.home and failed is not None and failed.step is not None:
            sees_all = not steps_in(draft.steps[failed.step].given)
            if sees_all and not told_of(draft.steps):
                return (yield from self._write_here(draft))
        if draft.home and (failed is not None or draft.home != KEPT):
            yield self._tell_also(draft, draft.home)
        if rest := not_done(draft.steps, self._title):
            yield self._tell_also(draft, rest)
        return None

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
                yield from self._keeping.if_due(draft)
        finally:
            events.close()
            draft.steps = tuple(chain.steps)

    def _heed_stop(self) -> None:
        if self._stopping.is_set():
            raise EngineProblem("Stopped.", kind="stopped")

    @staticmethod
    def _tell(draft: Draft, text: str) -> Written:
        """Add to the reply what no chat model wrote."""
        draft.reply += text
        return Written(text)

    @classmethod
    def _tell_also(cls, draft: Draft, text: str) -> Written:
        """Add a paragraph to what was told so far."""
        return cls._tell(draft, f"\n\n{text}" if draft.reply else text)

    def _closed(self, turn: str) -> None:
        """Forget what was remembered of a turn that has ended, or waits: then of none of them."""
        # What is remembered stands before a turn that has just changed.
        self._past.forget()
        if turn and self._work is not None:
            self._work.forget(turn)
