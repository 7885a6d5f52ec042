"""Which hosts and addresses may be reached, and for what."""

import pytest
from msgspec import structs

from homebody.base.errors import CourierProblem
from homebody.courier.hosts import Hosts, ProviderHost, Target, is_public
from homebody.messages.providers import Provider

HUGGING_FACE = "https://huggingface.co"
MIRROR = "https://mirror.example/hf"


def allowed(hosts: Hosts, purpose: str, target: Target) -> bool:
    try:
        hosts.check(purpose, target)  # type: ignore[arg-type]
    except CourierProblem as problem:
        refused = problem
    else:
        return True
    assert refused.kind == "refused"
    assert refused.message.startswith("Homebody did not connect: ")
    assert refused.hint
    # Nobody is told to open the way to where somebody else sends us.
    assert ("More hosts" in refused.hint) is (target == hosts.hub)
    return False


@pytest.mark.parametrize(
    ("purpose", "target", "good"),
    [
        ("search", Target("https", "huggingface.co", 443), True),
        ("list", Target("https", "huggingface.co", 443), True),
        ("download", Target("https", "huggingface.co", 443), True),
        ("download", Target("https", "cdn-lfs.huggingface.co", 443), True),
        ("download", Target("https", "cas-bridge.xethub.hf.co", 443), True),
        ("download", Target("https", "cdn-lfs-us-1.hf.co", 443), True),
        ("search", Target("https", "cdn-lfs.huggingface.co", 443), False),
        ("list", Target("https", "cas-bridge.xethub.hf.co", 443), False),
        ("download", Target("https", "huggingface.co.evil.example", 443), False),
        ("download", Target("https", "evilhuggingface.co", 443), False),
        ("download", Target("https", "evil-hf.co", 443), False),
        ("download", Target("https", "cdn-lfs.huggingface.co", 8443), False),
        ("search", Target("https", "huggingface.co", 444), False),
        ("download", Target("http", "cdn-lfs.huggingface.co", 443), False),
        ("search", Target("http", "huggingface.co", 80), False),
        ("download", Target("ftp", "huggingface.co", 443), False),
        ("download", Target("https", "", 443), False),
        ("download", Target("https", "mirror.example", 443), False),
    ],
)
def test_hugging_face(purpose: str, target: Target, good: bool) -> None:
    assert allowed(Hosts(HUGGING_FACE, ""), purpose, target) is good


def test_a_mirror_is_only_itself() -> None:
    hosts = Hosts(MIRROR, "")
    for purpose in ("search", "list", "download"):
        assert allowed(hosts, purpose, Target("https", "mirror.example", 443))
        assert not allowed(hosts, purpose, Target("https", "huggingface.co", 443))
        assert not allowed(hosts, purpose, Target("https", "cdn.mirror.example", 443))
        assert not allowed(hosts, purpose, Target("https", "cdn-lfs.huggingface.co", 443))


def test_what_the_person_added_may_be_reached_over_http_and_at_home() -> None:
    hosts = Hosts(MIRROR, "NAS.local 192.168.1.20:8080 [::1]:9000 fd00::1")
    for target in (
        Target("http", "nas.local", 80),
        Target("https", "nas.local", 443),
        Target("http", "192.168.1.20", 8080),
        Target("http", "::1", 9000),
        Target("https", "fd00::1", 443),
    ):
        assert allowed(hosts, "download", target)
        hosts.check_address(target, "10.0.0.7")
    for target in (
        Target("http", "nas.local", 8080),
        Target("http", "192.168.1.20", 80),
        Target("http", "192.168.1.2", 8080),
        Target("http", "::1", 9001),
    ):
        assert not allowed(hosts, "download", target)
        with pytest.raises(CourierProblem, match="not the public internet"):
            hosts.check_address(target, "10.0.0.7")


def test_only_the_hub_of_the_settings_is_offered_to_be_added() -> None:
    """A lie about where a file lies must not get the person to let Homebody reach a router."""
    hosts = Hosts("http://10.0.0.9:8080", "")
    assert not allowed(hosts, "list", hosts.hub)
    for target in (hosts.hub, Target("https", "169.254.169.254", 443)):
        with pytest.raises(CourierProblem) as problem:
            hosts.check_address(target, target.host)
        assert ("More hosts" in problem.value.hint) is (target == hosts.hub)


