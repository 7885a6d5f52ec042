"""Made-up private values in sentences, tables, code and logs; and texts with nothing private.

Numbers have right checksums and belong to nobody: they come from ranges kept for films and tests,
or are drawn at random. The sentences were written apart from the detectors.
"""

import itertools
import random
import string
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stdnum import luhn
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale

HERE = Path(__file__).parent / "canaries"
SENTENCES = tomllib.loads((HERE / "sentences.toml").read_text("utf-8"))
LANGUAGES = ("en", "de", "fr", "es", "it")
SHAPES = ("prose", "table", "code", "log")
KINDS = tuple(SENTENCES["en"])

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
}


@dataclass(frozen=True)
class Case:
    """A text, and what in it is private; clean where nothing is."""

    kind: str
    language: str
    shape: str
    text: str
    private: tuple[str, ...] = ()


class Draw:
    """Draws values. The same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def digits(self, count: int) -> str:
        return "".join(self.random.choices(string.digits, k=count))

    def letters(self, count: int, of: str = string.ascii_uppercase) -> str:
        return "".join(self.random.choices(of, k=count))

    def one(self, *of: str) -> str:
        return self.random.choice(of)

    def value(self, kind: str, language: str, shape: str) -> str:
        draw: Callable[[str, str], str] = getattr(self, f"_{kind.lower()}")
        return draw(language, shape)

    def _email(self, _language: str, _shape: str) -> str:
        name = self.one(
            "ada", "bob.smith", "jürgen", "m.garcia", "o'neill", "lena_k", "x", "info+tag"
        )
        name += self.one("", self.digits(2), f".{self.letters(5, string.ascii_lowercase)}")
        host = self.one(
            "example.org",
            "mail.example.com",
            "example.co.uk",
            "firma-beispiel.de",
            "ejemplo.es",
            "EXAMPLE.NET",
            "sub.dom.example.io",
            "posta.example.it",
        )
        return f"{name}@{host}"

    def _phone(self, language: str, shape: str) -> str:
        told = shape != "prose"
        d = self.digits
        forms = {
            "en": [
                f"020 7946 0{d(3)}",
                f"+44 20 7946 0{d(3)}",
                f"07700 900{d(3)}",
                f"+44 7700 900{d(3)}",
                f"01632 960{d(3)}",
                f"(212) 555-01{d(2)}",
                f"212-555-01{d(2)}",
                f"+1 212 555 01{d(2)}",
                f"+1-415-555-01{d(2)}",
                f"415.555.01{d(2)}",
                f"1-800-555-01{d(2)}",
                f"+44 (0)20 7946 0{d(3)}",
            ],
            "de": [
                f"030 23125 {d(3)}",
                f"030/23125{d(3)}",
                f"030-23125-{d(3)}",
                f"(030) 23125{d(3)}",
                f"+49 30 23125{d(3)}",
                f"+49 (0)30 23125-{d(3)}",
                f"0049 30 23125{d(3)}",
                f"0171 39200{d(2)}",
                f"0171/39200{d(2)}",
                f"+49171 39200{d(2)}",
                f"089 99998-{d(3)}",
                f"+43 1 5321{d(4)}",
                f"+41 44 668 {d(2)} {d(2)}",
            ],
            "fr": [
                f"01 99 00 {d(2)} {d(2)}",
                f"06 39 98 {d(2)} {d(2)}",
                f"06.39.98.{d(2)}.{d(2)}",
                f"06-39-98-{d(2)}-{d(2)}",
                f"+33 6 39 98 {d(2)} {d(2)}",
                f"+33 (0)1 99 00 {d(2)} {d(2)}",
                f"0033 6 39 98 {d(2)} {d(2)}",
                f"+33639 98{d(4)}",
            ],
            "es": [
                f"612 34 {d(2)} {d(2)}",
                f"+34 612 34 {d(2)} {d(2)}",
                f"+34 612 345 {d(3)}",
                f"91 {d(3)} {d(2)} {d(2)}",
                f"0034 612 345 {d(3)}",
                f"612-345-{d(3)}",
                f"+34612345{d(3)}",
            ],
            "it": [
                f"347 123{d(4)}",
                f"+39 347 123 {d(4)}",
                f"06 4{d(3)} {d(4)}",
                f"+39 06 4{d(7)}",
                f"02 8{d(7)}",
                f"0039 347 123{d(4)}",
                f"340-555{d(4)}",
                f"347 12 34 {d(3)}",
            ],
        }[language]
        # Without blanks a word has to tell: every frame but some sentences has one.
        forms += (
            [
                {
                    "en": f"07700900{d(3)}",
                    "de": f"017139200{d(2)}",
                    "fr": f"063998{d(4)}",
                    "es": f"612345{d(3)}",
                    "it": f"347123{d(4)}",
                }[language]
            ]
            if told
            else []
        )
        return self.one(*forms)

    def _iban(self, language: str, _shape: str) -> str:
        country = self.one(
            *{
                "en": ("GB", "IE"),
                "de": ("DE", "AT", "CH"),
                "fr": ("FR", "BE"),
                "es": ("ES",),
                "it": ("IT",),
            }[language]
        )
        bban = {
            "GB": "NWBK" + self.digits(14),
            "IE": "AIBK" + self.digits(14),
            "DE": self.digits(18),
            "AT": self.digits(16),
            "CH": self.digits(17),
            "FR": self.digits(23),
            "BE": self.digits(12),
            "ES": self.digits(20),
            "IT": self.letters(1) + self.digits(22),
        }[country]
        number = int("".join(str(int(each, 36)) for each in f"{bban}{country}00"))
        iban = f"{country}{98 - number % 97:02d}{bban}"
        grouped = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
        return self.one(iban, grouped, grouped, iban.lower())

    def _card(self, _language: str, _shape: str) -> str:
        begin, length = self.random.choice(
            [
                ("400000", 16),
                ("411111", 16),
                ("555555", 16),
                ("222300", 16),
                ("378282", 15),
                ("601111", 16),
                ("353011", 16),
                ("305693", 14),
            ]
        )
        body = begin + self.digits(length - 1 - len(begin))
        card = body + luhn.calc_check_digit(body)
        groups = (
            [card[:4], card[4:10], card[10:]]
            if length < 16
            else [card[at : at + 4] for at in range(0, 16, 4)]
        )
        return self.one(card, " ".join(groups), "-".join(groups))

    def _id(self, language: str, _shape: str) -> str:
        d = self.digits
        if language == "en":
            return self.one(
                f"9{d(2)}-{self.random.randint(10, 99)}-{d(4)}",
                f"666-{self.random.randint(10, 99)}-{d(4)}",
                f"QQ {d(2)} {d(2)} {d(2)} {self.one(*'ABCD')}",
                f"QQ{d(6)}C",
            )
        if language == "de":
            if self.random.random() < 0.3:
                day, month = self.random.randint(10, 28), self.random.randint(1, 12)
                return f"{d(2)}{day}{month:02d}{d(2)}{self.letters(1)}{d(3)}"
            body = self.one("1234567892", "9876543212", "1029384757", "5647382911", "8675309421")
            number = body + idnr.mod_11_10.calc_check_digit(body)
            return self.one(number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}")
        if language == "fr":
            month, place = self.random.randint(1, 12), self.random.randint(10, 95)
            commune, number = self.random.randint(1, 989), self.random.randint(1, 999)
            body = f"{self.one('1', '2')}{d(2)}{month:02d}{place}{commune:03d}{number:03d}"
            whole = body + nir.calc_check_digits(body)
            cuts = (0, 1, 3, 5, 7, 10, 13, 15)
            groups = [whole[at:end] for at, end in itertools.pairwise(cuts)]
            return self.one(whole, " ".join(groups))
        if language == "es":
            body = d(8)
            foreign = self.one("X", "Y", "Z") + d(7)
            number = self.one(
                body + dni.calc_check_digit(body), foreign + nie.calc_check_digit(foreign)
            )
            return self.one(number, f"{number[:-1]}-{number[-1]}")
        consonants = "BCDFGHLMNPRST"
        day, town = self.random.randint(1, 28), self.random.randint(100, 999)
        month, region = self.one(*"ABCDEHLMPRST"), self.letters(1, "FHL")
        body = f"{self.letters(6, consonants)}{d(2)}{month}{day:02d}{region}{town}"
        number = body + codicefiscale.calc_check_digit(body)
        return self.one(number, number, number.lower())

    def _ip(self, _language: str, _shape: str) -> str:
        def n() -> str:
            return str(self.random.randint(11, 250))

        def h() -> str:
            return f"{self.random.randint(0x100, 0xFFFF):x}"

        return self.one(
            f"192.168.{n()}.{n()}",
            f"10.{n()}.{n()}.{n()}",
            f"203.0.113.{n()}",
            f"198.51.100.{n()}",
            f"172.16.{n()}.{n()}",
            f"2001:db8:{h()}::{h()}",
            f"fe80::{h()}:{h()}:{h()}:{h()}",
            f"2001:db8:{h()}:{h()}:{h()}:{h()}:{h()}:{h()}",
        )

    def _mac(self, _language: str, _shape: str) -> str:
        pairs = [f"{self.random.randint(0, 255):02x}" for _ in range(6)]
        pairs[0] = "02"
        joined = self.one(":", "-").join(pairs)
        return self.one(joined, joined.upper(), "{}{}.{}{}.{}{}".format(*pairs))

    def _url(self, _language: str, _shape: str) -> str:
        word = self.letters(10, string.ascii_letters + string.digits)
        return self.one(
            f"https://ada:{word}@git.example.org/p.git",
            f"postgres://app:{word}@db.example.org:5432/main",
            f"mongodb+srv://u:{word}@c0.example.net/x",
            f"redis://:{word}@10.0.0.{self.random.randint(11, 99)}:6379/0",
            f"https://example.org/api?token={word}9&x=1",
            f"https://example.org/reset?code={word}7",
            f"ftp://bob:{word}@files.example.org/pub/a.txt",
            f"https://example.org/f?api_key={word}{word}1",
        )

    def _secret(self, _language: str, _shape: str) -> str:
        alnum = string.ascii_letters + string.digits

        def a(n: int) -> str:
            return self.letters(n - 2, alnum) + "7x"

        return self.one(
            "AKIA" + self.letters(16, string.ascii_uppercase + "234567"),
            "ghp_" + a(36),
            "github_pat_" + a(60),
            "glpat-" + a(20),
            f"xoxb-{self.digits(11)}-{self.digits(11)}-{a(24)}",
            "sk_live_" + a(24),
            "sk-proj-" + a(40),
            "sk-ant-api03-" + a(60),
            "sk-" + a(48),
            "AIza" + a(35),
            f"eyJhbGciOiJIUzI1NiJ9.{a(40)}.{a(43)}",
            "npm_" + a(36),
            "pypi-AgEIcHlwaS5vcmc" + a(60),
            "hf_" + a(34),
            f"SG.{a(22)}.{a(43)}",
            f"{self.digits(10)}:AA{a(33)}",
            "dop_v1_" + self.letters(64, "0123456789abcdef"),
            "gsk_" + a(52),
        )

    def _password(self, _language: str, shape: str) -> str:
        word = self.letters(self.random.randint(4, 8), string.ascii_letters)
        sign = (
            self.one("!", "#", "_", "-", "&", "+", "=", "%")
            if shape in {"prose", "table"}
            else self.one("!", "-", "_", "+")
        )
        return self.one(
            f"{word}{sign}{self.digits(2)}",
            f"{self.digits(2)}{word}",
            f"{word}{self.digits(3)}{word[:2]}",
            f"correct{sign}{word}{sign}{self.digits(1)}",
            f"{word}{self.digits(4)}",
        )

    def _path(self, language: str, shape: str) -> str:
        user = self.one("ada", "bob.smith", "jgarcia", "lena", "o.rossi", "mueller", "user42")
        paths = [
            f"/home/{user}/notes/tax.txt",
            f"/home/{user}/.ssh/config",
            f"/Users/{user}/Documents/plan.md",
            f"/home/{user}",
            f"C:\\Users\\{user}\\Desktop\\list.xlsx",
            f"C:/Users/{user}/AppData/x.log",
            f"D:\\Users\\{user}\\a b\\c.txt" if shape == "prose" else f"C:\\Users\\{user}\\c.txt",
            f"/mnt/home/{user}/x.csv",
            f"file:///home/{user}/a.html",
        ]
        return self.one(*paths)

    def _coordinates(self, _language: str, _shape: str) -> str:
        lat, lon = self.random.uniform(36, 59), self.random.uniform(2, 19)

        def deg(value: float) -> str:
            return f"{int(value)}°{int(value * 60 % 60):02d}'{int(value * 3600 % 60):02d}\""

        forms = [f"{lat:.5f}, {lon:.5f}", f"{lat:.6f},{lon:.6f}", f"{lat:.4f}, -{lon:.4f}"]
        if _shape in {"prose", "log"}:
            forms += [f"{deg(lat)}N {deg(lon)}E", f"{lat:.4f}° N, {lon:.4f}° E"]
        return self.one(*forms)

    def _birthday(self, language: str, _shape: str) -> str:
        day, month, year = (
            self.random.randint(1, 28),
            self.random.randint(1, 12),
            self.random.randint(1930, 2019),
        )
        name = MONTHS[language].split()[month - 1]
        words = {
            "en": self.one(
                f"{day} {name} {year}", f"{name} {day}, {year}", f"{day}th {name} {year}"
            ),
            "de": f"{day}. {name} {year}",
            "fr": f"{day} {name} {year}",
            "es": f"{day} de {name} de {year}",
            "it": f"{day} {name} {year}",
        }[language]
        return self.one(
            f"{year}-{month:02d}-{day:02d}",
            f"{day:02d}.{month:02d}.{year}"
            if language == "de"
            else f"{day:02d}/{month:02d}/{year}",
            words,
            f"{day}.{month}.{year % 100:02d}" if language == "de" else f"{day}/{month}/{year}",
        )


NAMES = ("Ana", "Bob", "Cleo", "Dan", "Eva")


def private_cases(each: int, seed: int = 6) -> Iterator[Case]:
    """Yield `each` cases for every kind, language and shape."""
    draw = Draw(seed)
    for kind in KINDS:
        for place, language in enumerate(LANGUAGES):
            for shape in SHAPES:
                for number in range(each):
                    yield _case(draw, kind, language, place, shape, number)


def _case(draw: Draw, kind: str, language: str, place: int, shape: str, number: int) -> Case:
    if shape == "table":
        values = tuple(draw.value(kind, language, shape) for _ in range(3))
        head = SENTENCES["heads"][kind][place]
        return Case(kind, language, shape, _table(number, head, values), values)
    frames = SENTENCES[language if shape == "prose" else shape][kind]
    value = draw.value(kind, language, shape)
    text = frames[number % len(frames)].format(x=value)
    around = draw.one("", "Hi there.\n", "1. ", "> ") if shape == "prose" else ""
    return Case(kind, language, shape, f"{around}{text}\n", (value,))


def _table(number: int, head: str, values: tuple[str, ...]) -> str:
    rows = [
        ("Name", head, "n"),
        *((name, value, "3") for name, value in zip(NAMES, values, strict=False)),
    ]
    if number % 3 == 0:
        lines = [f"| {' | '.join(row)} |" for row in rows]
        lines.insert(1, "|---|---|---|")
        return "\n".join(lines) + "\n"
    if number % 3 == 1:
        return "\n".join("\t".join(row) for row in rows) + "\n"
    quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]
    return "\n".join(";".join(row) for row in quoted) + "\n"


def handwritten(name: str) -> Iterator[Case]:
    """Yield the cases of a file: blocks between lines of `----`, private things in ⟦…⟧."""
    for block in (HERE / name).read_text("utf-8").split("\n----\n"):
        first, _, text = block.strip("\n").partition("\n")
        kind, language, shape = first.removeprefix("## ").split()
        pieces, private = [], []
        for at, piece in enumerate(text.replace("⟧", "⟦").split("⟦")):
            pieces.append(piece)
            if at % 2:
                private.append(piece)
        yield Case(kind, language, shape, "".join(pieces), tuple(private))


CLEAN = {
    "prose": {
        "en": [
            "Order {order} ships on {date} for {price}.",
            "The book (ISBN {isbn}) costs {price}.",
            "Version {version} fixes the bug since {commit}.",
            "Meet me at {time} on {date}, room {room}.",
            "The colour is {colour}, about {number} pixels wide.",
            "Chapter {version} has {number} pages.",
            "He died in 1889, and the house was sold for {price} in {year}.",
            "Invoice number: {order}, total {price}",
            "The password is too short and was rejected.",
            "Tokens: {number} of {number}.",
        ],
        "de": [
            "Bestellung {order} kommt am {date} und kostet {price}.",
            "Das Buch (ISBN {isbn}) hat {number} Seiten.",
            "Version {version} behebt den Fehler seit {commit}.",
            "Treffen um {time} am {date}, Raum {room}.",
            "Rechnungsnummer: {order}, Betrag {price}",
            "Artikelnummer {order}, Farbe {colour}.",
            "Das Passwort ist zu kurz und wurde abgelehnt.",
            "Kapitel {version} beginnt auf Seite {room}.",
        ],
        "fr": [
            "La commande {order} part le {date} pour {price}.",
            "Le livre (ISBN {isbn}) compte {number} pages.",
            "La version {version} corrige l'erreur depuis {commit}.",
            "Rendez-vous à {time} le {date}, salle {room}.",
            "Facture numéro {order}, total {price}",
            "La couleur {colour} me plaît.",
            "Le mot de passe est trop court.",
        ],
        "es": [
            "El pedido {order} sale el {date} y cuesta {price}.",
            "El libro (ISBN {isbn}) tiene {number} páginas.",
            "La versión {version} arregla el fallo desde {commit}.",
            "Quedamos a las {time} el {date}, sala {room}.",
            "Factura número {order}, total {price}",
            "El color {colour} me gusta.",
            "La contraseña es demasiado corta.",
        ],
        "it": [
            "L'ordine {order} parte il {date} e costa {price}.",
            "Il libro (ISBN {isbn}) ha {number} pagine.",
            "La versione {version} corregge l'errore da {commit}.",
            "Ci vediamo alle {time} il {date}, sala {room}.",
            "Fattura numero {order}, totale {price}",
            "Il colore {colour} mi piace.",
            "La password è troppo corta.",
        ],
    },
    "table": [
        "| Order | Date | Price |\n|---|---|---|\n| {order} | {date} | {price} |\n"
        "| {order} | {date} | {price} |",
        "sku;count;size\n{order};{number};{number}\n{order};{number};{number}",
        "id\tversion\tsha\n{uuid}\t{version}\t{commit}\n{uuid}\t{version}\t{commit}",
        "x,y,z\n{float},{float},{float}\n{float},{float},{float}",
    ],
    "code": [
        'VERSION = "{version}"  # {date}',
        "def area(w: float = {float}) -> float:\n    return w * {number}",
        "git checkout {commit}",
        "color: {colour}; width: {room}px;",
        'id = UUID("{uuid}")',
        'server.listen("127.0.0.1", {room})',
        "bind 0.0.0.0:{room}",
        'password = os.environ["DB_PASSWORD"]',
        "token = get_token()",
        '{{"type": "object", "properties": {{"password": {{"type": "string"}}}}}}',
        "def login(user: str, password: str) -> bool:",
        "api_key: ${{API_KEY}}",
        'path = "/usr/local/lib/python3.11/site-packages/x.py"',
        'img src="data:image/png;base64,{base64}"',
        "assert total == {float}",
        "for i in range({number}): print(i, {float})",
        "sha256:{sha}",
        "numpy=={version}",
        "max_tokens={number}, pad_token_id={room}",
        "weights = [{float}, {float}, {float}]",
        "docker run -p {room}:{room} image@sha256:{sha}",
        "input[type=password] {{ color: {colour}; }}",
    ],
    "log": [
        "2026-11-02 {time}:17 INFO request {uuid} took {room} ms",
        "[{date} {time}] build {order} passed in {float} s",
        "GET /home/index.html 200 {number}",
        "commit {commit} (HEAD -> main)",
        "listening on 127.0.0.1:{room}",
        "epoch {order} loss {float} lr {float}",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
        "Safari/537.36",
        "wrote /var/log/app/{uuid}.log ({number} bytes)",
        "prompt tokens: {number}, generated tokens: {room}",
        "PID {room} exited with status {room}",
        "ts={stamp} level=info msg=started",
    ],
}


class Harmless(Draw):
    """Draws what looks like something private and is not."""

    def clean(self, language: str) -> dict[str, str]:
        r = self.random
        day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1990, 2030)
        amount = f"{r.randint(1, 9999):,}.{r.randint(0, 99):02d}"
        return {
            "order": self.one(
                self.digits(8),
                f"A-{self.digits(6)}",
                self.digits(10),
                f"2026-{self.digits(6)}",
                f"#{self.digits(7)}",
                self.digits(12),
                f"{self.digits(3)}-{self.digits(7)}-{self.digits(7)}",
                f"PO{self.digits(9)}",
            ),
            "date": self.one(
                f"{year}-{month:02d}-{day:02d}",
                f"{day:02d}.{month:02d}.{year}",
                f"{day}/{month}/{year}",
            ),
            "price": self.one(
                f"{amount} EUR",
                f"€{amount}",
                f"{amount.translate(str.maketrans(',.', '.,'))} €",
                f"${amount}",
                f"{r.randint(100, 999)} {r.randint(100, 999)} €",
            ),
            "isbn": self.one(
                f"978-3-{self.digits(3)}-{self.digits(5)}-{self.digits(1)}",
                f"978{self.digits(10)}",
                f"0-306-{self.digits(5)}-X",
            ),
            "version": self.one(
                f"{r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 30)}",
                f"{r.randint(1, 9)}.{r.randint(0, 9)}.{r.randint(0, 9)}.{r.randint(0, 9)}",
                f"v{r.randint(1, 99)}.{r.randint(0, 9)}-rc1",
            ),
            "commit": self.one(
                self.letters(40, "0123456789abcdef"), self.letters(7, "0123456789abcdef")
            ),
            "sha": self.letters(64, "0123456789abcdef"),
            "uuid": "-".join(self.letters(n, "0123456789abcdef") for n in (8, 4, 4, 4, 12)),
            "time": f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}",
            "room": str(r.randint(10, 9999)),
            "number": self.one(f"{r.randint(1000, 9999999):,}", str(r.randint(1000, 9999999))),
            "colour": f"#{self.letters(6, '0123456789abcdef')}",
            "float": f"{r.uniform(-1, 1):.{r.randint(2, 16)}f}",
            "year": str(year),
            "stamp": self.one(
                str(r.randint(1_600_000_000, 1_800_000_000)),
                str(r.randint(1_600_000_000_000, 1_800_000_000_000)),
                str(r.randint(1_600_000_000_000_000, 1_800_000_000_000_000)),
            ),
            "base64": self.letters(400, string.ascii_letters + string.digits + "+/") + "==",
        }


def clean_cases(each: int, seed: int = 7) -> Iterator[Case]:
    """Yield `each` texts for every language and shape, with nothing private in them."""
    draw = Harmless(seed)
    for language in LANGUAGES:
        for shape in SHAPES:
            frames = CLEAN["prose"][language] if shape == "prose" else CLEAN[shape]
            for number in range(each):
                text = frames[number % len(frames)].format(**draw.clean(language))
                yield Case("clean", language, shape, f"{text}\n")
