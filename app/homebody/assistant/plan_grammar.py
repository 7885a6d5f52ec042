"""A grammar, made for one request, in which every plan that can be written can be run.

Texts are copied: words that stand in a row in the request, or in the earlier plan. Numbers are
those of the request, in digits. References are those that exist at that step. Skills, choices and
what can be asked for are lists. So a model can choose badly, but it can invent nothing.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

from homebody.assistant.numerals import numbers_in
from homebody.assistant.passages import Seen
from homebody.assistant.plan_lines import ASKED, MOST_STEPS
from homebody.messages.skills import Argument, ArgumentKind, Skill
from homebody.skills.sum_words import FUNCTIONS, LISTS

__all__ = ["STYLES", "Form", "grammar_for"]

Form = Literal["line", "json"]
"""The short form of `plan_lines`, or a plan as JSON."""

STYLES: Final = (
    *("friendly", "formal", "polite", "casual", "professional", "simpler", "shorter", "clearer"),
    *("funnier", "longer", "simple", "funny", "clear", "short", "as a poem", "as a list"),
    *("warmer", "neutral", "confident", "persuasive", "grammatically correct"),
)
"""How a text may be rewritten, where the request says it in other words: "friendlier"."""

_STEPS_OF_TIME: Final = tuple(
    f'"{sign}1 {unit}"' for sign in ("", "-") for unit in ("day", "week", "month", "year")
)
"""Offsets that a request may only imply: "the day after the 3rd of May"."""

_REFERRING: Final[dict[ArgumentKind, str]] = {
    "text": "tfrs",
    "task": "tfrs",
    "query": "tfrs",
    "path": "trs",
    "folder": "rs",
    "place": "rs",
    "when": "rs",
    "offset": "rs",
    "number": "rs",
    "expression": "trs",
}
"""Which references a kind takes: the text, files, the reply, earlier steps."""

_OPENING = re.compile(
    "[\"'`\u201c\u201e\u00ab\u00bb\u2018\u2019(\\[{<\u00bf\u00a1$\u20ac\u00a3\uff04]+"
)
_CLOSING = re.compile("[.,;:!?\u2026\"'`\u201d\u201c\u00ab\u00bb\u2019)\\]}>\u3002\uff01\uff1f]+$")
_INSIDE = re.compile(
    r"(?<=\d)(?=[^\W\d_]|°)"  # 10km
    r"|(?<=\d)(?=-[^\W\d_])|(?<=\d-)(?=[^\W\d_])"  # 5-mile
    r"|(?<=['\u2019])(?=\w{3})"  # l'ufficio
    r"|(?=['\u2019]s$)"  # Anna's
    r"|(?<=[^\W\d_])(?=/[^\W\d_]+$)|(?<=/)(?=[^\W\d_]+$)"  # km/miles
    r"|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"  # no spaces between words
)
_BREAKS = re.compile(r"\s[|;]\s")


def grammar_for(
    seen: Seen, skills: Iterable[Skill], *, form: Form = "line", only: bool = False
) -> str:
    """Return GBNF for the plans that these skills allow for this request.

    `only`: a plan of one step and no other decision; empty where no such plan is possible.
    """
    return _Grammar(seen, tuple(skills), form).text(only=only)


class _Grammar:
    def __init__(self, seen: Seen, skills: Sequence[Skill], form: Form) -> None:
        self._skills, self._json = skills, form == "json"
        self._references = seen.references
        self._rules: dict[str, str] = {}
        numbers = numbers_in(f"{seen.request} {seen.last}")
        self._has_span = self._add_spans(seen)
        self._add("num", [_literal(each) for each in numbers])
        self._add("one", [_literal(each) for each in dict.fromkeys((*numbers, "1"))])
        self._has_numbers = bool(numbers)

    def text(self, *, only: bool) -> str:
        """Return all of it."""
        steps = self._add_steps(1 if only else MOST_STEPS)
        if only and not steps:
            return ""
        skills = [f'"{{\\"do\\":\\"skills\\",\\"steps\\":[" {steps} "]}}"' if self._json else steps]
        others = [] if only else self._others()
        self._add("root", [*others, *(skills if steps else ())])
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def _others(self) -> list[str]:
        """Return the decisions that run nothing."""
        if not self._json:
            return [_literal("answer"), _literal("escalate"), f'"ask " {self._asked()}']
        question = r'"{\"do\":\"ask\",\"question\":\"" [^"\\\x00-\x1f]{4,160} "\"}"'
        answer, escalate = '{"do":"answer"}', '{"do":"escalate","reason":""}'
        return [_literal(answer), _literal(escalate), question]

    def _asked(self) -> str:
        return self._add("asked", [_literal(each) for each in ASKED])

    # -------------------------------------------------------------------------- steps

    def _add_steps(self, most: int) -> str:
        """Add a rule for each place in a chain, the last first; return the first's name."""
        after = ""
        for place in range(most, 0, -1):
            calls = [call for skill in self._skills if (call := self._call(skill, place))]
            if not calls:
                return ""
            step = self._add(f"step{place}", calls)
            between = _literal("," if self._json else "\n")
            after = self._add(f"s{place}", [f"{step} ({between} {after})?" if after else step])
        return after

    def _call(self, skill: Skill, place: int) -> str:
        """Return how a skill is called at this place of a chain; nothing where it cannot be."""
        needed = [each for each in skill.arguments if each.default is None]
        values = {each.name: self._value(each, place) for each in skill.arguments}
        if not all(values[each.name] for each in needed):
            return ""
        return self._in_json(skill, values) if self._json else self._in_line(skill, values)

    def _in_line(self, skill: Skill, values: dict[str, str]) -> str:
        between, closes = _literal(" "), ""
        parts = [_literal(skill.name)]
        for each in skill.arguments:
            if not values[each.name]:
                break  # those after it have no place of their own
            if each.default is not None:
                parts.append("(")
                closes += " )?"
            parts += [between, values[each.name]]
            between = _literal(" | ")
        return " ".join(parts) + closes

    def _in_json(self, skill: Skill, values: dict[str, str]) -> str:
        head = _literal(f'{{"skill":{json.dumps(skill.name)},"args":{{')
        given = [each for each in skill.arguments if values[each.name]]
        needed = [_member(each, values) for each in given if each.default is None]
        others = [_member(each, values) for each in given if each.default is not None]
        if needed:
            body = [' "," '.join(needed), *(f'("," {each})?' for each in others)]
        else:
            body = ["(", ' ("," '.join(others), ")?" * len(others)] if others else []
        return " ".join((head, *body, _literal("}}")))

    # -------------------------------------------------------------------------- values

    def _value(self, argument: Argument, place: int) -> str:
        """Return the rule for an argument at this place of a chain; nothing where it has none."""
        kind = argument.kind
        if kind == "choice":
            name = "choice_" + "_".join(argument.choices)
            rule = re.sub(r"\W|_", "-", name)
            return self._quoted(self._add(rule, [_literal(each) for each in argument.choices]))
        if kind == "names":
            return self._names()
        return self._quoted(self._add(f"{kind}{place}", self._written(kind, place)))

    def _written(self, kind: ArgumentKind, place: int) -> list[str]:
        """Return the ways in which a value of this kind is written."""
        references = [_literal(each) for each in self._referred(kind, place)]
        span = ["span"] if self._has_span else []
        match kind:
            case "number":
                return ['"-"? one', *references]
            case "expression":
                return self._expression(place, references)
            case "when":
                # "remind me at 9 to call mum tomorrow": the two halves of one time.
                return [*(['span (" " span)?'] if span else []), '"today"', '"now"', *references]
            case "offset":
                return [*(['"-"? span'] if span else []), *_STEPS_OF_TIME, *references]
            case "style":
                return [*span, self._add("styles", [_literal(each) for each in STYLES])]
        return [*span, *references]

    def _expression(self, place: int, references: list[str]) -> list[str]:
        """Return arithmetic over the numbers of the request, with brackets two deep."""
        if not self._has_numbers and not references:
            return []
        numbers = ["num"] if self._has_numbers else []
        operand = self._add(f"operand{place}", [*numbers, '"pi"', *references])
        self._add("op", ['" "? [-+*/^] " "?', '" of "', '" off "', '" mod "'])
        self._add("fn", ["", *(_literal(each) for each in sorted(FUNCTIONS))])
        lists = " | ".join(_literal(each) for each in sorted(LISTS))
        many = self._add(f"many{place}", [f'({lists}) "(" {operand} (", " {operand}){{1,11}} ")"'])
        inner = operand
        for depth in ("a", "b", "c"):
            nested = f' | fn "(" {inner} ")"' if depth != "a" else ""
            term = self._add(f"term{depth}{place}", [f'"-"? ({operand}{nested}) [%!]?'])
            inner = self._add(f"sum{depth}{place}", [f"{term} (op {term}){{0,11}}"])
        return [inner, many]

    def _referred(self, kind: ArgumentKind, place: int) -> list[str]:
        """Return the references that a kind of argument takes at this place of a chain."""
        takes = _REFERRING.get(kind, "")
        given = [each for each in self._references if each[1] in takes]
        steps = [f"${number}" for number in range(1, place)] if "s" in takes else []
        return given + steps

    def _names(self) -> str:
        if not self._has_span:
            return ""
        if self._json:
            return r'"[\"" span ("\",\"" span){0,7} "\"]"'
        return 'span (", " span){0,7}'

    def _quoted(self, rule: str) -> str:
        return rf'"\"" {rule} "\""' if self._json and rule else rule

    # -------------------------------------------------------------------------- words

    def _add_spans(self, seen: Seen) -> bool:
        """Add rules for words in a row; say whether there are any."""
        starts: list[str] = []
        texts = [seen.request, *(arg for arg in _arguments_of(seen.last))]
        number = 0
        for text in texts:
            for run in re.split(r"\$(?:text|reply|file\d+|\d+)\b", text):
                pieces = [piece for word in run.split() for piece in _pieces(word)]
                for place, (piece, begins, ends, spaced) in enumerate(pieces):
                    rule = f"w{number}"
                    last = place == len(pieces) - 1
                    follow = "" if last else f"w{number + 1}"
                    if follow and spaced:
                        follow = f'" " {follow}'
                    tail = f"({follow})?" if follow and ends else follow
                    self._rules[rule] = f"{self._literal(piece)} {tail}".rstrip()
                    if begins:
                        starts.append(rule)
                    number += 1
        self._add("span", starts)
        return bool(starts)

    def _literal(self, text: str) -> str:
        """Return a copied text as it is written in this form."""
        return _literal(json.dumps(text, ensure_ascii=False)[1:-1] if self._json else text)

    def _add(self, name: str, ways: list[str]) -> str:
        """Add a rule, unless nothing can be written by it; return its name."""
        if not ways:
            return ""
        self._rules[name] = " | ".join(ways)
        return name


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _member(argument: Argument, values: dict[str, str]) -> str:
    return f"{_literal(json.dumps(argument.name) + ':')} {values[argument.name]}"


def _arguments_of(last: str) -> list[str]:
    """Return the arguments of an earlier plan, without the names of skills."""
    steps = [each.partition(" ")[2] for each in last.split(" ; ")]
    return [part for step in steps for part in step.split(" | ") if part.strip()]


def _pieces(word: str) -> list[tuple[str, bool, bool, bool]]:
    """Cut a word where a copied text may begin or end.

    Each piece: its text; whether a text may begin with it, and end with it; whether a space comes
    after it.
    """
    opening = _OPENING.match(word)
    begin = opening.end() if opening is not None and opening.end() < len(word) else 0
    closing = _CLOSING.search(word, begin)
    ends = set(range(closing.start(), len(word))) if closing is not None else set()
    ends.discard(0)
    inside = {found.start() for found in _INSIDE.finditer(word)} - {0, len(word)}
    cuts = sorted({begin} | ends | inside - {0}) if begin else sorted(ends | inside)
    places = [0, *(cut for cut in cuts if cut), len(word)]
    pieces: list[tuple[str, bool, bool, bool]] = []
    for left, right in pairwise(places):
        begins = left in {0, begin} or left in inside
        stops = right == len(word) or right in ends or right in inside
        pieces.append((word[left:right], begins, stops, right == len(word)))
    return pieces
