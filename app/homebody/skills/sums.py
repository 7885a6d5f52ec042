"""Arithmetic (`calculate`), as a pocket calculator takes it and as people say it.

Numbers are exact fractions until a root or an angle makes them inexact; nothing is evaluated by
Python. What could take long is bounded: length, nesting, powers, factorials.
"""

import math
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final, NamedTuple, NoReturn

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome, Value
from homebody.skills.number_words import fold, read_figures, read_number, say_number
from homebody.skills.sum_words import FUNCTIONS, LISTS, SYMBOLS, WORDS

__all__ = ["calculate"]

_LONGEST: Final = 1_000
"""Characters."""
_DEEPEST: Final = 40
_BIGGEST: Final = 40_000
"""Bits of a number on the way."""
_FACTORIAL: Final = 2_000
_PRECISE: Final = 40
"""Figures of what is not exact."""
_FIGURES: Final = 12
"""Figures of the result."""
_TOKEN: Final = re.compile(
    r"(?P<number>\d{1,3}(?:[\u00a0\u202f ]\d{3})+(?![\d])(?:[.,]\d+)?"
    r"|\d+(?:[.,']\d+)*(?:[eE][+-]?\d+)?|[.,]\d+)"
    r"|(?P<sign>[\u00b2\u00b3\u00bc-\u00be])"
    r"|(?P<words>[^\W\d_]+(?:['’\- ]+[^\W\d_]+)*)"
    r"|(?P<mark>\*\*|[-+*/^%!()°;,×·∙÷:–—√\u2212\u2217\u2236])"
)
_PARTS: Final = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_BEGINS: Final = re.compile(
    r"(?:what(?:'s|’s|\s+is)|how much is|calculate|was ist|wie ?viel ist|cu[aá]nto es|combien font"
    r"|combien fait|quanto fa)\s+",
    re.IGNORECASE,
)
_CONSTANTS: Final = {
    "pi": Fraction("3.141592653589793238462643383279502884197169399375"),
    "e": Fraction("2.718281828459045235360287471352662497757247093699"),
    "k": Fraction(1000),
    "million": Fraction(10**6),
    "billion": Fraction(10**9),
}
_SHARE: Final = re.compile(
    r"(.+?)\s+(?:as (?:a )?(?:%|percent(?:age)?) of|is what (?:%|percent) of)\s+(.+)"
)
_HINT: Final = "Write it as on a calculator, such as 15% of 240 or sqrt(7225)."


class _Number(NamedTuple):
    value: Fraction
    percent: bool = False
    """It was written as a percentage; `value` is the share: 0.15 for 15%."""


Token = Fraction | str


def calculate(args: dict[str, Value], now: datetime) -> Outcome:
    """Work out `expression`. `SkillProblem` says why it has no result."""
    del now
    expression = str(args["expression"]).strip()
    if len(expression) > _LONGEST:
        raise SkillProblem(
            f"The expression is {len(expression):,} characters long; at most {_LONGEST:,} are "
            "taken.",
            "Work it out in parts.",
            "large",
        )
    share = _SHARE.fullmatch(expression.casefold())
    if share:
        part, whole = _Reader(share[1]), _Reader(share[2])
        first, second = part.result(), whole.result()
        if not second.value:
            _refuse("A share of zero has no result.", "Give another whole.")
        number, exact = _Number(first.value / second.value, percent=True), part.exact
        exact = exact and whole.exact
    else:
        reader = _Reader(expression)
        number, exact = reader.result(), reader.exact
    return _outcome(expression, number, exact=exact)


def _outcome(expression: str, number: _Number, *, exact: bool) -> Outcome:
    value = number.value * 100 if number.percent else number.value
    if not exact:
        # What a root or an angle leaves behind its last true figure is no part of the result.
        value = _rounded(value)
    text = say_number(value, _FIGURES)
    figures, _, power = text.replace(",", "").partition(" × 10^")
    whole = exact and Fraction(figures) * Fraction(10) ** int(power or 0) == value
    unit = "%" if number.percent else ""
    about = "" if whole or _is_short(text, exact=exact) else "about "
    asked = re.sub(r"\s*[=?]+\s*$", "", _BEGINS.sub("", " ".join(expression.split()), count=1))
    return Outcome(text=text + unit, said=f"{asked} is {about}{text}{unit}.")


