"""`homebody chat`: a conversation in the terminal.

The main thread waits at the prompt, and watches the reply while one is written. Ctrl-C stops the
reply; it never ends the program.
"""

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from homebody.base.errors import BadInput, EngineProblem, HomebodyError, StoreProblem
from homebody.base.files import replace_file
from homebody.cli.ask import watch
from homebody.cli.session import Session
from homebody.cli.terminal import complain, confess, facts, harmless, make_console
from homebody.messages.events import TurnEvent
from homebody.messages.turns import Conversation, SearchHit
from homebody.privacy.lock import describe

__all__ = ["Chat"]

_LISTED = 15
_PROMPT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


class Chat:
    """One sitting at the terminal."""

    def __init__(self, session: Session, *, windowless: bool = False) -> None:
        self._session = session
        self._windowless = windowless
        self._console = make_console()
        self._conversation: Conversation | None = None
        self._offered: list[Conversation] = []
        self._deleted: str | None = None
        self._unsent = ""
        self._commands: dict[str, tuple[str, str, Callable[[str], None]]] = {
            "/new": ("", "start a new conversation", self._new),
            "/temp": ("", "start one that is never written to disk", self._temp),
            "/find": ("WORDS", "find words in all conversations", self._find),
            "/open": ("[N]", "list conversations, or open number N of the last list", self._open),
            "/again": ("", "answer the last request anew; the old answer is kept", self._again),
            "/continue": ("", "go on with a reply that was broken off", self._continue),
            "/rename": ("TITLE", "give this conversation a name", self._rename),
            "/delete": ("", "move this conversation to the bin for 30 days", self._delete),
            "/undo": ("", "take back the last /delete", self._undo),
            "/export": (
                "[FILE]",
                "write this conversation as Markdown, or FILE.json as JSON",
                self._export,
            ),
            "/model": ("[M]", "say which model answers, or switch to another", self._model),
            "/help": ("", "this list", self._help),
            "/quit": ("", "leave; so does Ctrl-D", self._quit),
        }
        self._leaving = False

    def run(self) -> int:
        """Talk until the person leaves. Returns the exit status."""
        self._greet()
        prompt = self._prompt_session()
        while not self._leaving:
            try:
                with self._quiet_stops():
                    line = prompt.prompt(
                        _PROMPT, default=self._unsent, prompt_continuation=" " * len(_PROMPT)
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
        return 0

    def _take_safely(self, line: str) -> None:
        """Take one line, and stay in the conversation whatever comes of it."""
        try:
            self._take(line)
            self._back_up()
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
        elif command.startswith("/") and command[1:].isalpha():
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
            self._say("This version has no window yet, so this is the terminal.")
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
        store = self._session.store
        try:
            if self._conversation is None:
                self._conversation = store.create_conversation()
            conversation = store.conversation(self._conversation.id)
            events = self._session.assistant.run(conversation.id, request, parent=conversation.head)
            self._follow(events)
        except (StoreProblem, BadInput) as problem:
            # Not accepted, so not kept: the words go back to where they can be sent again.
            self._unsent = request
            if isinstance(problem, StoreProblem):
                problem.hint += " Your words are back at the prompt; /temp goes on without saving."
            else:
                self._conversation = None
            raise

    def _follow(self, events: Generator[TurnEvent]) -> None:
        assistant = self._session.assistant

        def stop(*_: object) -> None:
            # Not from here: the handler may have interrupted whoever holds the engine's lock.
            threading.Thread(target=assistant.stop, name="stop").start()

        before = signal.signal(signal.SIGINT, stop)
        try:
            self._console.print()
            with closing(events):
                turn = watch(events)
        except EngineProblem as problem:
            if problem.kind == "resumable":
                problem.hint += " /continue takes the reply up where it broke off."
            raise
        finally:
            signal.signal(signal.SIGINT, before)
        line = facts(turn.run)
        if turn.state == "stopped":
            line = f"stopped · {line}" if line else "stopped"
        self._say(line)
        self._session.hashes.compute(self._session.model.path)

    def _again(self, _rest: str) -> None:
        turn = self._last_turn()
        self._follow(
            self._session.assistant.run(turn.conversation, turn.request, parent=turn.parent)
        )

    def _continue(self, _rest: str) -> None:
        turn = self._last_turn()
        if turn.state == "done":
            raise BadInput("The last reply is complete.", "/again answers the request anew.")
        self._follow(self._session.assistant.resume(turn.id))

    def _last_turn(self) -> Any:
        turns = self._branch()
        if not turns:
            raise BadInput("There is nothing to answer yet.", "Write something first.")
        return turns[-1]

    def _branch(self) -> list[Any]:
        if self._conversation is None:
            return []
        return self._session.store.branch(self._conversation.id)

    def _back_up(self) -> None:
        try:
            self._session.store.back_up_if_due()
        except StoreProblem as problem:
            self._say(f"No backup could be made. {problem.message}", style="yellow")

    # ------------------------------------------------------------------ conversations

    def _new(self, _rest: str) -> None:
        self._session.use_saved_store()
        self._forget()
        self._say("A new conversation.")

    def _temp(self, _rest: str) -> None:
        self._session.use_temporary_store()
        self._forget()
        self._say("A temporary conversation: nothing of it is written, and it ends with /new.")

    def _forget(self) -> None:
        """Let go of what belongs to another store or conversation."""
        self._conversation = self._deleted = None
        self._offered = []

    def _find(self, rest: str) -> None:
        if not rest:
            raise BadInput("There is nothing to look for.", "/find WORDS")
        hits = self._session.store.search(rest, limit=_LISTED)
        if not hits:
            self._say("Nothing found.")
        self._offered = []
        for hit in hits:
            if hit.conversation.id not in [each.id for each in self._offered]:
                self._offered.append(hit.conversation)
        for number, conversation in enumerate(self._offered, 1):
            self._console.print(f"{number:3}  {self._titled(conversation)}")
            for hit in hits:
                if hit.turn is not None and hit.conversation.id == conversation.id:
                    self._console.print(self._snippet(hit))
        if hits:
            self._say("/open N opens one.")

    @staticmethod
    def _snippet(hit: SearchHit) -> Any:
        from rich.text import Text

        text = Text("     ", style="dim")
        for number, part in enumerate(" ".join(harmless(hit.snippet).split()).split("\ue000")):
            found, mark, rest = part.partition("\ue001")
            text.append(found, style="bold" if number and mark else "dim")
            text.append(rest, style="dim")
        return text

    def _open(self, rest: str) -> None:
        store = self._session.store
        if not rest:
            self._offered = store.conversations(limit=_LISTED)
            for number, conversation in enumerate(self._offered, 1):
                day = conversation.changed.astimezone().strftime("%Y-%m-%d")
                self._console.print(f"{number:3}  {day}  {self._titled(conversation)}")
            self._say("/open N opens one." if self._offered else "There are none yet.")
            return
        if not rest.isdecimal() or not 0 < int(rest) <= len(self._offered):
            raise BadInput(
                f"There is no number {rest} in the last list.", "/open lists conversations."
            )
        self._conversation = store.conversation(self._offered[int(rest) - 1].id)
        self._console.rule(harmless(self._titled(self._conversation)), style="dim")
        from homebody.cli.markdown import markdown

        for number, turn in enumerate(self._branch()):
            if number:
                self._console.print()
            self._console.print(f"{_PROMPT}{harmless(turn.request)}", style="bold")
            self._console.print()
            if turn.reply:
                self._console.print(markdown(harmless(turn.reply)))
            if turn.state != "done":
                self._say(turn.problem or turn.state)

    @staticmethod
    def _titled(conversation: Conversation) -> str:
        return harmless(conversation.title) or "(no title)"

    def _current(self) -> Conversation:
        if self._conversation is None:
            raise BadInput("This conversation is still empty.", "/open lists the others.")
        return self._conversation

    def _rename(self, rest: str) -> None:
        if not rest:
            raise BadInput("There is no title.", "/rename TITLE")
        self._session.store.rename(self._current().id, rest)
        self._say("Renamed.")

    def _delete(self, _rest: str) -> None:
        self._deleted = self._current().id
        self._session.store.delete(self._deleted)
        self._conversation = None
        kept = "In the bin for 30 days." if self._session.store.on_disk else "Deleted."
        self._say(f"{kept} /undo takes it back.")

    def _undo(self, _rest: str) -> None:
        if self._deleted is None:
            raise BadInput("There is nothing to take back.", "/delete is what can be taken back.")
        self._session.store.undelete(self._deleted)
        self._conversation = self._session.store.conversation(self._deleted)
        self._deleted = None
        self._say("It is back.")

    def _export(self, rest: str) -> None:
        conversation = self._session.store.conversation(self._current().id)
        name = "".join(c if c.isalnum() or c in " -_" else " " for c in conversation.title)
        path = Path(rest or f"{' '.join(name.split()) or 'conversation'}.md").expanduser()
        if path.exists():
            raise BadInput(f"{path} exists already.", "Give another name: /export FILE")
        if path.suffix == ".json":
            data = self._session.store.export_json([conversation.id])
        else:
            data = self._session.store.export_markdown(conversation.id).encode()
        try:
            replace_file(path, data)
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written ({error.strerror}).", "/export FILE"
            ) from None
        self._say(f"Written to {path}.")

    # ------------------------------------------------------------------ the rest

    def _model(self, rest: str) -> None:
        session = self._session
        if rest:
            session.use_model(rest)
        loaded = session.engine.wait_loaded()
        where = "computed by the processor"
        if loaded.gpu_layers:
            where = f"{loaded.gpu_layers} of {loaded.layers} layers on the GPU"
        self._say(
            f"{session.model.name}: {loaded.description}, {loaded.context:,} tokens of context, "
            f"{where}."
        )
        self._say(str(session.model.path))

    def _help(self, _rest: str) -> None:
        for name, (arguments, meaning, _) in self._commands.items():
            self._console.print(f"  {f'{name} {arguments}':15} {meaning}")

    def _quit(self, _rest: str) -> None:
        self._leaving = True
