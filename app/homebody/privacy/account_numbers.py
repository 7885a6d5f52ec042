"""Detectors for bank accounts and payment cards, by form and checksum, or by a word that tells."""

import re
from collections.abc import Iterator
from typing import Final

from homebody.privacy.spans import Found

__all__ = ["IBAN_LENGTHS", "account_numbers"]

_LENGTHS: Final = """
AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18
FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21
LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24
SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30
"""
IBAN_LENGTHS: Final = {each[:2]: int(each[2:]) for each in re.findall(r"[A-Z]{2}\d{2}", _LENGTHS)}
"""How many characters an IBAN of each country has."""
_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?\d{2}(?:[ \u00a0.-]?[A-Za-z0-9]){11,40}"
)
_ACCOUNT: Final = re.compile(
    r"(?<![^\W_])(?:(?:bank[ _-]?)?account[ _-]?(?:number|no\.?|nr\.?|#)|acct\.?(?:[ _-]?(?:no"
    r"|number))?"
    r"|konto(?:nummer|[ _-]?nr\.?)|bankverbindung|blz|bankleitzahl|sort[ _-]?code"
    r"|routing(?:[ _-]?number)?"
    r"|iban|num[eé]ro de compte|compte (?:bancaire|n°|no)|rib|n[uú]mero de cuenta"
    r"|cuenta(?: bancaria)?"
    r"|ccc|numero di conto|conto (?:corrente|bancario)|c/c)(?![^\W_])[^\d\n]{0,24}?"
    r"(?P<value>(?<![A-Za-z0-9])[A-Z]{0,2}\d(?:[ -]?\d){4,21})(?![^\W_])",
    re.IGNORECASE,
)
_CARD: Final = re.compile(
    r"(?<![\w.-])(?:\d{4}([ \u00a0.-]?)\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?"
    r"|\d{4}([ \u00a0.-]?)\d{6}\2\d{4,5}|\d{13,19})(?![\w]|[.-]\d)"
)
_CARD_WORD: Final = re.compile(
    r"(?:card|karte|carte|tarjeta|carta|visa|mastercard|amex|american express|maestro"
    r"|kreditkarte|cc)"
    r"\w*[^\d\n]{0,30}$",
    re.IGNORECASE,
)
_OTHER_CARD: Final = re.compile(
    r"(?:sim|graphics|video|grafik|sound|memory|gift)[ -]?\w*$", re.IGNORECASE
)
_CARD_CODE: Final = re.compile(
    r"(?<![^\W_])(?:cvv2?|cvc2?|cid|card (?:security|verification) code|pr[uü]f(?:nummer"
    r"|ziffer)|kartenpr[uü]f"
    r"nummer|cryptogramme|c[oó]digo de seguridad|codice di sicurezza)(?![^\W_])"
    r"[^\w\n]{0,4}(?:(?:is|ist|est|es|è|code)[^\w\n]{1,3})?(?P<value>\d{3,4})(?!\d)",
    re.IGNORECASE,
)


def account_numbers(text: str) -> Iterator[Found]:
    """Yield IBANs, other numbers of accounts, cards and their codes."""
    for match in _IBAN.finditer(text):
        end = _iban_end(text, match)
        if end:
            yield Found(match.start(), end, "IBAN")
    for match in _ACCOUNT.finditer(text):
        yield Found(match.start("value"), match.end("value"), "IBAN")
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _is_card(digits) or _is_called_card(text, match.start()):
            yield Found(match.start(), match.end(), "CARD")
    for match in _CARD_CODE.finditer(text):
        yield Found(match.start("value"), match.end("value"), "CARD")


def _iban_end(text: str, match: re.Match[str]) -> int:
    """Return where the IBAN that begins here ends; 0: it is none."""
    characters: list[str] = []
    ends: list[int] = []
    for place in range(match.start(), match.end()):
        if text[place].isalnum():
            characters.append(text[place])
            ends.append(place + 1)
    country = "".join(characters[:2])
    length = IBAN_LENGTHS.get(country.upper())
    if length is None or len(characters) < length:
        return 0
    end = ends[length - 1]
    if end < len(text) and text[end].isalnum():
        return 0
    iban = "".join(characters[:length]).upper()
    moved = "".join(str(int(each, 36)) for each in iban[4:] + iban[:4])
    if int(moved) % 97 == 1:
        return end
    # A digit may be mistyped; what is called an IBAN is one.
    called = re.search(r"\biban\W", text[max(0, match.start() - 30) : match.start()], re.IGNORECASE)
    return end if called else 0


def _is_card(digits: str) -> bool:
    if len(set(digits)) < 2 or not _issuer(digits):
        return False
    total = 0
    for place, each in enumerate(reversed(digits)):
        doubled = int(each) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def _issuer(digits: str) -> bool:
    """Tell whether some issuer's cards begin like this and are this long."""
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    return (
        (digits[0] == "4" and length in {16, 19})
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and length == 16)
        or (two in {34, 37} and length == 15)
        or ((four == 6011 or two == 65 or 644 <= int(digits[:3]) <= 649) and length in {16, 19})
        or ((two in {36, 38, 39} or 300 <= int(digits[:3]) <= 305) and length in {14, 16})
        or (3528 <= four <= 3589 and length in {16, 19})
        or (two in {50, 56, 57, 58, 60, 62, 63, 67, 81} and 16 <= length <= 19)
        or (2200 <= four <= 2204 and length in {16, 19})
    )


def _is_called_card(text: str, start: int) -> bool:
    before = text[max(0, start - 60) : start]
    word = _CARD_WORD.search(before)
    return word is not None and not _OTHER_CARD.search(before[: word.start()])
