"""Frames: what the front end and its children say to each other.

A frame is one JSON object on one line, named by its `type`. The first frame of a child is `hello`
with the protocol's version; a front end that does not speak that version ends the child. Requests
carry an `id` chosen by the front end, and everything said in answer carries it back.
"""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from homebody.messages.fit import CacheType, FlashAttention

__all__ = [
    "PROTOCOL",
    "Adapter",
    "Beat",
    "Count",
    "Counted",
    "CourierEnded",
    "DeviceMemory",
    "Embed",
    "Embedded",
    "EndCourier",
    "Failed",
    "FailureKind",
    "Frame",
    "FromEngine",
    "FromPorter",
    "Generate",
    "Generated",
    "Hello",
    "Load",
    "Loaded",
    "Measure",
    "Measured",
    "Message",
    "OpenFile",
    "OpenFolder",
    "OpenLink",
    "Opened",
    "Piece",
    "Progress",
    "Sampling",
    "Sealed",
    "Stop",
    "StopReason",
    "ToEngine",
    "ToPorter",
    "TokenLikelihood",
    "Unload",
    "Unloaded",
]

PROTOCOL = 1

Role = Literal["system", "user", "assistant"]
StopReason = Literal["end", "length", "stop_string", "context", "stopped"]
FailureKind = Literal[
    "bad_request",  # the request itself makes no sense
    "no_model",  # nothing is loaded
    "model",  # the file cannot be loaded
    "model_changed",  # the file is not the one that was loaded
    "memory",  # it does not fit
    "adapter",  # the adapter cannot be used with this model
    "template",  # the model's chat template failed, looped or grew without end
    "grammar",  # the grammar or schema cannot be used
    "overflow",  # the prompt is larger than the context
    "stopped",  # somebody asked to stop before there was a result
    "opener",  # no program on this machine opens such a thing
    "offline",  # the person wants no connections
    "refused",  # Homebody's own rules forbid this connection
    "connection",  # it could not be made, or broke off
    "hub",  # the other side answered something that makes no sense, or an error
    "token",  # the other side wants a token, or does not take this one
    "tampered",  # what came is not what was promised
    "disk",  # it could not be written
    "busy",  # another Homebody does the same now, or the other side wants fewer requests
    "provider",  # who was asked elsewhere could not or would not answer
    "engine",  # anything else
]

NonNegative = Annotated[int, Meta(ge=0)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]


class Frame(Struct, frozen=True, kw_only=True, tag_field="type"):
    """The base of every frame."""


class Message(Struct, frozen=True):
    """One message of a chat, as the model's template wants it."""

    role: Role
    text: str


class Sampling(Struct, frozen=True, kw_only=True):
    """How the next token is chosen. Temperature 0 takes the likeliest, and nothing else counts."""

    temperature: Annotated[float, Meta(ge=0.0, le=5.0)] = 0.0
    top_k: NonNegative = 40
    top_p: Fraction = 0.95
    min_p: Fraction = 0.05
    repeat_penalty: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None


class Adapter(Struct, frozen=True):
    """A LoRA adapter (GGUF file) and how strongly it is applied."""

    path: str
    scale: float = 1.0


# ---------------------------------------------------------------- from the front end to the engine


class Load(Frame, frozen=True, tag="load"):
    """Load a model, in place of the one that is loaded. Answered by `progress`… `loaded`."""

    id: int
    path: str
    context: Annotated[int, Meta(ge=0)] = 0
    """Tokens that one conversation may take; 0: what the model was trained for, at most 8192."""
    gpu_layers: int = -1
    """Layers to put on the GPU, -1: all that fit. Ignored by a build without GPU support."""
    threads: Annotated[int, Meta(ge=1, le=512)] = 1
    use_mmap: bool = True
    cache_type: CacheType = "f16"
    """Others than f16 need flash attention; where there is none, the cache stays f16."""
    flash_attention: FlashAttention = "auto"


class Measure(Frame, frozen=True, tag="measure"):
    """Say what a load would take, without loading. Answered by `progress`… `measured`.

    Ends what is loaded, and llama.cpp may abort: for an engine of its own (`engine.dry`).
    """

    id: int
    load: Load


