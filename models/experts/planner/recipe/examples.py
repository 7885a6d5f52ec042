"""Makes examples for the planner from hand-written forms: the same seed, the same examples.

    python examples.py OUT --seed 7 --train 16000

Writes OUT/train.jsonl, calibration.jsonl and apart.jsonl, whose families (see forms.py) have
nothing in common. What the planner sees is made by the application's own code, so that it meets at
work what it was trained on; every plan is checked by it too.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from chains import compose
from forms import CONTEXT, PARTS, SLOT, Form, Forms, part_of
from manner import Manner, passage, polite, with_passage
from slots import Bit, Slots

from homebody.assistant.passages import see
from homebody.assistant.plan_lines import PlanInvalid, check, read_line
from homebody.messages.skills import Skill
from homebody.messages.turns import Attachment
from homebody.skills.built_in import BUILT_IN

__all__ = ["Example", "Maker", "Skills", "main"]

LANGUAGES: Final = {"en": 0.52, "de": 0.12, "es": 0.12, "fr": 0.12, "it": 0.12}
"""How often each is spoken."""
_CHAINS: Final = 0.25
"""How many of the requests are composed of parts, in languages that have any."""
_TRIES: Final = 20
"""For each example that is wanted: some come out twice, or not as they should."""
_POINTS_BACK: Final = re.compile(
    r"\b(?:that|it|this|those|these|there|then|them|eso|esto|das|ça|questo)\b", re.IGNORECASE
)
_WORDED: Final = ("ask", "system_status", "summarize", "calculate")
"""What takes words of its own, not the request's."""
_GIVES_TEXT: Final = re.compile("read_|translate|summarize|rewrite|search")


class Example(NamedTuple):
    """What the planner sees, what it should write, and where that came from."""

    seen: str
    line: str
    family: str
    language: str
    request: str
    """As it was typed."""
    reply: bool
    """Whether there was an answer before it."""
    last: str
    """The plan before it, a step a line."""
    files: Sequence[str]
    """Names of what is attached."""


class Skills(NamedTuple):
    """The built-in skills, as the checks of plans want them."""

    all: tuple[Skill, ...] = BUILT_IN

    def find(self, name: str) -> Skill | None:
        """Return the skill of that name."""
        return next((skill for skill in self.all if skill.name == name), None)


class _Before(NamedTuple):
    """What went before a request."""

    reply: bool
    last: str
    files: Sequence[str]


