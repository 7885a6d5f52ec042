"""What the planner sees of a request: the person's words, with long material put aside.

A passage (quoted, after a colon, pasted, or the middle of a very long request) is replaced by
`$text`, so that five megabytes are planned as fast as a word. At most one passage is taken. All of
it is code, bounded and the same in training and at work; cost is linear, with a small factor.
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from homebody.messages.turns import Attachment

__all__ = ["LIKE_REFERENCE", "SAFE_DOLLAR", "Seen", "see", "values_for"]

SAFE_DOLLAR: Final = "\uff04"
"""Stands for a dollar sign that the person typed where it would read as a reference."""

LIKE_REFERENCE: Final = re.compile(r"\$(?=text\b|reply\b|file\d|\d)")
"""A dollar sign that would read as a reference."""

_QUOTED_WORDS: Final = 6
_TAIL_WORDS: Final = 12
_BLOCK_LINES: Final = 3
_INSTRUCTION: Final = (40, 300)
"""Words and characters of a line that may be what is wanted of a block."""
_VISIBLE: Final = (150, 1200)
"""Words and characters of a request beyond which its middle is put aside."""
_HEAD: Final = (60, 500)
_END: Final = (40, 300)
_LAST_WORDS: Final = 30
_LAST_STEPS: Final = 5
_NAME: Final = 60
_TRIES: Final = 16
"""Quotes that are looked at before a request counts as one without a quoted passage."""

_CLOSES: Final = {
    '"': '"',
    "\u201c": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "'": "'",
    "\u2018": "\u2019",
    "`": "`",
}
_APOSTROPHES: Final = "'\u2018"
_OPENING = re.compile("(?<![\\w)])(?:```|[\"'`\u201c\u201e\u00ab\u00bb\u2018])(?=\\S)")
# In French a space comes before it.
_COLON = re.compile(r"(?<=[^\s:])[ \u00a0\u202f]?:(?=\s|$)")
_LIKE_CONTEXT = re.compile(r"^\[(?=\s*(?:reply|file|last)\b)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SENTENCE_ENDS = re.compile("[.!?\u2026\u3002](?=\\s)|\n")

# Beginnings of words that ask for something to be done with a text, in the languages we know.
_ASKING = re.compile(
    r"\b(?:summar|tldr|translat|rewrit|rephras|reword|shorten|simplif|extract|proofread|paraphras"
    r"|zusammenfass|fass|übersetz|uebersetz|umschreib|formulier|kürz|extrahier|résum|resum|tradu"
    r"|reformul|réécri|reescrib|acort|extra[eih]|riassum|riscriv|sintetizz|accorci)"
)
_POINTING = re.compile(
    r"\b(?:save|notes?|remember|copy|make|write|turn|put|read|check|explain|this|that|these|above"
    r"|below|following|text|please|it|dies|dieses|diesen|das|oben|bitte|speicher|merk|kopier|esto"
    r"|este|texto|arriba|guarda|copia|ceci|ce|cela|texte|dessus|enregistre|copie|questo|testo"
    r"|sopra|salva)\b"
)
_CARRIER = re.compile(
    r"\b(?:e?-?mails?|messages?|letter|article|post|list|words|nachricht|brief|artikel|liste|correo"
    r"|mensaje|carta|artículo|lista|courriel|lettre|messaggio|lettera|articolo)\b"
)
"""What may carry a text: "this letter:"."""
_COMMAND = re.compile(
    r"(?:please |bitte |por favor |s'il te plaît |per favore )?"
    r"(?:read|open|find|list|make|save|store|write|copy|put|remind|note|add|translate|summari[sz]e"
    r"|rewrite|shorten|extract|convert|calculate|take|show|check|set|create"
    r"|lies|öffne|such|finde|mach|speicher|schreib|kopier|übersetze?|fass|erinnere?|notier|füg|zeig"
    r"|lee|abre|busca|haz|guarda|escribe|copia|traduce|resume|recuérdame|añade|pon|muestra"
    r"|lis|ouvre|cherche|trouve|fais|enregistre|écris|copie|traduis|résume|rappelle|ajoute|mets"
    r"|montre|leggi|apri|cerca|trova|fai|salva|scrivi|traduci|riassumi|ricordami|aggiungi|metti"
    r"|mostra)\b"
)
_CLAUSE = re.compile(r"[.,;!?]\s+(?:and |then |und |dann |y |luego |et |puis |e |poi )?")
_SURELY: Final = 4
"""What one asking word weighs; pointing words and a question mark together weigh less."""


class Seen(Struct, frozen=True, kw_only=True):
    """A request as the planner sees it."""

    text: str
    """The prompt's text: a line of context in brackets, if there is any, then the request."""
    request: str
    """The request alone, on one line; the passage stands in it as `$text`."""
    typed: str
    """The same as it was typed: with its line breaks, bars and dollar signs."""
    last: str = ""
    """The earlier plan as it stands in the context, or nothing."""
    references: tuple[str, ...] = ()
    """What may be referred to: `$text`, `$reply`, `$file1`…; earlier steps not counted."""
    values: dict[str, str]
    """What these stand for, as far as it lies in the request: `$text` and `$file1`…"""


