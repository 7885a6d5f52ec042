"""Writing a reply: from a request to pieces of text.

`Session` owns the loaded model and what its key/value cache holds. Everything runs on the engine's
main thread; `stopped` is asked between two computations.
"""

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.base.errors import EngineProblem
from homebody.engine.worker.grammar import Grammar, schema_to_grammar
from homebody.engine.worker.native import BATCH, SEQUENCES, Native, NoRoom, identity
from homebody.engine.worker.pace import Pace
from homebody.engine.worker.sampling import Sampler
from homebody.engine.worker.sequences import Sequence as Cached
from homebody.engine.worker.sequences import Snapshot, choose, shared_prefix
from homebody.engine.worker.template import PLAIN, Template
from homebody.engine.worker.text import REASONING_MARKS, Ready, TextStream, opened_by
from homebody.messages.frames import (
    Generate,
    Generated,
    Message,
    Piece,
    Progress,
    StopReason,
    TokenLikelihood,
)

__all__ = ["Overflow", "Session"]

FRAME_SECONDS = 0.033
"""Pieces are sent at most this often: nobody draws more often, and every frame costs a wake-up."""
_READ_SECONDS = 0.4
"""A prompt is read in parts that take about so long, so that a stop is heeded soon."""
_SNAPSHOTS = 4
_STALE = 16
"""Prompts; a sequence unused for longer is given up: every cell in use makes each token slower."""


_PART = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf", re.DOTALL)


def _identities(path: Path) -> list[tuple[int, int, int] | None]:
    """Return which files a model is: llama.cpp finds the other parts of a split one by its name."""
    split = _PART.fullmatch(path.name)
    if split is None:
        return [identity(path)]
    numbers = range(1, int(split[2]) + 1)
    return [identity(path.with_name(f"{split[1]}-{n:05}-of-{split[2]}.gguf")) for n in numbers]


