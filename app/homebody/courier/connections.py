"""HTTP clients whose every request obeys the rules and stands in the ledger.

One request is one connection: it is checked by name and address, written down, made, and ended.
Redirects come by here again, hop by hop. What goes wrong is a `CourierProblem`:
"refused" by our rules, "connection" where it could not be made or broke off, "disk" where the
ledger could not be written, "stopped" when somebody asked.
"""

import fnmatch
import hashlib
import ipaddress
import socket
import ssl
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from homebody import __version__
from homebody.base.errors import CourierProblem
from homebody.courier.hosts import Rules, Target
from homebody.courier.passage import (
    Counts,
    KeepsLedger,
    Passage,
    Patience,
    Resolve,
    Stop,
    Way,
    look_up,
)
from homebody.messages.courier import Purpose

__all__ = ["Connections", "counts_of"]

_HOPS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_REDIRECT: Final = 64 * 1024
"""Bytes of the page behind a redirect that are read: nobody looks at it."""
_WINDOWS_PROXY: Final = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_NAME: Final = "homebody"
_AGENT: Final = f"{_NAME}/{__version__}"


class Connections:
    """Makes clients. May be used by several threads at once."""

    def __init__(self, rules: Rules, ledger: KeepsLedger, resolve: Resolve = look_up) -> None:
        self._rules, self._ledger, self._resolve = rules, ledger, resolve
        # Reading the certificates takes longer than anything else here.
        self._safety = httpx2.create_ssl_context()

    def client(
        self,
        purpose: Purpose,
        agreed: str,
        stop: Stop | None = None,
        patience: Patience | None = None,
    ) -> httpx2.Client:
        """Return a client for one purpose. `agreed` is what the person did to cause it.

        It follows redirects, at most five, where the rules have any followed. Times are ours: 10 s
        to connect, and then by `patience`, which is for one request.
        """
        return _Client(
            self._rules.moved,
            transport=_Transport(
                purpose,
                agreed,
                self._rules,
                self._ledger,
                self._resolve,
                self._safety,
                stop or Stop(),
                patience or Patience(),
            ),
            # What the environment says about proxies is heeded, but by the transport.
            trust_env=False,
            follow_redirects=self._rules.redirects,
            max_redirects=_HOPS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )


class _Client(httpx2.Client):
    """A client that says what is wrong with redirects as a `CourierProblem` too."""

    def __init__(self, moved: str, **options: Any) -> None:
        super().__init__(**options)
        self._moved = moved

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            return super().send(request, **options)
        except httpx2.TooManyRedirects as error:
            raise CourierProblem(
                f"{request.url.host} sends Homebody from one address to the next, more than "
                f"{_HOPS} times.",
                self._moved,
                kind="refused",
            ) from error
        except (httpx2.RemoteProtocolError, httpx2.InvalidURL) as error:
            raise CourierProblem(
                f"{request.url.host} sends Homebody to something that is not an address.",
                self._moved,
                kind="refused",
            ) from error


class _Transport(httpx2.BaseTransport):
    def __init__(
        self,
        purpose: Purpose,
        agreed: str,
        rules: Rules,
        ledger: KeepsLedger,
        resolve: Resolve,
        safety: ssl.SSLContext,
        stop: Stop,
        patience: Patience,
    ) -> None:
        self._purpose, self._agreed = purpose, agreed
        self._rules, self._ledger = rules, ledger
        self._resolve, self._safety, self._stop = resolve, safety, stop
        self._patience = patience

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request, no redirect followed."""
        self._stop.check()
        target = _target(request.url)
        self._rules.check(self._purpose, target)
        if not self._rules.is_home(target):
            request.headers.pop("Authorization", None)
        # Who only asks which version is the newest need not say which one it is.
        request.headers["User-Agent"] = _NAME if self._purpose == "version" else _AGENT
        proxy = None if self._rules.is_direct(target) else _find_proxy(target)
        way = Way(
            purpose=self._purpose,
            agreed=self._agreed,
            method=request.method,
            host=target.host,
            port=target.port,
            # What was searched left this machine. The queries of content hosts are signatures.
            path=(
                request.url.raw_path.decode("ascii")
                if self._rules.is_home(target)
                else request.url.path
            ),
            proxy=None if proxy is None else _named(proxy),
        )
        passage = Passage(
            way, self._addresses(target, proxy), self._ledger, self._stop, self._patience
        )
        exchange = _Exchange(passage, request, self._stop)
        answer = exchange.run(
            httpcore2.ConnectionPool(
                ssl_context=self._safety,
                proxy=proxy,
                max_connections=1,
                max_keepalive_connections=0,
                network_backend=passage,
            )
        )
        if answer.status_code in _REDIRECTS and not self._rules.redirects:
            answer.close()
            raise CourierProblem(
                f"{target} wants Homebody to ask somebody else. Nothing was sent there: you agreed "
                f"to {target} alone.",
                self._rules.moved,
                kind="refused",
            )
        return answer

    def _addresses(self, target: Target, proxy: httpcore2.Proxy | None) -> tuple[str, ...]:
        """Find out, once, where to connect to. Through a proxy that is the proxy."""
        if proxy is not None:
            literal = _literal(target.host)
            if literal:
                self._rules.check_address(target, literal)
            return tuple(
                self._resolve(proxy.url.host.decode("ascii"), proxy.url.origin.port, self._stop)
            )
        found = tuple(self._resolve(target.host, target.port, self._stop))
        # A host that is half in a network of the person's own is not to be trusted with the rest.
        for address in found:
            self._rules.check_address(target, address)
        return found


def counts_of(answer: httpx2.Response) -> Counts:
    """Return the bytes of an answer's connection, as they are counted for the ledger."""
    counts: Counts = answer.extensions["counts"]
    return counts


