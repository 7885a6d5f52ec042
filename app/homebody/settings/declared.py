"""Every setting, declared once: `Settings` holds the values, `SETTINGS` what is known about each.

A field's annotation carries its title, its help and its bounds, its default is the setting's
default, and its type is the setting's type; the file, the settings page and the checks are made
from that. A field that may be None is unset by default: its key is absent from the file.
"""

import math
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from homebody.messages.fit import CacheType, FlashAttention

__all__ = ["SETTINGS", "Appearance", "Kind", "LogLevel", "Setting", "Settings"]

Kind = Literal["text", "whole", "number", "switch", "choice"]
LogLevel = Literal["DEBUG", "INFO", "WARNING"]
Appearance = Literal["system", "light", "dark"]

_KINDS: Final[dict[Any, Kind]] = {str: "text", int: "whole", float: "number", bool: "switch"}


class About(Struct, frozen=True, kw_only=True):
    """What a field's annotation says about its setting."""

    title: str
    help: str
    low: float | None = None
    high: float | None = None
    also: int | None = None
    """A value outside the bounds that has a meaning of its own."""
    filled: bool = False
    """For texts: it may not be empty."""


class Settings(Struct, frozen=True, kw_only=True):
    """The values that count. None: nothing is set, and the model's own value is used."""

    model: Annotated[
        str,
        About(
            title="Model",
            help="The name of a model on the shelf, or the path of a GGUF file.",
            filled=True,
        ),
    ] = "starter"
    system_prompt: Annotated[
        str,
        About(
            title="System prompt",
            help="What the model is told before every conversation. Empty: the model's own.",
        ),
    ] = ""
    context: Annotated[
        int,
        About(
            title="Context",
            help="How many tokens of a conversation the model sees; more takes more memory. "
            "0: what the model was trained for, at most 8192.",
            low=512,
            high=1_048_576,
            also=0,
        ),
    ] = 4096
    max_reply_tokens: Annotated[
        int,
        About(
            title="Longest reply",
            help="Stop a reply after this many tokens. 0: no limit but the context.",
            low=0,
            high=1_048_576,
        ),
    ] = 0
    temperature: Annotated[
        float | None,
        About(
            title="Temperature",
            help="0 always takes the likeliest word; more is more varied, and less reliable.",
            low=0,
            high=2,
        ),
    ] = None
    top_p: Annotated[
        float | None,
        About(
            title="Top P",
            help="Choose among the likeliest words that make up this share of the probability.",
            low=0,
            high=1,
        ),
    ] = None
    top_k: Annotated[
        int | None,
        About(
            title="Top K",
            help="Choose among this many of the likeliest words. 0: among all.",
            low=0,
            high=100_000,
        ),
    ] = None
    min_p: Annotated[
        float | None,
        About(
            title="Min P",
            help="Leave out words that are less likely than this share of the likeliest one.",
            low=0,
            high=1,
        ),
    ] = None
    repeat_penalty: Annotated[
        float | None,
        About(
            title="Repeat penalty",
            help="More than 1 makes words that were used lately less likely; 1 does nothing.",
            low=0.5,
            high=2,
        ),
    ] = None
    seed: Annotated[
        int | None,
        About(
            title="Seed",
            help="The same seed gives the same reply to the same request. Unset: a new one each "
            "time.",
            low=0,
            high=2**32 - 1,
        ),
    ] = None
    gpu_layers: Annotated[
        int,
        About(
            title="Layers on the GPU",
            help="How much of the model the GPU computes. -1: all that fit. 0: none.",
            low=-1,
            high=1000,
        ),
    ] = -1
    threads: Annotated[
        int,
        About(
            title="Threads",
            help="Processor cores that compute. 0: as many as this machine has.",
            low=0,
            high=256,
        ),
    ] = 0
    use_mmap: Annotated[
        bool,
        About(
            title="Map the model file",
            help="Faster to load and shared between programs. Turn it off for files on a drive "
            "that may be unplugged.",
        ),
    ] = True
    skills: Annotated[
        bool,
        About(
            title="Skills",
            help="Do things with skills where a request asks for it. Off: only talk.",
        ),
    ] = True
    offline: Annotated[
        bool,
        About(
            title="Offline",
            help="Connect to nothing: no searching for models, no downloads.",
        ),
    ] = False
    hub: Annotated[
        str,
        About(
            title="Hub",
            help="Where models are searched and fetched: the address of Hugging Face, or of a "
            "mirror that speaks its protocol.",
            filled=True,
        ),
    ] = "https://huggingface.co"
    extra_hosts: Annotated[
        str,
        About(
            title="More hosts",
            help="Hosts that may be connected to besides the hub's own, with spaces between "
            "them, such as `models.example.org 192.168.1.20:8080`. Machines of your own network "
            "are reached only if they stand here.",
        ),
    ] = ""
    cache_type: Annotated[
        CacheType,
        About(
            title="Cache",
            help="How keys and values are kept: q8_0 takes half the memory of f16 and q4_0 a "
            "quarter, each a little less exact.",
        ),
    ] = "f16"
    flash_attention: Annotated[
        FlashAttention,
        About(
            title="Flash attention",
            help="Takes less memory for long contexts. auto: where the model allows it.",
        ),
    ] = "auto"
    appearance: Annotated[
        Appearance,
        About(title="Appearance", help="Light, dark, or as the system is."),
    ] = "system"
    text_size: Annotated[
        int,
        About(
            title="Text size",
            help="In per cent, for everything in the window.",
            low=75,
            high=250,
        ),
    ] = 100
    tray: Annotated[
        bool,
        About(
            title="Stay in the tray",
            help="Closing the window keeps Homebody running, with an icon in the system's tray.",
        ),
    ] = False
    autostart: Annotated[
        bool,
        About(
            title="Start with the session",
            help="Start Homebody when you log in, so that reminders are told.",
        ),
    ] = False
    log_level: Annotated[
        LogLevel,
        About(
            title="Log",
            help="How much is written to the log. No word of any conversation is, at any level.",
        ),
    ] = "INFO"


