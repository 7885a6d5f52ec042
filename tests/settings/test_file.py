"""The settings file: read whatever it says, changed without losing anything."""

import os
import random
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.base.errors import BadInput, SettingsProblem
from homebody.base.paths import Home
from homebody.settings import file
from homebody.settings.declared import SETTINGS, Settings
from homebody.settings.file import load, save

KEYS = [setting.key for setting in SETTINGS]
unprivileged = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a person without all rights"
)


@pytest.fixture
def home(tmp_path):
    return Home(data=tmp_path, config=tmp_path, state=tmp_path)


def put(home, text):
    home.settings.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(home)


def test_no_file_is_defaults_and_makes_none(home):
    assert load(home) == file.LoadedSettings(settings=Settings(), problems=())
    assert not home.settings.exists()


def test_values_are_read(home):
    loaded = put(home, 'model = "m.gguf"\ntemperature = 1\nuse_mmap = false\nseed = 0\n')
    assert loaded.problems == ()
    assert loaded.settings == Settings(model="m.gguf", temperature=1.0, use_mmap=False, seed=0)
    assert isinstance(loaded.settings.temperature, float)


def test_wrong_values_are_named_and_left(home):
    text = 'temperature = "hot"\ncontext = 1\nlog_level = "x"\nthreads = 2\n'
    loaded = put(home, text)
    assert loaded.settings == Settings(threads=2)
    context, temperature, log_level = loaded.problems
    assert context == (
        "context is 1 in settings.toml; it must be 0, or a whole number from 512 to 1048576. "
        "The default, 4096, is used."
    )
    assert temperature == (
        'temperature is "hot" in settings.toml; it must be a number from 0 to 2. '
        "It is treated as not set."
    )
    assert log_level == (
        'log_level is "x" in settings.toml; it must be "DEBUG", "INFO" or "WARNING". '
        'The default, "INFO", is used.'
    )
    assert home.settings.read_text() == text


def test_unknown_keys_are_no_problem(home):
    assert put(home, "later = 1\n[ui]\ntheme = 'dark'\n").problems == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("threads = 2\nmodel 7\n", "line 2"),
        ("threads = 2\nthreads = 3\n", "line 2"),
        (b"a = 1\nb = '\xff'\n", "not UTF-8 text (line 2)"),
        ("x = " + "[" * 100_000, ""),
        ("x = " + "9" * 5000, "cannot be understood"),
        ("x = 2026-99-99\n", ""),
        ("#" * 1_000_001, "1 MB"),
    ],
)
def test_broken_file(home, text, words):
    loaded = put(home, text)
    assert loaded.settings == Settings()
    (problem,) = loaded.problems
    assert words in problem
    assert problem.startswith("settings.toml ")
    assert "The defaults are used; the file is left as it is." in problem
    data = text.encode() if isinstance(text, str) else text
    assert home.settings.read_bytes() == data


def test_broken_file_is_copied_before_it_is_replaced(home):
    put(home, "threads = 2\nmodel 7\n")
    assert save(home, {"threads": 3}).settings.threads == 3
    put(home, "again =\n")
    save(home, {"threads": 4})
    assert load(home) == file.LoadedSettings(settings=Settings(threads=4), problems=())
    copies = sorted(home.config.glob("settings.broken-*.toml"))
    assert sorted(copy.read_text() for copy in copies) == ["again =\n", "threads = 2\nmodel 7\n"]


def test_a_folder_in_place_of_the_file(home):
    home.settings.mkdir()
    (problem,) = load(home).problems
    assert "cannot be read" in problem
    with pytest.raises(SettingsProblem, match="not saved"):
        save(home, {"threads": 1})


@unprivileged
def test_a_file_that_may_not_be_read(home):
    put(home, "threads = 1\n")
    home.settings.chmod(0)
    assert "cannot be read" in load(home).problems[0]


def test_a_folder_that_cannot_be_written(home, monkeypatch):
    put(home, "threads = 1\n")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("homebody.base.files.replace_file", full)
    for text in ("threads = 1\n", "broken"):
        put(home, text)
        with pytest.raises(SettingsProblem, match="No space left") as raised:
            save(home, {"threads": 2})
        assert raised.value.hint
        assert home.settings.read_text() == text


def test_byte_order_mark_and_windows_lines(home):
    assert put(home, b"\xef\xbb\xbfthreads = 2\r\n").settings.threads == 2
    save(home, {"seed": 5})
    assert load(home).settings == Settings(threads=2, seed=5)


def test_saving_keeps_comments_and_what_is_unknown(home):
    put(
        home,
        """# mine
threads = 2  # two are enough
later = [1, {a = 2}]
temperature = "hot"

[ui]  # a newer version's
theme = "dark"
[[ui.windows]]
x = 1979-05-27T07:32:00Z
y = nan
""",
    )
    loaded = save(home, {"threads": 3, "model": 'a "b" \\ ü\n', "use_mmap": False})
    text = home.settings.read_text("utf-8")
    for kept in ("# mine", "# two are enough", "# a newer version's", 'temperature = "hot"'):
        assert kept in text
    table = tomllib.loads(text)
    assert table["ui"]["theme"] == "dark"
    assert table["later"] == [1, {"a": 2}]
    assert loaded.settings == Settings(threads=3, model='a "b" \\ ü\n', use_mmap=False)
    assert not list(home.config.glob("*broken*"))


