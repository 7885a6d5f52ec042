"""How a session's models are prepared for loading: looked at, and planned with what is free."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import Struct
from msgspec.structs import replace

from engine.tiny_models import LAYERS, WIDE, adapter, tiny_llama
from homebody.assistant.session import Session
from homebody.base.errors import EngineProblem
from homebody.base.paths import find_home
from homebody.building import has_usable_build, session_for
from homebody.engine.client import Held
from homebody.engine.probe import Fitness, Verdict
from homebody.library.chosen import load_request
from homebody.library.shelf import STARTER, Shelf, find_model
from homebody.machine.gpus import Gpu, GpuReading
from homebody.messages.events import Done, Stumbled
from homebody.messages.frames import DeviceMemory
from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import Settings

OPTIONS = SimpleNamespace(command="chat", model=None, file=None, offline=False)
CARD = Gpu(index=0, name="RTX", memory_total=1_000_000_000, memory_free=950_000_000)
OURS = 390_000_000


@pytest.fixture
def session() -> Iterator[Session]:
    home = find_home()
    home.settings.parent.mkdir(parents=True, exist_ok=True)
    home.settings.write_text("threads = 1\nmax_reply_tokens = 6\ncontext = 512\n")
    with session_for(home, OPTIONS, ()) as session:
        yield session


def ask(session: Session) -> Done | Stumbled:
    conversation = session.store.create_conversation().id
    *_, ending = session.assistant.run(conversation, "Hi", parent=None)
    assert isinstance(ending, Done | Stumbled)
    return ending


# ---------------------------------------------------------------- the file


def test_a_file_that_is_whole_again_answers_again(session: Session, tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "m.gguf")
    whole = path.read_bytes()
    session.use_model(str(path))
    assert isinstance(ask(session), Done)
    replace_by(path, whole[: len(whole) // 2])
    for _ in range(2):
        ending = ask(session)
        assert isinstance(ending, Stumbled)
        assert "m.gguf" in ending.message
    replace_by(path, whole)
    assert isinstance(ask(session), Done)


def test_a_file_that_changed_is_looked_at_before_llama_cpp_gets_it(
    session: Session, tmp_path: Path
) -> None:
    path = tiny_llama(tmp_path / "m.gguf")
    session.use_model(str(path))
    replace_by(path, adapter(tmp_path / "other.gguf", wide=WIDE, layers=LAYERS).read_bytes())
    ending = ask(session)
    assert isinstance(ending, Stumbled)
    assert "it is an adapter" in ending.message
    assert ending.hint


def replace_by(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are not files there")
def test_an_adapter_that_was_written_in_by_hand_is_looked_at(
    session: Session, tmp_path: Path
) -> None:
    """A pipe with nobody at its other end would be waited for without an end."""
    pipe, lora = tmp_path / "pipe.gguf", adapter(tmp_path / "l.gguf", wide=WIDE, layers=LAYERS)
    os.mkfifo(pipe)
    shelf = Shelf(session.home)
    shelf.add_file(tiny_llama(tmp_path / "small.gguf"))
    shelf.change_settings("small", ModelSettings(adapter=str(lora)))
    session.use_model("small")
    kept = session.home.shelf.read_text("utf-8")
    assert str(lora) in kept
    session.home.shelf.write_text(kept.replace(str(lora), str(pipe)), "utf-8")
    with pytest.raises(EngineProblem, match=r"pipe\.gguf") as refused:
        session.use_model("small")
    assert "adapter" in refused.value.hint
    session.home.shelf.write_text(kept.replace(str(lora), str(tmp_path / "small.gguf")), "utf-8")
    with pytest.raises(EngineProblem, match="is no adapter"):
        session.use_model("small")


# ---------------------------------------------------------------- the cards


class Reader(Struct, frozen=True):
    """A named fake: there is no card here."""

    free: int
    own: int | None

    def read(self, _own: tuple[int, ...] = ()) -> GpuReading:
        card = replace(CARD, memory_free=self.free, own_memory=self.own)
        return GpuReading(kind="ok", card=True, gpus=(card,))


@pytest.fixture
def planned(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Planned"]:
    """Plans as with a CUDA build, known by its files."""
    (tmp_path / "libggml-cuda.so").touch()
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    engine = session.engine
    loaded = replace(
        engine.wait_loaded(),
        memory=(DeviceMemory(device="CUDA0", weights=OURS, cache=0, compute=0),),
    )
    return Planned(session, loaded_there=Held(loaded, mapped=True))


class Planned:
    def __init__(self, session: Session, loaded_there: Held) -> None:
        self._session, self._held = session, loaded_there

    def __call__(
        self,
        free: int,
        own: int | None = None,
        *,
        reload: bool = False,
        verdict: Verdict | None = None,
        settings: ModelSettings | None = None,
    ) -> int:
        from homebody import building

        model = find_model(find_home(), STARTER)
        model = replace(model, settings=settings or ModelSettings())
        engine = FakeEngine(pid=1, held=self._held if reload else None)
        wish = load_request(model, Settings(context=4096), 1)
        prepared = building._prepared(engine, Reader(free, own), verdict, model, wish)  # type: ignore[arg-type]
        assert replace(prepared, gpu_layers=-1) == wish
        return prepared.gpu_layers


class FakeEngine(Struct, frozen=True):
    pid: int
    held: Held | None


def test_a_reload_gets_as_many_layers_as_the_first_load(planned: Planned) -> None:
    first = planned(950_000_000)
    assert first == 31
    assert planned(950_000_000 - OURS, OURS, reload=True) == first, "where the driver tells"
    assert planned(950_000_000 - OURS, None, reload=True) == first, "on Windows, in containers"
    assert planned(950_000_000 - OURS, None) < first, "where another program takes it"


def test_an_adapter_has_its_place_on_the_card(planned: Planned, tmp_path: Path) -> None:
    lora = adapter(tmp_path / "l.gguf", wide=WIDE, layers=LAYERS)
    with lora.open("ab") as stream:
        stream.truncate(lora.stat().st_size + 60_000_000)
    alone = planned(700_000_000)
    assert 0 < planned(700_000_000, settings=ModelSettings(adapter=str(lora))) < alone


@pytest.mark.parametrize(
    ("fitness", "used"),
    [
        ("gpu", True),
        ("untried", True),
        ("no_device", False),
        ("processor", False),
        ("broken", False),
    ],
)
def test_a_build_that_cannot_use_the_card_plans_without(
    planned: Planned, fitness: Fitness, used: bool
) -> None:
    verdict = Verdict(fitness=fitness)
    assert has_usable_build(verdict) is used
    assert planned(950_000_000, verdict=verdict) == (31 if used else -1)


def test_a_card_that_is_hidden_is_not_planned_with(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert planned(950_000_000) == -1
