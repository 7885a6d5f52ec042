"""Detectors for national ids, tax and insurance numbers, passports.

A number whose form or checksum leaves little doubt is found alone; any other needs a word that
tells, and then its checksum does not matter: a mistyped number is as private as a right one.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from homebody.privacy.spans import Found

__all__ = ["national_ids"]


class _Form(Struct, frozen=True):
    """How a number is written, and what must hold where no word tells; None: nothing more."""

    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None


def _valid(module: str) -> Callable[[str], bool]:
    """Return the check of a module of python-stdnum, loaded when it is needed first."""

    def check(value: str) -> bool:
        from importlib import import_module

        return bool(import_module(f"stdnum.{module}").is_valid(value))

    return check


def _day(value: str, *, reversed_too: bool = False) -> bool:
    """Tell whether six digits may be a day: ddmmyy, or also yymmdd."""
    first, month, last = int(value[:2]), int(value[2:4]), int(value[4:6])
    return 1 <= month <= 12 and (1 <= first <= 31 or (reversed_too and 1 <= last <= 31))


def _german_pension(value: str) -> bool:
    digits = re.sub(r"\W", "", value)
    day, month = int(digits[2:4]), int(digits[4:6])
    return 1 <= day <= 31 + 50 and 1 <= month <= 12


def _british(value: str) -> bool:
    plain = value.replace(" ", "")
    return plain[:2] in {"QQ", "TN", "ZZ"} or (
        plain[0] not in "DFIQUV" and plain[1] not in "DFIQUVO"
    )


def _swedish(value: str) -> bool:
    digits = re.sub(r"\D", "", value)[-10:]
    total = 0
    for place, each in enumerate(digits):
        doubled = int(each) * (2 - place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0 and 1 <= int(digits[2:4]) <= 12


def _forms() -> tuple[_Form, ...]:
    first, last = r"(?<![\w.+-])", r"(?!\w|[.-]\w)"
    table: tuple[tuple[str, Callable[[str], bool] | None], ...] = (
        (r"\d{3}-\d{2}-\d{4}", None),  # United States
        (r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", _british),
        (r"\d{2} \d{3} \d{3} \d{3}", _valid("de.idnr")),
        (r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", _german_pension),
        (r"\d{2,3}/\d{3}/\d{4,5}", None),  # Germany, tax office
        (r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", _valid("fr.nir")),
        (r"\d{8}[ -]?[A-HJ-NP-TV-Z]", _valid("es.dni")),
        (r"\d{2}\.\d{3}\.\d{3}-?[A-HJ-NP-TV-Z]", None),
        (r"[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z]", _valid("es.nie")),
        (
            r"[A-Za-z]{6}[\dLMNP-Vlmnp-v]{2}[A-EHLMPR-Ta-ehlmpr-t][\dLMNP-Vlmnp-v]{2}"
            r"[A-Za-z][\dLMNP-Vlmnp-v]{3}[A-Za-z]",
            lambda value: sum(map(str.isdigit, value)) >= 4,
        ),
        (r"[A-Z]{3} [A-Z]{3} \d{2}[A-EHLMPR-T]\d{2} [A-Z]\d{3}[A-Z]", None),
        (r"756\.\d{4}\.\d{4}\.\d{2}", None),  # Switzerland
        (r"756 ?\d{4} ?\d{4} ?\d{2}", _valid("ch.ssn")),
        (r"\d{2}\.\d{2}\.\d{2}[-.]\d{3}[-.]\d{2}", None),  # Belgium
        (r"(?:19|20)?\d{6}[-+]\d{4}", _swedish),
        (r"\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y]", _valid("fi.hetu")),
        (r"\d{6} ?\d{5}", _valid("no.fodselsnummer")),
        (r"[2-9]\d{3} \d{4} \d{4}", _valid("in_.aadhaar")),
        (r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", None),  # India, tax
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}", None),  # Brazil
        (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d", None),  # Mexico
        (r"\d{17}[\dXx]", _valid("cn.ric")),
        (r"\d{6}-[1-4]\d{6}", _day_of_korea),
        (r"[STFGM]\d{7}[A-Z]", None),  # Singapore
        (r"[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}", None),  # United Kingdom, driving licence
        (r"[A-Z]\d{9}", _valid_insured),  # Germany, health insurance
    )
    return tuple(_Form(re.compile(f"{first}(?:{form}){last}"), check) for form, check in table)


def _day_of_korea(value: str) -> bool:
    return _day(value, reversed_too=True)


def _valid_insured(value: str) -> bool:
    digits = f"{ord(value[0]) - 64:02d}{value[1:-1]}"
    total = 0
    for place, each in enumerate(digits):
        product = int(each) * (1 + place % 2)
        total += product // 10 + product % 10
    return total % 10 == int(value[-1])


_FORMS: Final = _forms()
_NAMES: Final = (
    # English
    r"ssn|itin|social[ _-]security(?:[ _-]n(?:umber|o|r))?"
    r"|national[ _-]insurance(?:[ _-]n(?:umber|o))?|nino|ni[ _-]number"
    r"|nhs(?:[ _-]n(?:umber|o))?|(?:national|citizen|personal|government|identity|tax(?:payer)?"
    r"|voter|patient|member)[ _-]"
    r"(?:id|identification|card|insurance)(?:[ _-](?:number|no|card|code))*|tin"
    r"|tax[ _-]?n(?:umber|o|r)|utr|tfn|passport(?:[ _-]n(?:umber|o|r))?"
    r"|driv(?:er|ing)['’]?s?[ _-]?licen[cs]e(?:[ _-]n(?:umber|o))?|medicare(?:[ _-]n(?:umber"
    r"|o))?|medicaid|mrn|medical record"
    r"|(?:insurance|policy)[ _-](?:number|no)|sin|aadhaar|pan|green card|visa number"
    r"|id card(?: number)?"
    # German
    r"|steuer[ -]?(?:id(?:entifikationsnummer|nr)?|identnummer|nummer|nr)\.?|idnr"
    r"|identifikationsnummer|tin"
    r"|(?:sozial|renten|kranken|unfall)?versicherung(?:s|ten)?[ -]?(?:nummer|nr)\.?"
    r"|versichertennummer|svnr|sv-?n(?:umme)?r"
    r"|ahv(?:[ -]?n(?:umme)?r)?|(?:personal)?ausweis(?:nummer|[ -]?nr\.?)?|perso(?:nummer|nr)?"
    r"|reisepass(?:nummer|[ -]?nr\.?)?"
    r"|pass(?:nummer|[ -]?nr\.?)|führerschein(?:nummer|[ -]?nr\.?)?|kvnr"
    # French
    r"|nir|n(?:um[eé]ro|°|o)? ?(?:de )?(?:s[eé]cu(?:rit[eé] sociale)?|s[eé]cu|fiscal"
    r"|de passeport|d['’]identit[eé]|national|spi)"
    r"|s[eé]curit[eé] sociale|num[eé]ro[_ ]fiscal|spi|passeport|carte (?:vitale"
    r"|d['’]identit[eé]|nationale d['’]identit[eé]|de s[eé]jour)"
    r"|cni|permis de conduire|avs"
    # Spanish
    r"|dni|nie|nif|n[uú]mero de (?:la )?(?:seguridad social|identificaci[oó]n|pasaporte"
    r"|afiliaci[oó]n)|seguridad social|nss|naf|pasaporte"
    r"|carn[eé] de (?:conducir|identidad)|c[eé]dula|curp|rfc|tarjeta sanitaria"
    # Italian
    r"|codice[ _]fiscale|cod\. ?fisc\.?|c\.?f\.?|partita iva|p\.? ?iva|carta d['’]identit[aà]"
    r"|cie|passaporto|patente(?: di guida)?"
    r"|tessera sanitaria"
    # others
    r"|bsn|burgerservicenummer|sofinummer|rijksregister(?:nummer)?|pesel|personnummer"
    r"|cpr(?:-nummer)?|cpf|hetu|fødselsnummer"
)
_TOLD: Final = re.compile(
    rf"(?<![^\W_])(?:{_NAMES})(?![^\W_])(?:[ ]?\([^()\n]{{0,30}}\))?"
    r"[^\w\n]{0,6}(?:\n[ \t]{0,8})?"
    r"(?:(?:n[ro]?|num|nº|number|nummer|num[eé]ro|n[uú]mero|numero|is|was|ist|war|lautet|est|es"
    r"|era|è|with|mit|con|avec|the|der|le|el|il|my|of|card|id|value|type|string)"
    r"\b[^\w\n]{1,6}){0,4}"
    r"(?P<value>(?=[A-Z]{0,6}[ .-]?[A-Z]{0,3}\d)[A-Z0-9]"
    r"(?:(?:[ ./-](?=\d|(?-i:[A-Z]{1,4}(?![A-Za-z]))))?[A-Z0-9]){4,20})(?![^\W_])",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    rf"(?P<value>(?<![\w.+-])[A-Z]{{0,3}}\d(?:[ .-]?\d){{5,14}}[A-Z]{{0,2}})[ ]?"
    rf"(?:\((?:{_NAMES})\)|,?[ ](?:is|ist|est|es|è)[ ]"
    rf"(?:my|his|her|the|their|our|meine?|seine?|ihre?|die|mon|ma|son|le|mi|su|el|il mio|la mia"
    rf"|il suo)[ ](?:{_NAMES})(?![^\W_]))",
    re.IGNORECASE,
)


def national_ids(text: str) -> Iterator[Found]:
    """Yield numbers by which a person is registered."""
    for form in _FORMS:
        for match in form.pattern.finditer(text):
            if form.check is None or form.check(match[0]):
                yield Found(match.start(), match.end(), "ID")
    for match in _TOLD.finditer(text):
        value = match["value"]
        # Words behind a number are not of it.
        while (shorter := re.sub(r"[ ./-]+[A-Za-z]{2,}\d*$|[ ./-]+[a-z]$", "", value)) != value:
            value = shorter
        if sum(map(str.isdigit, value)) >= 5:
            yield Found(match.start("value"), match.start("value") + len(value), "ID")
    for match in _AFTER.finditer(text):
        yield Found(match.start("value"), match.end("value"), "ID")
