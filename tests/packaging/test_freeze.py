"""What `packaging/freeze.py` and its check say of a frozen app, on small ones made by hand."""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it looks at Linux libraries")


@pytest.fixture
def freeze(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    return importlib.import_module("freeze")


@pytest.fixture
def sizes(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    return importlib.import_module("sizes")


@pytest.fixture
def app(tmp_path):
    """A frozen app with nothing in it."""
    folder = tmp_path / "Homebody"
    (folder / "_internal" / "homebody" / "shipped" / "engine").mkdir(parents=True)
    (folder / "homebody").write_bytes(b"start")
    return folder


@pytest.mark.parametrize(
    "path", [f"{ROOT}/app/homebody/x.py", "{site}/numpy/x.c", f"{sys.base_prefix}/lib"]
)
def test_a_path_of_this_machine_is_refused(freeze, app, tmp_path, capsys, path):
    if sys.base_prefix in {"/usr", "/usr/local"} and path.startswith(sys.base_prefix):
        pytest.skip("the system's Python tells nothing")
    site = tmp_path / "env" / "site-packages"
    (app / "_internal" / "data").write_bytes(b"\0" + path.format(site=site).encode() + b"\0")
    with pytest.raises(SystemExit):
        freeze.examine(app, site)
    assert "_internal/data holds the path" in capsys.readouterr().err


def test_tools_of_developers_links_and_the_wheels_libraries_are_refused(freeze, app, capsys):
    (app / "_internal" / "mypy").mkdir()
    (app / "_internal" / "llama_cpp" / "lib").mkdir(parents=True)
    (app / "_internal" / "again").symlink_to(app / "homebody")
    with pytest.raises(SystemExit):
        freeze.examine(app, Path("/nowhere/at/all"))
    said = capsys.readouterr().err
    for what in ("mypy is inside", "again is a link", "llama_cpp/lib is inside"):
        assert what in said


def test_what_is_fit_is_let_through(freeze, app):
    assert freeze.examine(app, Path("/nowhere/at/all")) == {}


def test_a_library_of_the_system_is_named(freeze, app):
    """A real one: Python's own module that needs the C library."""
    import math

    if not getattr(math, "__file__", ""):
        pytest.skip("this Python has it inside")
    content = Path(math.__file__).read_bytes()
    (app / "_internal" / "math.so").write_bytes(content)
    files = [app / "_internal" / "math.so", app / "homebody"]
    of_the_system, absent = freeze.needed(app, files)
    assert absent == {}
    assert "libc.so.6" in of_the_system


def test_the_smaller_app_is_the_same_without_the_model(freeze, app, tmp_path, monkeypatch):
    models = app / "_internal" / "homebody" / "shipped" / "models"
    models.mkdir()
    (models / "small.gguf").write_bytes(b"model")
    (models / "catalog.toml").write_text("", "utf-8")
    monkeypatch.setattr(freeze, "starter", lambda: Path("/somewhere/small.gguf"))
    freeze.without_starter(app, tmp_path / "smaller")
    kept = tmp_path / "smaller" / "_internal" / "homebody" / "shipped" / "models"
    assert [file.name for file in kept.iterdir()] == ["catalog.toml"]
    assert (models / "small.gguf").exists()


def test_what_weighs_more_than_it_may_is_said(sizes, app):
    (app / "_internal" / "numpy.libs").mkdir()
    (app / "_internal" / "numpy.libs" / "libopenblas.so").write_bytes(bytes(1000))
    weight = sizes.weigh(app)
    assert weight == {"OpenBLAS": 1000, "the rest": 5}
    assert sizes.over(weight) == []
    assert "OpenBLAS weighs" in sizes.over({"OpenBLAS": 10**9})[0]
    assert "has no budget" in sizes.over({"something new": 1})[0]


def test_every_piece_has_a_budget(sizes):
    names = {name for name, _ in sizes.PIECES} | {"the rest", "all of it"}
    assert set(sizes.budgets()) == names
