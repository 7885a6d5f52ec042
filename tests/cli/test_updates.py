"""`homebody updates`, as a build that knows where its releases are announced; all is real.

The build is a copy of the package with a `release.json` inside, as a frozen app has one; where
releases are announced is a server on loopback that the person trusts in the settings.
"""

import json
import shutil
import sys
from pathlib import Path

import pytest

from cli.support import HOMEBODY, Ran, run, surroundings, unshared
from courier.loopback import Loopback, page
from homebody import __version__
from homebody.base.paths import find_home, shipped
from homebody.privacy.ledger import entries, verify
from homebody.settings.file import save

PACKAGE = Path(sys.modules["homebody"].__file__).parent
PATH = "/repos/acme/homebody/releases/latest"


@pytest.fixture
def server():
    with Loopback(other=page(b"", "404 Not Found")).running() as server:
        announce(server, "v9.0.0")
        save(find_home(), {"extra_hosts": server.host})
        yield server


def announce(server, tag, **facts):
    told = {
        "tag_name": tag,
        "html_url": f"https://{server.host}/acme/homebody/releases/tag/{tag}",
        "published_at": "2026-11-20T10:00:00Z",
        **facts,
    }
    server.pages[PATH] = page(json.dumps(told).encode(), Content_Type="application/json")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """A copy of the package that carries what ships with it."""
    folder = tmp_path_factory.mktemp("build")
    package = folder / "homebody"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "shipped"))
    (package / "shipped" / "models").mkdir(parents=True)
    shutil.copy(shipped("models/catalog.toml"), package / "shipped" / "models")
    return folder


@pytest.fixture
def updates(build, server):
    """Run the build, which was made with the server's address."""

    def start(*words: str, releases: str = f"{server.url}{PATH}", **options: object) -> Ran:
        told = json.dumps({"version": __version__, "releases": releases})
        (build / "homebody" / "shipped" / "release.json").write_text(told)
        environment = {"PYTHONPATH": str(build)}
        prefix = options.pop("prefix", ())
        command = [*prefix, *HOMEBODY, "updates", *words]
        return run(command, environment=environment, **options)  # type: ignore[arg-type]

    return start


def test_a_newer_version_is_told_with_its_page(updates, server):
    ran = updates()
    assert ran.status == 0
    assert ran.out == (
        f"There is a newer version: 9.0.0 of 2026-11-20. This is Homebody {__version__}.\n"
        f"https://{server.host}/acme/homebody/releases/tag/v9.0.0\n"
    )
    assert "Nothing was fetched" in ran.err
    home = find_home()
    (entry,) = entries(home.ledger)
    assert (entry.purpose, entry.agreed, entry.status) == ("version", "homebody updates", 200)
    assert verify(home.ledger, home.ledger_head).ok
    (seen,) = server.settled()
    assert seen.headers["user-agent"] == "homebody"
    assert __version__ not in seen.request.decode().replace("HTTP/1.1", "")


def test_as_json_and_in_the_other_two_cases(updates, server):
    assert json.loads(updates("--json").out) == {
        "version": __version__,
        "newest": "9.0.0",
        "newest_is": "newer",
        "page": f"https://{server.host}/acme/homebody/releases/tag/v9.0.0",
        "published": "2026-11-20T10:00:00+00:00",
        "host": server.host,
    }
    announce(server, f"v{__version__}", html_url="https://evil.example/x")
    assert updates().out == f"This is the newest version: Homebody {__version__} of 2026-11-20.\n"
    report = json.loads(updates("--json").out)
    assert (report["newest_is"], report["page"]) == ("same", "")
    announce(server, "v0.0.1")
    assert f"newer than what {server.host} announces: 0.0.1" in updates().out


def test_offline_nobody_is_asked(updates, server):
    updates("--offline").complained("offline")
    save(find_home(), {"offline": True})
    updates().complained("offline")
    assert server.seen == []
    assert not find_home().ledger.exists()


def test_a_build_that_knows_no_address_says_so_and_connects_to_nothing(updates, server):
    updates(releases="").complained("does not know where", "Look where you got it")
    assert server.seen == []
    assert not find_home().ledger.exists()


def test_what_goes_wrong_is_a_sentence(updates, server):
    server.pages[PATH] = page(b"<p>Log in", Content_Type="text/html")
    updates().complained("web page")
    updates(releases="gopher://x").complained("no address")
    save(find_home(), {"extra_hosts": ""})
    updates().complained("begins with http:")
    assert len(server.seen) == 1


def test_without_a_network_it_says_so(updates, server):
    ran = updates(prefix=unshared("--net"))
    ran.complained("cannot be reached")
    assert server.seen == []


def test_nothing_but_this_command_ever_asks(updates, server, build):
    """The other commands of such a build look nowhere."""
    updates(releases=f"{server.url}{PATH}")
    before = len(server.seen)
    environment = {**surroundings(), "PYTHONPATH": str(build)}
    for words in (["--version"], ["models", "list"], ["ledger", "list"], ["providers", "list"]):
        assert run([*HOMEBODY, *words], environment=environment).status == 0
    assert len(server.seen) == before