def _is_short(text: str, *, exact: bool) -> bool:
    """An inexact way may lead to a plain number: sin(30) is 0.5."""
    return not exact and "×" not in text and len(re.sub(r"\D", "", text)) < _FIGURES - 2


def _rounded(value: Fraction) -> Fraction:
    with localcontext(Context(prec=_FIGURES + 2)):
        near = Decimal(value.numerator) / value.denominator
        return Fraction(near) if abs(near) > Decimal("1e-25") else Fraction(0)


def _refuse(message: str, hint: str = _HINT) -> NoReturn:
    raise SkillProblem(message, hint, "arguments")


# ---------------------------------------------------------------- words and signs


def _tokens(expression: str) -> list[Token]:
    text = re.sub(r"[=?\s]+$", "", expression.replace("`", ""))
    text = re.sub(r"[€$£¥_]", "", text)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if not found:
            _refuse(f"{text[at]} means nothing in a calculation.")
        at = found.end()
        if found["number"]:
            tokens.append(_figures(found["number"]))
        elif found["words"]:
            tokens += _spoken(found["words"])
        elif found["sign"] in {"²", "³"}:
            tokens.append("squared" if found["sign"] == "²" else "cubed")
        elif found["sign"]:
            # Two and a half is one number.
            before = tokens[-1] if tokens else ""
            if isinstance(before, Fraction):
                tokens[-1] = before + _PARTS[found["sign"]]
            else:
                tokens.append(_PARTS[found["sign"]])
        else:
            tokens.append(SYMBOLS.get(found["mark"], found["mark"]))
    return [part for part in tokens if part != ""]


def _figures(text: str) -> Fraction:
    value = read_figures(f"0{text}" if text[0] in ".," else text)
    if value is None:
        _refuse(f"{text[:60]} is not a number.", "Write it with one decimal point, such as 1234.5.")
    return value


def _spoken(text: str) -> list[Token]:
    words = re.split(r"[^\w]+", fold(text))
    tokens: list[Token] = []
    at = 0
    while at < len(words):
        for size in range(min(6, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + size])
            value = read_number(phrase) if phrase not in {"e", "a", "an"} else None
            if phrase in WORDS or value is not None:
                tokens.append(WORDS[phrase] if phrase in WORDS else value or Fraction(0))
                at += size
                break
        else:
            _refuse(f'The word "{words[at][:40]}" means nothing in a calculation.')
    return tokens


# ---------------------------------------------------------------- reading


