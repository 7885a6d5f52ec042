"""Experts: jobs that the model does by prompts of ours. What it wrote is checked before it counts.

A long text goes through in parts, counted by the engine itself. A model that was measured to be too
small for a job is told so instead of asked; what code does better than a small model (choosing
sentences, finding dates and addresses), code does. What a check turned down is tried once more,
with what was wrong in view, and then reported.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Final, Protocol

from msgspec.structs import replace

from homebody.base.errors import SkillProblem
from homebody.library.catalog import catalog
from homebody.messages.frames import (
    Adapter,
    Generate,
    Generated,
    Loaded,
    Message,
    Piece,
    Progress,
    Sampling,
)
from homebody.messages.skills import Outcome, Skill, Value
from homebody.skills import checks, patterns, prompts
from homebody.skills.running import StepProgress, StepText
from homebody.skills.sentences import pick, pieces, sentences

__all__ = ["Experts", "Writes"]

_SMALL_SAMPLING: Final = Sampling(temperature=0.0, repeat_penalty=1.1)
"""Measured on the starter: at any temperature above 0 it invents more, without the penalty it
repeats itself."""
_SENTENCES: Final = {"short": 3, "medium": 6, "long": 12}
_REPLY: Final = {"short": 200, "medium": 450, "long": 1_000}
"""Tokens of a summary."""
_AROUND: Final = 64
"""Tokens that a template puts around messages, and that counting in pieces is wrong by."""
_LARGEST_PART: Final = 6_000
"""Tokens: so that the first words of an answer do not take minutes."""
_MOST_PARTS: Final = 40
_COUNTED_AT_ONCE: Final = 16_000
"""Characters: a fraction of a second, after which the person's wish to stop is looked at."""
_SURE: Final = -0.65
"""Mean log-probability from which a small model's answer about a text counts; see benchmarks.md."""
_MOST_WORDS: Final = 8
_WINDOW: Final = 20_000
"""Characters in which pieces with a form are looked for at once."""
_OVERLAP: Final = 200

_Said = StepProgress | StepText