def test_a_table_in_place_of_a_value(home):
    put(home, "[other]\na = 1\n[context]\nb = 2\n[last]\nc = 3\n")
    assert "context is a table" in load(home).problems[0]
    assert save(home, {"context": 8192}).settings.context == 8192
    assert tomllib.loads(home.settings.read_text())["last"] == {"c": 3}


def test_none_unsets(home):
    save(home, {"temperature": 0.5, "threads": 4})
    assert save(home, {"temperature": None, "seed": None}).settings == Settings(threads=4)
    assert "temperature" not in home.settings.read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"nothing": 1},
        {"threads": "2"},
        {"threads": 2, "temperature": 9},
        {"model": ""},
        {"system_prompt": "\ud83d"},
    ],
)
def test_bad_changes_change_nothing(home, changes):
    put(home, "threads = 1\n")
    with pytest.raises(BadInput) as raised:
        save(home, changes)
    assert raised.value.hint
    assert home.settings.read_text() == "threads = 1\n"


def test_what_the_writer_does_not_understand_is_not_lost(home, monkeypatch):
    text = "# mine\nlater = 1\nthreads = 2\n"
    put(home, text)
    original = tomlkit.parse

    def parse(source):
        if source:
            raise tomlkit.exceptions.ParseError(1, 1, "?")
        return original(source)

    monkeypatch.setattr(tomlkit, "parse", parse)
    save(home, {"seed": 3})
    assert tomllib.loads(home.settings.read_text()) == {"later": 1, "threads": 2, "seed": 3}
    (copy,) = home.config.glob("settings.broken-*.toml")
    assert copy.read_text() == text


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(home, tmp_path):
    real = tmp_path / "dotfiles" / "homebody.toml"
    real.parent.mkdir()
    real.write_text("threads = 1\n")
    home.settings.symlink_to(real)
    save(home, {"threads": 2})
    assert home.settings.is_symlink()
    assert real.read_text() == "threads = 2\n"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
plain = (
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | texts
    | st.datetimes()
    | st.dates()
    | st.times()
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
keys = st.sampled_from(KEYS) | texts.filter(bool)
relaxed = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(st.dictionaries(keys, values, max_size=6))
def test_any_value_for_any_key_can_be_read(home, table):
    loaded = put(home, tomlkit.dumps(table))
    for setting in SETTINGS:
        value = getattr(loaded.settings, setting.key)
        assert value is None or setting.accept(value) == (True, value)
        wrong = setting.key in table and not setting.accept(table[setting.key])[0]
        named = [line for line in loaded.problems if line.startswith(f"{setting.key} is ")]
        assert len(named) == wrong


@relaxed
@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(home, data):
    put(home, data)


@relaxed
@given(
    st.dictionaries(keys, values, max_size=5),
    st.fixed_dictionaries(
        {}, optional={"threads": st.integers(0, 256), "model": texts.filter(str.strip)}
    ),
)
def test_saving_keeps_everything_else(home, table, changes):
    put(home, tomlkit.dumps(table))
    before = tomllib.loads(home.settings.read_text("utf-8"))
    save(home, changes)
    after = tomllib.loads(home.settings.read_bytes().decode())
    assert file._same(after, before | changes)


def test_kills_leave_a_readable_file(home):
    code = """
import sys
from pathlib import Path
from homebody.base.paths import Home
from homebody.settings.file import save
home = Home(*[Path(sys.argv[1])] * 3)
print("ready", flush=True)
for number in range(1000000):
    save(home, {"seed": number, "system_prompt": "x" * (number % 977)})
"""
    put(home, "# mine\nthreads = 7\n[ui]\ntheme = 'dark'\n")
    chance = random.Random(1)
    seeds = set()
    for _ in range(30):
        child = subprocess.Popen(
            [sys.executable, "-c", code, home.config], stdout=subprocess.PIPE, text=True
        )
        with child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.06, 0.16))
            child.kill()
        loaded = load(home)
        assert loaded.problems == ()
        assert loaded.settings.threads == 7
        assert "# mine" in home.settings.read_text()
        assert "theme = 'dark'" in home.settings.read_text()
        seeds.add(loaded.settings.seed)
    assert len(seeds) > 3  # it was killed while saving, not before


def test_reading_loads_no_writer_and_is_quick(tmp_path):
    code = """
import sys, time, tomllib, msgspec, pathlib
start = time.perf_counter()
from homebody.base.paths import Home
from homebody.settings.file import load
home = Home(*[pathlib.Path(sys.argv[1])] * 3)
middle = time.perf_counter()
load(home)
end = time.perf_counter()
print(f"{(middle - start) * 1000:.1f} {(end - middle) * 1000:.1f}", "tomlkit" in sys.modules)
"""
    Path(tmp_path, "settings.toml").write_text('model = "x"\nthreads = 3\n')
    command = [sys.executable, "-c", code, tmp_path]
    # As a person has it: compiled once, at the first start.
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path / "c")}
    shown = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.split()
        for _ in range(6)
    ][1:]
    print("import ms, load ms:", shown)
    assert {line[2] for line in shown} == {"False"}