@pytest.mark.parametrize(
    "word", ["http://a.example", "a.example:", "a:0", "a:65536", "a:b", "a@b", "[::1", "ä.de", "*"]
)
def test_an_extra_host_that_is_none_is_a_sentence(word: str) -> None:
    with pytest.raises(CourierProblem, match="More hosts in the settings holds") as problem:
        Hosts(HUGGING_FACE, f"good.example {word}")
    assert problem.value.kind == "refused"


@pytest.mark.parametrize(
    "hub",
    ["huggingface.co", "ftp://a.example", "https://", "https://u:p@a.example", "https://a:x/",
     "//a", "https://a.example/?x=1", "https://ä.example", "https://[::1"],
)  # fmt: skip
def test_a_hub_that_is_no_address_is_a_sentence(hub: str) -> None:
    with pytest.raises(CourierProblem, match="not the address of one") as problem:
        Hosts(hub, "")
    assert problem.value.kind == "refused"


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
     "223.255.255.255", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450::1",
     "64:ff9b::101:101"],
)  # fmt: skip
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
     "169.254.169.254", "100.64.0.1", "100.127.255.255", "0.0.0.0", "255.255.255.255", "224.0.0.1",
     "240.0.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
     "::1", "::", "fe80::1", "fe80::1%eth0", "2606::1%eth0", "fc00::1", "fd12::1", "fec0::1",
     "ff02::1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::127.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1",
     "100::1", "5f00::1", "", "localhost", "1.1.1", "0x7f000001"],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(address)


# ---------------------------------------------------------------- providers

PUBLIC = Provider(name="Big", url="https://api.example.org/v1", model="m")
OWN = Provider(name="Box", url="http://[fd00::1]:8080/v1", model="m", mine=True)


def test_a_provider_is_only_itself_and_only_for_words() -> None:
    rules = ProviderHost(PUBLIC)
    own = Target("https", "api.example.org", 443)
    assert (rules.home, rules.redirects) == (own, False)
    for purpose in ("ask", "models"):
        rules.check(purpose, own)  # type: ignore[arg-type]
        for target in (
            Target("http", "api.example.org", 443),
            Target("http", "api.example.org", 80),
            Target("https", "api.example.org", 8443),
            Target("https", "api.example.org.evil.example", 443),
            Target("https", "example.org", 443),
            Target("https", "huggingface.co", 443),
        ):
            with pytest.raises(CourierProblem, match="is not where Big is") as problem:
                rules.check(purpose, target)  # type: ignore[arg-type]
            assert (problem.value.kind, rules.is_home(target)) == ("refused", False)
    for purpose in ("search", "list", "download"):
        with pytest.raises(CourierProblem):
            rules.check(purpose, own)  # type: ignore[arg-type]


def test_the_hub_and_what_was_added_for_it_are_never_asked_for_words() -> None:
    hosts = Hosts(HUGGING_FACE, "api.example.org")
    for purpose in ("ask", "models"):
        for target in (hosts.hub, Target("https", "api.example.org", 443)):
            with pytest.raises(CourierProblem, match="nobody but its provider"):
                hosts.check(purpose, target)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("provider", "address", "good"),
    [
        (PUBLIC, "93.184.215.14", True),
        (PUBLIC, "10.0.0.1", False),
        (PUBLIC, "127.0.0.1", False),
        (PUBLIC, "::ffff:1.1.1.1", False),
        (OWN, "fd00::1", True),
        (OWN, "127.0.0.1", True),
        (OWN, "100.64.0.7", True),
        (OWN, "93.184.215.14", False),
        (OWN, "2606::1", False),
        (structs.replace(OWN, url="https://box.example"), "93.184.215.14", True),
        (structs.replace(OWN, url="https://box.example"), "192.168.1.2", True),
    ],
)
def test_where_a_provider_may_be(provider: Provider, address: str, good: bool) -> None:
    rules = ProviderHost(provider)
    if good:
        rules.check_address(rules.home, address)
        return
    with pytest.raises(CourierProblem) as problem:
        rules.check_address(rules.home, address)
    assert problem.value.kind == "refused"
    assert problem.value.hint


def test_what_is_not_encrypted_is_for_a_machine_of_ones_own() -> None:
    """Though the list would not take it: who connects looks for itself."""
    rules = ProviderHost(structs.replace(PUBLIC, url="http://api.example.org"))
    with pytest.raises(CourierProblem, match="could be read on the way"):
        rules.check("ask", rules.home)
    assert rules.is_direct(rules.home)
    assert not ProviderHost(PUBLIC).is_direct(ProviderHost(PUBLIC).home)
