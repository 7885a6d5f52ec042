"""Detector for phone numbers: by form and numbering plan, or by a word that tells.

A bare run of digits is a phone number only behind such a word; it might be anything.
"""

import re
from collections.abc import Iterator
from typing import Final

from homebody.privacy.spans import Found

__all__ = ["phones"]

_SPACE: Final = " \u00a0\u202f\u2009"
_WORD: Final = re.compile(
    r"(?<![^\W_])(?:tele?(?:ph?on)?(?:n?u[mé]m[eé]r[oe]?|nummer|number|no|nr)?|telf"
    r"|t[eé]l[eé]?(?:phone|"
    r"fono)?|phones?(?:[ _-]?(?:number|no|nr))?|phonenumber|mobile?(?:[ _-]?(?:phone|number|nr"
    r"|nummer))?"
    r"|mobilnummer|mobiltelefon|handy(?:nummer)?|festnetz|cell(?:[ _-]?(?:phone|number))?"
    r"|cellulare|cell"
    r"|(?:tele)?fax(?:nummer)?|whats ?app|sms|call(?:ed|ing)?|dial|ring|text(?:ed)?"
    r"|reach(?:able)?|phoned"
    r"|durchwahl|r[uü]ckruf(?:nummer)?|rufnummer|anruf(?:en)?|rufen|erreichbar|erreichen"
    r"|unter der nummer"
    r"|ruf|portable|appel(?:er|ez|le|é)?|joindre|joignable|num[eé]ro|rappel(?:er|ez|le)?"
    r"|m[oó]vil|celular"
    r"|ll[aá]m(?:a|e|ar|ada|ame|eme|enos)|n[uú]mero|tfno|tlf|marcar?|chiama(?:re|temi|mi|te"
    r"|ta)?|recapito"
    r"|contact(?:er|ez|ar)?|kontakt|contatt[oai]|my number|number)(?![^\W_])",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    rf"[^\d\n+(]{{0,32}}?(?:\n[ \t]{{0,8}})?(?P<number>(?:\(?\+|\("
    rf"|(?<![^\W_]))\d[\d{_SPACE}().\-/]{{4,24}}\d)"
    r"(?![^\W_])"
)
_NOT_A_PHONE: Final = re.compile(
    r"(?<![^\W_])(?:order|bestell|auftrag|invoice|rechnung|facture|commande|pedido|ordine"
    r"|fattura|factura"
    r"|ticket"
    r"|tracking|sendung|isbn|issn|version|build|artikel|article|sku|ref(?:erence)?|id|art"
    r"|serial|serien"
    r"|suivi|series|seguimiento|spedizione|kunden|customer|client[ei]?|konto|account|iban|card"
    r"|karte"
    r"|vertrag|contrato|contract|contrat|contratto|ssn|amount|betrag|montant|page|pages|seite"
    r"|siren|siret)"
    r"(?:\w{0,12})[^\w\n]{0,4}(?:(?:no|nr|num|number|nummer|numéro|número|numero|code|id)\b)?"
    r"[^\w\n+]{0,4}$",
    re.IGNORECASE,
)
_INTERNATIONAL: Final = re.compile(
    rf"(?<![\w+])(?:\(?\+|00(?=[{_SPACE}]?[1-9]))[{_SPACE}]?\(?[1-9]\d{{0,3}}\)?"
    rf"(?:[{_SPACE}.\-/]{{0,2}}\(?\d{{1,12}}\)?){{1,8}}(?![^\W_])"
)
_NORTH_AMERICAN: Final = re.compile(
    rf"(?<![\w+-])(?<!\d[.,])(?:1[{_SPACE}.-])?(?:\(\d{{3}}\)[{_SPACE}]?"
    rf"|\d{{3}}(?P<sep>[{_SPACE}.-]))"
    rf"\d{{3}}[{_SPACE}.-]\d{{4}}(?![\w-])(?!\.\d)"
)
_LEADING_ZERO: Final = re.compile(
    rf"(?<![\w+-])(?<!\d[.,/{_SPACE}])(?:\(0[1-9]\d{{0,4}}\)|\(0\)[{_SPACE}]?[1-9]\d{{1,4}}"
    rf"|0[1-9]\d{{0,4}})"
    rf"(?:[{_SPACE}]?[/.\-–{_SPACE}][{_SPACE}]?\d{{1,9}}){{1,6}}(?![^\W_])"
)
_ALONE: Final = re.compile(
    rf"(?<![\w+-])(?<!\d[.,{_SPACE}])(?:[6789]\d{{2}}(?:[{_SPACE}.-]\d{{2}}){{3}}"
    rf"|[679]\d{{2}}[{_SPACE}.-]\d{{3}}[{_SPACE}.-]\d{{3}}"
    rf"|[679]\d[{_SPACE}]\d{{3}}[{_SPACE}]\d{{2}}[{_SPACE}]\d{{2}}"
    rf"|3\d{{2}}[{_SPACE}./-]\d{{6,7}}"
    rf"|3\d{{2}}[{_SPACE}.-]\d{{2}}[{_SPACE}.-]\d{{2}}[{_SPACE}.-]\d{{3}})"
    rf"(?![\w-])(?![.,]\d)(?![{_SPACE}]\d)"
)
_UNIT: Final = re.compile(
    rf"[{_SPACE}]?(?:€|\$|£|%|eur|usd|chf|gbp|euros?|dollars?|d[oó]lares|francs?|franchi|habitants"
    r"|habitantes|abitanti|einwohner|people|personas|persone|bytes?|kb|mb|gb|km|m\b|kg|tokens?"
    r"|rows)",
    re.IGNORECASE,
)
_DAY: Final = re.compile(
    r"\D*(?:\d{1,2}[ ./\-–]{1,3}\d{1,2}[ ./\-–]{1,3}(?:19|20)\d{2}|(?:19"
    r"|20)\d{2}[./-]\d{1,2}[./-]\d{1,2})"
)
_REGIONS: Final = ("DE", "GB", "FR", "IT", "AT", "CH", "BE", "NL")


