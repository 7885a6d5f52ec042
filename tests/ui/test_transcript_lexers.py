"""What a model may write to keep a lexer busy does not keep the window waiting."""

import time

import pytest
from pygments.lexers import get_lexer_by_name

from homebody.ui.transcript.highlight import LANGUAGES, Highlighter, is_readable

MOST, LINE = 20_000, 300
# Of 95 that were tried on 55 lexers, those that held one of them up for longest.
UNITS = ["\n\t", "\n ", "a\n", "a ", "a:", "@", '"', "`", "%(", "#\n", "<<a", "/*", "\\", "{"]
STALL = 0.4
"""Seconds that nothing else may run. Measured: 32 ms at most; a busy machine takes longer."""


def attacks() -> list[str]:
    """Return what was seen to be the worst for such expressions: one thing, again and again."""
    made = []
    for unit in UNITS:
        whole = (unit * (MOST // len(unit) + 1))[:MOST]
        if "\n" not in unit:
            step = LINE // len(unit) * len(unit)
            whole = "\n".join(whole[at : at + step] for at in range(0, MOST, step))[:MOST]
        if is_readable(whole):
            made.append(whole)
    return made


@pytest.mark.parametrize("name", sorted(set(LANGUAGES.values())))
def test_a_lexer_never_holds_everything_up(name: str) -> None:
    """Between two tokens the window has its turn: no token takes long, whatever is written."""
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    worst = (0.0, "")
    for code in attacks():
        begin = before = time.perf_counter()
        for _ in lexer.get_tokens(code):
            now = time.perf_counter()
            worst = max(worst, (now - before, code[:8]))
            before = now
            if now - begin > 0.05:
                break
    assert worst[0] < STALL, worst


def test_what_nobody_would_write_is_not_read_at_all(qapp: object) -> None:
    del qapp
    reader = Highlighter()
    for language, code in (
        ("easytrieve", "x = 1"),
        ("python", "x = 1\n" * 5_000),
        ("python", "x" * 301),
        ("python", "x =" + "\n " * 40 + "1"),
        ("", "x = 1"),
    ):
        assert reader.spans(language, code) == []
    assert reader._thread is None


def test_a_lexer_that_fails_costs_colours_and_no_more(
    qtbot: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pygments.lexers.python import PythonLexer

    reader = Highlighter()
    with monkeypatch.context() as broken:
        broken.setattr(PythonLexer, "get_tokens", lambda *_: 1 / 0)
        with qtbot.waitSignal(reader.found):  # type: ignore[attr-defined]
            assert reader.spans("python", "x = 1") is None
        assert reader.spans("python", "x = 1") == []
    with qtbot.waitSignal(reader.found):  # type: ignore[attr-defined]
        assert reader.spans("python", "x = 2") is None
    assert reader.spans("python", "x = 2") != []
    reader.close()
