"""The words of arithmetic in five languages: what stands for a plus, a root, a percentage."""

from typing import Final

__all__ = ["FUNCTIONS", "LISTS", "SYMBOLS", "WORDS"]

FUNCTIONS: Final = frozenset(
    {"sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "ln", "log", "log2", "exp"}
    | {"abs", "round", "floor", "ceil"}
)
"""Of one value. Angles in degrees."""
LISTS: Final = frozenset({"min", "max", "average", "sum"})
"""Of several values."""

SYMBOLS: Final = {
    "×": "*",
    "·": "*",
    "∙": "*",
    "\u2217": "*",
    "÷": "/",
    ":": "/",
    "\u2236": "/",
    "\u2212": "-",
    "–": "-",
    "—": "-",
    "**": "^",
    "√": "sqrt",
    "π": "pi",
}
"""Signs, and what they stand for."""

WORDS: Final[dict[str, str]] = {
    word: symbol
    for symbol, words in {
        "+": "plus; added to; piu; mas",
        "-": "minus; less; menos; moins; meno; take away",
        "*": "times; x; multiplied by; mal; multipliziert mit; por; multiplicado por; fois; "
        "multiplie par; per; moltiplicato per",
        "/": "divided by; over; geteilt durch; dividiert durch; durch; entre; dividido por; "
        "dividido entre; divise par; sur; diviso; diviso per",
        "^": "to the power of; to the power; hoch; elevado a; elevado a la; a la; puissance; "
        "elevato a; elevato alla; alla; exposant",
        "mod": "mod; modulo; modulus",
        "%": "percent; per cent; prozent; por ciento; pour cent; per cento; pct; vh",
        "of": "of; of the; von; vom; de; del; de la; du; d; di; della",
        "off": "off",
        "!": "factorial; fakultat; factorielle; fattoriale",
        "squared": "squared; quadrat; zum quadrat; im quadrat; al cuadrado; au carre; al quadrato",
        "cubed": "cubed; al cubo; au cube; hoch drei",
        "sqrt": "sqrt; root; square root; the square root; wurzel; quadratwurzel; die wurzel; "
        "raiz; raiz cuadrada; la raiz cuadrada; racine; racine carree; la racine carree; radice; "
        "radice quadrata; la radice quadrata; wurzel aus; quadratwurzel aus; die wurzel aus",
        "cbrt": "cbrt; cube root; the cube root; kubikwurzel; raiz cubica; racine cubique; "
        "radice cubica",
        "sin": "sin; sine; sinus; seno; sen",
        "cos": "cos; cosine; kosinus; cosinus; coseno",
        "tan": "tan; tangent; tangens; tangente",
        "asin": "asin; arcsin",
        "acos": "acos; arccos",
        "atan": "atan; arctan",
        "ln": "ln; natural log",
        "log": "log; lg; logarithm",
        "exp": "exp",
        "abs": "abs; absolute value",
        "round": "round; rounded",
        "floor": "floor",
        "ceil": "ceil; ceiling",
        "average": "average; the average; avg; mean; durchschnitt; promedio; moyenne; media",
        "sum": "sum; the sum; summe; suma; somme; somma",
        "min": "min; minimum",
        "max": "max; maximum",
        "pi": "pi",
        "e": "e",
        "deg": "deg; degrees; grad; grados; degres; gradi",
        "k": "k",
        "million": "million; millions; millionen; mio; millon; millones; milione; milioni",
        "billion": "billion; billions; milliarde; milliarden; mrd; milliard; milliards; miliardo; "
        "miliardi",
        "": "what is; whats; what s; how much is; calculate; compute; was ist; wie viel ist; "
        "wieviel ist; was sind; cuanto es; cuantos son; combien font; combien fait; quanto fa; "
        "quanto e; equals; is; ist gleich; rechne; the; usd; eur; gbp; dollars; euros; euro",
    }.items()
    for word in words.split("; ")
}
"""Phrases, folded, and the symbol each stands for; an empty one means nothing and is left out."""
