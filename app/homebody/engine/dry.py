"""What a load would take, said by llama.cpp in an engine that is thrown away.

llama.cpp may abort there, or hang: then that engine is gone and there is a sentence, and the one
that chats knows nothing of it.
"""

import queue
import time
from collections.abc import Sequence

from homebody.base.errors import EngineDied, EngineProblem
from homebody.messages.frames import Failed, FromEngine, Hello, Load, Measure, Measured
from homebody.wire.death import Death
from homebody.wire.keeper import Keeper, Limits, child_command

__all__ = ["dry_load"]

_DEADLINE = 30.0
_HINT = "It can be loaded all the same; what it takes is estimated."
_DIED = "What it takes is estimated. Loading it may end the engine in the same way."


def dry_load(
    load: Load, *, command: Sequence[str] | None = None, deadline: float = _DEADLINE
) -> Measured:
    """Return what a load would take. Blocks for `deadline` seconds at most; any thread.

    `EngineProblem` if the engine refuses, dies or takes too long.
    """
    answers: queue.SimpleQueue[FromEngine | Death] = queue.SimpleQueue()
    keeper: Keeper[FromEngine] = Keeper(
        "engine",
        command or child_command("engine"),
        FromEngine,
        on_frame=answers.put,
        on_ready=answers.put,
        on_death=lambda death, _again: answers.put(death),
        limits=Limits(crashes=1, hello=deadline),
    )
    end = time.monotonic() + deadline
    keeper.start()
    try:
        while True:
            match _next(answers, end, load):
                case Hello():
                    keeper.send(Measure(id=1, load=load))
                case Measured() as answer:
                    return answer
                case Failed() as failed:
                    raise EngineProblem(failed.message, failed.hint, kind=failed.kind)
                case Death() as death:
                    raise EngineDied(
                        f"llama.cpp could not say what this model takes. {death.message}",
                        _DIED,
                        last_lines=death.last_lines,
                    )
                case _:
                    pass  # how far it has come
    finally:
        keeper.end()


def _next(
    answers: "queue.SimpleQueue[FromEngine | Death]", end: float, load: Load
) -> FromEngine | Death:
    try:
        return answers.get(timeout=max(0.0, end - time.monotonic()))
    except queue.Empty:
        raise EngineProblem(
            f"llama.cpp did not say in time what {load.path} takes.", _HINT
        ) from None
