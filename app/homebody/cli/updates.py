"""`homebody updates`: is there a newer version? Asked when it is typed, and never by itself."""

from types import SimpleNamespace

from homebody import __version__
from homebody.base.errors import HomebodyError
from homebody.base.paths import Home
from homebody.base.release import read_release
from homebody.base.versions import compare
from homebody.cli.terminal import harmless, note, to_json
from homebody.courier.client import Courier, Porter
from homebody.messages.updates import UpdatesReport
from homebody.settings.file import load
from homebody.settings.providers import host_of

__all__ = ["updates"]

_AGREED = "homebody updates"


def updates(home: Home, options: SimpleNamespace, porter: Porter | None) -> int:
    """Ask, and say what came of it. Nothing is fetched. Returns the exit status."""
    address = read_release().releases.strip()
    if not address:
        raise HomebodyError(
            "This build does not know where newer versions are announced.",
            f"Look where you got it; this is Homebody {__version__}.",
        )
    assert porter is not None
    courier = Courier(porter, offline=options.offline or load(home).settings.offline)
    try:
        found = courier.newest_version(agreed=_AGREED)
    finally:
        courier.close()
    report = UpdatesReport(
        version=__version__,
        newest=found.version,
        newest_is=compare(found.version),
        page=found.page,
        published=found.published,
        host=host_of(address),
    )
    if options.json:
        print(to_json(report))
    else:
        _tell(report)
    return 0


def _tell(report: UpdatesReport) -> None:
    day = f" of {report.published[:10]}" if report.published else ""
    match report.newest_is:
        case "newer":
            print(harmless(f"There is a newer version: {report.newest}{day}. This is {_this()}."))
            if report.page:
                print(harmless(report.page))
            note("Nothing was fetched. Your conversations, settings and models stay as they are.")
        case "same":
            print(harmless(f"This is the newest version: {_this()}{day}."))
        case _:
            print(
                harmless(
                    f"This is {_this()}, newer than what {report.host} announces: {report.newest}."
                )
            )


def _this() -> str:
    return f"Homebody {__version__}"