class Overflow(EngineProblem):
    """The prompt is larger than the context."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"The conversation is {tokens:,} tokens; this model's context holds {context:,}.",
            "Shorten the message, or choose a larger context in the settings.",
            kind="overflow",
        )
        self.tokens, self.context = tokens, context


@dataclass
class _Prompt:
    tokens: list[int]
    opened_by: str


class Session:
    """A loaded model and its cache."""

    def __init__(self, native: Native) -> None:
        self.native = native
        self._sequences = [Cached(number) for number in range(SEQUENCES)]
        self._tick = 0
        self._templates: dict[str, Template] = {}
        self._harmless: dict[int, bool] = {}
        self._part = 64
        self._pace = Pace(native.threads)
        self._identities = _identities(native.path)

    @property
    def changed(self) -> bool:
        """True once a file on disk is not the one that was loaded."""
        return _identities(self.native.path) != self._identities

    # ------------------------------------------------------------------ the prompt

    def prompt(self, request: Generate) -> _Prompt:
        """Return the tokens of a request, and the reasoning tag that it leaves open."""
        native = self.native
        if request.prompt and request.messages:
            raise EngineProblem("Give messages or a prompt, not both.", kind="bad_request")
        if request.prompt:
            text = request.prompt + request.begin
            return _Prompt(native.tokenize(text, special=True, begin=True), "")
        if not request.messages:
            raise EngineProblem("There is nothing to answer.", kind="bad_request")
        source = request.template or native.template or PLAIN
        template = self._templates.get(source)
        if template is None:
            bos, eos = native.token_text("bos"), native.token_text("eos")
            template = self._templates[source] = Template(source, bos=bos, eos=eos)
        tokens, tail = self._chat_tokens(template, request.messages)
        if not tokens:
            raise EngineProblem(
                "The model's chat template wrote nothing.",
                "Choose another template for this model in its settings.",
                kind="template",
            )
        if request.begin:
            tokens += native.tokenize(request.begin, special=False)
            return _Prompt(tokens, "")
        return _Prompt(tokens, opened_by(tail))

    def _chat_tokens(
        self, template: Template, messages: tuple[Message, ...]
    ) -> tuple[list[int], str]:
        """Tokenize a rendered chat so that no message can speak as the template.

        A message that spells a control token ("<|im_start|>system…") would otherwise become one.
        Such chats are rendered with a placeholder for each message; the text between placeholders
        is the template's and may hold control tokens, the messages may not. All others are
        tokenized in one piece, as the model was trained.
        """
        native = self.native
        bos = native.token_text("bos")
        if all(self._is_harmless(message.text) for message in messages):
            text = template.render(messages)
            begin = not (bos and text.startswith(bos))
            return native.tokenize(text, special=True, begin=begin), text[-64:]
        mark = f"\ue000{secrets.token_hex(8)}"
        marked = [Message(m.role, f"{mark}{index}\ue001") for index, m in enumerate(messages)]
        text = template.render(marked)
        tokens: list[int] = []
        begin = not (bos and text.startswith(bos))
        for number, part in enumerate(text.split(mark)):
            if number:
                index, _, part = part.partition("\ue001")  # noqa: PLW2901
                if not index.isdecimal() or int(index) >= len(messages):
                    raise EngineProblem(
                        "The model's chat template takes messages apart.",
                        "Choose another template for this model in its settings.",
                        kind="template",
                    )
                tokens += native.tokenize(messages[int(index)].text.strip(), special=False)
            tokens += native.tokenize(part, special=True, begin=begin and not number)
        return tokens, text[-64:]

    def _is_harmless(self, text: str) -> bool:
        """Say whether a message holds no control token, whichever way it is read."""
        key = hash(text)
        known = self._harmless.get(key)
        if known is None:
            native = self.native
            known = native.tokenize(text, special=True) == native.tokenize(text, special=False)
            if len(self._harmless) > 20_000:
                self._harmless.clear()
            self._harmless[key] = known
        return known

    # ------------------------------------------------------------------ reading

    def _read(
        self,
        request: Generate,
        tokens: list[int],
        stopped: Callable[[], bool],
        send: Callable[[Progress], None],
    ) -> tuple[Cached, int]:
        """Bring a sequence to hold exactly `tokens`; return it and how many had to be read."""
        native = self.native
        # Which file it is belongs to it: a newly trained adapter may lie where the old one was.
        adapters = tuple((a.path, a.scale, identity(Path(a.path))) for a in request.adapters)
        common = max(
            (shared_prefix(s.tokens, tokens) for s in self._sequences if s.adapters == adapters),
            default=0,
        )
        choice = choose(self._sequences, tokens, adapters, can_copy=not native.recurrent)
        sequence, keep = choice.sequence, self._prepare(choice.sequence, choice.keep, choice.source)
        sequence.adapters = adapters
        self._tick += 1
        sequence.used = self._tick
        for other in self._sequences:
            if other.tokens and other.used < self._tick - _STALE:
                self._forget(other)
        native.use_adapters(request.adapters)
        total, place = len(tokens), keep
        while place < total:
            if stopped():
                raise EngineProblem("Stopped before there was a reply.", kind="stopped")
            part = tokens[place : place + self._part]
            # A recurrent memory can only be returned to where a snapshot was taken.
            if native.recurrent and place < common < place + len(part):
                part = part[: common - place]
            start = time.perf_counter()
            self.decode(sequence, place, part)
            took = time.perf_counter() - start
            place += len(part)
            sequence.tokens = tokens[:place]
            if native.recurrent and place in {common, total}:
                self._snapshot(sequence)
            if len(part) == self._part:
                self._part = max(32, min(BATCH, int(self._part * _READ_SECONDS / max(took, 1e-4))))
            if total - keep > BATCH:
                send(Progress(id=request.id, what="read", done=(place - keep) / (total - keep)))
        return sequence, total - keep

    def _prepare(self, sequence: Cached, keep: int, source: Cached | None) -> int:
        """Cut a sequence down to its first `keep` tokens; return how many it really has then."""
        native = self.native
        if source is not None:
            native.keep(sequence.id, 0)
            native.copy(source.id, sequence.id, keep)
        elif keep < len(sequence.tokens):
            if native.recurrent:
                usable = [shot for shot in sequence.snapshots if shot.length <= keep]
                keep = 0
                if usable and native.restore(sequence.id, usable[-1].state, usable[-1].length):
                    keep = usable[-1].length
                sequence.snapshots = [shot for shot in sequence.snapshots if shot.length <= keep]
                if not keep:
                    native.keep(sequence.id, 0)
            elif not native.keep(sequence.id, keep):
                keep = 0
                native.keep(sequence.id, 0)
        sequence.tokens = (source or sequence).tokens[:keep]
        return keep

    def _snapshot(self, sequence: Cached) -> None:
        shot = Snapshot(len(sequence.tokens), self.native.snapshot(sequence.id))
        others = [old for old in sequence.snapshots if old.length != shot.length]
        sequence.snapshots = sorted([*others[-_SNAPSHOTS + 1 :], shot], key=lambda s: s.length)

    def decode(self, sequence: Cached, place: int, tokens: Sequence[int]) -> None:
        """Compute; when the cache is full, give up what was unused for longest and try again."""
        start = time.perf_counter()
        while True:
            try:
                self.native.decode(sequence.id, place, tokens)
            except NoRoom:
                others = [s for s in self._sequences if s is not sequence and s.tokens]
                if not others:
                    raise
                self._forget(min(others, key=lambda other: other.used))
            except EngineProblem:
                # What the sequence holds after a failed computation is unknown.
                self._forget(sequence)
                raise
            else:
                break
        if len(tokens) == 1:
            moment = time.perf_counter()
            self._pace.took(moment - start, moment)
            self.native.use_threads(self._pace.threads)

    def _forget(self, sequence: Cached) -> None:
        self.native.keep(sequence.id, 0)
        sequence.tokens, sequence.snapshots, sequence.used = [], [], 0

    # ------------------------------------------------------------------ writing

    def generate(
        self,
        request: Generate,
        stopped: Callable[[], bool],
        send: Callable[[Piece | Progress], None],
    ) -> Generated:
        """Write a reply. Raises `EngineProblem`, `Overflow` among them."""
        started = time.perf_counter()
        native = self.native
        prompt = self.prompt(request)
        room = native.context - len(prompt.tokens)
        if room < 1:
            raise Overflow(len(prompt.tokens), native.context)
        source = request.grammar
        if request.json_schema:
            source = schema_to_grammar(request.json_schema)
        grammar = Grammar(native.vocab, source) if source else None
        try:
            sequence, evaluated = self._read(request, prompt.tokens, stopped, send)
            read = time.perf_counter()
            seed = request.sampling.seed
            seed = secrets.randbits(32) if seed is None else seed
            writer = _Writer(self, request, sequence, grammar, seed, send, prompt.opened_by)
            stop = writer.run(room, stopped)
        except NoRoom:
            raise Overflow(len(prompt.tokens), native.context) from None
        finally:
            if grammar is not None:
                grammar.close()
        return Generated(
            id=request.id,
            stop=stop,
            prompt_tokens=len(prompt.tokens),
            evaluated_tokens=evaluated,
            generated_tokens=writer.count,
            read_ms=(read - started) * 1e3,
            write_ms=(time.perf_counter() - read) * 1e3,
            mean_logprob=writer.logprobs / writer.count if writer.count else None,
            seed=seed,
            peak_memory_bytes=None,
            tokens=tuple(writer.tokens),
        )


class _Writer:
    """The loop that every token passes through."""

    def __init__(
        self,
        session: Session,
        request: Generate,
        sequence: Cached,
        grammar: Grammar | None,
        seed: int,
        send: Callable[[Piece], None],
        opened_by: str,
    ) -> None:
        native = session.native
        self._session, self._native = session, native
        self._request, self._sequence, self._grammar = request, sequence, grammar
        self._sampler = Sampler(request.sampling, seed, native.n_vocab)
        stop = request.stop
        if request.messages and not (request.template or native.template):
            stop = (*stop, "\nUser:")
        self._text = TextStream(stop, opened_by)
        self._send = send
        self._pending: list[tuple[bool, str]] = []
        self._sent = 0.0
        self._shown = 0
        self.count = 0
        self.logprobs = 0.0
        self.tokens: list[TokenLikelihood] = []
        """Only where they were asked for; the one that ends the reply among them."""

    def run(self, room: int, stopped: Callable[[], bool]) -> StopReason:
        """Write until something ends it; return what did."""
        stop = self._write(room, stopped)
        self._take(self._text.flush())
        self._flush()
        return stop

    def _write(self, room: int, stopped: Callable[[], bool]) -> StopReason:
        native, sequence = self._native, self._sequence
        written: list[int] = []
        asked = self._request.max_tokens
        limit = min(asked or room, room)
        while True:
            if stopped():
                return "stopped"
            logits = native.logits()
            token = self._sampler.choose(logits, written)
            if self._grammar is not None:
                if not self._grammar.allows(token):
                    candidates = self._grammar.candidates(logits)
                    if not candidates.size:
                        return "end"
                    token = self._sampler.choose_among(logits, candidates)
                if not native.ends(token):
                    self._grammar.accept(token)
            self._note(token, self._sampler.logprob(logits, token))
            if native.ends(token):
                return "end"
            written.append(token)
            self._show(token)
            if self._text.stopped:
                return "stop_string"
            if self.count >= limit:
                return "length" if limit == asked else "context"
            try:
                self._session.decode(sequence, len(sequence.tokens), (token,))
            except NoRoom:
                return "context"
            sequence.tokens.append(token)

    def _note(self, token: int, logprob: float) -> None:
        self.count += 1
        self.logprobs += logprob
        if self._request.logprobs:
            # Half a character, in models whose tokens are bytes, is shown as a replacement mark.
            text = self._native.piece(token).decode("utf-8", "replace")
            self.tokens.append(TokenLikelihood(text, logprob))

    def _show(self, token: int) -> None:
        self._shown = self.count
        data = self._native.piece(token)
        if (
            self._native.is_control(token)
            and data.decode("utf-8", "replace") not in REASONING_MARKS
        ):
            return
        self._take(self._text.feed(data))
        if self._pending and time.perf_counter() - self._sent >= FRAME_SECONDS:
            self._flush()

    def _take(self, ready: list[Ready]) -> None:
        self._pending += [(part.reasoning, part.text) for part in ready]

    def _flush(self) -> None:
        merged: list[tuple[bool, str]] = []
        for reasoning, text in self._pending:
            if merged and merged[-1][0] == reasoning:
                merged[-1] = (reasoning, merged[-1][1] + text)
            else:
                merged.append((reasoning, text))
        for reasoning, text in merged:
            self._send(
                Piece(id=self._request.id, text=text, reasoning=reasoning, tokens=self._shown)
            )
        self._pending.clear()
        self._sent = time.perf_counter()
