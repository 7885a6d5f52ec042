"""What would leave, by default the least that can work: the request, and what it is about.

Never the whole conversation, never the system's text, notes or anything about the person. What came
from a file, from the clipboard or with the request as a file is a part that the person can add; it
does not go along by itself.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from homebody.assistant.plan_lines import Skills
from homebody.assistant.references import result_of, steps_in
from homebody.messages.offers import OfferReason
from homebody.messages.plans import Planned, Step
from homebody.messages.skills import SkillFailure
from homebody.messages.turns import Attachment, Turn

__all__ = ["Failed", "Part", "about", "failed_in", "input_of"]

Part = tuple[str, str, str, bool]
"""Name, title, text, and whether it goes along unless the person says otherwise."""

_REASONS: Final[dict[SkillFailure, OfferReason]] = {
    "small_model": "small_model",
    "large": "too_long",
    "time": "failed",
    "died": "failed",
    "failed": "failed",
}
"""Why a step of an expert failed, and what that is a reason for."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_MOST_WORDS: Final = 16
_FILLING: Final = _words(
    """
    a about again an and answer ask be best better big bigger biggest can cloud could do elsewhere
    for get give handle have help i in instead internet large larger let like me model models must
    my need now of on one online our over please remote run same send server should smart smarter
    so some something strong stronger take tell the then there to too try up us use want web with
    would you your chatgpt gpt ai llm
    bitte das den der die dem ein eine einen einem frag frage fragen gross große großen großes
    größere größeren größeres größte ich ihn im ki kann können lass lassen lieber mal mein mit
    modell modelle nimm noch nochmal sollte soll stärkere stärkeres statt und wolke zu besser
    besseres antworten beantworten machen macht mach
    al el la los las un una modelo modelos grande más mayor por favor pregunta pregúntale
    preguntar usa usar que haga hazlo hacer con en línea nube otra otro vez mejor responda responde
    le les une modèle modèles grand plus gros demande demander à au stp plaît s'il te utilise
    utiliser fais faire avec ligne nuage encore fois meilleur réponde répondre
    il lo i gli uno modello modelli più per chiedi chiedere al fallo fare fai con rete nuvola
    ancora volta meglio migliore risponda rispondere
    """
)
"""Words that say who is to answer, and words without a matter of their own, in five languages."""
_POINTING: Final = _words(
    """
    it this that these those previous last above one
    es das dies dieses diese diesen dieser vorige letzte oben
    esto eso este ese esta esa anterior última último
    ça cela ceci ce cette précédente dernière dernier
    questo questa quello quella precedente ultima ultimo
    """
)


class Failed(Struct, frozen=True):
    """A step, or all of them, whose failing is a reason to offer."""

    reason: OfferReason
    sentence: str
    step: int | None = None
    """Index of the step; None where the person did not want the plan."""


def about(
    turn: Turn, before: Sequence[Turn], planned: Planned | None, *, by_hand: bool
) -> list[Part]:
    """Return the request, and the one before it where this one only points at it. Files stay here.

    `by_hand`: the person wants another model, and may have said no more than that.
    """
    parts: list[Part] = [("question", "Your question", turn.request, True)]
    earlier = _pointed_at(turn, before, planned, by_hand=by_hand)
    if earlier is not None:
        parts.append(("before", "What was asked before", earlier.request, True))
    files = (*turn.attachments, *(earlier.attachments if earlier is not None else ()))
    parts += [
        (f"file{number}", _titled(file), file.text, False) for number, file in enumerate(files, 1)
    ]
    return parts


def _titled(file: Attachment) -> str:
    size = len(file.text.encode("utf-8", "replace"))
    amount = f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"
    return f"{' '.join(file.name.split())} ({amount})"


def _pointed_at(
    turn: Turn, before: Sequence[Turn], planned: Planned | None, *, by_hand: bool
) -> Turn | None:
    """Return the turn whose request this one is about; None where it says all by itself."""
    if planned is not None and planned.with_question:
        return before[-1] if before else None
    if not by_hand or not _points(turn):
        return None
    return next((each for each in reversed(before) if not _points(each)), None)


def _points(turn: Turn) -> bool:
    """Say whether a request says nothing but who is to answer, or is about something before it."""
    words = [word.casefold() for word in _WORD.findall(turn.request[:500])]
    if turn.attachments or len(words) > _MOST_WORDS:
        return False
    own = sum(word not in _FILLING and word not in _POINTING for word in words)
    return own == 0 or (own == 1 and not _POINTING.isdisjoint(words))


def failed_in(planned: Planned, steps: Sequence[Step], skills: Skills) -> Failed | None:
    """Return what went wrong that a bigger model may do better; None where nothing did.

    A step that works on this machine is none of that: nobody elsewhere sees its files.
    """
    for index, step in enumerate(steps):
        skill = skills.find(step.skill)
        if step.state == "failed" and skill is not None and skill.runs == "engine":
            reason = _REASONS.get(step.kind or "failed")
            if reason is not None:
                return Failed(reason, step.problem, index)
    declined = [step.state == "refused" and not step.problem for step in steps]
    if not planned.sure and declined and all(declined):
        return Failed("unsure", "Homebody was not sure what to do, and you did not want its plan.")
    return None


def input_of(
    index: int, steps: Sequence[Step], skills: Skills, before: Sequence[Turn]
) -> Iterator[Part]:
    """Yield what a step was given that the request does not hold: earlier results, the last reply.

    It goes along by itself only where it was made of the person's own words alone.
    """
    for each in sorted(steps_in(steps[index].given)):
        if 0 <= each < len(steps) and steps[each].state == "done":
            given, skill = result_of(steps[each]), skills.find(steps[each].skill)
            title = steps[each].skill if skill is None else skill.title
            own = _is_own(each, steps, skills, before)
            yield f"step{each + 1}", f"Result of step {each + 1}: {title}", given.text, own
    last = next((each for each in reversed(before) if each.reply), None)
    if last is not None and any("$reply" in str(value) for value in steps[index].given.values()):
        yield "reply", "The last answer", last.reply, _are_own(before, skills)


def _is_own(index: int, steps: Sequence[Step], skills: Skills, before: Sequence[Turn]) -> bool:
    step = steps[index]
    skill = skills.find(step.skill)
    if skill is None or skill.touches or step.label not in ("person", "model", "tool"):
        return False
    given = " ".join(str(value) for value in step.given.values())
    if "$file" in given or ("$reply" in given and not _are_own(before, skills)):
        return False
    return all(
        _is_own(each, steps, skills, before) for each in steps_in(step.given) if each < index
    )


def _are_own(turns: Sequence[Turn], skills: Skills) -> bool:
    """Say whether nothing but the person's words and the model here made these replies.

    Of all turns above: the model sees them too, and may repeat what a file among them says.
    """
    for turn in turns:
        found = [skills.find(step.skill) for step in turn.steps]
        alone = all(skill is not None and not skill.touches for skill in found)
        if turn.attachments or not alone or (turn.run is not None and turn.run.elsewhere):
            return False
    return True