class Maker:
    """Makes examples from forms."""

    def __init__(self, forms: Forms, seed: int) -> None:
        """Make them in an order that the seed decides."""
        self._forms = forms
        self._rng = random.Random(seed)
        self._skills = Skills()

    def make(self, part: str, count: int) -> Iterator[Example]:
        """Yield different examples of one part; fewer than `count` where there are no more."""
        known: set[str] = set()
        for form in self._forms_of(part, count * _TRIES):
            if len(known) >= count:
                return
            example = self.example(form)
            if example is not None and example.seen not in known:
                known.add(example.seen)
                yield example

    def _forms_of(self, part: str, most: int) -> Iterator[Form]:
        """Yield forms by chance: first the language, then the family."""
        rng = self._rng
        families = {
            language: [each for name, each in found.items() if part_of(name) == part]
            for language, found in self._forms.families.items()
        }
        names = [each for each in LANGUAGES if families.get(each)]
        for _ in range(most):
            language = rng.choices(names, [LANGUAGES[each] for each in names])[0]
            parts = self._forms.chains.get(language)
            if parts is None or rng.random() >= _CHAINS:
                yield rng.choice(rng.choice(families[language]))
                continue
            form = compose(rng, language, parts)
            if part_of(form.family) == part:
                yield form

    def example(self, form: Form) -> Example | None:
        """Return one request of this form; None where the application finds another passage."""
        rng = self._rng
        slots = Slots(rng, self._forms.slots, form.language)
        manners = self._forms.manners[form.language]
        left = polite(rng, form, CONTEXT.sub("", form.left).strip(), manners)
        bits = Manner(rng, manners["fillers"]).type(_bits(left, slots))
        typed: dict[str, str] = {}
        for bit in bits:
            if bit.key:
                typed.setdefault(bit.key, bit.text)

        def earlier(found: re.Match[str]) -> str:
            name = found[1] + found[2]
            return slots.copied(name) or slots.fixed[name]

        def meant(found: re.Match[str]) -> str:
            name = found[1] + found[2]
            if name not in slots.fixed and name not in typed:
                typed[name] = slots.copied(name)
            return slots.fixed.get(name) or typed[name]

        # What was typed earlier keeps its own spelling.
        context = [SLOT.sub(earlier, found[1]) for found in CONTEXT.finditer(form.left)]
        line = SLOT.sub(meant, form.right).replace(" ; ", "\n")
        request = " ".join("".join(bit.text for bit in bits).split())
        line = _as_typed(line, request)
        before = self._before(request, context, line)
        text = ""
        if "$text" in request:
            text = passage(self._rng, self._forms.pasted)
            request = with_passage(self._rng, request, text)
        seen = see(
            request,
            attachments=[Attachment(name=name, text="") for name in before.files],
            has_reply=before.reply,
            last=before.last,
        )
        if seen.values.get("$text", "").split() != text.split():
            return None
        try:
            check(read_line(line, self._skills), self._skills, dict.fromkeys(seen.references))
        except PlanInvalid as error:
            raise SystemExit(f"{form.left} => {form.right}\n{line!r}\n{error.message}") from error
        return Example(seen.text, line, form.family, form.language, request, *before)

    def _before(self, request: str, context: Sequence[str], line: str) -> _Before:
        """Return what the form says went before, or now and then something that does not matter."""
        rng = self._rng
        has_reply = "reply" in context
        last = next((each[5:] for each in context if each.startswith("last ")), "")
        names = [each.split(" ", 1)[1] for each in context if each.startswith("file")]
        points = _POINTS_BACK.search(request.replace("$text", "")) is not None
        alone = not context and not points and not line.startswith("ask")
        if alone and rng.random() < 0.22:
            has_reply = True
        if has_reply and not last and not names and rng.random() < 0.3:
            plans = self._forms.earlier
            last = rng.choice(plans if alone else [p for p in plans if _GIVES_TEXT.search(p)])
        if alone and not has_reply and rng.random() < 0.03:
            names = [rng.choice(("report.pdf", "notes.txt", "scan.pdf", "letter.docx", "data.csv"))]
        return _Before(has_reply, last.replace(" ; ", "\n"), names)


def _bits(left: str, slots: Slots) -> list[Bit]:
    """Return a form's request with its slots filled."""
    bits: list[Bit] = []
    place = 0
    for found in SLOT.finditer(left):
        bits.append(Bit(left[place : found.start()]))
        bits.extend(slots.value(found[1] + found[2]))
        place = found.end()
    bits.append(Bit(left[place:]))
    return [bit for bit in bits if bit.text] or [Bit("")]


def _as_typed(line: str, request: str) -> str:
    """Return a plan whose words from the form itself are spelled as the request spells them."""
    lower = request.lower()

    def typed(argument: str) -> str:
        place = lower.find(argument.lower()) if "$" not in argument else -1
        return request[place : place + len(argument)] if place >= 0 else argument

    steps: list[str] = []
    for step in line.split("\n"):
        name, gap, rest = step.partition(" ")
        if name not in _WORDED:
            rest = " | ".join(typed(each) for each in rest.split(" | "))
        steps.append(name + gap + rest)
    return "\n".join(steps)


def main() -> None:
    """Write each part as a file of JSON lines."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("out", type=Path)
    asked.add_argument("--seed", type=int, default=7)
    for part, count in zip(PARTS, (16000, 1100, 1100), strict=True):
        asked.add_argument(f"--{part}", type=int, default=count)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    forms = Forms()
    for number, part in enumerate(PARTS):
        made = Maker(forms, given.seed + number).make(part, getattr(given, part))
        lines = [json.dumps(each._asdict(), ensure_ascii=False) for each in made]
        (given.out / f"{part}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{part}: {len(lines)} examples")


if __name__ == "__main__":
    main()