class _Exchange:
    """One request and its answer, whatever becomes of it."""

    def __init__(self, passage: Passage, request: httpx2.Request, stop: Stop) -> None:
        self._passage, self._request, self._stop = passage, request, stop
        self._body = _Hashed(request.stream)
        self._status: int | None = None
        self._pool: httpcore2.ConnectionPool | None = None
        self._ended = False

    def run(self, pool: httpcore2.ConnectionPool) -> httpx2.Response:
        """Send the request; return the answer, whose content is still to come."""
        self._pool = pool
        url = self._request.url
        asked = httpcore2.Request(
            method=self._request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=self._request.headers.raw,
            content=self._body,
        )
        try:
            answer = pool.handle_request(asked)
        except BaseException as error:
            problem = self.problem(error)
            self.end(problem)
            if problem is error:
                raise
            raise problem from error
        self._status = answer.status
        self._passage.answered()
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Content(answer, self),
            extensions={
                name: answer.extensions[name]
                for name in ("http_version", "reason_phrase")
                if name in answer.extensions
            }
            | {"counts": self._passage.counts},
        )

    def problem(self, error: BaseException) -> BaseException:
        """Return what to raise in the place of an error."""
        if isinstance(error, CourierProblem):
            return error
        if self._stop.asked:
            return CourierProblem("This was stopped.", kind="stopped")
        host = self._request.url.host
        if isinstance(error, httpcore2.ProxyError):
            return CourierProblem(
                f"The proxy does not let Homebody through to {host}: {error}.",
                "Ask whoever runs the proxy, or look at the system's proxy settings.",
            )
        known = (httpcore2.ProtocolError, httpcore2.NetworkError, httpcore2.TimeoutException)
        if isinstance(error, known):
            return CourierProblem(
                f"The connection to {host} broke off: {str(error) or type(error).__name__}.",
                "Try again.",
            )
        return error

    def end(self, problem: BaseException | None, early: str = "") -> None:
        """End the connection, then write down how it ended. The second time nothing is done."""
        if self._ended:
            return
        self._ended = True
        if self._pool is not None:
            self._pool.close()
        told = early
        if problem is not None:
            told = (
                problem.message if isinstance(problem, CourierProblem) else type(problem).__name__
            )
        self._passage.finish(body_sha256=self._body.sha256, status=self._status, problem=told)


class _Content(httpx2.SyncByteStream):
    """What comes behind the headers of an answer."""

    def __init__(self, answer: httpcore2.Response, exchange: _Exchange) -> None:
        self._answer, self._exchange = answer, exchange
        self._all = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield what came, as it comes."""
        count = 0
        assert isinstance(self._answer.stream, Iterable)
        try:
            for part in self._answer.stream:
                yield part
                count += len(part)
                if self._answer.status in _REDIRECTS and count > _LONGEST_REDIRECT:
                    return
            self._all = True
        except GeneratorExit:
            raise
        except BaseException as error:
            problem = self._exchange.problem(error)
            self._exchange.end(problem)
            if problem is error:
                raise
            raise problem from error

    def close(self) -> None:
        """End the connection, whether or not everything was read."""
        self._answer.close()
        self._exchange.end(None, "" if self._all else "ended before everything was read")


class _Hashed:
    """A request's body, and its SHA-256 as it was sent."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._any = False

    @property
    def sha256(self) -> str | None:
        """Of what was sent of it; None if there was nothing."""
        return self._hash.hexdigest() if self._any else None

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            self._any = self._any or bool(part)
            self._hash.update(part)
            yield part


def _target(url: httpx2.URL) -> Target:
    """Return where a request goes. Raises `CourierProblem` ("refused")."""
    if url.userinfo:
        raise CourierProblem(
            "Homebody did not connect: the address holds a name and a password.",
            "Nothing of yours was sent; try again later.",
            kind="refused",
        )
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    return Target(url.scheme, url.raw_host.decode("ascii").lower().rstrip("."), port)


def _literal(host: str) -> str:
    """Return the address that a host's name is by itself, however it is written, or nothing."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        # 127.1, 0x7f000001 and 2130706433 are addresses to most programs.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return ""


def _find_proxy(target: Target) -> httpcore2.Proxy | None:
    """Return the proxy that the system names for this host, if any."""
    proxies = urllib.request.getproxies()
    url = proxies.get(target.scheme) or proxies.get("all")
    names = (target.host, f"{target.host}:{target.port}")
    if not url or any(_goes_round(name) for name in names):
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme != "http":
        raise CourierProblem(
            "Homebody did not connect: the system names a proxy of a kind that Homebody does not "
            "speak.",
            "It takes proxies whose address begins with http://, such as http://proxy:3128.",
        )
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    where = f"[{host}]" if ":" in host else host
    return httpcore2.Proxy(f"http://{where}:{port or 80}", auth=auth)


if sys.platform == "win32":

    def _goes_round(name: str) -> bool:
        """Tell whether the system wants no proxy for a name.

        As `urllib.request.proxy_bypass`, which would ask for its addresses, past our rules.
        """
        if urllib.request.getproxies_environment():
            # Then it looks at nothing else.
            return bool(urllib.request.proxy_bypass(name))
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_PROXY) as key:
                listed = str(winreg.QueryValueEx(key, "ProxyOverride")[0])
        except OSError:
            return False
        return any(
            "." not in name if each == "<local>" else fnmatch.fnmatchcase(name, each)
            for each in listed.lower().split(";")
        )

else:

    def _goes_round(name: str) -> bool:
        """Tell whether the system wants no proxy for a name."""
        return bool(urllib.request.proxy_bypass(name))


def _named(proxy: httpcore2.Proxy) -> str:
    return f"{proxy.url.host.decode('ascii')}:{proxy.url.origin.port}"