class Writes(Protocol):
    """The engine, as far as it is known here. Raises `EngineProblem`."""

    def loading(self) -> Iterator[float]:
        """Yield progress until the model is ready."""

    def wait_loaded(self) -> Loaded:
        """Return what is loaded."""

    def generate(self, request: Generate) -> Iterator[Progress | Piece | Generated]:
        """Write a reply."""

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Count tokens."""

    def stop(self) -> None:
        """Stop what is being written."""


class Experts:
    """Runs one expert at a time on the thread of whoever iterates; `stop` from any thread."""

    def __init__(
        self,
        engine: Writes,
        *,
        sampling: Sampling | None = None,
        template: str = "",
        adapters: tuple[Adapter, ...] = (),
    ) -> None:
        """`sampling`, `template` and `adapters` are what is set for the model that chats."""
        self._engine = engine
        self._sampling = sampling or Sampling()
        self._template, self._adapters = template, adapters
        self._stopped = threading.Event()

    def run(
        self, skill: Skill, args: dict[str, Value]
    ) -> Generator[StepProgress | StepText | Outcome]:
        """Run an expert with checked arguments; the outcome comes last.

        Raises `SkillProblem` and the engine's problems.
        """
        self._stopped.clear()
        yield from self._load()
        loaded = self._engine.wait_loaded()
        _must_be_large_enough(skill, loaded)
        job = _Job(self, skill, loaded)
        if skill.own:
            outcome = yield from job.own(str(args["request"]))
        else:
            match skill.name:
                case "summarize":
                    outcome = yield from job.summarize(str(args["text"]), str(args["length"]))
                case "translate":
                    outcome = yield from job.translate(str(args["text"]), str(args["language"]))
                case "rewrite":
                    outcome = yield from job.rewrite(str(args["text"]), str(args["style"]))
                case "extract":
                    fields = args["fields"]
                    names = fields if isinstance(fields, list) else [str(fields)]
                    outcome = yield from job.extract(str(args["text"]), names)
                case "write_code":
                    outcome = yield from job.write_code(str(args["task"]), str(args["language"]))
                case _:
                    raise SkillProblem(f"There is no expert called {skill.name}.", "", "failed")
        yield outcome

    def stop(self) -> None:
        """End what is written, within 0.3 s."""
        self._stopped.set()
        self._engine.stop()

    def _load(self) -> Iterator[StepProgress]:
        for _ in self._engine.loading():
            self.heed_stop()
            yield StepProgress(0.0)

    def heed_stop(self) -> None:
        """Raise `SkillProblem` if the person wants to stop."""
        if self._stopped.is_set():
            raise SkillProblem("It was stopped.", "", "stopped")

    def count(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Return how many tokens each text has."""
        self.heed_stop()
        return self._engine.count(texts)

    def request(self, messages: tuple[Message, ...], most: int, *, small: bool) -> Generate:
        """Return a request for a reply."""
        return Generate(
            id=0,
            messages=messages,
            sampling=_SMALL_SAMPLING if small else self._sampling,
            max_tokens=most,
            template=self._template,
            adapters=self._adapters,
        )

    def write(
        self, request: Generate, seconds: float, *, stream: bool
    ) -> Generator[_Said, None, tuple[str, Generated]]:
        """Write; return the reply and the engine's last word on it.

        `SkillProblem` of kind "time" where `seconds` pass without a word.
        """
        written: list[str] = []
        held = _Stripped()
        alive = time.monotonic()
        for answer in self._engine.generate(request):
            self.heed_stop()
            if isinstance(answer, Generated):
                if answer.stop == "stopped":
                    raise SkillProblem("It was stopped.", "", "stopped")
                return "".join(written), answer
            if isinstance(answer, Progress) or answer.text:
                alive = time.monotonic()
            elif time.monotonic() - alive > seconds:
                raise SkillProblem(
                    f"The model wrote nothing for {seconds:.0f} seconds; it was stopped.",
                    "Try a shorter text, or a smaller model.",
                    "time",
                )
            if isinstance(answer, Piece) and answer.text and not answer.reasoning:
                written.append(answer.text)
                if stream and (shown := held.more(answer.text)):
                    yield StepText(shown)
        raise SkillProblem("The engine ended without an answer.", "Try again.", "failed")


class _Stripped:
    """What is streamed, without the white space around the whole of it."""

    def __init__(self) -> None:
        self._begun = False
        self._space = ""

    def more(self, text: str) -> str:
        """Return what of the text so far can be shown by now and was not."""
        text = self._space + text
        if not self._begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._space = text[len(shown) :]
        self._begun = self._begun or bool(shown)
        return shown


