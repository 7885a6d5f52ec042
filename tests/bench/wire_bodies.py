"""Is what arrives what was approved, to the byte? Many offers, sent all the way.

Each offer is made of random text (five alphabets, emoji, signs that JSON or HTTP could trip over,
private values, 1 byte to 100 kB), changed as a person changes it (replacements switched, parts left
out, words written anew, another provider), and sent by the real client, porter and courier to a
provider on loopback. Compared are the bytes of the body on its socket with those that were
approved, their hash, the hash that the ledger has, and the count of bytes that the ledger has with
what came over the socket. One in fifty is first changed after the yes, by a character or to another
address: so it must not be sent at all.

    PYTHONPATH=tests python tests/bench/wire_bodies.py --offers 10000 --seed 1

prints one line of JSON.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from homebody.base.errors import BadInput, CourierProblem
from homebody.base.paths import find_home
from homebody.courier.client import Courier, Porter
from homebody.messages.courier import Answered
from homebody.messages.offers import (
    AddReplacement,
    Offer,
    OfferChange,
    Rewrite,
    SwitchPart,
    SwitchProvider,
    SwitchReplacement,
)
from homebody.messages.providers import Provider
from homebody.privacy.ledger import entries, verify
from homebody.privacy.offers import change_offer, make_offer, text_of
from homebody.privacy.redaction import Redactor
from homebody.settings.providers import add_provider
from provider_server import ProviderServer

LANES = 2
LARGEST = 100_000
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz      ",
    "äöüßéèñçåøæłžğıİ ĳŉǆ",
    "абвгдежзий кλμνξοπ",
    "你好世界北京上海 こんにちは안녕",
    "שלום مرحبا \u200f\u202e\u202c",
    "🙂👩‍👩‍👧‍👦🇩🇪🏳️‍🌈 \U0001f9d1\U0001f3fd",
    "\"\\/\b\f\n\r\t{}[]:,\u0000\u001f\u007f\u0085\u2028\u2029\ufeff\ufffe\uffff<>&'%",
    "e\u0301o\u0308\u200b\u200d\u00ad\u2066",
    "\ud800\udfff x",  # halves of characters, as a file's name may hold them
)
PRIVATE = (
    "anna.muster@example.org", "+49 30 901820", "DE89 3704 0044 0532 0130 00", "192.168.17.4",
    "4111 1111 1111 1111", "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c", "/home/anna/taxes.ods",
    "[EMAIL_1]", "EMAIL_2", "[PHONE_1](http://a.example/[EMAIL_1])",
)  # fmt: skip


@dataclass
class Result:
    """What came out. All that is not a count of what was done has to be 0."""

    offers: int = 0
    identical: int = 0
    different: int = 0
    unlike_ledger: int = 0
    """Entries of the ledger with another hash of the body, or another count of bytes."""
    changed_after: int = 0
    """Offers that were changed after the yes."""
    changed_after_sent: int = 0
    faults: int = 0
    fault_kinds: list[str] = field(default_factory=list)
    changes: int = 0
    replaced: int = 0
    let_go: int = 0
    """Replacements that were switched off."""
    largest: int = 0
    bytes: int = 0
    chain_whole: bool = False
    seconds: float = 0.0
    seed: int = 0


def some_text(rng: random.Random) -> str:
    """Return words of any kind, of any size that is likely."""
    size = int(10 ** rng.uniform(0, rng.choice((1.5, 3, 3.5, 5))))
    pieces: list[str] = []
    have = 0
    while have < size:
        if rng.random() < 0.15:
            piece = f" {rng.choice(PRIVATE)} "
        else:
            letters = rng.choice(ALPHABETS)
            piece = "".join(rng.choices(letters, k=min(size - have, rng.randrange(1, 200))))
        pieces.append(piece)
        have += len(piece.encode("utf-8", "replace"))
    return "".join(pieces)[:LARGEST] or "x"


def some_change(offer: Offer, rng: random.Random, providers: list[Provider]) -> OfferChange:
    """Return something that a person could do to an offer."""
    kind = rng.randrange(5)
    text = text_of(offer)
    if kind == 0 and offer.replacements:
        return SwitchReplacement(rng.choice(offer.replacements).placeholder, rng.random() < 0.3)
    if kind == 1:
        return SwitchPart(rng.choice(offer.parts).name, rng.random() < 0.5)
    if kind == 2:
        at = rng.randrange(len(text) + 1)
        return Rewrite(text[:at] + some_text(rng)[:300] + text[at:])
    if kind == 3:
        return AddReplacement(value=rng.choice(text.split() or ["x"]), kind="PROJECT")
    return SwitchProvider(rng.choice(providers).name)


def approved(rng: random.Random, providers: list[Provider], result: Result) -> Offer:
    """Return an offer as somebody would say yes to it."""
    redactor = Redactor()
    parts = [("question", "Your question", some_text(rng), True)]
    for number in range(rng.choice((0, 0, 1, 2))):
        title = f"näme {number}.md"
        parts.append((f"file{number}", title, some_text(rng)[:20_000], rng.random() < 0.6))
    while True:
        try:
            offer = make_offer(
                rng.choice(providers), reason="asked", sentence="x", parts=parts, redactor=redactor
            )
            break
        except BadInput:  # it was all blanks
            parts[0] = ("question", "Your question", "x" + some_text(rng), True)
    for _ in range(rng.choice((0, 1, 2, 4))):
        try:
            offer = change_offer(
                offer,
                some_change(offer, rng, providers),
                redactor=redactor,
                vault=offer.replacements,
                providers=providers,
            )
            result.changes += 1
        except BadInput:
            continue  # it made no sense, and the offer is as it was
    result.replaced += sum(each.on for each in offer.replacements)
    result.let_go += sum(not each.on for each in offer.replacements)
    return offer


class Lane:
    """One provider, asked one question after another."""

    def __init__(self, name: str, courier: Courier, server: ProviderServer, seed: int) -> None:
        self._courier, self._server, self._rng = courier, server, random.Random(seed)
        self.port = server.port
        self.providers = [
            Provider(name=f"{name}-{model}", url=server.url, model=model, mine=True)
            for model in ("large-1", "größer/2:free")
        ]
        self.result = Result()
        self.sent: list[tuple[str, int]] = []
        """Hash of the body, and bytes of the whole request, as the socket saw them."""

    def run(self, offers: int) -> None:
        """Send so many."""
        for number in range(offers):
            offer = approved(self._rng, self.providers, self.result)
            try:
                if number % 50 == 49:
                    self._send_changed(offer)
                self._send(offer)
            except CourierProblem as problem:
                self._fault(f"{problem.kind}: {problem.message}")
            except Exception as error:  # noqa: BLE001  told as what it is
                self._fault(repr(error))

    def _fault(self, what: str) -> None:
        self.result.faults += 1
        self.result.fault_kinds = [*self.result.fault_kinds, what[:200]][:5]

    def _send(self, offer: Offer) -> None:
        *_, last = self._ask(offer)
        assert isinstance(last, Answered)
        (asked,) = self._server.requests
        self._server.requests.clear()
        body = offer.body.encode()
        same = asked.body == body and sha256(asked.body).hexdigest() == offer.sha256
        same = same and asked.json["messages"][-1]["content"] == text_of(offer)
        self.result.offers += 1
        self.result.identical += same
        self.result.different += not same
        self.result.largest = max(self.result.largest, len(body))
        self.result.bytes += len(body)
        self.result.unlike_ledger += last.bytes_out != len(asked.raw)
        self.sent.append((sha256(asked.body).hexdigest(), len(asked.raw)))

    def _send_changed(self, offer: Offer) -> None:
        """Change it behind the person's back; it has to stay here."""
        before = self._server.connections
        at = self._rng.randrange(len(offer.body))
        changed = self._rng.choice(
            (
                replace(offer, body=f"{offer.body[:at]}x{offer.body[at:]}"),
                replace(offer, body=offer.body + " "),
                replace(offer, sha256=sha256(b"else").hexdigest()),
                replace(offer, model="another"),
                replace(offer, url=f"{offer.url}/"),
                replace(offer, provider="nobody"),
            )
        )
        self.result.changed_after += 1
        try:
            for _ in self._ask(changed):
                pass
        except CourierProblem as problem:
            if problem.kind != "refused":
                self._fault(f"changed: {problem.kind}: {problem.message}")
        else:
            self.result.changed_after_sent += 1
        self.result.changed_after_sent += self._server.connections - before

    def _ask(self, offer: Offer) -> Iterator[object]:
        return self._courier.ask(
            offer.provider,
            url=offer.url,
            model=offer.model,
            body=offer.body,
            sha256=offer.sha256,
            agreed="said yes in the bench",
        )


