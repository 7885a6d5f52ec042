"""Is every edit of the ledger found? Random ones, as somebody with an editor or a program makes.

Each begins with a whole ledger that Homebody wrote, and changes it or the note of where it ends:
bytes flipped, lines edited (also with their hashes made anew, one or all that follow), dropped,
doubled, swapped, moved, put in, cut off at the beginning, at the end and within a line, joined; the
file or the note emptied, removed, or put back as it was on an earlier day. In half of them Homebody
writes on before anybody looks. `verify` has to say of each that something is not as it was written.

Some change nothing that `verify` could go by, and stand apart, each as what it is: `like_a_crash`
(half a line added at the end, the note set back by one line: nothing that was there is lost, and a
note says so) and `together` (who may write both the ledger and the note can cut both back, or make
every hash anew: no file on the same disk can tell).

    python tests/torture/ledger_edits.py --edits 1000 --seed 1

prints one line of JSON.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from homebody.privacy.ledger import Ledger, verify

HASH = b',"hash":"'
Lines = list[bytes]


@dataclass
class Result:
    """What came out; `missed` has to be 0, and `together_found` is what it is."""

    edits: int = 0
    found: int = 0
    missed: int = 0
    missed_kinds: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    like_a_crash: int = 0
    like_a_crash_noted: int = 0
    together: int = 0
    together_found: int = 0
    false_alarms: int = 0
    """Ledgers that nobody had changed, and of which something was said."""
    seconds: float = 0.0
    seed: int = 0


def rehashed(line: bytes) -> bytes:
    """Give an edited line the hash of its new text."""
    text = line.split(HASH)[0] + b"}"
    return text[:-1] + HASH + sha256(text).hexdigest().encode() + b'"}\n'


def rechained(lines: Lines, begin: int) -> Lines:
    """Make all hashes anew from a line on, as somebody does who knows how."""
    made = lines[:begin]
    for line in lines[begin:]:
        said = json.loads(line)
        before = made[-1].split(HASH)[1][:64].decode() if made else "0" * 64
        made.append(rehashed(line.replace(said["before"].encode(), before.encode(), 1)))
    return made


def edited(line: bytes, rng: random.Random) -> bytes:
    """Change what a line says, so that it stays a line."""
    old, new = rng.choice(
        [(b'"type":"opened"', b'"type":"mended"'), (b"hub", b"bad"), (b"20", b"21"), (b"1", b"2")]
    )
    changed = line.replace(old, new)
    return changed if changed != line else line.replace(b'"n":', b'"n": ')


# ---------------------------------------------------------------- edits of the lines


def flipped(lines: Lines, rng: random.Random) -> Lines:
    data = bytearray(b"".join(lines))
    for _ in range(rng.choice((1, 1, 2, 30))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return [bytes(data)]


def overwritten(lines: Lines, rng: random.Random) -> Lines:
    data = bytearray(b"".join(lines))
    at = rng.randrange(len(data))
    data[at : at + 20] = rng.randbytes(20)
    return [bytes(data)]


def put_in_bytes(lines: Lines, rng: random.Random) -> Lines:
    data = b"".join(lines)
    at = rng.randrange(len(data))
    return [data[:at], rng.choice([b" ", b"x", b"\n", b"\0", rng.randbytes(9)]), data[at:]]


def taken_bytes(lines: Lines, rng: random.Random) -> Lines:
    data = b"".join(lines)
    at = rng.randrange(len(data))
    return [data[:at], data[at + rng.randrange(1, 40) :]]


def cut_within(lines: Lines, rng: random.Random) -> Lines:
    data = b"".join(lines)
    return [data[: rng.randrange(len(data))]]


def changed(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    return [*lines[:at], edited(lines[at], rng), *lines[at + 1 :]]


def changed_with_its_hash(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    return [*lines[:at], rehashed(edited(lines[at], rng)), *lines[at + 1 :]]


def changed_with_all_hashes(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    changed = [*lines[:at], rehashed(edited(lines[at], rng)), *lines[at + 1 :]]
    return rechained(changed, at + 1)


def dropped(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + rng.randrange(1, 4) :]


def dropped_with_all_hashes(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines) - 1)
    return rechained(lines[:at] + lines[at + 1 :], at)


def doubled(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    return [*lines[:at], lines[at], *lines[at:]]


def swapped(lines: Lines, rng: random.Random) -> Lines:
    one, other = rng.sample(range(len(lines)), 2)
    made = list(lines)
    made[one], made[other] = made[other], made[one]
    return made


def moved(lines: Lines, rng: random.Random) -> Lines:
    made = list(lines)
    line = made.pop(rng.randrange(len(made) - 1))
    made.append(line)
    return made


def cut_head(lines: Lines, rng: random.Random) -> Lines:
    return lines[rng.randrange(1, len(lines)) :]


def cut_tail(lines: Lines, rng: random.Random) -> Lines:
    return lines[: -rng.randrange(1, len(lines))]


def added(lines: Lines, rng: random.Random) -> Lines:
    """Put lines behind the last one, in a chain that is right: two or more: one is a crash."""
    made = list(lines)
    for _ in range(rng.randrange(2, 5)):
        last = json.loads(made[-1])
        text = f'{{"type":"mended","n":{last["n"] + 1},"before":"{last["hash"]}","what":"x"'
        made.append(rehashed(text.encode() + HASH))
    return made


def foreign(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines))
    line = rng.choice([b"{}\n", b"[]\n", b"\n", b"\xff\xfe\n", b"garbage\n", b"x" * 70_000 + b"\n"])
    return [*lines[:at], line, *lines[at:]]


def joined(lines: Lines, rng: random.Random) -> Lines:
    at = rng.randrange(len(lines) - 1)
    return [*lines[:at], lines[at].rstrip(b"\n"), *lines[at + 1 :]]


def emptied(_lines: Lines, _rng: random.Random) -> Lines:
    return []


def other_ends(lines: Lines, _rng: random.Random) -> Lines:
    """As an editor on Windows would save it."""
    return [line.replace(b"\n", b"\r\n") for line in lines]


OF_LINES: tuple[Callable[[Lines, random.Random], Lines], ...] = (
    *(flipped, flipped, overwritten, put_in_bytes, taken_bytes, cut_within),
    *(changed, changed_with_its_hash, changed_with_all_hashes),
    *(dropped, dropped_with_all_hashes, doubled, swapped, moved, cut_head, cut_tail, added),
    *(foreign, joined, emptied, other_ends),
)

# ---------------------------------------------------------------- edits of the files


@dataclass
class Book:
    """A ledger that Homebody wrote, as it was after each line."""

    path: Path
    head: Path
    states: list[tuple[bytes, bytes]] = field(default_factory=list)

    def write(self, rng: random.Random, connections: int) -> None:
        """Write on, and remember how both files were after each line."""
        ledger = Ledger(self.path, self.head)
        for _ in range(connections):
            number = ledger.opened(
                purpose=rng.choice(("search", "ask", "download")),
                agreed=rng.choice(('pressed "Send"', "homebody models get", "ünïcödé")),
                method="POST",
                host="hub.example",
                port=443,
                path="/v1/chat/completions",
                address="93.184.215.14",
                proxy=None,
            )
            self._remember()
            ledger.closed(
                number,
                bytes_out=rng.randrange(100_000),
                bytes_in=rng.randrange(100_000),
                body_sha256=rng.choice((None, rng.randbytes(32).hex())),
                status=200,
                problem="",
            )
            self._remember()

    def _remember(self) -> None:
        self.states.append((self.path.read_bytes(), self.head.read_bytes()))

    def lines(self) -> Lines:
        return self.path.read_bytes().splitlines(keepends=True)

    def put_back(self) -> None:
        """Make it again as Homebody left it."""
        whole, head = self.states[-1]
        self.path.write_bytes(whole)
        self.head.write_bytes(head)
        for each in self.path.parent.glob("*.half-*"):
            each.unlink()


def edit_lines(book: Book, rng: random.Random) -> str:
    """Change lines until it is a change; return what kind."""
    whole = book.path.read_bytes()
    edit = rng.choice(OF_LINES)
    while b"".join(edit_once := edit(book.lines(), rng)) == whole:
        pass
    book.path.write_bytes(b"".join(edit_once))
    return edit.__name__


def old_lines(book: Book, rng: random.Random) -> str:
    """Put the ledger of an earlier day in the place of today's."""
    book.path.write_bytes(rng.choice(book.states[:-1])[0])
    return "the file of an earlier day"


