"""`homebody ledger list|verify`: what ever left this machine, and whether that list is whole."""

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace

from homebody.base.paths import Home
from homebody.cli.terminal import harmless, to_json
from homebody.messages.ledger import LedgerEntry, LedgerReport, VerifyReport
from homebody.privacy.ledger import entries, verify

__all__ = ["ledger"]


def ledger(home: Home, options: SimpleNamespace) -> int:
    """Print the ledger, or what is wrong with it. Returns 1 only where something is wrong."""
    if options.action == "verify":
        return _verify(home, as_json=options.json)
    connections = tuple(entries(home.ledger))
    report = LedgerReport(
        path=str(home.ledger),
        bytes_out=sum(entry.bytes_out or 0 for entry in connections),
        bytes_in=sum(entry.bytes_in or 0 for entry in connections),
        connections=connections,
    )
    if options.json:
        print(to_json(report))
    else:
        print(harmless("\n".join(_listed(report))))
    return 0


def _listed(report: LedgerReport) -> Iterator[str]:
    if not report.connections:
        yield "No connection was ever opened."
        return
    for entry in report.connections:
        moment = datetime.fromisoformat(entry.opened).astimezone()
        yield f"{moment:%Y-%m-%d %H:%M:%S}  {entry.purpose}: {entry.agreed}"
        via = f" through the proxy {entry.proxy}" if entry.proxy else ""
        yield (
            f"    {entry.method} {entry.path} of {entry.host}:{entry.port} ({entry.address}){via}"
        )
        yield f"    {_ending(entry)}"
    count = len(report.connections)
    yield (
        f"{count:,} connection{'' if count == 1 else 's'}, {report.bytes_out:,} bytes out, "
        f"{report.bytes_in:,} bytes in."
    )


def _ending(entry: LedgerEntry) -> str:
    if entry.bytes_out is None or entry.bytes_in is None:
        return "its end is not known: it is still open, or the program was ended"
    answer = f", answer {entry.status}" if entry.status is not None else ""
    body = f", body SHA-256 {entry.body_sha256}" if entry.body_sha256 else ""
    problem = f" ({entry.problem})" if entry.problem else ""
    return f"{entry.bytes_out:,} bytes out, {entry.bytes_in:,} bytes in{answer}{body}{problem}"


def _verify(home: Home, *, as_json: bool) -> int:
    report = verify(home.ledger, home.ledger_head)
    if as_json:
        print(to_json(report))
    else:
        print(harmless("\n".join(_verified(report))))
    return 0 if report.ok else 1


def _verified(report: VerifyReport) -> Iterator[str]:
    yield from report.problems
    yield from report.notes
    if not report.ok:
        yield f"Somebody changed the ledger, {report.path}, or its disk lost something."
        return
    if not report.lines:
        yield "The ledger is empty. No connection was ever opened."
        return
    yield (
        f"The ledger is whole: {report.lines:,} lines, "
        f"{report.connections:,} connection{'' if report.connections == 1 else 's'}."
    )
    if report.unfinished:
        yield (
            f"The end of {report.unfinished:,} of them is not known: still open, or the program "
            "was ended."
        )
