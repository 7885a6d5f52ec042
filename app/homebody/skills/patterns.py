"""Pieces of a text that have a form of their own: addresses, numbers, days, amounts.

For these no model is needed, and none is as reliable. A field is one of them only if its name says
nothing more: "emails" is, "due date" asks for one of several and is not.
"""

import re
from typing import Final

__all__ = ["find", "knows"]

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier)?|jänner|ene(?:ro)?|gen(?:naio)?|feb(?:ruary|ruar|rero|braio)?"
    r"|févr?(?:ier)?|mar(?:ch|zo|s)?|märz|apr(?:il|ile)?|abr(?:il)?|avr(?:il)?|may|mai|mayo"
    r"|mag(?:gio)?|june?|juni|juin|jun(?:io)?|giu(?:gno)?|july?|juli|juil(?:let)?|jul(?:io)?"
    r"|lug(?:lio)?|aug(?:ust)?|ago(?:sto)?|août|sep(?:t(?:ember|embre|iembre)?)?|set(?:tembre)?"
    r"|oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|nov(?:ember|embre|iembre)?|dec(?:ember)?"
    r"|dez(?:ember)?|dic(?:iembre|embre)?|déc(?:embre)?)(?![^\W_])"
)
_YEAR: Final = r"(?:,?\s+(?:de\s+|del\s+)?\d{4})?"
_MONEY: Final = r"(?:\$|€|£|¥|₹|CHF|USD|EUR|GBP)"
_AMOUNT: Final = r"(?<![\d.,])\d(?:[.,']?\d|[ \u00a0\u202f](?=\d{3}(?!\d))\d){0,20}"
_FORMS: Final[dict[str, re.Pattern[str]]] = {
    "email": re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "link": re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]"),
    "phone": re.compile(
        r"(?<![\w.,/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?"
        r"\d{2,5}(?:[ ./-]?\d{2,5}){1,4}(?![\w/-])"
    ),
    "date": re.compile(
        rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d{{2}})\b"
        rf"|\b\d{{1,2}}(?:\.|st|nd|rd|th|er|º)?\s+(?:of\s+|de\s+)?{_MONTH}{_YEAR}"
        rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\s*[:.]\d){_YEAR}",
        re.IGNORECASE,
    ),
    "time": re.compile(
        r"\b(?:[01]?\d|2[0-3])[:.h][0-5]\d(?:\s?[ap]\.?m\b\.?)?|\b(?:1[0-2]|[1-9])\s?[ap]\.?m\b\.?"
        r"|\b(?:[01]?\d|2[0-3])\s?(?:Uhr|h)\b(?:\s[0-5]\d\b)?",
        re.IGNORECASE,
    ),
    "amount": re.compile(
        rf"{_MONEY}\s?{_AMOUNT}|{_AMOUNT}\s?(?:{_MONEY}(?!\w)|(?:euros?|dollars?|pounds?|cents?|francs?"
        r"|Franken|dólares|libras)\b)",
        re.IGNORECASE,
    ),
    "percentage": re.compile(
        rf"{_AMOUNT}\s?(?:%|(?:percent|per cent|Prozent|por ciento|pour cent|per cento)\b)",
        re.IGNORECASE,
    ),
}
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        *("email", "emails", "e-mail", "e-mails", "email address", "email addresses", "mail"),
        *("e-mail address", "e-mail addresses", "e-mail-adresse", "e-mail-adressen", "correo"),
        *("correos", "correo electrónico", "adresse e-mail", "adresses e-mail", "indirizzo email"),
    ),
    "link": (
        *("link", "links", "url", "urls", "website", "websites", "web address", "web addresses"),
        *("webseite", "webseiten", "enlace", "enlaces", "lien", "liens", "collegamenti"),
    ),
    "phone": (
        *("phone", "phones", "phone number", "phone numbers", "telephone", "telephone number"),
        *("telephone numbers", "telefon", "telefonnummer", "telefonnummern", "teléfono"),
        *("teléfonos", "téléphone", "numéro de téléphone", "telefono", "numero di telefono"),
    ),
    "date": (
        *("date", "dates", "day", "days", "datum", "daten", "tage", "fecha", "fechas", "data"),
        *("jour", "jours", "giorno", "giorni"),
    ),
    "time": ("time", "times", "uhrzeit", "uhrzeiten", "hora", "horas", "heure", "heures", "orari"),
    "amount": (
        *("amount", "amounts", "price", "prices", "cost", "costs", "sum", "sums", "money"),
        *("betrag", "beträge", "preis", "preise", "precio", "precios", "importe", "prix"),
        *("montant", "montants", "prezzo", "prezzi", "importo", "importi"),
    ),
    "percentage": (
        *("percentage", "percentages", "percent", "prozent", "porcentaje", "porcentajes"),
        *("pourcentage", "pourcentages", "percentuale", "percentuali"),
    ),
}
_KINDS: Final = {name: kind for kind, names in _NAMES.items() for name in names}
_MOST: Final = 200
_FEWEST_DIGITS: Final = 6


def knows(field: str) -> bool:
    """Tell whether a field has a form that code can find."""
    return _plain(field) in _KINDS


def find(field: str, text: str) -> tuple[str, ...]:
    """Return each piece of that form once, in the order of the text, 200 at most."""
    kind = _KINDS[_plain(field)]
    found: dict[str, None] = {}
    for match in _FORMS[kind].finditer(text):
        piece = " ".join(match[0].split()).rstrip(",;")
        if kind == "phone" and not _may_be_phone(piece):
            continue
        found[piece] = None
        if len(found) == _MOST:
            break
    return tuple(found)


def _plain(field: str) -> str:
    plain = " ".join(field.casefold().split())
    for article in ("the ", "all ", "all the ", "every ", "die ", "alle ", "las ", "los ", "les "):
        plain = plain.removeprefix(article)
    return plain


def _may_be_phone(piece: str) -> bool:
    digits = sum(char.isdigit() for char in piece)
    is_date = _FORMS["date"].fullmatch(piece) is not None
    return digits >= _FEWEST_DIGITS and not is_date