def phones(text: str) -> Iterator[Found]:
    """Yield phone numbers."""
    for match in _INTERNATIONAL.finditer(text):
        if _is_international(match[0]) and not _is_other(text, match.start()):
            yield _whole(match.start(), match[0])
    for match in _NORTH_AMERICAN.finditer(text):
        if not _is_other(text, match.start()):
            yield Found(match.start(), match.end(), "PHONE")
    for match in _LEADING_ZERO.finditer(text):
        if _is_national(match[0]) and not _is_other(text, match.start()):
            yield Found(match.start(), match.end(), "PHONE")
    for match in _ALONE.finditer(text):
        is_amount = _UNIT.match(text, match.end())
        if not is_amount and not _is_other(text, match.start()):
            region = "IT" if match[0].startswith("3") else "ES"
            if _is_valid(match[0], region):
                yield Found(match.start(), match.end(), "PHONE")
    for word in _WORD.finditer(text):
        number = _NUMBER.match(text, word.end())
        if number is None or _is_other(text, number.start("number")):
            continue
        value = _cut(number["number"])
        if 7 <= _digits(value) <= 15 and not _DAY.match(value) and not _is_amount(value):
            yield Found(number.start("number"), number.start("number") + len(value), "PHONE")


def _whole(start: int, value: str) -> Found:
    value = _cut(value)
    return Found(start, start + len(value), "PHONE")


def _cut(value: str) -> str:
    """Leave out what follows a number behind a blank, such as a day, and an open bracket."""
    while _digits(value) > 15:
        shorter = re.sub(rf"[{_SPACE}./()-]+\d+$", "", value)
        if shorter == value:
            break
        value = shorter
    return value.rstrip(f"{_SPACE}.-/(")


def _digits(value: str) -> int:
    return sum(map(str.isdigit, value))


def _is_amount(value: str) -> bool:
    """Tell a number with thousands or decimals, such as 1.234.567 or 12345.67, from a phone's."""
    return re.fullmatch(r"\d{1,3}(?:\.\d{3})+|\d+\.\d{1,2}|\d+\.\d{5,}", value) is not None


def _is_other(text: str, start: int) -> bool:
    return _NOT_A_PHONE.search(text, max(0, start - 40), start) is not None


def _is_international(value: str) -> bool:
    import phonenumbers

    digits = re.sub(r"\D", "", value.replace("(0)", ""))
    digits = digits.removeprefix("00") if not value.lstrip("(").startswith("+") else digits
    if len(digits) < 7 or _DAY.fullmatch(value):
        return False
    try:
        number = phonenumbers.parse(f"+{digits[:15]}")
    except phonenumbers.NumberParseException:
        return False
    if phonenumbers.is_possible_number(number):
        return value.lstrip("(").startswith("+") or phonenumbers.is_valid_number(number)
    # A country's code, and digits enough: a number with a digit too few or too many is still one.
    return value.lstrip("(").startswith("+") and len(digits) >= 9


def _is_national(value: str) -> bool:
    if not 8 <= _digits(value) <= 13 or _DAY.match(value):
        return False
    groups = re.findall(r"\d+", value)
    if len(groups) >= 3 and all(len(each) <= 2 for each in groups) and len(groups) != 5:
        return False
    if any(_is_valid(value, region) for region in _REGIONS):
        return True
    # Numbers that are kept for films are valid nowhere.
    return len(groups[0]) >= 3 and len(groups) <= 4 and "." not in value and len(groups[-1]) >= 3


def _is_valid(value: str, region: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False
