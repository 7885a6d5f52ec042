"""Detector for private columns: in a table it is the head of a column that tells.

Rows that follow one another with the same number of cells are a table: Markdown, CSV, tabs,
semicolons, or columns that two blanks keep apart.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from homebody.messages.offers import PrivateKind
from homebody.privacy.credentials import is_password
from homebody.privacy.spans import Found
from homebody.privacy.whereabouts import DAY

__all__ = ["tables"]

_BETWEEN: Final = tuple(map(re.compile, (r"\|", r"\t", r";", r",", r"[ ]{2,}")))
_RULE: Final = re.compile(r"[\s|:+=-]+$")
_MOST_COLUMNS: Final = 60
_LONGEST_HEAD: Final = 2_000
_DAY: Final = re.compile(DAY, re.IGNORECASE)


def _has_digits(fewest: int) -> Callable[[str], bool]:
    return lambda cell: sum(map(str.isdigit, cell)) >= fewest and len(cell) <= 60


def _is_decimal(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d{1,3}[.,]\d{2,16}°?", cell) is not None


def _is_day(cell: str) -> bool:
    return _DAY.fullmatch(cell) is not None


_HEADS: Final[tuple[tuple[PrivateKind, re.Pattern[str], Callable[[str], bool]], ...]] = (
    (
        "PHONE",
        re.compile(
            r"(?:(?:mobile|cell|home|work|office|privat|dienst|contact)[ _-]?)?(?:tel(?:\.|efon"
            r"|ephone|efono|éfono)?|tél(?:\.|éphone)?|phone|mobile?|"
            r"handy|fax|cellulare|m[oó]vil|portable|telefon|whatsapp|cell)(?:[ _-]?(?:no|nr"
            r"|number|nummer|num)\.?)?|(?:tele|handy|mobil)(?:fon)?nummer"
            r"|n[uú]mero de tel[eé]fono|num[eé]ro de t[eé]l[eé]phone|numero di telefono"
        ),
        _has_digits(6),
    ),
    (
        "ID",
        re.compile(
            r"ssn|social[ _-]security(?:[ _-](?:number|no))?|nino|national[ _-](?:id"
            r"|insurance)(?:[ _-](?:number|no))?|tax[ _-]?(?:id|number|no)"
            r"|passport(?:[ _-](?:number|no))?"
            r"|steuer-?[ _]?(?:id|nummer|nr\.?)|idnr\.?|sozialversicherungsnummer|svnr"
            r"|sv-nummer|rentenversicherungsnummer|ausweis(?:nummer|nr\.?)?"
            r"|reisepass(?:nummer)?|ahv(?:-?nr\.?|-nummer)?"
            r"|nir|n°? ?(?:de )?s[eé]cu(?:rit[eé] sociale)?|num[eé]ro (?:fiscal"
            r"|de s[eé]curit[eé] sociale)|s[eé]curit[eé] sociale|passeport|dni|nie|nif|dni/nie"
            r"|seguridad social|pasaporte"
            r"|codice[ _]fiscale|cf|passaporto|partita iva|carta d['’]identit[aà]|bsn|pesel"
            r"|personnummer|nhs(?: number| no\.?)?|driver'?s? licen[cs]e|insurance (?:number|no\.?)"
        ),
        _has_digits(5),
    ),
    (
        "BIRTHDAY",
        re.compile(
            r"dob|d\.o\.b\.?|date[ _]of[ _]birth|birth[ _]?da(?:te|y)|born|geb(?:\."
            r"|oren)?(?: am)?|geburts(?:datum|tag)|n[eé]e?(?:\(e\))?(?: le)?|date de naissance"
            r"|naissance|"
            r"nacid[oa](?: el)?|fecha de nacimiento|nacimiento|f\. ?nac\.?|nat[oa](?: il)?"
            r"|data di nascita|nascita"
        ),
        _is_day,
    ),
    (
        "SECRET",
        re.compile(
            r"pass(?:word|wort|wd|phrase|code)|kennwort|pwd|pw|pin|puk|secret|mots? de passe"
            r"|mdp|contrase[nñ]a|clave|parola d['’]ordine|(?:api|access|secret)[ _-]?(?:key"
            r"|token)|token|apikey|clé(?: api)?"
        ),
        is_password,
    ),
    (
        "IBAN",
        re.compile(
            r"iban|account(?:[ _](?:number|no\.?))?|konto(?:nummer|nr\.?)?|compte"
            r"|n[uú]mero de cuenta|cuenta|conto"
        ),
        _has_digits(6),
    ),
    (
        "CARD",
        re.compile(
            r"(?:credit[ _]?|debit[ _]?)?card(?:[ _](?:number|no\.?))?"
            r"|(?:kredit)?karte(?:nnummer|n-?nr\.?)?|carte(?: bancaire)?|tarjeta"
            r"|carta(?: di credito)?|cvv2?|cvc2?"
        ),
        _has_digits(3),
    ),
    (
        "COORDINATES",
        re.compile(
            r"lat(?:itude|itud|itudine)?|lon(?:g|gitude|gitud|gitudine)?|lng|breite(?:ngrad)?"
            r"|l[aä]nge(?:ngrad)?"
        ),
        _is_decimal,
    ),
)


def tables(text: str) -> Iterator[Found]:
    """Yield cells of columns whose head tells that they are private."""
    columns: dict[int, tuple[PrivateKind, Callable[[str], bool]]] = {}
    between: re.Pattern[str] | None = None
    count = place = 0
    for line in text.splitlines(keepends=True):
        start, place = place, place + len(line)
        if between is not None and _RULE.match(line) and line.strip():
            continue
        cells = _cells(line, start, between) if between is not None else []
        if between is None or len(cells) != count:
            between, cells = _head(line, start)
            count = len(cells)
            columns = _private(text, cells)
            if not columns:
                between = None
            continue
        for number, (kind, accepts) in columns.items():
            first, last = cells[number]
            if accepts(text[first:last]):
                yield Found(first, last, kind)


def _head(line: str, start: int) -> tuple[re.Pattern[str] | None, list[tuple[int, int]]]:
    """Return by what a line is cut into the most cells, and the cells."""
    if len(line) <= _LONGEST_HEAD:
        for between in _BETWEEN:
            cells = _cells(line, start, between)
            if 2 <= len(cells) <= _MOST_COLUMNS:
                return between, cells
    return None, []


def _cells(line: str, start: int, between: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return where the cells of a line stand in the text, without blanks and quotes around."""
    if len(line) > 20 * _LONGEST_HEAD:
        return []
    stripped = line.strip()
    if between.pattern == r"\|":
        stripped = stripped.removeprefix("|").removesuffix("|")
    at = line.find(stripped) if stripped else 0
    cells, first = [], at
    for match in between.finditer(line, at, at + len(stripped)):
        cells.append(_trimmed(line, first, match.start(), start))
        first = match.end()
    cells.append(_trimmed(line, first, at + len(stripped), start))
    return cells


def _trimmed(line: str, first: int, last: int, start: int) -> tuple[int, int]:
    while first < last and line[first] in " \t\"'`*":
        first += 1
    while first < last and line[last - 1] in " \t\"'`*\r\n":
        last -= 1
    return start + first, start + last


def _private(
    text: str, cells: Sequence[tuple[int, int]]
) -> dict[int, tuple[PrivateKind, Callable[[str], bool]]]:
    columns: dict[int, tuple[PrivateKind, Callable[[str], bool]]] = {}
    if sum(first < last for first, last in cells) < 2:
        return columns
    for number, (first, last) in enumerate(cells):
        name = text[first:last].casefold().strip("# :")
        for kind, heads, accepts in _HEADS:
            if heads.fullmatch(name):
                columns[number] = (kind, accepts)
                break
    return columns