class _Passage(Struct, frozen=True):
    """Where a passage stands: all that is replaced, and what of it is the text itself."""

    begin: int
    end: int
    inner: str


def see(
    request: str,
    *,
    attachments: Sequence[Attachment] = (),
    has_reply: bool = False,
    last: str = "",
) -> Seen:
    """Return what the planner sees.

    `last`: the plan line of the turn before, empty where it ran no skills and asked nothing.
    """
    text = request.replace("\r\n", "\n").replace("\r", "\n").strip()
    values: dict[str, str] = {}
    passage = _find(text)
    if passage is None:
        typed = _shortened(text, _VISIBLE[0], _VISIBLE[1])
        shown = _harmless(typed)
    else:
        values["$text"] = passage.inner
        before = _shortened(text[: passage.begin], *_HEAD)
        after = _shortened(text[passage.end :], *_END)
        typed = f"{before} $text {after}".strip()
        shown = " ".join(filter(None, (_harmless(before), "$text", _harmless(after))))
        if after and after[0] in ".,;:!?)":
            shown = shown.replace(f"$text {after[0]}", f"$text{after[0]}", 1)
    context: list[str] = []
    references = list(values)
    if has_reply:
        context.append("[reply]")
        references.append("$reply")
    for number, each in enumerate(attachments, 1):
        name = _harmless(each.name).replace("[", "(").replace("]", ")")[:_NAME].strip()
        context.append(f"[file{number} {name}]")
        references.append(f"$file{number}")
        values[f"$file{number}"] = each.text
    earlier = _last(last)
    if earlier:
        context.append(f"[last {earlier}]")
    return Seen(
        text="\n".join(filter(None, (" ".join(context), shown))),
        request=shown,
        typed=typed,
        last=earlier,
        references=tuple(references),
        values=values,
    )


def values_for(
    request: str, *, attachments: Sequence[Attachment] = (), reply: str | None = None
) -> dict[str, str]:
    """Return what `$text`, `$reply` and `$file1`… stand for in a plan for this request."""
    values = see(request, attachments=attachments).values
    return values if reply is None else values | {"$reply": reply}


def _last(line: str) -> str:
    """Return an earlier plan on one line: its last steps, not too many words."""
    steps = [" ".join(each.split()) for each in line.splitlines() if each.strip()]
    words = " ; ".join(steps[-_LAST_STEPS:]).replace("[", "(").replace("]", ")").split(" ")
    return " ".join(words[:_LAST_WORDS]).strip(" ;")


def _harmless(text: str) -> str:
    """Return words on one line in which nothing reads as a reference, a bar or a context."""
    line = " ".join(_CONTROL.sub(" ", text).replace("|", " / ").split())
    line = LIKE_REFERENCE.sub(SAFE_DOLLAR, line)
    return _LIKE_CONTEXT.sub("(", line)