class Setting(Struct, frozen=True, kw_only=True):
    """What is known about one setting. Bounds include their ends."""

    key: str
    kind: Kind
    title: str
    help: str
    default: str | float | bool | None
    """None: unset, so the model's own value is used."""
    low: float | None = None
    high: float | None = None
    also: int | None = None
    choices: tuple[str, ...] = ()
    filled: bool = False

    def allowed(self) -> str:
        """Return what a value may be, as the end of "it must be …"."""
        if self.kind == "switch":
            return "true or false"
        if self.kind == "choice":
            quoted = [f'"{choice}"' for choice in self.choices]
            return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
        if self.kind == "text":
            return "a text that is not empty" if self.filled else "a text"
        number = "a whole number" if self.kind == "whole" else "a number"
        also = "" if self.also is None else f"{self.also}, or "
        return f"{also}{number} from {self.low:.17g} to {self.high:.17g}"

    def accept(self, value: object) -> tuple[bool, Any]:
        """Return (True, the value in the setting's type) or (False, None). Never raises."""
        match self.kind:
            case "text":
                good = isinstance(value, str) and bool(value.strip() or not self.filled)
            case "choice":
                good = isinstance(value, str) and value in self.choices
            case "switch":
                good = isinstance(value, bool)
            case "whole" | "number":
                return self._accept_number(value)
        return (True, value) if good else (False, None)

    def _accept_number(self, value: object) -> tuple[bool, int | float | None]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False, None
        if self.kind == "whole" and not isinstance(value, int):
            return False, None
        assert self.low is not None
        assert self.high is not None
        # "not a number" compares as false with everything, so it is outside too.
        if value != self.also and not self.low <= value <= self.high:
            return False, None
        number = int(value) if self.kind == "whole" else float(value)
        # -0.0 is a number from 0 on, but reads oddly wherever it is shown.
        return True, math.fabs(number) if number == 0 and self.kind == "number" else number


def _declare() -> tuple[Setting, ...]:
    """Read the declarations off the fields of `Settings`, in their order."""
    hints = get_type_hints(Settings, include_extras=True)
    found = []
    for field in structs.fields(Settings):
        annotation, about = get_args(hints[field.name])
        choices = get_args(annotation) if get_origin(annotation) is Literal else ()
        # `float | None` is a number that may be unset.
        plain = next((part for part in get_args(annotation) if part in _KINDS), annotation)
        found.append(
            Setting(
                key=field.name,
                kind="choice" if choices else _KINDS[plain],
                default=field.default,
                choices=choices,
                **structs.asdict(about),
            )
        )
    return tuple(found)


SETTINGS: Final = _declare()
