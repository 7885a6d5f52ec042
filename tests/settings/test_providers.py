"""Who can be asked elsewhere: what is taken, what is refused, and that nothing is lost."""

import json
import sys

import pytest
from msgspec import structs

from homebody.base.errors import BadInput
from homebody.base.paths import find_home
from homebody.messages.providers import Provider
from homebody.settings.providers import (
    PRESETS,
    add_provider,
    agree,
    find_provider,
    host_of,
    load_providers,
    remove_provider,
)

BIG = Provider(name="Big", url="https://api.example.org/v1", model="large-1")
BOX = Provider(name="My box", url="http://192.168.1.20:8080/v1", model="qwen", mine=True)


def test_added_found_changed_and_removed():
    home = find_home()
    assert load_providers(home) == ()
    assert add_provider(home, BIG) == BIG
    add_provider(home, BOX)
    dearer = structs.replace(BIG, price_in=2.5, price_out=10.0, currency="EUR")
    add_provider(home, dearer)
    assert load_providers(home) == (dearer, BOX)
    assert find_provider(home, " my BOX ") == BOX
    assert remove_provider(home, "big") == dearer
    assert load_providers(home) == (BOX,)
    with pytest.raises(BadInput) as caught:
        find_provider(home, "Big")
    assert "My box" in caught.value.hint
    with pytest.raises(BadInput):
        remove_provider(home, "Big")


def test_what_is_written_a_person_can_read_and_no_key_is_in_it():
    home = find_home()
    add_provider(home, BOX)
    text = home.providers.read_text("utf-8")
    assert set(json.loads(text)["providers"][0]) == set(Provider.__struct_fields__)
    assert text.count("\n") > 8


def test_a_yes_is_for_this_address_and_this_model():
    home = find_home()
    add_provider(home, structs.replace(BOX, agreed="2026-01-01T00:00:00Z"))
    assert find_provider(home, "my box").agreed is None, "nobody said it here"
    when = "2026-11-21T10:00:00+00:00"
    assert agree(home, "my box", when).agreed == when
    # A price is no reason to ask again.
    assert add_provider(home, structs.replace(BOX, price_in=0.0)).agreed == when
    for other in ({"url": "http://192.168.1.21:8080/v1"}, {"model": "other"}):
        agree(home, "my box", when)
        assert add_provider(home, structs.replace(BOX, **other)).agreed is None
        add_provider(home, BOX)
        assert find_provider(home, "my box").agreed is None
    agree(home, "my box", when)
    assert agree(home, "my box", None).agreed is None


def test_only_a_machine_of_ones_own_can_do_with_one_yes():
    home = find_home()
    add_provider(home, BIG)
    with pytest.raises(BadInput, match="a yes each time"):
        agree(home, "Big", "2026-11-21")
    home.providers.write_text(
        json.dumps({"providers": [structs.asdict(structs.replace(BIG, agreed="2026"))]}), "utf-8"
    )
    assert find_provider(home, "Big").agreed is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": ""}, "The name"),
        ({"name": "two\nlines"}, "The name"),
        ({"name": "x" * 61}, "The name"),
        ({"name": "abc\u202edef"}, "The name"),
        ({"name": "a\0"}, "The name"),
        ({"model": "a\nb"}, "The model"),
        ({"model": "m" * 201}, "The model"),
        ({"url": ""}, "The address"),
        ({"url": "https://a.example/" + "x" * 500}, "The address"),
        ({"url": "https://a.example/\nX: y"}, "The address"),
        ({"url": "api.example.org/v1"}, "not the address of a provider"),
        ({"url": "ftp://a.example"}, "not the address of a provider"),
        ({"url": "https://"}, "not the address of a provider"),
        ({"url": "https:///v1"}, "not the address of a provider"),
        ({"url": "https://ä.example/v1"}, "not the address of a provider"),
        ({"url": "https://a.example:99999/v1"}, "not the address of a provider"),
        ({"url": "https://a.example:0/v1"}, "not the address of a provider"),
        ({"url": "https://a.example:x/v1"}, "not the address of a provider"),
        ({"url": "https://[::1/v1"}, "not the address of a provider"),
        ({"url": "https://a b.example/v1"}, "not the address of a provider"),
        ({"url": "https://a.example\\@b.example/v1"}, "no name and no password"),
        ({"url": "https://a.example/../v1"}, "not the address of a provider"),
        ({"url": "https://a.example/v1/./x"}, "not the address of a provider"),
        ({"url": "https://a.example//v1"}, "not the address of a provider"),
        ({"url": "https://a.example/%2e%2e"}, "not the address of a provider"),
        ({"url": "https://me:secret@a.example/v1"}, "no name and no password"),
        ({"url": "https://a.example/v1?key=1"}, "before any"),
        ({"url": "https://a.example/v1#x"}, "before any"),
        ({"url": "https://a.example/v1/chat/completions"}, "the address before it"),
        ({"url": "http://a.example/v1"}, "could be read on the way"),
        ({"price_in": -1.0}, "A price"),
        ({"price_out": float("nan")}, "A price"),
        ({"price_out": float("inf")}, "A price"),
        ({"currency": "dollars"}, "A currency"),
    ],
)
def test_what_cannot_be_a_provider_is_said_and_nothing_is_written(change, why):
    home = find_home()
    with pytest.raises(BadInput, match=why) as caught:
        add_provider(home, structs.replace(BIG, **change))
    assert caught.value.hint
    assert "secret" not in caught.value.message + caught.value.hint
    assert not home.providers.exists()