class _Reader:
    """Reads tokens from left to right, and works out while it reads."""

    def __init__(self, expression: str) -> None:
        self.exact = True
        self._tokens = _tokens(expression)
        self._at = 0
        self._depth = 0

    def result(self) -> _Number:
        """Return what the whole expression comes to."""
        if not self._tokens:
            _refuse("There is nothing to work out.")
        number = self._sum()
        if self._at < len(self._tokens):
            rest = self._next()
            if rest == ")":
                _refuse("A bracket is closed that was never opened.")
            shown = say_number(rest) if isinstance(rest, Fraction) else rest
            _refuse(f"There is no operator before {shown}, so it is not clear what is meant.")
        return number

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *wanted: str) -> str:
        part = self._next()
        if isinstance(part, str) and part in wanted:
            self._at += 1
            return part
        return ""

    def _sum(self) -> _Number:
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("The brackets are nested too deeply.", "Work it out in parts.")
        left = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            change = right.value if sign == "+" else -right.value
            if right.percent and not left.percent:
                # 200 + 10% is 220, as on every calculator.
                left = _Number(_bounded(left.value * (1 + change)))
            else:
                left = _Number(_bounded(left.value + change), left.percent and right.percent)
        self._depth -= 1
        return left

    def _product(self) -> _Number:
        left = self._signed()
        while True:
            sign = self._take("*", "/", "of", "off", "mod")
            if not sign and not self._begins_factor():
                return left
            right = self._signed() if sign else self._power()
            left = _Number(_bounded(_joined(sign or "*", left.value, right.value)))

    def _begins_factor(self) -> bool:
        """Tell whether a factor follows without a sign: 2(3+4), 2 pi, 3 million."""
        part = self._next()
        before = self._tokens[self._at - 1] if self._at else None
        if isinstance(part, Fraction):
            return isinstance(before, str) and before == ")"
        return part is not None and (
            part == "(" or part in _CONSTANTS or part in FUNCTIONS or part in LISTS
        )

    def _signed(self) -> _Number:
        # A loop, so that a thousand signs take no stack.
        negative = False
        while sign := self._take("-", "+"):
            negative ^= sign == "-"
        number = self._power()
        return _Number(-number.value, number.percent) if negative else number

    def _power(self) -> _Number:
        base = self._after()
        if not self._take("^"):
            return base
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("The powers are stacked too high.", "Work it out in parts.")
        exponent = self._signed()
        self._depth -= 1
        return _Number(self._raised(base.value, exponent.value))

    def _after(self) -> _Number:
        """Read what may stand behind a value: `!`, `%`, a square, degrees."""
        number = self._value()
        while sign := self._take("!", "%", "squared", "cubed", "°", "deg"):
            if sign == "%" and isinstance(self._next(), Fraction | str) and self._is_divisor():
                # 7 % 3, as programmers write it.
                self._at -= 1
                self._tokens[self._at] = "mod"
                return number
            match sign:
                case "!":
                    number = _Number(_factorial(number.value))
                case "%":
                    number = _Number(number.value / 100, percent=True)
                case "squared" | "cubed":
                    number = _Number(self._raised(number.value, Fraction(2 + (sign == "cubed"))))
                case _:
                    pass
        return number

    def _is_divisor(self) -> bool:
        part = self._next()
        return isinstance(part, Fraction) or part == "("

    def _value(self) -> _Number:
        part = self._next()
        if part is None:
            _refuse("The expression ends where a number should follow.")
        self._at += 1
        if isinstance(part, Fraction):
            return _Number(part)
        if part == "(":
            number = self._sum()
            self._close()
            return number
        if part in _CONSTANTS:
            self.exact = self.exact and part not in {"pi", "e"}
            return _Number(_CONSTANTS[part])
        if part in LISTS:
            return _Number(self._of_several(part))
        if part in FUNCTIONS:
            return self._applied(part)
        _refuse(f"A number should stand where {part} is.")

    def _close(self) -> None:
        # A bracket that is still open at the end is closed there, as calculators do.
        if not self._take(")") and self._next() is not None:
            _refuse("A bracket is opened and not closed.")

    def _applied(self, name: str) -> _Number:
        self._take("of")
        start = self._at
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse("Too many functions stand inside each other.", "Work it out in parts.")
        value = self._power().value
        self._depth -= 1
        in_radians = "pi" in self._tokens[start : self._at]
        if name in _EXACTLY:
            return _Number(_EXACTLY[name](value))
        found = _root(value, 2 if name == "sqrt" else 3) if name in {"sqrt", "cbrt"} else None
        if found is not None:
            return _Number(found)
        result = _inexact(name, value, in_radians=in_radians)
        self.exact = False
        return _Number(result)

    def _of_several(self, name: str) -> Fraction:
        self._take("of")
        bracket = self._take("(")
        values = [self._sum().value]
        while self._take(",", ";"):
            values.append(self._sum().value)
        if bracket:
            self._close()
        match name:
            case "min":
                return min(values)
            case "max":
                return max(values)
            case "sum":
                return _bounded(sum(values, Fraction(0)))
            case _:
                return _bounded(sum(values, Fraction(0)) / len(values))

    def _raised(self, base: Fraction, exponent: Fraction) -> Fraction:
        if base == 0 and exponent < 0:
            _refuse("Zero to a negative power would be a division by zero, which has no result.")
        if exponent.denominator == 1:
            bits = max(base.numerator.bit_length(), base.denominator.bit_length())
            if base not in {0, 1, -1} and bits * abs(exponent) > _BIGGEST:
                _refuse(
                    f"{say_number(base)} to the power of {say_number(exponent)} has too many "
                    "figures.",
                    "Use a smaller power.",
                )
            # The sign alone matters for one and minus one, however large the power is.
            power = int(exponent) if abs(base) not in {0, 1} else int(exponent) % 2 + (exponent > 0)
            return base**power if base or power else Fraction(1)
        if base < 0:
            _refuse("A fractional power of a negative number is not a real number.")
        root = _root(base, exponent.denominator) if exponent.denominator <= 64 else None
        if root is not None:
            return self._raised(root, Fraction(exponent.numerator))
        self.exact = False
        return _power(base, exponent)


