"""A hub on this machine that speaks Hugging Face's protocol, and a switchboard for lies.

Two servers, as there: the hub (`/api/models…`, `/OWNER/NAME/resolve/COMMIT/FILE`), and the host of
the content, to which the hub redirects with a signed query. Only what Homebody uses is there, and
what others could send in its place.
"""

import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

PORTAL = b"<!DOCTYPE html><html><title>Welcome to our network</title><p>Please log in.</html>"
TOKEN = "hf_ThisOneIsTaken123"
_SLICE = 16 * 1024


@dataclass
class Repo:
    """A repository: its files at each commit, the newest last."""

    commits: dict[str, dict[str, bytes]]
    gated: str | bool = False
    private: bool = False
    licence: str = "apache-2.0"
    downloads: int = 1000
    likes: int = 10
    gguf: dict[str, Any] = field(
        default_factory=lambda: {"total": 4_022_468_096, "architecture": "qwen3",
                                 "context_length": 262_144}
    )  # fmt: skip

    @property
    def newest(self) -> str:
        return list(self.commits)[-1]


@dataclass
class Switches:
    """What is not as it should be. Everything off: an honest hub."""

    statuses: list[int] = field(default_factory=list)
    """Answered in place of files, one after another; then files come again."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with these statuses."""
    api_statuses: list[int] = field(default_factory=list)
    portal: bool = False
    """A page that wants a log-in, for everything."""
    api_body: bytes | None = None
    listing: Callable[[dict[str, Any]], Any] = lambda each: each
    """Changes what the API says of a repository."""
    api_headers: dict[str, str] = field(default_factory=dict)
    content: Callable[[bytes], bytes] = lambda each: each
    """Changes a file on its way."""
    cut_after: list[int] = field(default_factory=list)
    """Bodies end after so many bytes, one after another; then they come whole."""
    always_cut: int | None = None
    stall_after: int | None = None
    """The body stops there, and the connection stays."""
    bytes_per_second: float | None = None
    no_ranges: bool = False
    always_416: bool = False
    wrong_piece: bool = False
    """Ranges begin a byte later than asked for."""
    etags: list[str] = field(default_factory=list)
    """One for each answer, the last for all others; none: the hash."""
    weak_etag: bool = False
    heed_if_range: bool = True
    no_length: bool = False
    commit_header: str | None = None
    linked: dict[str, str] = field(default_factory=dict)
    redirect: str | None = None
    """Where the content is said to lie."""
    no_redirect: bool = False
    content_type: str = "application/octet-stream"
    """Or nothing."""
    expired_once: bool = False
    """The first signed address is refused."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    server: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


class HubServer:
    """The hub: `with HubServer() as hub: hub.add("o/n", {"m.gguf": data})`."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.switches = Switches()
        self.tokens = {TOKEN}
        self.agreed = True
        """Whether the token's account agreed to the terms of gated repositories."""
        self.asked: list[Asked] = []
        self.sent = 0
        """Bytes of files that were handed to the system to send."""
        self.end = threading.Event()
        self._servers = [self._server("hub"), self._server("content")]

    @property
    def url(self) -> str:
        return f"http://{self.hosts[0]}"

    @property
    def hosts(self) -> tuple[str, str]:
        """Host and port of the hub, and of the content."""
        one, two = (f"127.0.0.1:{server.server_address[1]}" for server in self._servers)
        return one, two

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repo: str, files: dict[str, bytes], **facts: Any) -> str:
        """Add a commit to a repository; return it."""
        names = "\n".join(
            f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in files.items()
        )
        commit = hashlib.sha1(f"{repo}\n{names}".encode()).hexdigest()
        self.repos.setdefault(repo, Repo({}, **facts)).commits[commit] = files
        return commit

    def files_asked(self) -> list[Asked]:
        """The requests to the host of the content."""
        return [each for each in self.asked if each.server == "content"]

    def _server(self, name: str) -> ThreadingHTTPServer:
        hub = self

        class Handler(_Handler):
            server_name = name

            def __init__(self, *arguments: Any) -> None:
                self.hub = hub
                super().__init__(*arguments)

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            block_on_close = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is what is tested here."""

        server = Server(("127.0.0.1", 0), Handler)
        # What lies in the system's buffers was not fetched by anybody.
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SLICE)
        return server


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    server_name = ""
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        hub, parts = self.hub, urlsplit(self.path)
        self.close_connection = True
        hub.asked.append(
            Asked(self.server_name, self.command, unquote(parts.path), parse_qs(parts.query),
                  {name.lower(): value for name, value in self.headers.items()})
        )  # fmt: skip
        if hub.switches.portal:
            self._answer(200, PORTAL, {"Content-Type": "text/html; charset=utf-8"})
        elif self.server_name == "content":
            self._content(parts.path, parse_qs(parts.query))
        elif parts.path == "/api/models":
            self._search(parse_qs(parts.query))
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", parts.path):
            self._describe(found[1], unquote(found[2] or "main"), parse_qs(parts.query))
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", parts.path):
            self._resolve(found[1], unquote(found[2]), unquote(found[3]))
        else:
            self._problem(404, "")

    # -------------------------------------------------------------- the API

    def _search(self, query: dict[str, list[str]]) -> None:
        switches = self.hub.switches
        if switches.api_statuses:
            self._problem(switches.api_statuses.pop(0), "")
            return
        words = query.get("search", [""])[0].lower().split()
        found = [
            self._facts(name, repo)
            for name, repo in self.hub.repos.items()
            if all(word in name.lower() for word in words) and not repo.private
        ]
        found.sort(key=lambda facts: -facts["downloads"])
        self._json([switches.listing(each) for each in found[: int(query.get("limit", ["30"])[0])]])

    def _describe(self, name: str, revision: str, query: dict[str, list[str]]) -> None:
        switches = self.hub.switches
        if switches.api_statuses:
            self._problem(switches.api_statuses.pop(0), "")
            return
        repo = self._repo(name)
        if repo is None:
            return
        commit = repo.newest if revision == "main" else revision
        if commit not in repo.commits:
            self._problem(404, "RevisionNotFound")
            return
        siblings = []
        for file, data in {
            ".gitattributes": b"*",
            "README.md": b"#",
            **repo.commits[commit],
        }.items():
            sibling: dict[str, Any] = {"rfilename": file}
            if "blobs" in query:
                sibling |= {"size": len(data), "blobId": hashlib.sha1(data).hexdigest()}
                if file.endswith(".gguf"):
                    sibling["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(),
                                      "size": len(data), "pointerSize": 135}  # fmt: skip
            siblings.append(sibling)
        facts = {**self._facts(name, repo), "sha": commit, "siblings": siblings}
        self._json(switches.listing(facts))

    def _facts(self, name: str, repo: Repo) -> dict[str, Any]:
        return {
            "_id": "66e6bd8d4b6d7d0a1a3e2f11",
            "id": name,
            "modelId": name,
            "downloads": repo.downloads,
            "likes": repo.likes,
            "lastModified": "2025-08-07T09:51:22.000Z",
            "gated": repo.gated,
            "gguf": repo.gguf,
            "tags": ["gguf", f"license:{repo.licence}", "region:us"],
        }

    def _json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        if self.hub.switches.api_body is not None:
            body = self.hub.switches.api_body
        headers = {"Content-Type": "application/json; charset=utf-8"}
        self._answer(200, body, headers | self.hub.switches.api_headers)

    def _repo(self, name: str, *, file: bool = False) -> Repo | None:
        """Return a repository that the one who asks may see, or answer why not."""
        repo = self.hub.repos.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.hub.tokens:
            self._problem(401, "", "Invalid credentials in Authorization header")
        elif repo is None or (repo.private and not token):
            self._problem(404 if token else 401, "RepoNotFound", "Repository not found")
        elif repo.gated and file and not token:
            self._problem(401, "GatedRepo", f"Access to model {name} is restricted.")
        elif repo.gated and file and not self.hub.agreed:
            self._problem(403, "GatedRepo", f"Access to model {name} is restricted.")
        else:
            return repo
        return None

    # -------------------------------------------------------------- files

    def _resolve(self, name: str, revision: str, file: str) -> None:
        switches = self.hub.switches
        if switches.statuses:
            self._problem(switches.statuses.pop(0), "", headers=switches.headers)
            return
        repo = self._repo(name, file=True)
        if repo is None:
            return
        commit = repo.newest if revision == "main" else revision
        data = repo.commits.get(commit, {}).get(file)
        if data is None:
            self._problem(404, "EntryNotFound" if commit in repo.commits else "RevisionNotFound")
            return
        place = f"/{name}/{commit}/{file}"
        headers = {
            "X-Repo-Commit": switches.commit_header or commit,
            "X-Linked-Size": str(len(data)),
            "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
            **switches.linked,
        }
        if switches.no_redirect:
            self._file(data, headers)
            return
        signed = f"http://{self.hub.hosts[1]}{quote(place)}?Expires=1&Signature={_signature(place)}"
        headers["Location"] = switches.redirect or signed
        self._answer(302, b"Found.", headers | {"Content-Type": "text/plain"})

    def _content(self, path: str, query: dict[str, list[str]]) -> None:
        place, switches = unquote(path), self.hub.switches
        if switches.expired_once or query.get("Signature") != [_signature(place)]:
            switches.expired_once = False
            self._answer(403, b"<Error>AccessDenied</Error>", {"Content-Type": "application/xml"})
            return
        owner, name, commit, file = place[1:].split("/", 3)
        self._file(self.hub.repos[f"{owner}/{name}"].commits[commit][file], {})

    def _file(self, data: bytes, headers: dict[str, str]) -> None:
        switches = self.hub.switches
        true_etag = f'"{hashlib.sha256(data).hexdigest()}"'
        etag = true_etag
        if switches.etags:
            etag = switches.etags.pop(0) if len(switches.etags) > 1 else switches.etags[0]
        if switches.weak_etag:
            etag = f"W/{etag}"
        data = switches.content(data)
        headers |= {"ETag": etag, "Accept-Ranges": "bytes"}
        if switches.content_type:
            headers["Content-Type"] = switches.content_type
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if condition is not None and condition != etag and switches.heed_if_range:
            asked = None
        if asked is None or switches.no_ranges:
            self._answer(200, data, headers, file=True)
            return
        begin = int(asked[1])
        if begin >= len(data) or switches.always_416:
            self._answer(416, b"", headers | {"Content-Range": f"bytes */{len(data)}"})
            return
        begin += switches.wrong_piece
        headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        self._answer(206, data[begin:], headers, file=True)

    # -------------------------------------------------------------- sending

    def _problem(
        self, status: int, code: str, message: str = "", headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps({"error": message or f"problem {status}"}).encode()
        said = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self._answer(status, body, {"Content-Type": "application/json", **said, **(headers or {})})

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], *, file: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not (file and self.hub.switches.no_length):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if file:
            self._pour(body)
        else:
            self.wfile.write(body)

    def _pour(self, body: bytes) -> None:
        switches = self.hub.switches
        end = len(body)
        if switches.cut_after:
            end = min(end, switches.cut_after.pop(0))
        elif switches.always_cut is not None:
            end = min(end, switches.always_cut)
        began = time.monotonic()
        for at in range(0, end, _SLICE):
            if switches.stall_after is not None and at >= switches.stall_after:
                self.hub.end.wait(60)
                return
            piece = body[at : min(at + _SLICE, end)]
            self.wfile.write(piece)
            self.hub.sent += len(piece)
            if switches.bytes_per_second:
                ahead = (at + len(piece)) / switches.bytes_per_second - (time.monotonic() - began)
                if self.hub.end.wait(max(0.0, ahead)):
                    return


def _signature(place: str) -> str:
    return hashlib.sha256(f"secret {place}".encode()).hexdigest()[:32]


@contextlib.contextmanager
def model_repo(size: int = 300_000, name: str = "acme/Tiny-GGUF") -> Iterator[HubServer]:
    """A hub with one repository of one honest file of so many bytes."""
    with HubServer() as hub:
        hub.add(name, {"Tiny-Q4_K_M.gguf": gguf_bytes(size)})
        yield hub


def gguf_bytes(size: int, seed: int = 1) -> bytes:
    """Return bytes that begin as a GGUF file does."""
    import random

    return b"GGUF\x03\0\0\0" + random.Random(seed).randbytes(size - 8)
