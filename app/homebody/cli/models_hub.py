"""`homebody models search|get|token`: what needs the hub."""

import contextlib
import re
import shutil
import sys
from collections.abc import Iterator
from types import SimpleNamespace

from homebody.base.errors import BadInput, CourierProblem
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.courier.client import Courier, Porter
from homebody.library.catalog import catalog
from homebody.library.downloads import Downloads, DownloadState
from homebody.library.hub_files import HubChoice, best, choices, named
from homebody.messages.courier import HubListing, HubModel, TokenKept
from homebody.messages.hub import GetReport, SearchReport, TokenReport
from homebody.settings.file import load

__all__ = ["hub"]

_INTERRUPTED = 130
_SEARCHED = 30
_PAGE = re.compile(r"(?<=.)/(?:tree|blob|resolve)/[^/]+(?=/|$)")


def hub(home: Home, options: SimpleNamespace, porter: Porter) -> int:
    """Do what was asked for, through the courier. Returns the exit status."""
    settings = load(home).settings
    courier = Courier(porter, offline=options.offline or settings.offline)
    try:
        match options.action:
            case "search":
                return _search(courier, " ".join(options.words), as_json=options.json)
            case "get":
                model = _without_hub(options.model, settings.hub)
                return _get(home, courier, model, as_json=options.json)
            case _:
                return _token(courier, forget=options.forget, as_json=options.json)
    finally:
        courier.close()


# ---------------------------------------------------------------- search


def _search(courier: Courier, words: str, *, as_json: bool) -> int:
    models = courier.search(words, _SEARCHED, agreed="homebody models search")
    if as_json:
        print(to_json(SearchReport(words=words, models=models)))
    elif models:
        print(harmless("\n".join(_table([_HEADINGS, *map(_row, models)]))))
        note("`homebody models get OWNER/REPOSITORY` fetches one.")
    else:
        note(f"Nothing on the hub is called {words}. Try fewer words.")
    return 0


_HEADINGS = ("repository", "parameters", "fetched", "licence", "gated")


