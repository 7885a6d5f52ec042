"""`homebody chat`: a conversation in the terminal.

The main thread waits at the prompt, and watches the reply while one is written. Ctrl-C stops the
reply; it never ends the program.
"""

import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, TypeVar

from homebody.assistant.facts import facts
from homebody.assistant.session import Session
from homebody.base.errors import BadInput, EngineProblem, HomebodyError, StoreProblem
from homebody.cli import offers
from homebody.cli.ask import watch
from homebody.cli.conversations import Conversations
from homebody.cli.steps import answer_keys, question_text, step_line
from homebody.cli.terminal import PROMPT, complain, confess, harmless, make_console
from homebody.messages.events import TurnEvent
from homebody.messages.turns import Turn
from homebody.privacy.lock import describe

__all__ = ["Chat"]

_HOUSEKEEPING_SECONDS = 60.0

Answer = TypeVar("Answer")


class Chat:
    """One sitting at the terminal."""

    def __init__(self, session: Session, *, windowless: str = "", skills: bool = True) -> None:
        self._session = session
        self._skills = skills
        self._windowless = windowless
        self._console = make_console()
        self._conversations = shelf = Conversations(session, self._console)
        self._unsent = ""
        self._commands: dict[str, tuple[str, str, Callable[[str], None]]] = {
            "/new": ("", "start a new conversation", self._new),
            "/temp": ("", "start one that is never written to disk", self._temp),
            "/again": ("", "answer the last request anew; the old answer is kept", self._again),
            "/continue": ("", "go on with a reply that was broken off or waits", self._continue),
            "/plain": ("", "never mind the skills: just answer the last request", self._plain),
            "/elsewhere": (
                "[NAME]",
                "show what would be sent to ask a provider instead, and ask",
                self._elsewhere,
            ),
            "/steps": (
                "[N]",
                "list the steps of the last reply, or show one's result",
                self._steps,
            ),
            "/open": ("[N]", "list conversations, or open number N of the last list", shelf.open),
            "/find": ("WORDS", "find words in all conversations", shelf.find),
            "/rename": ("TITLE", "give this conversation a name", shelf.rename),
            "/pin": ("", "keep this conversation at the top of lists, or no longer", shelf.pin),
            "/archive": (
                "",
                "take it out of lists, or back; /open archive lists them",
                shelf.archive,
            ),
            "/delete": ("", "move it to the bin for 30 days", shelf.delete),
            "/undo": ("", "take back the last /delete", shelf.undo),
            "/erase": ("", "remove it for good, from the backups as well", shelf.erase),
            "/export": ("[FILE]", "write it as Markdown, or FILE.json as JSON", shelf.export),
            "/export all": ("FILE", "write all conversations as JSON", shelf.export),
            "/import": ("FILE", "bring exported conversations back", shelf.import_),
            "/model": ("[M]", "say which model answers, or switch to another", self._model),
            "/help": ("", "this list", self._help),
            "/quit": ("", "leave; so does Ctrl-D", self._quit),
        }
        self._leaving = False

    def run(self) -> int:
        """Talk until the person leaves. Returns the exit status."""
        self._greet()
        prompt = self._prompt_session()
        with self._housekeeping():
            self._talk(prompt)
        return 0

    def _talk(self, prompt: Any) -> None:
        while not self._leaving:
            try:
                with self._quiet_stops():
                    line = prompt.prompt(
                        PROMPT, default=self._unsent, prompt_continuation=" " * len(PROMPT)
                    )
            except KeyboardInterrupt:
                self._say("Ctrl-D or /quit leaves.")
                continue
            except EOFError:
                break
            self._unsent = ""
            if line.strip():
                self._take_safely(line)
                self._console.print()

    def _take_safely(self, line: str) -> None:
        """Take one line, and stay in the conversation whatever comes of it."""
        try:
            self._take(line)
        except HomebodyError as problem:
            complain(problem)
        except KeyboardInterrupt:
            self._say("Stopped.")
        except Exception as error:  # noqa: BLE001  a bug does not end the conversation
            confess(error)

    # ------------------------------------------------------------------ the prompt

    @staticmethod
    @contextmanager
    def _quiet_stops() -> Iterator[None]:
        """Let the prompt handle Ctrl-C itself, and put back what was there."""
        before = signal.getsignal(signal.SIGINT)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _prompt_session(self) -> Any:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings

        # Kept in memory alone: what was typed is in the store already, and nowhere else.
        requests: list[str] = []
        with suppress(StoreProblem):
            requests = self._session.store.recent_requests()
        history = InMemoryHistory(requests)
        keys = KeyBindings()

        @keys.add("escape", "enter")
        @keys.add("c-j")
        def _(event: Any) -> None:
            event.current_buffer.insert_text("\n")

        return PromptSession(
            history=history,
            key_bindings=keys,
            completer=WordCompleter(list(self._commands), sentence=True),
            complete_while_typing=False,
            enable_history_search=True,
        )

    def _take(self, line: str) -> None:
        command, _, rest = line.rstrip().partition(" ")
        if command in self._commands:
            self._commands[command][2](rest.strip())
        elif command.startswith("/") and command[1:].isalpha() and not self._is_skill(command[1:]):
            self._unsent = line
            raise BadInput(
                f"There is no command {command}.",
                "/help lists them. To send it as a message, put a space before it.",
            )
        else:
            # As it was typed: the first line of pasted code may be indented.
            self._ask(line.strip("\r\n").rstrip())

    def _greet(self) -> None:
        session = self._session
        if self._windowless:
            self._say(f"{self._windowless} So this is the terminal.")
        self._console.print(harmless(session.model.name), style="bold", end="  ")
        self._say(session.model.note or str(session.model.path))
        self._say(describe(session.locks))
        self._say("Enter sends, Alt+Enter starts a new line, /help lists what else there is.")
        for notice in session.notices:
            self._say(notice, style="yellow")
        self._console.print()

    def _say(self, text: str, style: str = "dim") -> None:
        self._console.print(harmless(text), style=style)

    # ------------------------------------------------------------------ turns

    def _ask(self, request: str) -> None:
        try:
            conversation = self._conversations.begin()
            events = self._session.assistant.run(
                conversation.id, request, parent=conversation.head, skills=self._skills
            )
            self._follow(events)
        except (StoreProblem, BadInput) as problem:
            # Not accepted, so not kept: the words go back to where they can be sent again.
            self._unsent = request
            if isinstance(problem, StoreProblem):
                problem.hint += " Your words are back at the prompt; /temp goes on without saving."
            else:
                self._conversations.forget()
            raise

    def _follow(self, events: Generator[TurnEvent]) -> None:
        """Show a turn to its end; ask what it asks on the way."""
        self._console.print()
        self._go_on(self._watch(events))

    def _go_on(self, turn: Turn) -> None:
        """Ask what a turn asks, until it has ended or the person leaves it open."""
        while turn.state == "waiting":
            events = self._answered(turn)
            if events is None:
                self._say("It waits. /continue asks again, /plain answers without it.")
                return
            turn = self._watch(events)
        line = facts(turn.run, turn.planned)
        if turn.state == "stopped":
            line = f"stopped · {line}" if line else "stopped"
        self._say(line)
        for ended in offers.ending_lines(turn):
            self._say(ended)
        self._session.hashes.compute(self._session.model.path)

    def _answered(self, turn: Turn) -> Generator[TurnEvent] | None:
        """Ask what a turn waits for, and go on with it; None where the person leaves it open."""
        assistant, offer = self._session.assistant, turn.offer
        if turn.waiting is not None:
            given = self._put(question_text(turn.waiting), answer_keys(turn.waiting))
            if given is None:
                return None
            choice, option = given
            return assistant.decide(turn.id, choice, option=option)
        assert offer is not None
        # Not through the console, which breaks lines: what is shown is the body to the byte.
        print(offers.offer_text(offer), flush=True)
        answer = self._put(offers.keys_text(offer), offers.answer_keys(offer))
        if answer is None:
            return None
        return offers.answer_offer(assistant, turn.id, answer, offer.sha256)

    def _watch(self, events: Generator[TurnEvent]) -> Turn:
        """Show a turn until it ends or waits; Ctrl-C stops it."""
        assistant = self._session.assistant

        def stop(*_: object) -> None:
            # Not from here: the handler may have interrupted whoever holds the engine's lock.
            threading.Thread(target=assistant.stop, name="stop").start()

        before = signal.signal(signal.SIGINT, stop)
        try:
            with closing(events):
                return watch(events)
        except EngineProblem as problem:
            if problem.kind == "resumable":
                problem.hint += " /continue takes the reply up where it broke off."
            raise
        finally:
            signal.signal(signal.SIGINT, before)

    def _put(self, text: str, keys: Mapping[str, tuple[Answer, str]]) -> Answer | None:
        """Ask the person; None where they leave it open. One key answers."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.key_binding import KeyBindings

        self._console.print(text, style="yellow")
        bindings = KeyBindings()

        def bind(key: str) -> None:
            @bindings.add(key)
            def _(event: Any) -> None:
                event.app.exit(result=key)

        # With ten or more to choose from a digit may be half a number: then Enter ends it.
        for key in keys if all(len(key) == 1 for key in keys) else ():
            bind(key)
        while True:
            try:
                with self._quiet_stops():
                    session: PromptSession[str] = PromptSession(key_bindings=bindings)
                    line = session.prompt(PROMPT).strip().lower()
            except (KeyboardInterrupt, EOFError):
                return None
            if not line:
                return None
            if line in keys:
                return keys[line][0]
            self._say(f"One of {', '.join(keys)}; Enter alone leaves it open.")

    def _again(self, _rest: str) -> None:
        turn = self._last_turn()
        self._follow(
            self._session.assistant.run(
                turn.conversation,
                turn.request,
                parent=turn.parent,
                attachments=turn.attachments,
                skills=self._skills,
            )
        )

    def _continue(self, _rest: str) -> None:
        turn = self._last_turn()
        if turn.state == "done":
            raise BadInput("The last reply is complete.", "/again answers the request anew.")
        if turn.state != "waiting":
            self._follow(self._session.assistant.resume(turn.id))
        else:
            self._go_on(turn)

    def _plain(self, _rest: str) -> None:
        self._follow(self._session.assistant.plain(self._last_turn().id))

    def _elsewhere(self, name: str) -> None:
        self._follow(self._session.assistant.offer(self._last_turn().id, name))

    def _steps(self, number: str) -> None:
        steps = self._last_turn().steps
        if not steps:
            raise BadInput("The last reply has no steps.", "It was written by the model alone.")
        if not number:
            for place, step in enumerate(steps, 1):
                self._console.print(harmless(f"{place:3}  {step_line(step)}"))
            self._say("/steps N shows what a step brought.")
        elif number.isdecimal() and 0 < int(number) <= len(steps):
            step = steps[int(number) - 1]
            self._console.print(harmless(step.result or step.problem or "It brought nothing."))
        else:
            raise BadInput(f"There is no step {number}.", "/steps lists them.")

    def _is_skill(self, name: str) -> bool:
        work = self._session.work
        return self._skills and work is not None and work.skills.find(name) is not None

    def _last_turn(self) -> Turn:
        turns = self._conversations.branch()
        if not turns:
            raise BadInput("There is nothing to answer yet.", "Write something first.")
        return turns[-1]

    @contextmanager
    def _housekeeping(self) -> Iterator[None]:
        """Meanwhile, on a thread: empty the bin of what is old, and back up when it is due."""
        store, leaving = self._session.saved, threading.Event()

        def keep_house() -> None:
            with suppress(StoreProblem):
                store.empty_bin()
            while not leaving.wait(_HOUSEKEEPING_SECONDS):
                # What keeps a backup from being made, a full disk say, also keeps turns from being
                # saved, and is said there.
                with suppress(StoreProblem):
                    store.back_up_if_due()

        thread = threading.Thread(target=keep_house, name="housekeeping")
        thread.start()
        try:
            yield
        finally:
            leaving.set()
            thread.join()
            with suppress(StoreProblem):
                store.back_up_if_due()

    # ------------------------------------------------------------------ the rest

    def _new(self, _rest: str) -> None:
        self._session.use_saved_store()
        self._conversations.forget()
        self._say("A new conversation.")

    def _temp(self, _rest: str) -> None:
        self._session.use_temporary_store()
        self._conversations.forget()
        self._say("A temporary conversation: nothing of it is written, and it ends with /new.")

    def _model(self, rest: str) -> None:
        session = self._session
        if rest:
            session.use_model(rest)
        loaded = session.engine.wait_loaded()
        where = "computed by the processor"
        if loaded.gpu_layers:
            where = f"{loaded.gpu_layers} of {loaded.layers + 1} layers on the GPU"
        self._say(
            f"{session.model.name}: {loaded.description}, {loaded.context:,} tokens of context, "
            f"{where}."
        )
        self._say(str(session.model.path))

    def _help(self, _rest: str) -> None:
        for name, (arguments, meaning, _) in self._commands.items():
            self._console.print(f"  {f'{name} {arguments}':16} {meaning}")

    def _quit(self, _rest: str) -> None:
        self._leaving = True
