"""The house rules that no tool checks by itself."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.settings.declared import SETTINGS

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "app" / "homebody").rglob("*.py"))
VAGUE = {"utils", "util", "misc", "helpers", "helper", "common", "manager", "managers"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "app").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


each_module = pytest.mark.parametrize("path", MODULES, ids=named)


@each_module
def test_a_module_begins_with_a_sentence_that_says_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, "there is no docstring"
    first = docstring.split("\n\n")[0]
    word = first.split()[0]
    assert first[0].isupper() or re.search(r"[._`]", word), "it begins small, with no name"
    assert first.endswith((".", "?", ":")), "its first paragraph is not a sentence"


@each_module
def test_a_module_says_what_it_offers(path: Path) -> None:
    """`__all__` is sorted, whole and true. A package's face and the two entrances need none."""
    tree = ast.parse(path.read_text("utf-8"))
    names = public(tree)
    if not names:
        return
    module = importlib.import_module(module_of(path))
    offered = getattr(module, "__all__", None)
    assert offered is not None, "there is no __all__"
    assert len(offered) == len(set(offered))
    # As ruff sorts: constants, then classes, then the rest.
    assert offered == sorted(offered, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert [name for name in offered if not hasattr(module, name)] == []
    assert {name for name in offered if name in names} == set(offered), "it offers another's"


def public(tree: ast.Module) -> set[str]:
    """Return the names without an underscore that a module defines itself."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


@each_module
def test_what_a_module_does_not_offer_is_used_by_nobody_else(path: Path) -> None:
    """Imported from elsewhere means offered: other rooms see only what is in `__all__`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("homebody."):
            module = importlib.import_module(str(node.module))
            offered = getattr(module, "__all__", None)
            for alias in node.names:
                inner = f"{node.module}.{alias.name}".replace(".", "/") + ".py"
                is_module = (ROOT / "app" / inner).exists()
                assert is_module or offered is None or alias.name in offered, (
                    f"{alias.name} is not offered by {node.module}"
                )


def test_no_file_has_a_name_that_says_nothing() -> None:
    found = [
        named(path)
        for top in ("app", "tests")
        for path in (ROOT / top).rglob("*")
        if "__pycache__" not in path.parts and path.stem in VAGUE
    ]
    assert found == []


@each_module
def test_only_the_terminal_prints(path: Path) -> None:
    if "cli" in path.parts:
        return
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert calls == []


# ---------------------------------------------------------------- what is loaded when


def loaded_by(code: str) -> set[str]:
    """Return the top-level packages and modules in memory after running `code`."""
    code += "\nimport sys; print(); print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return set(done.stdout.splitlines()[-1].split())


QT = {"PySide6", "shiboken6"}
# Not `socket`, which the standard library's logging loads: that no process ever has an internet
# socket is what tests/cli/test_ask.py sees by strace.
NETWORK = {
    "ssl",
    "http",
    "urllib.request",
    "httpx",
    "httpx2",
    "requests",
    "urllib3",
    "aiohttp",
    "huggingface_hub",
    "asyncio",
}


def test_a_front_end_that_answers_loads_no_model_code_no_network_and_no_window() -> None:
    """Everything that `homebody ask` imports, by building all of it and answering."""
    loaded = loaded_by("from homebody.launch import run; assert run(['ask', '--json', 'Hi']) == 0")
    assert "homebody.store.store" in loaded
    assert (
        loaded & (QT | NETWORK | {"llama_cpp", "numpy", "jinja2", "prompt_toolkit", "rich"})
        == set()
    )


WINDOW = """
from homebody import launch
from homebody.ui import application
seen = []
def begin(desk):
    seen.extend(sys.modules)
    {then}
import sys
really = application.Desk._begin
application.Desk._begin = begin
launch.run([])
for name in set(sys.modules) - set(seen) if {only_at_first} else ():
    del sys.modules[name]
"""


def test_a_window_is_drawn_before_the_store_and_what_is_behind_it_are_loaded() -> None:
    loaded = loaded_by(WINDOW.format(then="desk._app.quit()", only_at_first=True))
    assert "homebody.ui.window" in loaded
    late = {"sqlite3", "subprocess", "markdown_it", "pygments", "logging.handlers", "tomllib"}
    assert loaded & (NETWORK | {"llama_cpp", "numpy", "rich", "sqlite_utils"} | late) == set()
    assert {name for name in loaded if name.startswith("homebody.store")} == set()


def test_a_window_that_has_opened_loads_no_model_code_and_no_network() -> None:
    quit_when_open = """
    really(desk)
    def look():
        if desk.presenter.talk.place is not None:
            desk._app.quit()
    from PySide6.QtCore import QTimer
    timer = QTimer(desk)
    timer.timeout.connect(look)
    timer.start(20)
"""
    loaded = loaded_by(WINDOW.format(then=quit_when_open, only_at_first=False))
    assert "homebody.store.store" in loaded
    late = {"llama_cpp", "numpy", "rich", "prompt_toolkit", "sqlite_utils", "PySide6.QtNetwork"}
    # A new profile is made by sqlite_utils; every later start does without.
    assert loaded & (NETWORK | late) <= {"sqlite_utils"}


def test_the_engine_loads_no_window_no_store_and_no_front_end() -> None:
    loaded = loaded_by("import homebody.engine.worker.main, homebody.engine.worker.service")
    assert "llama_cpp" in loaded or "homebody.engine.worker.native" in loaded
    assert loaded & (QT | {"sqlite_utils", "rich", "prompt_toolkit"}) == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("homebody.")}
    assert rooms <= {"base", "engine", "messages", "privacy", "wire"}


# ---------------------------------------------------------------- what is committed


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


_ELSEWHERE = re.compile(r"/root/|/work/|pypi\.org|files\.pythonhosted")
_UNDONE = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")


def matches(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{named(path)}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


def test_nothing_committed_names_a_registry_or_a_developers_machine() -> None:
    assert matches(_ELSEWHERE) == []


def test_nothing_is_left_to_do_without_an_issue() -> None:
    assert matches(_UNDONE) == []


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_setting_is_documented(setting: object) -> None:
    title, text = setting.title, setting.help  # type: ignore[attr-defined]
    assert title[0].isupper()
    assert text.endswith(".")
    assert len(text) > 20
