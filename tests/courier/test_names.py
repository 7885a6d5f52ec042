"""Names that come from elsewhere: 5,000 hostile ones, and none leads out of the folder."""

import os
import random
from pathlib import Path

import pytest

from homebody.base.errors import CourierProblem
from homebody.courier.names import named_apart, safe_join, safe_name

HOSTILE = [
    "", ".gguf", "..", "../x.gguf", "a/../x.gguf", "a//x.gguf", "/etc/x.gguf", "./x.gguf",
    "a/./x.gguf", "C:\\x.gguf", "C:x.gguf", "\\\\host\\share\\x.gguf", "a\\x.gguf",
    "x.gguf:stream", "x.gguf/", "x.gguf.", "x.gguf ", " x.gguf", "CON.gguf", "nul.gguf",
    "COM1.x.gguf", "lpt9.gguf", "com¹.gguf", "aux/x.gguf", "x\0.gguf", "x\n.gguf",
    "x\x1b[2J.gguf", "x\u202e.gguf", "x\u200b.gguf", "x\ud800.gguf", "a" * 196 + ".gguf",
    "é" * 99 + ".gguf", "x.exe", "x.gguf.desktop", "x*.gguf", "x?.gguf", "x|y.gguf", "<x>.gguf",
    '"x".gguf', "~/x.gguf\0", "con .gguf", "CONIN$.gguf",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_are_refused(name):
    with pytest.raises(CourierProblem) as caught:
        safe_name(name)
    assert caught.value.kind == "hub"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("m.gguf", "m.gguf"),
        ("sub/dir/Model-Q4_K_M.GGUF", "Model-Q4_K_M.GGUF"),
        ("Qwen3 4B (new).gguf", "Qwen3 4B (new).gguf"),
        ("モデル.gguf", "モデル.gguf"),
        ("cafe\u0301.gguf", "caf\u00e9.gguf"),
        ("consul.gguf", "consul.gguf"),
        ("a" * 195 + ".gguf", "a" * 195 + ".gguf"),
    ],
)
def test_honest_names_stay(name, safe):
    assert safe_name(name) == safe


def test_five_thousand_names_made_of_hostile_pieces_stay_in_the_folder(tmp_path):
    rng = random.Random(5)
    pieces = [*HOSTILE, "x", "model", ".", "/", "\\", "..", "é", ".gguf", "NUL", ":", " "]
    kept = 0
    for _ in range(5000):
        name = "".join(rng.choices(pieces, k=rng.randint(1, 5))) + rng.choice(["", ".gguf"])
        try:
            path = safe_join(tmp_path, safe_name(name))
        except CourierProblem:
            continue
        kept += 1
        assert Path(os.path.normpath(path)).parent == tmp_path
        assert len(path.name.encode()) <= 255
    assert kept > 50


def test_a_mark_stands_before_the_ending_or_the_number():
    assert named_apart("m.gguf", "0123456789abcdef") == "m.01234567.gguf"
    assert named_apart("m-00001-of-00002.gguf", "0123456789") == "m.01234567-00001-of-00002.gguf"