def old_head(book: Book, rng: random.Random) -> str:
    """Put a note of an earlier day in the place of today's; two lines back or more."""
    book.head.write_bytes(rng.choice(book.states[:-2])[1])
    return "the note of an earlier day"


def no_file(book: Book, _rng: random.Random) -> str:
    book.path.unlink()
    return "no file"


def no_head(book: Book, _rng: random.Random) -> str:
    book.head.unlink()
    return "no note"


def false_head(book: Book, rng: random.Random) -> str:
    """Let the note say something else."""
    said = json.loads(book.head.read_bytes())
    count, told = said["count"], said["hash"]
    other = rng.choice(
        [
            {"count": count + rng.randrange(1, 9), "hash": told},
            {"count": count - rng.randrange(2, 5), "hash": told},
            {"count": count, "hash": rng.randbytes(32).hex()},
            {"count": -1, "hash": ""},
            {},
            [],
        ]
    )
    book.head.write_bytes(rng.choice([json.dumps(other).encode(), rng.randbytes(40), b""]))
    return "a false note"


OF_FILES = (old_lines, old_head, no_file, no_head, false_head)


def torture(folder: Path, *, edits: int, seed: int, connections: int = 8) -> Result:
    """Edit a ledger in `folder` again and again."""
    rng = random.Random(seed)
    result = Result(edits=edits, seed=seed)
    began = time.monotonic()
    book = Book(folder / "ledger.jsonl", folder / "elsewhere" / "ledger.head")
    book.write(rng, connections)
    kinds: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for _ in range(edits):
        book.put_back()
        kind = (edit_lines if rng.random() < 0.85 else rng.choice(OF_FILES))(book, rng)
        goes_on = rng.random() < 0.5
        if goes_on:
            Book(book.path, book.head).write(rng, 1)
        kinds[kind] += 1
        if verify(book.path, book.head).ok:
            missed[f"{kind}{', written on' if goes_on else ''}"] += 1
    result.kinds = dict(sorted(kinds.items()))
    result.missed, result.missed_kinds = missed.total(), sorted(missed)
    result.found = edits - result.missed
    stand_apart(book, rng, result, max(10, edits // 50))
    result.seconds = round(time.monotonic() - began, 1)
    return result


def stand_apart(book: Book, rng: random.Random, result: Result, times: int) -> None:
    """Do what is no damage, and what cannot be found."""
    for _ in range(times):
        book.put_back()
        result.false_alarms += not verify(book.path, book.head).ok
        if rng.random() < 0.5:
            line = rng.choice(book.lines())
            with book.path.open("ab") as stream:
                stream.write(line[: rng.randrange(1, len(line) - 1)])
        else:
            book.head.write_bytes(book.states[-2][1])
        report = verify(book.path, book.head)
        result.like_a_crash += 1
        result.like_a_crash_noted += report.ok and bool(report.notes)
        book.put_back()
        if rng.random() < 0.5:
            whole, head = rng.choice(book.states[:-1])
            book.path.write_bytes(whole)
            book.head.write_bytes(head)
        else:
            lines = book.lines()
            at = rng.randrange(len(lines))
            lines[at] = edited(lines[at], rng)
            lines = rechained(lines, at)
            book.path.write_bytes(b"".join(lines))
            last = lines[-1].split(HASH)[1][:64].decode()
            book.head.write_text(json.dumps({"count": len(lines), "hash": last}))
        result.together += 1
        result.together_found += not verify(book.path, book.head).ok


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ledger-edits-") as folder:
        result = torture(Path(folder), edits=options.edits, seed=options.seed)
    print(json.dumps(asdict(result)))
    good = result.like_a_crash_noted == result.like_a_crash and not result.false_alarms
    return 0 if good and not result.missed else 1


if __name__ == "__main__":
    sys.exit(main())
