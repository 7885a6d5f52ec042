"""Numbers as people write them: in words of five languages, and in figures with either comma.

Everything here is pure. Words are folded first (`fold`), so `fünf` and `funf` are one.
"""

import re
import unicodedata
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Final, Literal

__all__ = [
    "LANGUAGES",
    "Language",
    "fold",
    "number_words",
    "read_figures",
    "read_number",
    "say_number",
]

Language = Literal["en", "de", "es", "fr", "it"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "de", "es", "fr", "it")
_MOST_FIGURES: Final = 400
_LONG: Final = 10**30
_TINY: Final = Fraction(1, 10**9)

_SMALL: Final[dict[Language, str]] = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
    "de": "null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn "
    "funfzehn sechzehn siebzehn achtzehn neunzehn",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
    "quince dieciseis diecisiete dieciocho diecinueve",
    "fr": "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
    "quinze seize dix-sept dix-huit dix-neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici "
    "quattordici quindici sedici diciassette diciotto diciannove",
}
_TENS: Final[dict[Language, str]] = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
}
_MORE: Final[dict[Language, dict[str, int]]] = {
    "en": {"hundred": 100, "thousand": 1000, "dozen": 12, "couple": 2},
    "de": {"ein": 1, "eine": 1, "einer": 1, "einem": 1, "einen": 1, "zwo": 2, "hundert": 100}
    | {"tausend": 1000, "dutzend": 12, "fuenf": 5, "zwoelf": 12, "fuenfzehn": 15},
    "es": {"un": 1, "una": 1, "veintiun": 21, "veintiuna": 21, "cien": 100, "ciento": 100}
    | {"mil": 1000, "docena": 12},
    "fr": {"une": 1, "cent": 100, "mille": 1000, "septante": 70, "nonante": 90, "douzaine": 12},
    "it": {"un": 1, "una": 1, "cento": 100, "mille": 1000, "dozzina": 12},
}
_COMPOUND: Final[dict[Language, dict[str, int]]] = {
    "de": {"hundert": 100, "tausend": 1000},
    "es": {"cientos": 100},
    "it": {"cento": 100, "mila": 1000},
}
_ONE_WORD: Final[dict[Language, str]] = {"de": "hundert", "it": "cento"}
_END = r"(?:(?P<comma>[.,])(?P<decimals>\d*))?(?:e(?P<power>[+-]?\d+))?"
_PLAIN: Final = re.compile(r"(?P<whole>\d+)" + _END, re.IGNORECASE)
# India parts hundreds of thousands by two figures; the last group has three everywhere.
_GROUPED: Final = re.compile(
    r"(?P<whole>\d{1,3}(?P<mark>[,.' \u00a0\u2009\u202f])(?:\d{2,3}(?P=mark))*\d{3})(?!(?P=mark))"
    + _END,
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """Return a text in small letters, without accents; `ß` becomes `ss`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


@cache
def number_words(language: Language) -> dict[str, int]:
    """Return the numbers 0 to 99, and larger ones that are one word, by their folded words.

    Words are parted by one space where the language parts them; hyphens count as spaces.
    """
    small, tens = _SMALL[language].split(), _TENS[language].split()
    found = {word.replace("-", " "): value for value, word in enumerate(small)}
    for place, ten in enumerate(tens, 2):
        found[ten] = place * 10
        for value in range(1, 10):
            for word in _joined(language, ten, small[value], value):
                found[word] = place * 10 + value
    if language == "fr":
        for value in range(20):
            low = "" if value == 0 else f" {small[value].replace('-', ' ')}"
            found[f"quatre vingt{low}"] = found[f"quatre vingts{low}"] = 80 + value
            if value >= 10:
                found[f"soixante{low}"] = found[f"soixante et{low}"] = 60 + value
    below = {word: value for word, value in found.items() if value and " " not in word}
    for suffix, size in _COMPOUND.get(language, {}).items():
        for value, word in enumerate(small[1:10], 1):
            found[("ein" if word == "eins" else word) + suffix] = value * size
    hundred = _ONE_WORD.get(language)
    if hundred:
        # German and Italian write all of it as one word: hundertzwanzig, duecentocinquanta.
        hundreds = {f"{word}{hundred}": 100 * value for word, value in below.items() if value < 10}
        hundreds |= {hundred: 100, f"ein{hundred}": 100}
        found |= {
            f"{high}{low}": more + value
            for high, more in hundreds.items()
            for low, value in below.items()
        }
    return found | _MORE[language]


def _joined(language: Language, ten: str, one: str, value: int) -> tuple[str, ...]:
    """Return the ways to write a ten and a one."""
    if language == "de":
        one = "ein" if value == 1 else one
        return (f"{one}und{ten}", f"{one} und {ten}")
    if language == "it":
        # The ten loses its vowel before another: ventuno, ventotto.
        short = ten[:-1] if value in {1, 8} else ten
        return (f"{short}{one}", f"{ten} {one}")
    if language == "es":
        return (f"veinti{one}",) if ten == "veinte" else (f"{ten} y {one}",)
    if language == "fr":
        return (f"{ten} et {one}", f"{ten} et une") if value == 1 else (f"{ten} {one}",)
    return (f"{ten} {one}", f"{ten}{one}")


def read_figures(text: str) -> Fraction | None:
    """Read a number in figures: `2,340.5`, `2.340,5`, `1 000`, `3,5`, `6e23`; None if it is none.

    A lone comma before exactly three figures parts thousands; a lone point never does.
    """
    text = text.strip()
    if len(text) > _MOST_FIGURES:
        return None
    found = _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)
    if not found or (found["power"] and abs(int(found["power"])) > _MOST_FIGURES):
        return None
    whole, decimals = found["whole"], found["decimals"] or ""
    if found["comma"] == "," and len(decimals) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole):
        whole, decimals = whole + decimals, ""
    whole = re.sub(r"\D", "", whole)
    return Fraction(f"{whole}.{decimals or 0}") * Fraction(10) ** int(found["power"] or 0)


def read_number(text: str) -> Fraction | None:
    """Read a number in figures or words, with a sign or as a fraction: `-3`, `1/2`, `twelve`."""
    text = text.strip().replace("\u2212", "-").replace("\u2013", "-")
    if text[:1] in {"-", "+"}:
        value = read_number(text[1:])
        return None if value is None else -value if text[0] == "-" else value
    if "½" in text:
        whole = read_figures(text.replace("½", "")) if text != "½" else Fraction(0)
        return None if whole is None else whole + Fraction(1, 2)
    above, slash, below = text.partition("/")
    if slash:
        first, second = read_figures(above), read_figures(below)
        return first / second if first is not None and second else None
    value = read_figures(text)
    return value if value is not None else _in_words(text)


def _in_words(text: str) -> Fraction | None:
    words = " ".join(fold(text).replace("-", " ").split())
    if words in {"half", "a half", "ein halb", "halb", "medio", "media", "demi", "mezzo", "mezza"}:
        return Fraction(1, 2)
    if words in {"a", "an"}:
        return Fraction(1)
    for language in LANGUAGES:
        value = _composed(words.split(), number_words(language))
        if value is not None:
            return Fraction(value)
    return None


def _composed(words: list[str], known: dict[str, int]) -> int | None:
    """Read `two hundred and five`: what follows a smaller number multiplies it."""
    total, current, at = 0, 0, 0
    if not words:
        return None
    while at < len(words):
        if words[at] in {"and", "und", "y", "et", "e", "a"}:
            at += 1
            continue
        left = min(4, len(words) - at)
        size = next((n for n in range(left, 0, -1) if " ".join(words[at : at + n]) in known), 0)
        if not size:
            return None
        value = known[" ".join(words[at : at + size])]
        if value >= 1000:
            total, current = total + max(current, 1) * value, 0
        elif value >= 100:
            current = max(current, 1) * value
        else:
            current += value
        at += size
    return total + current


def say_number(value: Fraction, figures: int = 12) -> str:
    """Return a number as people write it, rounded to that many figures: `36`, `1,234,567.5`.

    The whole part is never rounded below 10^30; beyond, and below 10^-9, it is `1.2 × 10^30`.
    """
    size = abs(value)
    if value.denominator == 1 and size < _LONG:
        return _with_commas(str(value.numerator))
    if size >= _LONG or size < _TINY:
        with localcontext(Context(prec=figures, Emax=10**8, Emin=-(10**8))):
            rounded = (Decimal(value.numerator) / value.denominator).normalize()
            power = rounded.adjusted()
            return f"{rounded.scaleb(-power).normalize():f} × 10^{power}"
    whole = len(str(int(size))) if size >= 1 else 0
    with localcontext(Context(prec=max(figures, whole + 2) if whole >= figures else figures)):
        return _with_commas(f"{(Decimal(value.numerator) / value.denominator).normalize():f}")


def _with_commas(text: str) -> str:
    sign, whole, point, decimals = re.fullmatch(r"(-?)(\d+)(\.?)(\d*)", text).groups()  # type: ignore[union-attr]
    # Four figures stay together, as in a year.
    whole = f"{int(whole):,}" if len(whole) > 4 else whole
    return f"{sign}{whole}{point}{decimals}"
