"""`homebody providers list|add|remove|key|models`: who can be asked elsewhere."""

import shlex
import sys
from types import SimpleNamespace

from homebody.base.errors import BadInput, CourierProblem
from homebody.base.paths import Home
from homebody.cli.terminal import harmless, note, to_json
from homebody.courier.client import Courier, Porter
from homebody.messages.courier import KeyKept
from homebody.messages.providers import Provider, ProviderReport, ProvidersReport
from homebody.settings.file import load
from homebody.settings.providers import (
    PRESETS,
    add_provider,
    find_provider,
    host_of,
    load_providers,
    remove_provider,
)

__all__ = ["CONNECTING", "providers"]

CONNECTING = frozenset({"remove", "key", "models"})
"""Which of these need a porter: the courier alone asks, and reaches the keyring."""

_LONGEST = 8192
"""Characters of a line that could be a key."""


def providers(home: Home, options: SimpleNamespace, porter: Porter | None) -> int:
    """Do what was asked for. Returns the exit status."""
    match options.action:
        case "list":
            return _list(home, as_json=options.json)
        case "add":
            return _add(home, options)
    assert porter is not None
    courier = Courier(porter, offline=options.offline or load(home).settings.offline)
    try:
        match options.action:
            case "remove":
                return _remove(home, courier, options.name)
            case "key":
                return _key(courier, find_provider(home, options.name), forget=options.forget)
            case _:
                return _models(courier, find_provider(home, options.name))
    finally:
        courier.close()


# ---------------------------------------------------------------- the list


def _list(home: Home, *, as_json: bool) -> int:
    found = load_providers(home)
    if as_json:
        print(
            to_json(ProvidersReport(path=str(home.providers), providers=tuple(map(_report, found))))
        )
        return 0
    for each in found:
        print(harmless(f"{each.name}: {each.model or 'no model yet'} at {each.url}"))
        print(harmless(f"    {_terms(each)}"))
    if not found:
        note("Nobody can be asked elsewhere. `homebody providers add NAME URL MODEL` adds one:")
        for preset in PRESETS:
            note(f"{preset.name}: {preset.url}{' --mine' if preset.mine else ''}")
    return 0


def _report(provider: Provider) -> ProviderReport:
    return ProviderReport(
        **{name: getattr(provider, name) for name in ProviderReport.__struct_fields__}
    )


def _terms(provider: Provider) -> str:
    """Say how it is asked, and at what cost."""
    if not provider.mine:
        asked = "each request needs a yes"
    elif provider.agreed is None:
        asked = "a machine of your own, which needs one yes"
    else:
        asked = f"a machine of your own; you said yes to it on {provider.agreed[:10]}"
    if provider.price_in is None and provider.price_out is None:
        return f"{asked}."
    prices = ", ".join(
        f"{price:g} {provider.currency} for a million tokens {way}"
        for price, way in ((provider.price_in, "sent"), (provider.price_out, "back"))
        if price is not None
    )
    return f"{asked}; {prices}."


def _add(home: Home, options: SimpleNamespace) -> int:
    wanted = Provider(
        name=options.name,
        url=options.url,
        model=options.model,
        mine=options.mine,
        price_in=options.price_in,
        price_out=options.price_out,
        currency=options.currency,
    )
    known = {each.name.casefold() for each in load_providers(home)}
    kept = add_provider(home, wanted)
    changed = kept.name.casefold() in known
    print(
        harmless(
            f"{kept.name} was {'changed' if changed else 'added'}: "
            f"{kept.model or 'no model yet'} at {host_of(kept.url)}; {_terms(kept)}"
        )
    )
    if not kept.mine:
        note(f"`homebody providers key {shlex.quote(kept.name)}` keeps your key for it.")
    return 0


def _remove(home: Home, courier: Courier, name: str) -> int:
    gone = remove_provider(home, name)
    print(harmless(f"{gone.name} was removed."))
    try:
        courier.keep_key(gone.name, "")
    except CourierProblem as problem:
        raise CourierProblem(
            f"{gone.name} was removed, but its key may still be kept. {problem.message}",
            problem.hint or "Delete it in the system's keyring.",
            kind=problem.kind,
        ) from problem
    return 0


# ---------------------------------------------------------------- what needs the courier


def _models(courier: Courier, provider: Provider) -> int:
    names = courier.models(provider.name, agreed=f"homebody providers models {provider.name}")
    for name in names:
        print(harmless(name))
    if not names:
        note(f"{provider.name} lists no model.")
    elif provider.model not in names:
        note(f"{provider.model or 'No model'} is what you chose, and it is not among them.")
    return 0


def _key(courier: Courier, provider: Provider, *, forget: bool) -> int:
    if forget:
        print(harmless(_told(provider, courier.keep_key(provider.name, ""))))
        return 0
    kept = courier.keep_key(provider.name, None)
    if not kept.place:
        # Before it is asked for: nobody types a secret for nothing.
        raise CourierProblem(
            "This system has no keyring that is safe for a key, and Homebody writes none to a "
            "file.",
            "On Linux, install and start GNOME Keyring or KWallet, and log in anew. In the window "
            "a key can be given until Homebody ends.",
            kind="token",
        )
    key = _asked(provider)
    if key:
        kept = courier.keep_key(provider.name, key)
    print(harmless(_told(provider, kept)))
    return 0


def _asked(provider: Provider) -> str:
    """Return the key that the person types, or that comes on stdin; "" for none."""
    if not sys.stdin.isatty():
        # All of it: a second line shows that this is no key.
        try:
            return sys.stdin.read(_LONGEST).strip()
        except UnicodeDecodeError as error:
            raise BadInput("What came on stdin is not text, so it is no key.") from error
    from getpass import getpass

    return getpass(
        harmless(
            f"Key for {provider.name} at {host_of(provider.url)} (it is not shown; nothing: as it "
            "is): "
        )
    ).strip()


def _told(provider: Provider, kept: KeyKept) -> str:
    if not kept.there:
        return f"No key is kept for {provider.name}."
    return f"A key is kept in {kept.place}. It is sent to {host_of(provider.url)} alone."
