"""Markdown for property tests: many constructs, whole and broken, and any cutting of a text."""

from itertools import pairwise

from hypothesis import strategies as st

__all__ = ["cut", "texts"]

_WORDS = (
    "plain words",
    "**bold** and *slanted* and ~~gone~~",
    "a `code` b",
    "**never closed",
    "`open",
    "[a link](https://example.org/x?y=z)",
    "[by name][one] and [two]",
    "<https://example.org>",
    "![a picture](pictures/x.png)",
    "שלום עולם",
    "مرحبا, mixed",
    "🙂👩‍👩‍👧 emoji",
    "日本語の文",
    "a\\*b &amp; &lt;",
    "line  \nbreak",
    "soft\nbreak",
    "1",
    "#",
    "***",
    "<b>html</b>",
)
words = st.sampled_from(_WORDS)
sentence = st.lists(words, min_size=1, max_size=4).map(" ".join)
_BLOCKS = (
    "# {}",
    "###### {}",
    "{}",
    "{}\n===",
    "{}\n---",
    "- {}\n- {}",
    "- {}\n\n- {}",
    "* {}\n  * {}\n\n    {}",
    "1. {}\n2. {}\n   - {}\n     ```py\n     x = 1\n     ```",
    "7) {}",
    "- [ ] {}\n- [x] {}",
    "-\n- {}",
    "> {}\n> {}",
    "> - {}\n> > {}",
    "> ```\n> {}\n> ```",
    "```python\ndef f():\n    return '{}'\n\n```",
    "```\n{}",
    "~~~~ js {}\n```\n{}\n~~~~",
    "    indented {}\n\n    more",
    "| a | b |\n|---|:-:|\n| {} | x |\n| y | z |",
    "a | b\n--|--\n1 | 2",
    "| head |\n| {} |",
    "---",
    "***",
    "[one]: https://example.org/one\n[two]: <https://example.org/two> 'title'",
    "[one]: /late\n'title\n{}'",
    "<div>{}</div>",
    "$$ {} $$",
    "{}\n***{}***",
    "{}\n#{}",
    "\t{}",
)


@st.composite
def block(draw: st.DrawFn) -> str:
    form = draw(st.sampled_from(_BLOCKS))
    return form.format(*(draw(sentence) for _ in range(form.count("{}"))))


joints = st.sampled_from(["\n\n", "\n", "\n\n\n", "\r\n", "\r\n\r\n", "\n \n", "\r", ""])


@st.composite
def _texts(draw: st.DrawFn) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 7))):
        text += draw(block()) + draw(joints)
    return text


texts = st.one_of(_texts(), st.text(alphabet="ab \n#*-_`>|[]():1.~\t\r\0 ", max_size=60))


def cut(text: str) -> st.SearchStrategy[list[str]]:
    """Return cuttings of a text into parts that together are the text."""

    def parts(places: list[int]) -> list[str]:
        edges = [0, *sorted(places), len(text)]
        return [text[a:b] for a, b in pairwise(edges)]

    some = st.lists(st.integers(0, len(text)), max_size=40).map(parts)
    return st.one_of(some, st.just(list(text)))
