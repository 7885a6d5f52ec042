"""One example of every frame, as the golden files hold them, and a strategy for all others."""

from typing import Any

from hypothesis import strategies as st

from homebody.messages.frames import (
    Adapter,
    Beat,
    Count,
    Counted,
    Embed,
    Embedded,
    Failed,
    Generate,
    Generated,
    Hello,
    Load,
    Loaded,
    Message,
    Opened,
    OpenFolder,
    OpenLink,
    Piece,
    Progress,
    Sampling,
    Stop,
    Unload,
    Unloaded,
)

TO_ENGINE = (
    Load(id=1, path="/models/ß 😀.gguf", context=4096, gpu_layers=12, threads=4, use_mmap=False),
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
    ),
    Embed(id=4, texts=("one", "")),
    Count(id=5, texts=("ein Satz",)),
    Stop(id=3),
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
)

FROM_PORTER = (
    Hello(protocol=1, role="porter", pid=4712, version="0.1.0", locks=("none",)),
    Beat(),
    Opened(id=1),
    Failed(
        id=2, kind="opener", message="Nothing opens it.", hint="Copy.", prompt_tokens=1, context=2
    ),
)

# Everything that UTF-8 can carry: no halves of surrogate pairs.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def frames(kind: type) -> st.SearchStrategy[Any]:
    """Any frame of a type, with any text in its fields and any number within their bounds."""
    whole = st.integers(0, 2**53)
    number = st.floats(-1e300, 1e300)
    st.register_type_strategy(str, _TEXT)
    st.register_type_strategy(float, number)
    bounded: dict[type, dict[str, st.SearchStrategy[Any]]] = {
        Load: {"threads": st.integers(1, 512), "context": whole},
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
    given = bounded.get(kind, {})
    if "id" in kind.__struct_fields__:  # type: ignore[attr-defined]
        given["id"] = whole
    return st.builds(kind, **given)
