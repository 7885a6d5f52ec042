"""What the command line prints as JSON. Scripts rely on these: fields are added, never changed."""

from typing import Literal

from msgspec import Struct

from homebody.messages.plans import Step, StepState
from homebody.messages.skills import Value
from homebody.messages.turns import ModelName, Stats

__all__ = [
    "AskReport",
    "AskStats",
    "DoctorReport",
    "EngineReport",
    "GpuReport",
    "GraphicsReport",
    "InspectReport",
    "SkillsReport",
    "StepReport",
    "StoreReport",
    "WeightsReport",
]


class StepReport(Struct, frozen=True, kw_only=True):
    """One skill call; null is unknown."""

    skill: str
    args: dict[str, Value]
    """As the skill got them, long texts shortened; of a step that did not run as planned."""
    ok: bool
    result: str
    ms: float | None
    state: StepState
    problem: str
    """Why it was not done, or nothing."""

    @classmethod
    def of(cls, step: Step) -> "StepReport":
        """Return what scripts get to see of a step."""
        return cls(
            skill=step.skill,
            args=step.args or step.given,
            ok=step.state == "done",
            result=step.result,
            ms=step.ms,
            state=step.state,
            problem=step.problem,
        )


class AskStats(Struct, frozen=True, kw_only=True):
    """Measured facts about an answer; null is unknown."""

    prompt_tokens: int | None
    evaluated_tokens: int | None
    generated_tokens: int | None
    ttft_ms: float | None
    tokens_per_second: float | None
    peak_memory_bytes: int | None
    energy_joules: float | None
    energy_of: tuple[str, ...]
    """Which counters `energy_joules` was read from: "GPU", "processor"."""

    @classmethod
    def of(cls, stats: Stats) -> "AskStats":
        """Return the facts of a run that scripts get to see."""
        return cls(**{name: getattr(stats, name) for name in cls.__struct_fields__})


class AskReport(Struct, frozen=True, kw_only=True):
    """`homebody ask --json`."""

    reply: str
    decision: Literal["answer", "ask", "skills", "escalate"]
    """What was decided to do. "answer" too where skills are off."""
    model: ModelName
    steps: tuple[StepReport, ...]
    stats: AskStats
    dropped: tuple[str, ...]
    """Ids of earlier turns that did not fit the context."""
    bytes_sent: int


class EngineReport(Struct, frozen=True, kw_only=True):
    """The engine as it runs now; fields are null where it does not run."""

    build: str | None
    system: str | None
    """What the build uses of the processor."""
    devices: tuple[str, ...] | None
    locks: tuple[str, ...] | None
    model: str | None
    context: int | None
    gpu_build: bool | None
    """Whether it was built for a GPU."""
    layers: int | None
    """The output counted as one."""
    gpu_layers: int | None
    """How many of them are on a GPU."""
    load_ms: float | None
    tokens_per_second: float | None
    problem: str
    """What keeps it from running, or nothing."""
    last_lines: tuple[str, ...]
    """After a crash, the last lines that it printed."""
    backends: tuple[str, ...] | None
    """Files of llama.cpp that compute: the processor's code first, then those of packs. None of
    them where the processor's code is part of the build."""
    backend: str
    """Which of llama.cpp's code computes, and why that; or nothing."""


class SkillsReport(Struct, frozen=True, kw_only=True):
    """The planner and the workshop as they run now; fields are null where they do not run."""

    planner: str | None
    """"expert": the starter model with its adapter; "none": it did not answer."""
    plan_ms: float | None
    """How long one short request took."""
    workshop_locks: tuple[str, ...] | None
    problem: str
    """What keeps skills from running, or nothing."""


class GpuReport(Struct, frozen=True, kw_only=True):
    """One graphics card of NVIDIA's, or one part of a card that is split; null is not told."""

    name: str
    memory_total: int
    """Bytes."""
    memory_free: int
    temperature: int | None
    """Degrees Celsius."""
    power_watts: float | None
    compute: str | None
    """CUDA's compute capability."""


class GraphicsReport(Struct, frozen=True, kw_only=True):
    """The graphics cards, and whether the model is on them."""

    kind: str
    """ "ok", "none", "no_driver", "old_driver" or "lost"."""
    cards: tuple[GpuReport, ...]
    driver: str | None
    cuda: str | None
    """The newest CUDA that the driver runs."""
    problem: str
    """Why there is no card to use, or fewer than there should be, or nothing."""
    unused: str
    """Why the model is not, or not wholly, computed by a card that is there, or nothing."""
    hint: str
    """What to do about it."""


class StoreReport(Struct, frozen=True, kw_only=True):
    """The conversations on disk."""

    path: str
    writable: bool
    conversations: int | None
    backups: int | None
    last_backup: str | None
    notices: tuple[str, ...]


class DoctorReport(Struct, frozen=True, kw_only=True):
    """`homebody doctor --json`. Holds no words of any conversation; home folders are shown as ~."""

    version: str
    python: str
    system: str
    processor: str | None
    cores: int | None
    memory_total: int | None
    memory_available: int | None
    gpus: tuple[str, ...] | None
    graphics: GraphicsReport
    energy: tuple[str, ...]
    """Which counters of energy can be read: "GPU", "processor"."""
    locks: tuple[str, ...]
    """Layers that hold in the front end."""
    engine: EngineReport
    skills: SkillsReport
    store: StoreReport
    settings: str
    """Path of the settings file."""
    offline: bool | None
    """Whether the settings forbid every connection; null where they could not be read."""
    problems: tuple[str, ...]
    """What a person should look at, in sentences."""
    ok: bool


class WeightsReport(Struct, frozen=True, kw_only=True):
    """The tensors of one type in a model file."""

    type: str
    tensors: int
    weights: int
    bytes: int


class InspectReport(Struct, frozen=True, kw_only=True):
    """`homebody models inspect FILE --json`: what a model file says of itself; null is unknown.

    Of a model in several files, the sums over those that are there.
    """

    path: str
    files: tuple[str, ...]
    """Names of all files of the model, whether they are there or not."""
    bytes: int
    version: int
    """Of the GGUF format."""
    kind: Literal["model", "adapter", "projector", "vocabulary", "other"]
    problem: str
    """Why one cannot chat with it, or nothing."""
    name: str | None
    architecture: str | None
    size_label: str | None
    licence: str | None
    parameters: int | None
    quantisation: str | None
    """As the file calls it; if it does not, the type that most bytes are of."""
    bits_per_weight: float | None
    weights: tuple[WeightsReport, ...]
    """By type, most bytes first."""
    trained_context: int | None
    """Tokens."""
    embedding_length: int | None
    layers: int | None
    heads: tuple[int, ...] | None
    """One number if it is the same in each layer, otherwise one for each."""
    kv_heads: tuple[int, ...] | None
    vocabulary: int | None
    """Entries."""
    tied_output: bool | None
    """Whether the output is computed with the weights of the vocabulary's embedding."""
    template: bool
    template_sha256: str | None
    experts: int | None
    """Of a mixture: how many there are in a layer; 0 in a dense model."""
    experts_used: int | None
    """Of a mixture: how many work on a token."""
    memory: Literal["attention", "recurrent", "hybrid"] | None
    """How it remembers: all tokens, a state that cannot go back, or some layers each."""
    recurrent_layers: int | None