def measure(offers: int, seed: int) -> Result:
    """Send so many offers, from the profile that HOMEBODY_HOME names."""
    home = find_home()
    total = Result(seed=seed)
    began = time.monotonic()
    porter = Porter()
    porter.start()
    courier = Courier(porter)
    with ProviderServer() as one, ProviderServer() as other:
        lanes = [Lane(f"p{at}", courier, each, seed + at) for at, each in enumerate((one, other))]
        for lane in lanes:
            for each in lane.providers:
                add_provider(home, each)
        threads = [threading.Thread(target=each.run, args=(offers // LANES,)) for each in lanes]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            courier.close()
            porter.close()
    listed = [each for each in entries(home.ledger) if each.purpose == "ask"]
    for lane in lanes:
        for name, value in asdict(lane.result).items():
            if isinstance(value, int) and name not in {"seed", "largest", "chain_whole"}:
                setattr(total, name, getattr(total, name) + value)
        total.largest = max(total.largest, lane.result.largest)
        total.fault_kinds += lane.result.fault_kinds
        written = [(one.body_sha256, one.bytes_out) for one in listed if one.port == lane.port]
        total.unlike_ledger += written != lane.sent
    report = verify(home.ledger, home.ledger_head)
    total.chain_whole = report.ok and not report.unfinished
    total.seconds = round(time.monotonic() - began, 1)
    return total


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--offers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    with tempfile.TemporaryDirectory(prefix="wire-bodies-") as folder:
        os.environ["HOMEBODY_HOME"] = str(Path(folder) / "home")
        result = measure(options.offers, options.seed)
    print(json.dumps(asdict(result), ensure_ascii=False))
    bad = result.different + result.unlike_ledger + result.changed_after_sent + result.faults
    return 1 if bad or not result.identical or not result.chain_whole else 0


if __name__ == "__main__":
    sys.exit(main())
