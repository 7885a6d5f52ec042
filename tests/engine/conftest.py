"""The starter model in a running engine, and the same model in this process to look inside."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from homebody.base.paths import Home
from homebody.engine.client import Engine
from homebody.library.shelf import find_model
from homebody.messages.frames import Generate, Generated, Load, Message, Piece, Progress, Sampling

SYSTEM = "You are a helpful assistant."


@pytest.fixture(scope="session", autouse=True)
def _no_core_files() -> None:
    """Engines abort here on purpose."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@dataclass(frozen=True)
class Reply:
    """Everything that came of a request."""

    text: str
    reasoning: str
    done: Generated
    progress: list[float]


def write(engine: Engine, **request: Any) -> Reply:
    """Ask for a reply and collect it."""
    *answers, done = engine.generate(Generate(id=0, **request))
    assert isinstance(done, Generated)
    pieces = [answer for answer in answers if isinstance(answer, Piece)]
    return Reply(
        text="".join(piece.text for piece in pieces if not piece.reasoning),
        reasoning="".join(piece.text for piece in pieces if piece.reasoning),
        done=done,
        progress=[answer.done for answer in answers if isinstance(answer, Progress)],
    )


def chat(*texts: str, system: str = SYSTEM) -> tuple[Message, ...]:
    """Messages of a conversation: system, then person and model in turn."""
    roles = ("user", "assistant")
    turns = [Message(roles[number % 2], text) for number, text in enumerate(texts)]  # type: ignore[arg-type]
    return (Message("system", system), *turns)


def hot(seed: int | None = None, temperature: float = 1.5) -> Sampling:
    return Sampling(temperature=temperature, top_k=0, top_p=1.0, min_p=0.0, seed=seed)


@pytest.fixture(scope="session")
def starter() -> Path:
    nowhere = Path(os.devnull)
    return find_model(Home(data=nowhere, config=nowhere, state=nowhere), "starter").path


@pytest.fixture(scope="session")
def load(starter: Path) -> Load:
    return Load(id=0, path=str(starter), context=2048, threads=min(2, os.cpu_count() or 1))


@pytest.fixture(scope="session")
def _shared(load: Load) -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    engine.load(load)
    yield engine
    engine.close()


@pytest.fixture
def engine(_shared: Engine, load: Load) -> Engine:
    """A running engine with the starter model. Its cache holds what other tests left in it."""
    if _shared.loaded is None or _shared.loaded.path != load.path:
        _shared.load(load)
    return _shared


@pytest.fixture
def fresh() -> Iterator[Callable[..., Engine]]:
    """Starts engines of a test's own, which it may hurt."""
    started: list[Engine] = []

    def start(load: Load | None = None, **options: Any) -> Engine:
        engine = Engine(**options)
        started.append(engine)
        engine.start()
        if load is not None:
            engine.load(load)
        return engine

    yield start
    for engine in started:
        engine.close()


@pytest.fixture(scope="session")
def session(load: Load) -> Iterator[Any]:
    """The worker's own session, in this process: for what cannot be seen from outside."""
    from homebody.engine.worker.generate import Session
    from homebody.engine.worker.native import Native

    native = Native(
        Path(load.path),
        context=load.context,
        gpu_layers=0,
        threads=load.threads,
        use_mmap=True,
        on_progress=lambda _done: True,
    )
    yield Session(native)
    native.close()
