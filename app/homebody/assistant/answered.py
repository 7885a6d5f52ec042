"""When a request answers what the planner asked: "translate this" · "Which text?" · "good morning".

By itself "good morning" is nothing to be planned; with the request that it completes it is. Only
where the words alone are no sure command of their own are they read so.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from homebody.assistant.passages import Seen, see
from homebody.assistant.plan_lines import what_is_asked
from homebody.messages.plans import AskPlan, Planned, SkillsPlan
from homebody.messages.turns import Attachment, Turn

__all__ = ["together", "with_question"]

_CONTENT: Final = frozenset(("text", "task", "what"))
"""What comes after the request that asked for it, behind a colon."""
_NO = re.compile(
    r"\W*(?:no|nope|nah|never ?mind|cancel|stop|forget (?:it|that)|nothing|don'?t|nein|egal"
    r"|schon gut|vergiss es|abbrechen|nichts"
    r"|nada|d[eé]jalo|cancela|non|rien|laisse tomber|annule|niente"
    r"|lascia (?:stare|perdere)|annulla)\b.{0,20}",
    re.IGNORECASE | re.DOTALL,
)


def with_question(
    planned: Planned,
    request: str,
    attachments: Sequence[Attachment],
    before: Sequence[Turn],
    plan: Callable[[Seen], Planned],
) -> Planned:
    """Return the plan for a request, read together with the one before it if it completes that.

    `planned` is what the words alone mean, `plan` makes another, whose references are those of
    `together`.
    """
    if isinstance(planned.plan, SkillsPlan) and planned.sure:
        return planned
    seen = together(request, attachments, before)
    if seen is None:
        return planned
    again = plan(seen)
    if not isinstance(again.plan, SkillsPlan) or not again.sure:
        return planned
    return replace(again, with_question=True)


def together(
    request: str, attachments: Sequence[Attachment], before: Sequence[Turn]
) -> Seen | None:
    """Return how the request looks with the one that it completes, if it may complete one."""
    earlier = before[-1] if before else None
    asked = earlier.planned.plan if earlier is not None and earlier.planned is not None else None
    if earlier is None or not isinstance(asked, AskPlan) or _NO.fullmatch(request):
        return None
    wish = earlier.request.strip().rstrip(".:?!… ")
    if what_is_asked(asked.question) in _CONTENT:
        return see(f"{wish}: {request.strip()}", attachments=attachments)
    if request.rstrip().endswith("?"):
        return None
    first, second = see(wish), see(request)
    if "$text" in second.values:
        return None
    # The passage stays where it was, and the words come after it.
    words = f"{first.request} {second.request}"
    return Seen(
        text=words,
        request=words,
        typed=f"{first.typed} {second.typed}",
        references=first.references,
        values=first.values,
    )