class Unload(Frame, frozen=True, tag="unload"):
    """Give the model's memory back. Answered by `unloaded`."""

    id: int


class Generate(Frame, frozen=True, tag="generate"):
    """Write a continuation. Answered by `progress`… `piece`… `generated`.

    Give `messages` (rendered by the model's chat template) or `prompt` (raw text), not both.
    """

    id: int
    messages: tuple[Message, ...] = ()
    prompt: str = ""
    begin: str = ""
    """Text that the reply already starts with: the model goes on from there."""
    sampling: Sampling = Sampling()
    max_tokens: NonNegative = 0
    """0: until the model ends, or the context is full."""
    stop: tuple[str, ...] = ()
    grammar: str = ""
    """GBNF; the reply can be nothing else."""
    json_schema: str = ""
    """A JSON Schema as JSON text; the reply is an object of it."""
    adapters: tuple[Adapter, ...] = ()
    template: str = ""
    """A chat template in place of the model's own."""
    logprobs: bool = False
    """Also say how likely each token was, in `generated`."""


class Embed(Frame, frozen=True, tag="embed"):
    """Turn texts into vectors. Answered by `embedded`."""

    id: int
    texts: tuple[str, ...]


class Count(Frame, frozen=True, tag="count"):
    """Count tokens. Answered by `counted`."""

    id: int
    texts: tuple[str, ...]


class Stop(Frame, frozen=True, tag="stop"):
    """Stop working on request `id`; what is written so far stays. Heeded at once, out of turn."""

    id: int


ToEngine = Load | Measure | Unload | Generate | Embed | Count | Stop

# ---------------------------------------------------------------- from a child to the front end


class Hello(Frame, frozen=True, tag="hello"):
    """A child's first frame."""

    protocol: int
    role: str
    pid: int
    version: str
    locks: tuple[str, ...] = ()
    """The layers of privacy.lock that hold in this child."""


class Beat(Frame, frozen=True, tag="beat"):
    """Said once a second, so that a child that hangs is told from one that works."""


class Progress(Frame, frozen=True, tag="progress"):
    """How far a load, or the reading of a prompt, has come (0 to 1)."""

    id: int
    what: Literal["load", "read"]
    done: float


class DeviceMemory(Struct, frozen=True, kw_only=True):
    """What a model takes on one device, in bytes, as llama.cpp reports it."""

    device: str
    """llama.cpp's name, such as "CUDA0"; "CPU" is the computer's own memory."""
    weights: int
    """On "CPU" mapped from the file, where the load was asked to map it."""
    cache: int
    """Keys and values, and the states of recurrent layers."""
    compute: int
    """Buffers that it works in."""
    free: int | None = None
    """On a card, before the load, as its driver told llama.cpp; None: not told."""


class Loaded(Frame, frozen=True, tag="loaded"):
    """The model is ready; facts as llama.cpp reports them. Sizes in bytes, context in tokens."""

    id: int
    path: str
    name: str
    description: str
    architecture: str
    parameters: int
    size_bytes: int
    context: int
    trained_context: int
    layers: int
    gpu_layers: int
    devices: tuple[str, ...]
    has_template: bool
    recurrent: bool
    """True where part of the memory cannot be rolled back (hybrid and recurrent models)."""
    load_ms: float
    build: str
    system: str
    gpu_build: bool = False
    """Whether this llama.cpp was built for a GPU, as it says itself."""
    memory: tuple[DeviceMemory, ...] = ()
    """By device, the processor's first."""
    cache_type: CacheType = "f16"
    """What the cache really is; f16 where the model, or no flash attention, allowed no other."""
    flash_attention: bool | None = None
    """Whether it is used; None where llama.cpp does not tell."""
    backends: tuple[str, ...] = ()
    """Files of llama.cpp that compute: the processor's code first, then those of packs. None where
    the processor's code is part of the build."""
    processor_choice: int = 0
    """Of how many files the processor's code was chosen."""
    pack_problems: tuple[str, ...] = ()
    """Why packs are not used, in sentences."""