def _joined(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign in {"/", "mod"} and right == 0:
        _refuse("Dividing by zero has no result.", "Divide by another number.")
    match sign:
        case "/":
            return left / right
        case "mod":
            return left % right
        case "off":
            return right * (1 - left)
        case _:
            return left * right


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _BIGGEST:
        _refuse("The numbers on the way get too long.", "Use smaller ones.")
    return value


# ---------------------------------------------------------------- functions


def _round(value: Fraction) -> Fraction:
    # Halves go up, away from zero, as people round.
    whole = math.floor(abs(value) + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole)


_EXACTLY: Final[dict[str, Callable[[Fraction], Fraction]]] = {
    "abs": abs,
    "round": _round,
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
}


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        _refuse("A factorial takes a whole number that is not negative.")
    if value > _FACTORIAL:
        _refuse(
            f"The factorial of {say_number(value)} has too many figures.",
            f"Use at most {_FACTORIAL:,}.",
        )
    return Fraction(math.factorial(int(value)))


def _root(value: Fraction, degree: int) -> Fraction | None:
    """Return the root if it is a fraction, else None."""
    if value < 0:
        if degree % 2 == 0:
            _refuse("The root of a negative number is not a real number.")
        below = _root(-value, degree)
        return None if below is None else -below
    above, below_line = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    return None if above is None or below_line is None else Fraction(above, below_line)


def _whole_root(number: int, degree: int) -> int | None:
    if degree == 2:
        near = math.isqrt(number)
        return near if near * near == number else None
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**degree < number:
            low = middle + 1
        else:
            high = middle
    return low if low**degree == number else None


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    with localcontext(Context(prec=_PRECISE, Emax=10**6, Emin=-(10**6))) as context:
        context.clear_traps()
        found = _decimal(base) ** _decimal(exponent)
        if not found.is_finite() or abs(found.adjusted()) > _BIGGEST // 4:
            _refuse("The result has too many figures.", "Use a smaller power.")
        return Fraction(found)


def _inexact(name: str, value: Fraction, *, in_radians: bool) -> Fraction:
    with localcontext(Context(prec=_PRECISE)):
        if name in {"sqrt", "cbrt"}:
            size = _decimal(abs(value))
            found = size.sqrt() if name == "sqrt" else size ** (Decimal(1) / 3)
            return Fraction(found) * (-1 if value < 0 else 1)
        if name == "exp":
            if abs(value) > 5_000:
                _refuse("The result has too many figures.", "Use a smaller power.")
            return Fraction(_decimal(value).exp())
        if name in {"ln", "log", "log2"}:
            if value <= 0:
                _refuse("Only a number above zero has a logarithm.")
            base = {"ln": None, "log": 10, "log2": 2}[name]
            found = _decimal(value).ln()
            return Fraction(found / Decimal(base).ln() if base else found)
    return _angle(name, value, in_radians=in_radians)


def _angle(name: str, value: Fraction, *, in_radians: bool) -> Fraction:
    if name in {"asin", "acos", "atan"}:
        if name != "atan" and abs(value) > 1:
            _refuse(f"{name} takes a number from -1 to 1.")
        found = {"asin": math.asin, "acos": math.acos, "atan": math.atan}[name](_float(value))
        return Fraction(math.degrees(found)).limit_denominator(10**13)
    # Reduced before it becomes a float, so that a million turns change nothing.
    turn = 2 * _CONSTANTS["pi"] if in_radians else Fraction(360)
    part = value % turn
    radians = _float(part) if in_radians else math.radians(_float(part))
    if name == "tan" and abs(math.cos(radians)) < 1e-14:
        _refuse("The tangent of a right angle has no result.")
    found = {"sin": math.sin, "cos": math.cos, "tan": math.tan}[name](radians)
    return Fraction(round(found, 15))


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        _refuse("The number is too large for an angle.")
