"""One example of every frame, as the golden files hold them, and a strategy for all others."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from msgspec import Raw, json

from homebody.messages.courier import (
    Answered,
    AskElsewhere,
    Cancel,
    CheckVersion,
    Download,
    Downloaded,
    Downloading,
    Found,
    HubFile,
    HubListing,
    HubModel,
    KeepKey,
    KeepToken,
    KeyKept,
    Listed,
    ListFiles,
    ListModels,
    ModelsListed,
    Said,
    Search,
    TokenKept,
    VersionFound,
)
from homebody.messages.frames import (
    Adapter,
    Beat,
    Count,
    Counted,
    CourierEnded,
    DeviceMemory,
    Embed,
    Embedded,
    EndCourier,
    Failed,
    Generate,
    Generated,
    Hello,
    Load,
    Loaded,
    Measure,
    Measured,
    Message,
    Opened,
    OpenFile,
    OpenFolder,
    OpenLink,
    Piece,
    Progress,
    Sampling,
    Sealed,
    Stop,
    TokenLikelihood,
    Unload,
    Unloaded,
)
from homebody.messages.skills import Grant, Outcome
from homebody.messages.workshop import Open, RunSkill, SkillFailed, SkillRan, SkillStarted
from homebody.messages.workshop import Opened as WorkshopOpened

TO_ENGINE = (
    Load(
        id=1,
        path="/models/ß 😀.gguf",
        context=4096,
        gpu_layers=12,
        threads=4,
        use_mmap=False,
        cache_type="q8_0",
        flash_attention="on",
    ),
    Unload(id=2),
    Generate(
        id=3,
        messages=(Message("system", "Be brief."), Message("user", 'Say "hi"\n\t\\ \x00 — 😀')),
        begin="Hi",
        sampling=Sampling(
            temperature=0.5, top_k=20, top_p=0.75, min_p=0.25, repeat_penalty=1.5, seed=2**32 - 1
        ),
        max_tokens=128,
        stop=("\n\n", "###"),
        grammar='root ::= "a"',
        json_schema='{"type":"object"}',
        adapters=(Adapter("/experts/plan.gguf", 0.5),),
        template="{{ messages }}",
        logprobs=True,
    ),
    Embed(id=4, texts=("one", "")),
    Count(id=5, texts=("ein Satz",)),
    Stop(id=3),
    Measure(id=7, load=Load(id=0, path="/models/a.gguf", threads=1)),
)

FROM_ENGINE = (
    Hello(protocol=1, role="engine", pid=4711, version="0.1.0", locks=("seccomp",)),
    Beat(),
    Progress(id=1, what="load", done=0.5),
    Loaded(
        id=1,
        path="/models/a.gguf",
        name="A",
        description="llama 1B",
        architecture="llama",
        parameters=10**9,
        size_bytes=2**40,
        context=4096,
        trained_context=8192,
        layers=30,
        gpu_layers=0,
        devices=("CUDA0",),
        has_template=True,
        recurrent=False,
        load_ms=12.5,
        build="llama.cpp b1",
        system="AVX2 = 1",
        gpu_build=True,
        memory=(DeviceMemory(device="CPU", weights=2**33, cache=2**28, compute=2**24),),
        cache_type="q8_0",
        flash_attention=True,
        backends=("libggml-cpu-haswell.so", "libggml-vulkan.so"),
        processor_choice=14,
        pack_problems=("The pack CUDA cannot be loaded.",),
    ),
    Measured(
        id=7,
        compute=(DeviceMemory(device="CUDA0", weights=0, cache=0, compute=2**24, free=2**33),),
        cache=2**28,
        layers=31,
        gpu_layers=30,
        context=4096,
        cache_type="f16",
        flash_attention=None,
        gpu_build=True,
    ),
    Unloaded(id=2),
    Piece(id=3, text="👩\u200d🚀 ", reasoning=True, tokens=7),
    Generated(
        id=3,
        stop="end",
        prompt_tokens=10,
        evaluated_tokens=4,
        generated_tokens=7,
        read_ms=1.5,
        write_ms=2.5,
        mean_logprob=None,
        seed=0,
        peak_memory_bytes=None,
        tokens=(TokenLikelihood(" a", -0.5),),
    ),
    Embedded(id=4, vectors=((0.5, -0.25), (1.0, 0.0))),
    Counted(id=5, tokens=(3, 0)),
    Failed(
        id=6, kind="overflow", message="Too long.", hint="Shorten it.", prompt_tokens=9, context=8
    ),
)

TO_PORTER = (
    OpenLink(id=1, url='https://example.org/ä?q="1"&b=2#c'),
    OpenFolder(id=2, path="/home/ß/a b"),
    OpenFile(id=3, path="/home/ß/a b.txt"),
    Sealed(frame=Raw(b'{"type":"cancel","id":7}')),
    EndCourier(),
)

TO_WORKSHOP = (
    Open(
        id=0,
        grants=(Grant(folder="/home/ß", access="write", since=datetime(2026, 11, 21, tzinfo=UTC)),),
        places=("/home/ß",),
        memory=2**30,
    ),
    RunSkill(id=1, skill="extract", args={"n": 1.5, "fields": ["a", "ü"]}, zone="Europe/Rome"),
)

FROM_WORKSHOP = (
    Hello(protocol=1, role="workshop", pid=4713, version="0.1.0", locks=("x",)),
    Beat(),
    WorkshopOpened(id=0, locks=("seccomp: no sockets, no programs",)),
    SkillStarted(1),
    SkillRan(id=1, outcome=Outcome(text="1", said="One.", label="file", choices=("a", "b"))),
    SkillFailed(id=2, kind="unclear", message="Two.", hint="Say which.", choices=("a", "b")),
)

FROM_PORTER = (
    Hello(protocol=1, role="porter", pid=4712, version="0.1.0", locks=("none",)),
    Beat(),
    Opened(id=1),
    Failed(
        id=2, kind="opener", message="Nothing opens it.", hint="Copy.", prompt_tokens=1, context=2
    ),
    Sealed(frame=Raw(b'{"type":"anything","\xc3\x9f":[1,{}]}')),
    CourierEnded(message="It ended.", hint="Try again."),
)

_COMMIT, _SHA256 = "0123456789" * 4, "01234567" * 8
_FILE = HubFile(name="Q4/ß.gguf", bytes=2**40, sha256=_SHA256)

TO_COURIER = (
    Search(id=1, words="qwen ß", limit=7, agreed="pressed Search"),
    ListFiles(id=2, repo="a/b", revision="v1", agreed="opened a page"),
    Download(
        id=3, repo="a/b", commit=_COMMIT, files=(_FILE,), folder="/models", agreed="pressed Get"
    ),
    Cancel(id=3),
    KeepToken(id=4, token="hf_x"),
    AskElsewhere(
        id=5,
        provider="Größe",
        url="https://a.example/v1",
        model="m",
        body='{"ß":"\\n"}',
        sha256=_SHA256,
        agreed="pressed Send once",
    ),
    ListModels(id=6, provider="Größe", agreed="opened a page"),
    KeepKey(id=7, provider="Größe", key=None, session=True),
    CheckVersion(id=8, agreed="pressed Check now"),
)

FROM_COURIER = (
    Found(
        id=1,
        models=(
            HubModel(
                repo="a/b",
                downloads=1,
                likes=None,
                updated="2026-01-01T00:00:00Z",
                gated=False,
                licence="mit",
                parameters=10**9,
                architecture="llama",
                context=4096,
            ),
        ),
    ),
    Listed(
        id=2,
        listing=HubListing(repo="a/b", commit=_COMMIT, gated=True, licence=None, files=(_FILE,)),
    ),
    Downloading(id=3, done=1, total=2, bytes_per_second=0.5, verifying=True),
    Downloaded(id=3, paths=("/models/ß.gguf",)),
    TokenKept(id=4, there=True, place="a keyring"),
    Said(id=5, text="Aß", reasoning=True),
    Answered(
        id=5,
        finish="stop",
        model="m",
        prompt_tokens=1,
        reply_tokens=None,
        bytes_out=1,
        bytes_in=2,
    ),
    ModelsListed(id=6, models=("m", "n")),
    KeyKept(id=7, there=True, place="a keyring", session=False),
    VersionFound(id=8, version="0.2.0", page="https://a.example/ß", published=None),
    Failed(id=5, kind="offline", message="No.", hint="Go on.", prompt_tokens=1, context=2),
)

# Everything that UTF-8 can carry: no halves of surrogate pairs.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def frames(kind: type) -> st.SearchStrategy[Any]:
    """Any frame of a type, with any text in its fields and any number within their bounds."""
    whole = st.integers(0, 2**53)
    number = st.floats(-1e300, 1e300)
    st.register_type_strategy(str, _TEXT)
    st.register_type_strategy(float, number)
    load = {"threads": st.integers(1, 512), "context": whole}
    bounded: dict[type, dict[str, st.SearchStrategy[Any]]] = {
        Load: load,
        Measure: {"load": st.builds(Load, **load, id=whole)},
        Generate: {
            "max_tokens": whole,
            "messages": st.lists(
                st.builds(Message, st.sampled_from(["system", "user", "assistant"]), _TEXT)
            ).map(tuple),
            "adapters": st.lists(st.builds(Adapter, _TEXT, number)).map(tuple),
            "sampling": st.builds(
                Sampling,
                temperature=st.floats(0, 5),
                top_k=whole,
                top_p=st.floats(0, 1),
                min_p=st.floats(0, 1),
                repeat_penalty=st.floats(0.5, 2),
                seed=st.none() | st.integers(0, 2**32 - 1),
            ),
        },
    }
    hash_ = st.text("0123456789abcdef", min_size=64, max_size=64)
    commit = hash_.map(lambda text: text[:40])
    files = st.lists(st.builds(HubFile, sha256=st.none() | hash_)).map(tuple)
    bounded |= {
        Sealed: {"frame": _TEXT.map(lambda text: Raw(json.encode({"type": text})))},
        Search: {"limit": st.integers(1, 100)},
        Download: {"commit": commit, "files": files},
        AskElsewhere: {"sha256": hash_},
        Listed: {"listing": st.builds(HubListing, commit=commit, files=files)},
    }
    given = bounded.get(kind, {})
    if "id" in kind.__struct_fields__:  # type: ignore[attr-defined]
        given["id"] = whole
    return st.builds(kind, **given)