@pytest.mark.parametrize(
    ("url", "kept", "host"),
    [
        ("https://api.example.org/v1/", "https://api.example.org/v1", "api.example.org"),
        ("https://API.Example.org:443", "https://api.example.org", "api.example.org"),
        ("https://a.example:8443/x/v1", "https://a.example:8443/x/v1", "a.example:8443"),
        (" http://[::1]:8080/v1 ", "http://[::1]:8080/v1", "[::1]:8080"),
        ("http://nas.local./v1", "http://nas.local/v1", "nas.local"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1", "localhost:11434"),
    ],
)
def test_an_address_is_kept_in_one_form(url, kept, host):
    provider = add_provider(find_home(), structs.replace(BOX, url=url))
    assert (provider.url, host_of(provider.url)) == (kept, host)


def test_a_provider_may_have_no_model_yet():
    assert add_provider(find_home(), structs.replace(BIG, model=" ")).model == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "cannot be understood"),
        (b"[]", "cannot be understood"),
        (b"\xff\xfe", "cannot be understood"),
        (b'{"providers": 3}', "cannot be understood"),
        (b'{"providers": [{"name": "a"}]}', "cannot be understood"),
        (b"[" * 500_000, "cannot be understood"),
        (b" " * 1_000_001, "larger"),
        (b'{"providers":[{"name":"a","url":"http://b","model":"m"}]}', "could be read on the way"),
        (
            b'{"providers":[{"name":"a","url":"https://b","model":"m"},'
            b'{"name":"A","url":"https://c","model":"m"}]}',
            "names A twice",
        ),
        (
            json.dumps(
                {
                    "providers": [
                        {"name": f"{n}", "url": "https://b", "model": ""} for n in range(201)
                    ]
                }
            ).encode(),
            "more than 200",
        ),
    ],
)
def test_a_file_that_is_no_good_is_said_and_left_as_it_is(data, why):
    home = find_home()
    home.providers.parent.mkdir(parents=True)
    home.providers.write_bytes(data)
    for call in (
        lambda: load_providers(home),
        lambda: add_provider(home, BIG),
        lambda: remove_provider(home, "a"),
        lambda: agree(home, "a", None),
        lambda: find_provider(home, "a"),
    ):
        with pytest.raises(BadInput, match=why) as caught:
            call()
        assert str(home.providers) in caught.value.hint
    assert home.providers.read_bytes() == data


def test_an_empty_file_and_a_byte_order_mark_are_fine():
    home = find_home()
    home.providers.parent.mkdir(parents=True)
    home.providers.write_bytes(b"\n")
    assert load_providers(home) == ()
    home.providers.write_bytes(b'\xef\xbb\xbf{"providers": [], "later": 1}')
    assert load_providers(home) == ()


def test_a_list_that_cannot_be_written_is_as_it_was():
    home = find_home()
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text("a file where the folder should be")
    with pytest.raises(BadInput, match=r"cannot be (read|written)"):
        add_provider(home, BIG)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_stays_a_link(tmp_path):
    home = find_home()
    home.providers.parent.mkdir(parents=True)
    home.providers.symlink_to(tmp_path / "kept.json")
    add_provider(home, BIG)
    assert home.providers.is_symlink()
    assert load_providers(home) == (BIG,)


def test_there_are_no_more_than_a_person_can_have():
    home = find_home()
    many = [{"name": f"{n}", "url": "https://b.example", "model": ""} for n in range(200)]
    home.providers.parent.mkdir(parents=True)
    home.providers.write_text(json.dumps({"providers": many}))
    with pytest.raises(BadInput, match="200 providers already"):
        add_provider(home, BIG)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_can_be_added_as_it_is(preset):
    wanted = Provider(name=preset.name, url=preset.url, model="", mine=preset.mine)
    kept = add_provider(find_home(), wanted)
    assert kept.url == preset.url
    assert preset.note.endswith(".")
