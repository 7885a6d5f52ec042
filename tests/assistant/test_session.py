"""A session: what was set for a model reaches the engine, and switching gives memory back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from assistant.support import Scripted, wait_until
from engine.tiny_models import LAYERS, WIDE, adapter, tiny_llama
from homebody.assistant.session import Parts, Session
from homebody.assistant.turn import Assistant
from homebody.base.errors import EngineProblem, ModelProblem
from homebody.base.paths import find_home
from homebody.engine.client import Engine
from homebody.library.chosen import adapters_of, load_request, sampling_of, system_of
from homebody.library.fingerprint import Fingerprints
from homebody.library.shelf import Shelf, ShelvedModel
from homebody.messages.events import Done, Stumbled
from homebody.messages.frames import Adapter
from homebody.messages.shelf import ModelSettings
from homebody.settings.declared import Settings
from homebody.store.store import Store

SETTINGS = Settings(context=512, threads=1, use_mmap=False, max_reply_tokens=6, temperature=0.5)
TEMPLATE = "{% for message in messages %}{{ message.content }}!{% endfor %}"


@pytest.fixture
def session() -> Iterator[Session]:
    """As `launch` builds one, with a real engine."""
    home, engine = find_home(), Engine()
    shelf = Shelf(home)

    def assistant(store: Store, model: ShelvedModel, settings: Settings) -> Assistant:
        return Assistant(
            store,
            engine,
            sampling=sampling_of(model, settings),
            system=system_of(model, settings),
            max_tokens=settings.max_reply_tokens,
            adapters=adapters_of(model),
            template=model.settings.template or "",
        )

    engine.start()
    store = Store.open(home)
    session = Session(
        home=home,
        settings=SETTINGS,
        engine=engine,
        store=store,
        model=shelf.find("starter"),
        hashes=Fingerprints(store),
        locks=(),
        parts=Parts(
            find_model=shelf.find,
            load_request=lambda model, settings: load_request(model, settings, 1),
            prepare=lambda _model, wish: wish,
            assistant=assistant,
        ),
    )
    yield session
    session.close()
    engine.close()


def ask(session: Session, text: str = "Hi") -> Done | Stumbled:
    conversation = session.store.create_conversation().id
    *_, ending = session.assistant.run(conversation, text, parent=None)
    assert isinstance(ending, Done | Stumbled)
    return ending


def test_switching_the_model_gives_the_memory_of_the_last_one_back(
    session: Session, tmp_path: Path
) -> None:
    """Seen from outside, in the engine's process; without mapping, so that every byte counts."""
    small = tiny_llama(tmp_path / "small.gguf")
    session.begin_load()
    session.engine.wait_loaded()
    hello = session.engine.hello
    assert hello is not None
    process = psutil.Process(hello.pid)
    with_starter, with_small = [], []
    for _ in range(3):
        with_starter.append(process.memory_info().rss)
        session.use_model(str(small))
        with_small.append(process.memory_info().rss)
        session.use_model("starter")
    megabytes = [[round(each / 1e6) for each in row] for row in (with_starter, with_small)]
    print(f"engine with the starter, with the small one: {megabytes} MB")
    assert process.is_running(), "it is the same process"
    for large, little in zip(with_starter, with_small, strict=True):
        assert large - little > 80e6, megabytes
    assert with_starter[-1] < with_starter[0] + 20e6, megabytes


def test_what_was_set_for_a_model_reaches_the_engine(session: Session, tmp_path: Path) -> None:
    lora = adapter(tmp_path / "lora.gguf", wide=WIDE, layers=LAYERS)
    model = tiny_llama(tmp_path / "small.gguf")
    shelf = Shelf(session.home)
    shelf.add_file(model)
    session.use_model("small")
    plain = ask(session)
    assert isinstance(plain, Done)
    asked = ModelSettings(
        context=512,
        gpu_layers=0,
        cache_type="q8_0",
        temperature=0.0,
        system_prompt="S",
        template=TEMPLATE,
        adapter=str(lora),
        adapter_scale=2.0,
    )
    shelf.change_settings("small", asked)
    session.use_model_settings(session.find_model_settings())
    assert session.parts.load_request(session.model, SETTINGS).context == 512
    assert sampling_of(session.model, session.settings).temperature == 0.0
    assert sampling_of(session.model, SETTINGS).seed is None
    assert system_of(session.model, Settings(system_prompt="general")) == "S"
    assert adapters_of(session.model) == (Adapter(str(lora), 2.0),)
    request = session.parts.load_request(session.model, Settings(threads=3))
    assert (request.context, request.gpu_layers, request.threads) == (512, 0, 3)
    assert (request.cache_type, request.flash_attention) == ("q8_0", "auto")
    assert isinstance(ask(session), Done)