def _row(model: HubModel) -> tuple[str, ...]:
    return (
        model.repo,
        _count(model.parameters),
        "?" if model.downloads is None else f"{model.downloads:,}",
        model.licence or "?",
        "gated" if model.gated else "",
    )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name, parameters, fetched, *rest = (
            cell.rjust(width) if at in {1, 2} else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((name, parameters, fetched, *rest)).rstrip()


def _count(parameters: int | None) -> str:
    if parameters is None:
        return "?"
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e9 else f"{parameters / 1e6:.0f} M"


# ---------------------------------------------------------------- get


def _without_hub(wanted: str, hub: str) -> str:
    """Return OWNER/NAME or OWNER/NAME/FILE for an address of the hub; all else as it is."""
    hub = hub.strip().rstrip("/")
    for start in (f"{hub}/", f"{hub.partition('://')[2]}/"):
        if wanted.casefold().startswith(start.casefold()):
            rest = wanted[len(start) :].partition("?")[0].partition("#")[0].strip("/")
            # As a browser shows a repository's files, or one of them.
            return _PAGE.sub("", rest)
    return wanted


def _get(home: Home, courier: Courier, wanted: str, *, as_json: bool) -> int:
    agreed = f"homebody models get {wanted}"
    listing, choice, why = _chosen(courier, wanted, agreed)
    if choice.problem:
        raise CourierProblem(
            f"{choice.name} cannot be fetched. {choice.problem}", "Choose another one.", "hub"
        )
    note(
        f"Fetching {choice.name} ({_size(choice.bytes)}) of {listing.repo}: {why}. "
        f"Licence: {listing.licence or 'not told'}."
    )
    downloads = Downloads(courier, home.models, lambda _path, _sha256: None)
    try:
        key = downloads.get(listing, choice.files, name=choice.name, agreed=agreed)
        try:
            last = _follow(downloads, key)
        except KeyboardInterrupt:
            downloads.pause(key)
            note(f"Stopped. What came so far is kept: `{agreed}` goes on from there.")
            return _INTERRUPTED
        if last.state == "failed":
            # In words above; the window, or the same command, goes on from what is there.
            raise CourierProblem(last.problem, last.hint or f"`{agreed}` tries again.")
    finally:
        # First the courier: it answers whoever waits for it, and so the downloads.
        courier.close()
        downloads.close()
    report = GetReport(
        name=choice.name,
        repo=listing.repo,
        commit=listing.commit,
        why=why,
        licence=listing.licence,
        bytes=choice.bytes,
        sha256=tuple(file.sha256 or "" for file in choice.files),
        paths=last.paths,
    )
    if as_json:
        print(to_json(report))
    else:
        print(harmless("\n".join(last.paths)))
    return 0


def _chosen(courier: Courier, wanted: str, agreed: str) -> tuple[HubListing, HubChoice, str]:
    for entry in catalog():
        if wanted.casefold() in {entry.key.casefold(), entry.name.casefold()}:
            listing = courier.list_files(entry.repo, agreed=agreed)
            with contextlib.suppress(CourierProblem):
                return listing, named(listing, entry.file), "it is the one that is recommended"
            choice, why = best(choices(listing))
            return listing, choice, f"{entry.file} is not there any more, and {why}"
    owner, _, rest = wanted.partition("/")
    name, _, file = rest.partition("/")
    if not owner or not name:
        raise BadInput(
            f"{wanted} is none of the recommended models, and not OWNER/REPOSITORY either.",
            "`homebody models list` shows the recommended ones, `homebody models search WORDS` "
            "finds others.",
        )
    listing = courier.list_files(f"{owner}/{name}", agreed=agreed)
    if file:
        return listing, named(listing, file), "you named it"
    return listing, *best(choices(listing))


def _follow(downloads: Downloads, key: str) -> DownloadState:
    """Show how a download gets on, until it ended; return how."""
    line = _Line()
    try:
        for states in downloads.watch():
            for state in states:
                if state.key == key:
                    if state.state in {"done", "failed", "paused"}:
                        return state
                    line.show(state)
    finally:
        line.end()
    raise CourierProblem("The download ended without a word.", "Try again.")


class _Line:
    """One line on a terminal that is written anew; elsewhere a line every ten per cent."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._tenth = 0
        self._said = ""
        self._written = False

    def show(self, state: DownloadState) -> None:
        """Show how far it is."""
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r{harmless(_progress(state))[:width]}\x1b[K")
            sys.stderr.flush()
            self._written = True
            return
        if state.problem and state.problem != self._said:
            self._said = state.problem
            note(state.problem)
        tenth = 10 * state.done // max(state.total, 1)
        if tenth > self._tenth and state.state == "running":
            self._tenth = tenth
            note(_progress(state))

    def end(self) -> None:
        """Leave the line."""
        if self._written:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _progress(state: DownloadState) -> str:
    parts = [
        f"{100 * state.done // max(state.total, 1)} %",
        f"{_size(state.done)} of {_size(state.total)}",
    ]
    if state.verifying:
        parts.append("verifying what is here")
    elif state.bytes_per_second is not None:
        parts.append(f"{_size(int(state.bytes_per_second))}/s")
        if state.seconds_left is not None:
            parts.append(f"{_time(state.seconds_left)} left")
    if state.problem:
        parts.append(state.problem)
    return f"{state.name}: {', '.join(parts)}"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


# ---------------------------------------------------------------- token


def _token(courier: Courier, *, forget: bool, as_json: bool) -> int:
    kept = courier.keep_token("" if forget else None)
    if not forget:
        if not kept.place:
            # Before it is asked for: nobody types a secret for nothing.
            raise CourierProblem(
                "This system has no keyring that is safe for a token, and Homebody writes none to "
                "a file.",
                "On Linux, install and start GNOME Keyring or KWallet, and log in anew. Models "
                "that are not gated need no token.",
                kind="token",
            )
        token = _asked()
        if token:
            kept = courier.keep_token(token)
    if as_json:
        print(to_json(TokenReport(there=kept.there, place=kept.place)))
    else:
        print(harmless(_told(kept)))
    return 0


def _asked() -> str:
    """Return the token that the person types, or that comes on stdin; "" for none."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(4096).strip()
    from getpass import getpass

    return getpass("Token of your Hugging Face account (it is not shown; nothing: as it is): ")


def _told(kept: TokenKept) -> str:
    if kept.there:
        return f"A token is kept in {kept.place}. It is sent to the hub alone."
    return "No token is kept."