def _shortened(text: str, words: int, characters: int) -> str:
    """Return a text, or its beginning and end where it is long."""
    text = text.strip()
    characters = _fewer(text, characters)
    if not _longer(text, words) and len(text) <= characters:
        return text
    head = _first(text, words // 2, characters // 2)
    end = _final(text, words // 2, characters // 2)
    return f"{head} \u2026 {end}"


def _fewer(text: str, characters: int) -> int:
    """Return how many characters of a text may be seen: fewer of those that are many tokens."""
    sample = text[:1000] + text[-1000:]
    taken = len(sample.encode("utf-8", "surrogatepass"))
    # Accents are no reason to see less.
    return characters if taken <= 1.5 * len(sample) else characters * len(sample) // taken


def _longer(text: str, words: int) -> bool:
    """Say whether a text has more words than this."""
    return len(text.split(None, words)) > words


def _first(text: str, words: int, characters: int) -> str:
    """Return the beginning of a text: so many words at most, whole ones where that is possible."""
    head = text[: characters + 1]
    if len(text) > characters:
        head = head.rsplit(None, 1)[0] if len(head.split(None, 1)) > 1 else head[:characters]
    parts = head.split(None, words)
    if len(parts) <= words:
        return head.rstrip()
    return head[: len(head) - len(parts[-1])].rstrip()


def _final(text: str, words: int, characters: int) -> str:
    """Return the end of a text, as `_first` does the beginning."""
    end = text[-characters - 1 :]
    if len(text) > characters:
        parts = end.split(None, 1)
        end = parts[1] if len(parts) > 1 else end[-characters:]
    parts = end.rsplit(None, words)
    if len(parts) <= words:
        return end.lstrip()
    return end[len(parts[0]) :].lstrip()


# ------------------------------------------------------------------------------ finding it


def _find(text: str) -> _Passage | None:
    """Return the passage of a request, if it has one."""
    line_end = text.find("\n")
    first = text if line_end < 0 else text[:line_end]
    block = _block(text, first) if line_end >= 0 else None
    if block is not None and _leads(text[: block.begin], text[block.end :]):
        return block
    quoted = _quoted(text, min(len(first), 4000))
    colon = _after_colon(text, first)
    if quoted is not None and (colon is None or quoted.begin <= _skip(text, colon.begin)):
        return quoted
    return colon or block or _middle(text)


def _leads(before: str, after: str) -> bool:
    """Say whether what follows a block, rather than what precedes it, says what is wanted."""
    return bool(after.strip()) and _asks(after) > _asks(before)


def _skip(text: str, place: int) -> int:
    """Return where the next words begin."""
    found = re.compile(r"\S").search(text, place)
    return found.start() if found else len(text)


def _quoted(text: str, limit: int) -> _Passage | None:
    """Return the first long quoted text that begins before `limit`."""
    place = 0
    hopeless: set[str] = set()
    for _ in range(_TRIES):
        opening = _OPENING.search(text, place, limit)
        if opening is None:
            return None
        mark = opening.group()
        begin = opening.end()
        end = -1 if mark in hopeless else _closing(text, mark, begin)
        if end < 0:
            hopeless.add(mark)
            place = begin
            continue
        after = end + len(mark)
        inner = text[begin:end].strip()
        if _longer(inner, _QUOTED_WORDS):
            # What follows must be the rest of what is wanted, not the rest of an article.
            rest = text[after:]
            short = not _longer(rest, _HEAD[0])
            return _Passage(opening.start(), after, inner) if short else None
        place = after
    return None


def _closing(text: str, mark: str, begin: int) -> int:
    """Return where the text that `mark` opened ends, or -1."""
    if mark == "```":
        return text.find(mark, begin)
    closes = _CLOSES[mark]
    if mark not in _APOSTROPHES:
        places = [place for each in closes if (place := text.find(each, begin)) >= 0]
        return min(places, default=-1)
    # An apostrophe inside a word closes nothing.
    found = re.compile(rf"(?<=\S)[{closes}](?!\w)").search(text, begin)
    return found.start() if found else -1


def _after_colon(text: str, first: str) -> _Passage | None:
    """Return what follows the first colon of the first line, if it is long or has lines."""
    for colon in _COLON.finditer(first[: _INSTRUCTION[1]]):
        if _longer(first[: colon.start()], _INSTRUCTION[0]):
            return None
        begin = colon.end()
        if begin == len(first) == len(text):
            return None
        inner = text[begin:].strip()
        if not inner or not (_longer(inner, _TAIL_WORDS) or "\n" in text[begin:]):
            continue
        if not _goes_on(first[: colon.start()], first[begin:], more="\n" in text[begin:]):
            return _Passage(begin, len(text), _unquoted(inner))
    return None


def _goes_on(before: str, after: str, *, more: bool) -> bool:
    """Say whether what follows a colon is still what is wanted: "but: read it, then save it".

    `more`: lines follow; then any clause of this line may say so, else only the first.
    """
    tail = " ".join(before.lower().split()[-3:])
    if _asks(before) >= _SURELY or _asks(tail) or _CARRIER.search(tail):
        return False
    clauses = [after.strip(), *(_CLAUSE.split(after) if more else ())]
    return any(_COMMAND.match(clause.lower()) for clause in clauses)


def _unquoted(text: str) -> str:
    """Return a text without the quotes around all of it."""
    closes = _CLOSES.get(text[:1], "")
    if len(text) > 1 and text[-1] in closes and not any(c in text[1:-1] for c in closes):
        return text[1:-1].strip()
    return text


def _block(text: str, first: str) -> _Passage | None:
    """Return the lines after what is wanted of them, or those before it."""
    gap = text.rfind("\n\n")
    place = max(gap, text.rfind("\n"))
    last = text[place + 1 :].strip()
    first_fits, last_fits = _is_short(first), _is_short(last)
    asks_first = _asks(first) if first_fits else -1
    asks_last = _asks(last) if last_fits else -1
    if asks_last > asks_first:
        # An introduction before it stays: "I got this mail:".
        intro = asks_first > 0 and first.rstrip().endswith(":")
        begin = len(first) if intro and len(first) < place else 0
        return _pasted(text, begin, place)
    if first_fits:
        return _pasted(text, len(first), len(text))
    return None


def _is_short(line: str) -> bool:
    words, characters = _INSTRUCTION
    return bool(line) and len(line) <= characters and not _longer(line, words)


def _asks(line: str) -> int:
    """Say how much a line looks like what is wanted of a text."""
    words = line[-_INSTRUCTION[1] :].lower()
    pointing = min(2, len(_POINTING.findall(words)))
    return _SURELY * bool(_ASKING.search(words)) + pointing + line.rstrip().endswith("?")


def _pasted(text: str, begin: int, end: int) -> _Passage | None:
    """Return these lines as a passage, unless they are so few that they may be typed words."""
    inner = text[begin:end].strip()
    if _longer(inner, _TAIL_WORDS) or inner.count("\n", 0, 4000) >= _BLOCK_LINES - 1:
        return _Passage(begin, end, inner)
    return None


def _middle(text: str) -> _Passage | None:
    """Return all but the beginning and the end of a request that is very long."""
    words, characters = _VISIBLE[0], _fewer(text, _VISIBLE[1])
    if len(text) <= characters and not _longer(text, words):
        return None
    head, tail = text[: _INSTRUCTION[1]], text[-_INSTRUCTION[1] :]
    stop = _SENTENCE_ENDS.search(head)
    if stop is not None and _is_asking(head[: stop.end()]):
        return _Passage(stop.end(), len(text), text[stop.end() :].strip())
    stops = [each.end() for each in _SENTENCE_ENDS.finditer(tail.rstrip())]
    if stops and _is_asking(tail[stops[-1] :]):
        end = len(text) - len(tail) + stops[-1]
        return _Passage(0, end, text[:end].strip())
    begin = len(_first(text, _HEAD[0], _fewer(text, _HEAD[1])))
    end = len(text) - len(_final(text, _END[0], _fewer(text, _END[1])))
    return _Passage(begin, end, text[begin:end].strip()) if begin < end else None


def _is_asking(line: str) -> bool:
    """Say whether a line surely asks for something to be done with a text."""
    return _asks(line) >= _SURELY