def test_settings_are_those_of_this_model_also_when_another_took_its_key(
    session: Session, tmp_path: Path
) -> None:
    mine, shelf = tiny_llama(tmp_path / "small.gguf"), Shelf(session.home)
    shelf.add_file(mine)
    shelf.change_settings("small", ModelSettings(top_k=3))
    session.use_model("small")
    session.home.models.mkdir(parents=True)
    tiny_llama(session.home.models / "small.gguf")
    Shelf(session.home).change_settings("small", ModelSettings(top_k=7, context=512))
    found = session.find_model_settings()
    assert (found.path, found.settings, found.name) == (mine, ModelSettings(top_k=3), "small")
    session.use_model_settings(found)
    other = shelf.find(str(session.home.models / "small.gguf"))
    assert other.settings.top_k == 7
    session.begin_model(other)
    assert session.engine.wait_loaded().path == str(other.path)
    session.use_model_settings(found)
    assert session.model == other, "it is too late for those of the one before"
    assert isinstance(ask(session), Done)


def test_an_adapter_that_vanished_is_a_sentence(session: Session, tmp_path: Path) -> None:
    lora = adapter(tmp_path / "lora.gguf", wide=WIDE, layers=LAYERS)
    shelf = Shelf(session.home)
    shelf.add_file(tiny_llama(tmp_path / "small.gguf"))
    shelf.change_settings("small", ModelSettings(adapter=str(lora)))
    session.use_model("small")
    lora.unlink()
    ending = ask(session)
    assert isinstance(ending, Stumbled)
    assert "The adapter lora.gguf cannot be opened" in ending.message
    assert ending.hint
    shelf.change_settings("small", ModelSettings())
    session.use_model_settings(session.find_model_settings())
    assert isinstance(ask(session), Done)


def test_a_template_that_is_broken_is_a_sentence(session: Session) -> None:
    Shelf(session.home).change_settings("starter", ModelSettings(template="{% for %}"))
    session.use_model("starter")
    ending = ask(session)
    assert isinstance(ending, Stumbled)
    assert ending.hint


def test_a_file_that_changed_under_us_is_noticed_before_the_next_turn(
    session: Session, tmp_path: Path
) -> None:
    model = tiny_llama(tmp_path / "small.gguf")
    session.use_model(str(model))
    assert isinstance(ask(session), Done)
    data = model.read_bytes()
    model.unlink()
    model.write_bytes(b"<html>" + data[6:])
    ending = ask(session)
    assert isinstance(ending, Stumbled)
    assert "small.gguf" in ending.message


def test_a_model_that_cannot_be_used_changes_nothing(session: Session, tmp_path: Path) -> None:
    session.begin_load()
    with pytest.raises(ModelProblem):
        session.use_model(str(tmp_path / "no.gguf"))
    with pytest.raises(EngineProblem):
        # Right in its header, and of a kind that llama.cpp does not know.
        session.use_model(str(tiny_llama(tmp_path / "odd.gguf", architecture="oddity")))
    assert session.model.key == "starter"
    wait_until(lambda: session.engine.loaded is not None, "the starter to be loaded again")


def test_a_request_carries_the_template_and_the_adapters(
    scripted: Callable[..., Scripted],
) -> None:
    with_engine = scripted("Yes.")
    with_engine.assistant = Assistant(
        with_engine.store,
        with_engine.engine,
        adapters=(Adapter("/a.gguf", 0.5),),
        template=TEMPLATE,
    )
    with_engine.ask("Hi")
    [request] = with_engine.requests()
    assert (request.adapters, request.template) == ((Adapter("/a.gguf", 0.5),), TEMPLATE)
