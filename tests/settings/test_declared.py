"""Declarations: complete, and their bounds mean what they say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.messages.frames import Load, Sampling
from homebody.settings.declared import SETTINGS, Setting, Settings

BY_KEY = {setting.key: setting for setting in SETTINGS}
KINDS = {
    "model": "text",
    "system_prompt": "text",
    "context": "whole",
    "max_reply_tokens": "whole",
    "temperature": "number",
    "top_p": "number",
    "top_k": "whole",
    "min_p": "number",
    "repeat_penalty": "number",
    "seed": "whole",
    "gpu_layers": "whole",
    "threads": "whole",
    "use_mmap": "switch",
    "skills": "switch",
    "offline": "switch",
    "autostart": "switch",
    "hub": "text",
    "extra_hosts": "text",
    "cache_type": "choice",
    "flash_attention": "choice",
    "appearance": "choice",
    "text_size": "whole",
    "tray": "switch",
    "log_level": "choice",
}


def test_every_field_is_declared():
    assert {setting.key: setting.kind for setting in SETTINGS} == KINDS
    assert tuple(BY_KEY) == Settings.__struct_fields__
    for setting in SETTINGS:
        assert getattr(Settings(), setting.key) == setting.default
        assert setting.title
        assert setting.help.endswith(".")
        assert setting.allowed()
        if setting.default is not None:
            assert setting.accept(setting.default) == (True, setting.default)


def test_values_are_frozen():
    with pytest.raises(AttributeError):
        Settings().model = "x"
    with pytest.raises(AttributeError):
        SETTINGS[0].key = "x"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("temperature", 1, 1.0),
        ("temperature", 2.0, 2.0),
        ("temperature", 0, 0.0),
        ("context", 0, 0),
        ("context", 512, 512),
        ("gpu_layers", -1, -1),
        ("seed", 2**32 - 1, 2**32 - 1),
        ("use_mmap", False, False),
        ("log_level", "DEBUG", "DEBUG"),
        ("system_prompt", "", ""),
        ("model", "/models/a b.gguf", "/models/a b.gguf"),
    ],
)
def test_accepted(key, value, expected):
    good, accepted = BY_KEY[key].accept(value)
    assert good
    assert accepted == expected
    assert type(accepted) is type(expected)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("temperature", True),
        ("temperature", "0.5"),
        ("temperature", 10**400),
        ("context", 511),
        ("context", 1),
        ("context", 4096.0),
        ("context", 2**20 + 1),
        ("gpu_layers", -2),
        ("threads", 257),
        ("use_mmap", 1),
        ("log_level", "debug"),
        ("log_level", ["DEBUG"]),
        ("model", " "),
        ("model", None),
        ("seed", 2**32),
    ],
)
def test_refused(key, value):
    assert BY_KEY[key].accept(value) == (False, None)


def test_minus_zero_is_zero():
    assert math.copysign(1, BY_KEY["temperature"].accept(-0.0)[1]) == 1


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(SETTINGS), anything)
def test_accept_never_raises(setting: Setting, value):
    good, accepted = setting.accept(value)
    if good:
        assert accepted == value
        Settings(**{setting.key: accepted})


@given(st.sampled_from([s for s in SETTINGS if s.key in Sampling.__struct_fields__]), st.data())
def test_the_engine_takes_what_is_accepted(setting: Setting, data):
    import msgspec

    numbers = st.integers() if setting.kind == "whole" else st.floats(setting.low, setting.high)
    value = data.draw(numbers | st.sampled_from((int(setting.low), int(setting.high))))
    good, accepted = setting.accept(value)
    if good:
        msgspec.convert({setting.key: accepted}, Sampling)


def test_bounds_fit_the_frames():
    import msgspec

    for key in ("context", "gpu_layers"):
        setting = BY_KEY[key]
        for value in (setting.low, setting.high, setting.default):
            msgspec.convert({"type": "load", "id": 1, "path": "x", key: int(value)}, Load)
