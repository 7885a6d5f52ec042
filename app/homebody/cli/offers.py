"""Offers to ask elsewhere, on a terminal: exactly what would leave, and the person's answer."""

import re
import sys
from collections.abc import Callable, Generator
from typing import Final, Literal

from homebody.assistant.facts import untold
from homebody.assistant.turn import Assistant
from homebody.base.errors import BadInput
from homebody.cli.terminal import PROMPT, harmless
from homebody.messages.events import TurnEvent
from homebody.messages.offers import Offer, Replacement
from homebody.messages.turns import Turn

__all__ = [
    "OfferAnswer",
    "answer_keys",
    "answer_offer",
    "ending_lines",
    "keys_text",
    "offer_text",
    "print_offer",
    "put",
    "refuse",
]

OfferAnswer = Literal["once", "conversation", "mine", "home", "never"]
"""A yes with its scope; or no, or no and never again in this conversation."""

_RULE: Final = "─" * 60
_SHORT: Final = 60
_SWITCHED: Final = re.compile(r"[^\S ]+")


def offer_text(offer: Offer) -> str:
    """Return an offer as lines: where it would go and why, the body to the byte, what it replaces.

    The body stands alone between two rules. Characters in it that steer a terminal are shown as
    escapes, which is said.
    """
    body = _spelled_out(offer.body)
    lines = [
        f"{harmless(offer.sentence)} This would be sent to {harmless(offer.provider)} "
        f"({harmless(offer.host)}, model {harmless(offer.model)}):",
        _RULE,
        body,
        _RULE,
    ]
    if body != offer.body:
        lines.append("Control characters in it are shown as \\u…; they would be sent as they are.")
    lines += [_replaced(each) for each in offer.replacements]
    left = [part.title for part in offer.parts if not part.included]
    if left:
        lines.append(f"Stays here: {harmless(', '.join(left))}")
    lines.append(f"{len(offer.body.encode()):,} bytes, about {offer.tokens:,} tokens{_cost(offer)}")
    lines.append(f"SHA-256 {offer.sha256}")
    return "\n".join(lines)


def _spelled_out(body: str) -> str:
    """Return a body with escapes in the place of what steers a terminal; mostly as it is."""
    if harmless(body) == body:
        return body
    return "".join(each if harmless(each) == each else f"\\u{ord(each):04x}" for each in body)


def _replaced(each: Replacement) -> str:
    value = _SWITCHED.sub(" ", harmless(each.value))
    value = value if len(value) <= _SHORT else f"{value[: _SHORT - 1]}…"
    return f"  {each.placeholder} {'stands for' if each.on else 'is off: it says'} {value}"


def _cost(offer: Offer) -> str:
    if offer.mine:
        return ", on a machine of yours"
    if offer.cost is None:
        return "; what it costs is not known"
    return f", about {offer.cost:.4f} {harmless(offer.currency)} with a reply of 500 tokens"


def answer_keys(offer: Offer) -> dict[str, tuple[OfferAnswer, str]]:
    """Return the keys that answer an offer, each with its answer and what it means."""
    keys: dict[str, tuple[OfferAnswer, str]] = {
        "y": ("once", "yes, send this once"),
        "c": ("conversation", "yes, in all of this conversation"),
    }
    if offer.mine:
        keys["m"] = ("mine", "yes, always to this machine of mine")
    return keys | {
        "n": ("home", "no, it stays here"),
        "s": ("never", "no, and offer nothing here again"),
    }


def keys_text(offer: Offer) -> str:
    """Return the keys that answer an offer, as a line."""
    keys = answer_keys(offer)
    return "  " + " · ".join(f"[{key}] {meaning}" for key, (_, meaning) in keys.items())


def print_offer(offer: Offer) -> None:
    """Show an offer on stderr."""
    print(offer_text(offer), file=sys.stderr, flush=True)


def put(offer: Offer, read: Callable[[], str]) -> OfferAnswer:
    """Show an offer and ask until there is an answer. `read`: a line; "" at the end of input.

    An empty line is a no. Raises `BadInput` where there is no answer; the turn then waits on.
    """
    print_offer(offer)
    keys = answer_keys(offer)
    # Whole words alone: "cancel" is no yes for the conversation.
    words = {"": "n", "yes": "y", "no": "n"} | {key: key for key in keys}
    print(keys_text(offer), file=sys.stderr)
    while True:
        print(f"Send it? [y/N] {PROMPT}", end="", file=sys.stderr, flush=True)
        line = read()
        if not line:
            print(file=sys.stderr)
            raise BadInput("There was no answer, so nothing was sent.", "Ask again.")
        key = words.get(line.strip().lower())
        if key is not None:
            return keys[key][0]
        print(f"Type one of {', '.join(keys)}; Enter alone is no.", file=sys.stderr)


def refuse(offer: Offer, why: str = "") -> BadInput:
    """Return why an offer ends a command that nobody can be asked in."""
    return BadInput(
        why or f"This needs your yes, so nothing was sent to {offer.host}.",
        f"To send exactly the {len(offer.body.encode()):,} bytes that were offered: "
        f"--consent {offer.sha256}",
    )


def ending_lines(turn: Turn) -> list[str]:
    """Return what is worth knowing about how an offer ended, beyond what the reply says of it."""
    lines = []
    offer = turn.offer
    if offer is not None and offer.state == "failed":
        lines.append(untold(offer, turn.reply))
    if offer is not None and offer.mangled:
        came = ", ".join(offer.mangled)
        lines.append(f"Not put back, because it came back changed or in a link: {came}.")
    return [harmless(line) for line in lines if line]


def answer_offer(
    assistant: Assistant, turn: str, answer: OfferAnswer, sha256: str
) -> Generator[TurnEvent]:
    """Go on with a turn that waits with an offer; `sha256`: of the body that was shown."""
    match answer:
        case "home" | "never":
            return assistant.keep_home(turn, never=answer == "never")
        case "once" | "conversation" | "mine":
            return assistant.send(turn, sha256, answer)