class _Job:
    """One expert at work with one model."""

    def __init__(self, experts: Experts, skill: Skill, loaded: Loaded) -> None:
        self._experts, self._skill, self._loaded = experts, skill, loaded
        # 0: the engine does not tell.
        self._small = 0 < loaded.parameters < prompts.SMALL

    # ------------------------------------------------------------------ summarize

    def summarize(self, text: str, length: str) -> Generator[_Said, None, Outcome]:
        every = sentences(text)
        wanted = _SENTENCES[length]
        if len(every) <= min(wanted, 2) or len(text) < 200:
            return Outcome(text=text.strip(), said=f"{text.strip()}\n\n*This is short already.*")
        if self._small:
            return self._picked(text, min(wanted, max(len(every) // 2, 1)))
        reply = min(_REPLY[length], self._loaded.context // 4)
        room = self._room(prompts.summarize("", length, ""), reply)
        note = ""
        parts = self._parts(text, room)
        if len(parts) > _MOST_PARTS:
            chosen = pick(text, 400)
            note = (
                f"*Of {len(every):,} sentences the model read the {len(chosen)} that say most: the"
                " text is too long for it.*"
            )
            parts = self._parts("\n".join(chosen), room)
        while len(parts) > 1:
            short: list[str] = []
            for index, part in enumerate(parts):
                yield StepProgress(index / (len(parts) + 1))
                shorter = yield from self._tried(
                    partial(prompts.summarize, part, "short"),
                    partial(checks.summary, part),
                    min(_REPLY["short"], reply),
                )
                short.append(shorter)
            again = self._parts("\n\n".join(short), room)
            # A model that does not shorten would go on for ever.
            parts = again if len(again) < len(parts) else again[:1]
        written = yield from self._tried(
            lambda again: prompts.summarize(parts[0], length, again),
            lambda written: checks.summary(text, written),
            reply,
            stream=True,
        )
        return Outcome(text=written, said=f"{written}\n\n{note}" if note else "")

    def _picked(self, text: str, count: int) -> Outcome:
        """Return sentences of the text, chosen by code: a small model invents what is not there."""
        self._experts.heed_stop()
        chosen = pick(text, count)
        picked = " ".join(chosen)
        note = "*Sentences picked from the text: this model is too small to summarize reliably.*"
        return Outcome(text=picked, said=f"{picked}\n\n{note}")

    # ------------------------------------------------------------------ translate and rewrite

    def translate(self, text: str, language: str) -> Generator[_Said, None, Outcome]:
        written = yield from self._by_parts(
            text,
            lambda part, again: prompts.translate(part, language, again),
            checks.translation,
        )
        return Outcome(text=written)

    def rewrite(self, text: str, style: str) -> Generator[_Said, None, Outcome]:
        def check(part: str, written: str) -> str:
            wrong = checks.rewritten(part, written, style)
            return wrong or (checks.grounded(part, written) if self._small else "")

        written = yield from self._by_parts(
            text,
            lambda part, again: prompts.rewrite(part, style, again, small=self._small),
            check,
        )
        if self._small:
            note = "*A small model wrote this; compare it with the original.*"
            return Outcome(text=written, said=f"{written}\n\n{note}")
        return Outcome(text=written)

    def _by_parts(
        self,
        text: str,
        ask: Callable[[str, str], tuple[Message, ...]],
        check: Callable[[str, str], str],
    ) -> Generator[_Said, None, str]:
        """Put a text through part by part; what stands between parts stays."""
        # What comes out may be longer than what goes in.
        room = int(self._room(ask("", ""), 0) / 2.6)
        parts = self._parts(text, room)
        self._must_not_be_too_many(parts)
        done: list[str] = []
        for index, part in enumerate(parts):
            if index:
                yield StepProgress(index / len(parts))
            core = part.strip()
            if not core:
                done.append(part)
                continue
            before, after = part[: part.index(core)], part[part.index(core) + len(core) :]
            stream = not self._small
            if before and stream:
                yield StepText(before)
            written = yield from self._tried(
                partial(ask, core),
                partial(check, core),
                0,
                stream=stream,
            )
            if after and stream:
                yield StepText(after)
            done.append(f"{before}{written}{after}")
        return "".join(done)

    # ------------------------------------------------------------------ extract

    def extract(self, text: str, fields: Sequence[str]) -> Generator[_Said, None, Outcome]:
        found: dict[str, tuple[str, ...]] = dict.fromkeys(fields, ())
        for field in fields:
            if patterns.knows(field):
                found[field] = self._with_form(field, text)
        open_fields = [field for field in fields if not patterns.knows(field)]
        if open_fields:
            flat = checks.flat(text)
            asked = prompts.extract("", open_fields, "")
            if self._small:  # one at a time
                asked = prompts.question("", max(open_fields, key=len))
            room = self._room(asked, 400)
            parts = self._parts(text, room)
            self._must_not_be_too_many(parts)
            for index, part in enumerate(parts):
                if index:
                    yield StepProgress(index / len(parts))
                ask = self._asked_one_by_one if self._small else self._asked_at_once
                pieces_found = yield from ask(part, open_fields)
                for field, values in pieces_found.items():
                    good = [each for each in values if checks.occurs(each, flat)]
                    found[field] = tuple(dict.fromkeys((*found[field], *good)))
        if not any(found.values()):
            raise SkillProblem(
                f"The text does not seem to say: {', '.join(fields)}.",
                "Name the fields as the text does"
                + (f", or use a bigger model: {_bigger(prompts.SMALL)}." if self._small else "."),
                "missing",
            )
        lines = [f"{name}: {', '.join(values) or 'not found'}" for name, values in found.items()]
        said = "\n".join(f"- {line}" for line in lines)
        return Outcome(text="\n".join(lines), said=said)

    def _with_form(self, field: str, text: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for start in range(0, len(text), _WINDOW):
            self._experts.heed_stop()
            window = text[max(start - _OVERLAP, 0) : start + _WINDOW]
            found |= dict.fromkeys(patterns.find(field, window))
        return tuple(found)

    def _asked_at_once(
        self, part: str, fields: Sequence[str]
    ) -> Generator[_Said, None, dict[str, list[str]]]:
        request = self._experts.request(prompts.extract(part, fields, ""), 0, small=False)
        schema = prompts.extract_schema(fields)
        for _ in range(2):
            written, _ = yield from self._experts.write(
                _with_schema(request, schema), self._skill.seconds, stream=False
            )
            try:
                answer = json.loads(written)
            except ValueError:  # cut off by the end of the context
                continue
            if isinstance(answer, dict):
                return {
                    field: [str(each) for each in values]
                    for field, values in answer.items()
                    if field in fields and isinstance(values, list)
                }
        raise self._failed("what it wrote came to no end")

    def _asked_one_by_one(
        self, part: str, fields: Sequence[str]
    ) -> Generator[_Said, None, dict[str, list[str]]]:
        flat = checks.flat(part)
        found: dict[str, list[str]] = {}
        for field in fields:
            request = self._experts.request(prompts.question(part, field), 40, small=True)
            written, done = yield from self._experts.write(
                request, self._skill.seconds, stream=False
            )
            sure = done.mean_logprob is not None and done.mean_logprob >= _SURE
            value = _answer_in(written, field, flat) if sure else ""
            found[field] = [value] if value else []
        return found

    # ------------------------------------------------------------------ code and own skills

    def write_code(self, task: str, language: str) -> Generator[_Said, None, Outcome]:
        fence = re.compile(r"```[^\n`]*\n(.*?)(?:\n```|\Z)", re.DOTALL)

        def taken(written: str) -> str:
            block = fence.search(written)
            return (block[1] if block else written).strip("\n")

        written = yield from self._tried(
            lambda again: prompts.write_code(task, language, again),
            lambda said: checks.code(taken(said), language),
            0,
            stream=True,
        )
        code = taken(written)
        said = written if "```" in written else f"```{language.casefold()}\n{code}\n```"
        return Outcome(text=code, said=said)

    def own(self, request: str) -> Generator[_Said, None, Outcome]:
        messages = prompts.own(self._skill.instructions, request)
        taken = sum(self._experts.count([message.text for message in messages]))
        if taken > self._loaded.context * 3 // 4:
            raise SkillProblem(
                f"The instructions of {self._skill.title} and your request do not fit the model's "
                "context.",
                "Shorten them, or give the model a larger context in the settings.",
                "large",
            )
        written = yield from self._tried(
            lambda _again: messages,
            lambda said: "" if said.strip() else "it is empty",
            0,
            stream=True,
        )
        return Outcome(text=written)

    # ------------------------------------------------------------------ for all of them

    def _tried(
        self,
        ask: Callable[[str], tuple[Message, ...]],
        check: Callable[[str], str],
        most: int,
        *,
        stream: bool = False,
    ) -> Generator[_Said, None, str]:
        """Write, and check; once more where that failed, with what was wrong in view."""
        wrong = ""
        for attempt in range(2):
            request = self._experts.request(ask(wrong), most, small=self._small)
            if attempt and self._small:
                # Asked the same, it would answer the same.
                request = _warmer(request)
            written, done = yield from self._experts.write(
                request, self._skill.seconds, stream=stream and not attempt
            )
            # Small models end with the fence of the text they were given.
            written = written.strip().removesuffix('"""').rstrip()
            wrong = check(written)
            if not wrong and done.stop in ("length", "context"):
                wrong = "it came to no end"
            if not wrong:
                return written
        raise self._failed(wrong)

    def _failed(self, wrong: str) -> SkillProblem:
        hint = "Try again with other words, or a shorter text."
        if self._small:
            hint = f"A bigger model does this better: {_bigger(prompts.SMALL)}."
        return SkillProblem(
            f"{self._skill.title}: what the model wrote was not used, because {wrong}.",
            hint,
            "failed",
        )

    def _room(self, messages: tuple[Message, ...], reply: int) -> int:
        """Return how many tokens of text fit beside these messages and a reply."""
        around = sum(self._experts.count([message.text for message in messages]))
        room = self._loaded.context - around - reply - _AROUND
        if room < _AROUND:
            raise SkillProblem(
                f"The model's context of {self._loaded.context:,} tokens is too small for this.",
                "Give it a larger context in the settings.",
                "large",
            )
        return min(room, _LARGEST_PART)

    def _parts(self, text: str, room: int) -> list[str]:
        """Cut a text into parts of at most `room` tokens each, as few as may be."""
        parts: list[str] = []
        current: list[str] = []
        taken = 0
        for piece, tokens in self._counted(pieces(text), room):
            if current and taken + tokens > room:
                parts.append("".join(current))
                current, taken = [], 0
            current.append(piece)
            taken += tokens
        return [*parts, "".join(current)] if current else parts

    def _counted(self, cut: list[str], room: int) -> Iterator[tuple[str, int]]:
        batch: list[str] = []
        size = 0
        for index, piece in enumerate(cut):
            batch.append(piece)
            size += len(piece)
            if size >= _COUNTED_AT_ONCE or index + 1 == len(cut):
                for each, tokens in zip(batch, self._experts.count(batch), strict=True):
                    if tokens > room and len(each) > 1:
                        middle = len(each) // 2
                        yield from self._counted([each[:middle], each[middle:]], room)
                    else:
                        yield each, tokens
                batch, size = [], 0

    def _must_not_be_too_many(self, parts: Sequence[str]) -> None:
        if len(parts) > _MOST_PARTS:
            most = sum(map(len, parts[:_MOST_PARTS]))
            raise SkillProblem(
                f"The text is too long: {sum(map(len, parts)):,} characters; at most about "
                f"{most:,} are taken at a time.",
                "Give a part of it, or summarize it first.",
                "large",
            )


def _with_schema(request: Generate, schema: str) -> Generate:
    return replace(request, json_schema=schema)


def _warmer(request: Generate) -> Generate:
    return replace(request, sampling=replace(request.sampling, temperature=0.4, seed=1))


_LEADS: Final = re.compile(
    r"^(?:[\s\"“„']|is |was |are |the |a |an |scheduled for |that |called |on )+"
)


def _answer_in(written: str, field: str, flat_text: str) -> str:
    """Return the words of the text in "The FIELD is …", "" where there are none."""
    line = written.strip().split("\n")[0]
    _, verb, rest = line.partition(f"{field} is ") if f"{field} is " in line else ("", "", line)
    if not verb:
        found = re.search(r"\b(?:is|are|was|ist|es|est|è)\b\s*:?", line)
        rest = line[found.end() :] if found else line
    rest = _LEADS.sub("", rest)
    for end in (r"\.(?:\s|$)", r"[,;]\s"):
        candidate = re.split(end, rest, maxsplit=1)[0].strip(" .,;:\"'“”„")
        if 0 < len(candidate.split()) <= _MOST_WORDS and checks.occurs(candidate, flat_text):
            return candidate
    return ""


def _must_be_large_enough(skill: Skill, loaded: Loaded) -> None:
    if skill.smallest is None or not 0 < loaded.parameters < skill.smallest:
        return
    raise SkillProblem(
        f"{skill.title}: this needs a bigger model: get {_bigger(skill.smallest)}.",
        "Get it on the page Models, or with `homebody models get`; then ask again.",
        "small_model",
    )


def _bigger(least: int) -> str:
    """Return the smallest recommended model of so many parameters, with its size."""
    fitting = [each for each in catalog() if _parameters(each.parameters) >= least]
    best = min(fitting, key=lambda each: each.bytes, default=None)
    return f"{best.name}, {best.bytes / 1e9:.1f} GB" if best else "a larger one"


def _parameters(said: str) -> float:
    """Return the number in "1.7B" or "30B, 3B at work"."""
    match = re.match(r"([\d.]+)\s*B", said)
    return float(match[1]) * 1e9 if match else 0.0