class Measured(Frame, frozen=True, kw_only=True, tag="measured"):
    """What a load would take; sizes in bytes, context in tokens."""

    id: int
    compute: tuple[DeviceMemory, ...]
    """By device, the processor's first. Only `compute` is known before the load: weights and
    cache are 0."""
    cache: int
    """On all devices together."""
    layers: int
    """That could be on the GPU, the output counted as one."""
    gpu_layers: int
    """That would be."""
    context: int
    cache_type: CacheType
    flash_attention: bool | None
    gpu_build: bool


class Unloaded(Frame, frozen=True, tag="unloaded"):
    """The model's memory is given back."""

    id: int


class Piece(Frame, frozen=True, tag="piece"):
    """Some text of a reply: whole characters, never half an emoji."""

    id: int
    text: str
    reasoning: bool = False
    """True for text inside a block such as <think>…</think>; its tags are left out."""
    tokens: int = 0
    """Tokens generated so far."""


class TokenLikelihood(Struct, frozen=True):
    """A token of a reply, and its natural-log probability before any grammar or sampler."""

    text: str
    logprob: float


class Generated(Frame, frozen=True, tag="generated"):
    """A reply is finished."""

    id: int
    stop: StopReason
    prompt_tokens: int
    evaluated_tokens: int
    """Prompt tokens that had to be read; the others were still in the key/value cache."""
    generated_tokens: int
    read_ms: float
    write_ms: float
    mean_logprob: float | None
    """Mean natural-log probability of the generated tokens, before any grammar or sampler."""
    seed: int
    peak_memory_bytes: int | None
    tokens: tuple[TokenLikelihood, ...] = ()
    """Where `logprobs` was asked for: each token that was written."""


class Embedded(Frame, frozen=True, tag="embedded"):
    """Vectors of unit length, in the order of the texts."""

    id: int
    vectors: tuple[tuple[float, ...], ...]


class Counted(Frame, frozen=True, tag="counted"):
    """Tokens of each text."""

    id: int
    tokens: tuple[int, ...]


class Failed(Frame, frozen=True, tag="failed"):
    """A request could not be served; the child lives on."""

    id: int
    kind: FailureKind
    message: str
    hint: str = ""
    prompt_tokens: int | None = None
    """For `overflow`: how many tokens the prompt has."""
    context: int | None = None
    """For `overflow`: how many there is room for."""


FromEngine = (
    Hello
    | Beat
    | Progress
    | Loaded
    | Measured
    | Unloaded
    | Piece
    | Generated
    | Embedded
    | Counted
    | Failed
)

# ------------------------------------------------------ between the front end and the porter


class OpenLink(Frame, frozen=True, tag="open_link"):
    """Open an address in the person's own browser or mail program. Answered by `opened`."""

    id: int
    url: str


class OpenFolder(Frame, frozen=True, tag="open_folder"):
    """Show a folder in the person's own file manager. Answered by `opened`."""

    id: int
    path: str


class OpenFile(Frame, frozen=True, tag="open_file"):
    """Open a file in the person's own program for its kind. Answered by `opened`.

    Programs are refused by who asks (`skills.desk`), before the person is asked.
    """

    id: int
    path: str


class Opened(Frame, frozen=True, tag="opened"):
    """A program was started, and did not fail in its first moments."""

    id: int


class Sealed(Frame, frozen=True, tag="sealed"):
    """A frame between the front end and the courier (`messages.courier`), which passes through.

    The porter hands it on as it is; the first one starts a courier.
    """

    frame: Raw


class EndCourier(Frame, frozen=True, tag="end_courier"):
    """End the courier: there is nothing to fetch, or the person went offline."""


class CourierEnded(Frame, frozen=True, tag="courier_ended"):
    """The courier died, or could not be started; what it was asked for will not be answered."""

    message: str
    hint: str = ""


ToPorter = OpenLink | OpenFolder | OpenFile | Sealed | EndCourier
FromPorter = Hello | Beat | Opened | Failed | Sealed | CourierEnded
