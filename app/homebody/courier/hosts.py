"""Which hosts a connection may reach, by its purpose, and which addresses, by the host.

Nothing here connects. The rules come from the settings, the person's list of providers and what
this build says of itself; no request can widen them. What is for the hub never reaches a provider,
and the other way round; who is asked for newer versions is asked for nothing else.
"""

import ipaddress
import re
from typing import Final, Protocol

from msgspec import Struct

from homebody.base.errors import CourierProblem
from homebody.messages.courier import Purpose
from homebody.messages.providers import Provider

__all__ = ["Hosts", "ProviderHost", "ReleaseHost", "Rules", "Target", "is_public"]

_HUGGING_FACE: Final = "huggingface.co"
# Where Hugging Face keeps the content of files; it redirects there.
_CONTENT: Final = (".huggingface.co", ".hf.co")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

# A name or an IPv4 address, or an IPv6 address, in brackets if a port follows.
_EXTRA: Final = re.compile(
    r"(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)"
    r"|(?:(?P<host>[A-Za-z0-9._-]+)|\[(?P<numbers>[0-9A-Fa-f:.]+)\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Ranges that are not the public internet (IANA's special-purpose registries). Written out, because
# what Python's own `is_global` says has changed from version to version.
_NOT_PUBLIC: Final[tuple[_Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Inside 2000::/3: tunnels, which carry another address in theirs, and documentation.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether an address (digits, as `getaddrinfo` writes it) is one of the public internet.

    An IPv6 address that stands for an IPv4 one is what that one is where networks without IPv4
    need it (64:ff9b::), and otherwise not public. What is no address is not public.
    """
    try:
        number: _Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        if number.scope_id is None and number in _NAT64:
            number = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        elif number.scope_id is not None or number not in _GLOBAL:
            return False
    return not any(number.version == range_.version and number in range_ for range_ in _NOT_PUBLIC)


class Target(Struct, frozen=True):
    """Where a request goes. The host is in lower case, ASCII, without brackets or a last dot."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Return it as a person would write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"


class Rules(Protocol):
    """Where requests may go."""

    redirects: bool
    """Whether another address that the other side names is asked in its place, by these rules."""
    moved: str
    """What to do where the other side sends us to places where we do not go."""

    def check(self, purpose: Purpose, target: Target) -> None:
        """Raise `CourierProblem` ("refused") unless this purpose may reach this host."""

    def check_address(self, target: Target, address: str) -> None:
        """Raise `CourierProblem` ("refused") unless this host may be at this address."""

    def is_home(self, target: Target) -> bool:
        """Tell whether this is the host itself that is asked: secrets are for it alone."""

    def is_direct(self, target: Target) -> bool:
        """Tell whether it is reached through no proxy, whatever the system says."""


class Hosts:
    """The hosts that the settings allow, for what is asked of the hub.

    Raises `CourierProblem` ("refused") where the settings cannot be understood.
    """

    redirects = True
    moved = "Try again later; if it stays so, the hub in the settings may be wrong."

    def __init__(self, hub: str, extra_hosts: str) -> None:
        """Take the settings `hub` and `extra_hosts` as they are."""
        self._extra = _Extra(extra_hosts)
        self.hub = _parsed_hub(hub)
        self._content: tuple[str, ...] = ()
        if self.hub == Target("https", _HUGGING_FACE, 443):
            self._content = _CONTENT

    def check(self, purpose: Purpose, target: Target) -> None:
        """Raise `CourierProblem` ("refused") unless this purpose may reach this host."""
        if purpose not in _DOING:
            raise _refused("what is asked elsewhere goes to nobody but its provider", _AGAIN)
        extra = self.is_extra(target)
        add = f"If you trust the way to {target}, add that host to More hosts in the settings."
        if target.scheme != "https" and not (target.scheme == "http" and extra):
            raise _refused(
                f"the address begins with {target.scheme}:, so what is sent could be read on the "
                "way",
                add if target == self.hub else _ASK,
            )
        if extra or target == self.hub:
            return
        if purpose == "download" and target.port == 443 and target.host.endswith(self._content):
            return
        raise _refused(
            f"{target} is not one of the hosts that Homebody may reach to {_DOING[purpose]}",
            _ASK,
        )

    def check_address(self, target: Target, address: str) -> None:
        """Raise `CourierProblem` ("refused") unless this host may be at this address."""
        if not is_public(address) and not self.is_extra(target):
            raise _refused(
                f"{target.host} is said to be at {address}, which is on this machine or in a "
                "network that is not the public internet",
                f"If that is right, add {target} to More hosts in the settings."
                if target == self.hub
                else _ASK,
            )

    def is_home(self, target: Target) -> bool:
        """Tell whether this is the hub: the token is for it, whoever else it sends us to."""
        return target == self.hub

    def is_direct(self, target: Target) -> bool:  # noqa: ARG002  the same for all
        """Return False: the way is what the system says."""
        return False

    def is_extra(self, target: Target) -> bool:
        """Tell whether the person added this host; without a port: at the usual ones."""
        return self._extra.holds(target)


class ProviderHost:
    """One provider's own host, and no other. Its address was checked when it was read."""

    redirects = False
    moved = "Look at its address in your list of providers; it may have moved."

    def __init__(self, provider: Provider) -> None:
        """Take one of the person's list."""
        self._name, self._mine = provider.name, provider.mine
        from urllib.parse import urlsplit

        parts = urlsplit(provider.url)
        self.home = Target(
            parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        )

    def check(self, purpose: Purpose, target: Target) -> None:
        """Raise `CourierProblem` ("refused") unless this purpose may reach this host."""
        if purpose not in {"ask", "models"}:
            raise _refused(f"{target} is asked for words, and for nothing else", _AGAIN)
        if target != self.home:
            raise _refused(f"{target} is not where {self._name} is", _AGAIN)
        if target.scheme != "https" and not (target.scheme == "http" and self._mine):
            raise _refused(
                f"the address of {self._name} begins with {target.scheme}:, so what is sent could "
                "be read on the way",
                "Write an address that begins with https:, or say that it is a machine of your "
                "own.",
            )

    def check_address(self, target: Target, address: str) -> None:
        """Raise `CourierProblem` ("refused") unless this host may be at this address."""
        public = is_public(address)
        if not self._mine and not public:
            raise _refused(
                f"{target.host} is said to be at {address}, which is on this machine or in a "
                "network that is not the public internet",
                f"If {self._name} is a machine of your own, say so where it is added; otherwise "
                "somebody on the way answers in its place.",
            )
        if public and target.scheme == "http":
            raise _refused(
                f"{target.host} is said to be at {address}, which is on the public internet, where "
                "what is sent could be read on the way",
                "Write an address that begins with https:, or the machine's address in your own "
                "network, such as 192.168.1.20.",
            )

    def is_home(self, target: Target) -> bool:
        """Tell whether this is the provider: its key is for it alone."""
        return target == self.home

    def is_direct(self, target: Target) -> bool:
        """Tell whether what is sent could be read by a proxy: then none is asked."""
        return target.scheme == "http"


class ReleaseHost:
    """The host where this build's newer versions are announced, for that question alone."""

    redirects = True
    moved = "Try again later, or look where you got Homebody."

    def __init__(self, url: str, extra_hosts: str) -> None:
        """Take the address that this build knows, and the setting `extra_hosts` as it is."""
        self._extra = _Extra(extra_hosts)
        self.home = _parsed(url)
        if self.home is None:
            raise _refused(
                f'this build was made with "{url[:60]}" for the place where newer versions are '
                "announced, which is no address",
                self.moved,
            )

    def check(self, purpose: Purpose, target: Target) -> None:
        """Raise `CourierProblem` ("refused") unless this purpose may reach this host."""
        if purpose != "version":
            raise _refused(f"{target} is asked for newer versions, and for nothing else", _AGAIN)
        if target != self.home:
            raise _refused(
                f"{target} is not where newer versions of this build are announced", self.moved
            )
        if target.scheme != "https" and not self._extra.holds(target):
            raise _refused(
                f"the address begins with {target.scheme}:, so the answer could be changed on the "
                "way",
                self.moved,
            )

    def check_address(self, target: Target, address: str) -> None:
        """Raise `CourierProblem` ("refused") unless this host may be at this address."""
        if not is_public(address) and not self._extra.holds(target):
            raise _refused(
                f"{target.host} is said to be at {address}, which is on this machine or in a "
                "network that is not the public internet",
                f"If that is right, add {target} to More hosts in the settings.",
            )

    def is_home(self, target: Target) -> bool:
        """Tell whether this is the host itself."""
        return target == self.home

    def is_direct(self, target: Target) -> bool:  # noqa: ARG002  the same for all
        """Return False: the way is what the system says."""
        return False


class _Extra:
    """The hosts that the person added. Raises `CourierProblem` for what is none."""

    def __init__(self, extra_hosts: str) -> None:
        self._hosts = frozenset(_extra(word) for word in extra_hosts.split())

    def holds(self, target: Target) -> bool:
        """Tell whether this host is one of them; without a port: at the usual ones."""
        usual = target.port in _DEFAULT_PORTS.values()
        return (target.host, target.port) in self._hosts or (
            usual and (target.host, None) in self._hosts
        )


_AGAIN: Final = "Nothing was sent. Try again; if it stays so, report it."
_DOING: Final[dict[Purpose, str]] = {
    "search": "search for models",
    "list": "list the files of a model",
    "download": "fetch a model",
}
# Only the hub itself sends us to other hosts than the hub. Whoever does so in its place must not
# get the person to open the way there.
_ASK: Final = (
    "The hub, or somebody in its place, sent Homebody there; nothing was sent. Try again later, on "
    "another network, or ask whoever runs the hub."
)


def _refused(why: str, hint: str) -> CourierProblem:
    return CourierProblem(f"Homebody did not connect: {why}.", hint, kind="refused")


def _extra(word: str) -> tuple[str, int | None]:
    """Take "host", "host:port", "::1" or "[::1]:port" apart."""
    named = _EXTRA.fullmatch(word)
    host = (named["bare"] or named["host"] or named["numbers"]).lower().rstrip(".") if named else ""
    port = int(named["port"] or 0) if named else 0
    if not host or port > 65535:
        raise CourierProblem(
            f'More hosts in the settings holds "{word[:60]}", which is not a host.',
            "Write hosts such as models.example.org or 192.168.1.20:8080, with spaces between.",
            kind="refused",
        )
    return host, port or None


def _parsed_hub(hub: str) -> Target:
    target = _parsed(hub)
    if target is None:
        raise CourierProblem(
            f'The hub in the settings is "{hub[:60]}", which is not the address of one.',
            "Write an address such as https://huggingface.co.",
            kind="refused",
        )
    return target


def _parsed(url: str) -> Target | None:
    """Return where an address leads; None for what is no plain address of a web server."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not host or not host.isascii() or parts.scheme not in _DEFAULT_PORTS or parts.username:
        return None
    if parts.query or parts.fragment:
        return None
    return Target(parts.scheme, host.rstrip("."), port or _DEFAULT_PORTS[parts.scheme])
