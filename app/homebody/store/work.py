"""Plans, steps and offers of a turn: from values to the JSON in their columns and back."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from homebody.messages.offers import Offer
from homebody.messages.plans import Planned, Question, Step
from homebody.messages.skills import Value
from homebody.store.texts import clean, write_json

__all__ = [
    "KEPT_BYTES",
    "is_shortened",
    "read_offer",
    "read_planned",
    "read_steps",
    "read_waiting",
    "shorten",
    "step_words",
    "write_offer",
    "write_planned",
    "write_steps",
    "write_waiting",
]

KEPT_BYTES: Final = 256 * 1024
"""UTF-8 bytes of a result, or of a question's details, that are kept."""
_MARK: Final = " characters in all; only the beginning is kept]"
_KEPT_ARGUMENT: Final = 4_000
"""Characters of an argument that are kept; what it referred to stands in `given`."""
_INDEXED: Final = 4_000
"""Characters of each result that can be searched: its beginning says what it is."""


def write_planned(planned: Planned | None) -> str:
    """Return a plan as JSON, "" where there is none."""
    return "" if planned is None else write_json(planned)


def write_waiting(question: Question | None) -> str:
    """Return a question as JSON, "" where there is none; long details are shortened."""
    if question is None:
        return ""
    return write_json(replace(question, details=shorten(question.details)))


def write_steps(steps: Sequence[Step]) -> str:
    """Return steps as JSON, "" where there are none; long texts are shortened, and say so."""
    return write_json([_kept(step) for step in steps]) if steps else ""


def write_offer(offer: Offer | None) -> str:
    """Return an offer as JSON, "" where there is none. Nothing of it is ever shortened."""
    return "" if offer is None else write_json(offer)


def shorten(text: str) -> str:
    """Return `text` if it is short enough to be kept, else its beginning and how long it was."""
    # A character takes four bytes at most, so most texts need not be encoded to know.
    if 4 * len(text) <= KEPT_BYTES:
        return text
    data = clean(text).encode()
    if len(data) <= KEPT_BYTES:
        return text
    mark = f"\n[… {len(text):,}{_MARK}"
    return data[: KEPT_BYTES - len(mark.encode())].decode("utf-8", "ignore") + mark


def is_shortened(text: str) -> bool:
    """Tell whether `shorten` took something away; such a text is not to be written to a file."""
    return text.endswith(_MARK) and len(text) > KEPT_BYTES // 8


def read_planned(text: str) -> Planned | None:
    """Return the plan in a JSON text; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(text, type=Planned) if text else None
    except msgspec.MsgspecError:
        return None


def read_steps(text: str) -> tuple[Step, ...]:
    """Return the steps in a JSON text; what cannot be understood becomes one as it is."""
    try:
        return msgspec.json.decode(text, type=tuple[Step, ...]) if text else ()
    except msgspec.MsgspecError:
        # The rest of a row that was read from a damaged file: its words are words all the same.
        return (Step(skill="recovered", given={}, state="done", result=text),)


def read_waiting(text: str) -> Question | None:
    """Return the question in a JSON text; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(text, type=Question) if text else None
    except msgspec.MsgspecError:
        return None


def read_offer(text: str) -> Offer | None:
    """Return the offer in a JSON text; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(text, type=Offer) if text else None
    except msgspec.MsgspecError:
        return None


def step_words(text: str) -> list[str]:
    """Return what can be searched of the steps in a JSON text: the beginning of each result."""
    return [(step.said or step.result or step.problem)[:_INDEXED] for step in read_steps(text)]


def _kept(step: Step) -> Step:
    return replace(
        step,
        args={name: _argument(value) for name, value in step.args.items()},
        given={name: _whole(value) for name, value in step.given.items()},
        result=shorten(step.result),
        said=shorten(step.said),
    )


def _argument(value: Value) -> Value:
    if isinstance(value, str) and len(value) > _KEPT_ARGUMENT:
        return f"{value[:_KEPT_ARGUMENT]} [… {len(value):,} characters in all]"
    return value


def _whole(value: Value) -> Value:
    return shorten(value) if isinstance(value, str) else value
