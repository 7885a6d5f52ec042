"""The wheel that people install carries everything, and works from where it is unpacked."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli.support import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "-w",
            str(folder),
            str(ROOT),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("the build backend (hatchling) cannot be had here: no package index")
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("homebody-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_it_carries_the_catalogue_and_nothing_of_the_tests(unpacked: Path) -> None:
    catalogue = unpacked / "homebody" / "shipped" / "models" / "catalog.toml"
    assert catalogue.read_bytes() == (ROOT / "models" / "catalog.toml").read_bytes()
    assert sorted(path.name for path in unpacked.iterdir() if path.suffix != ".dist-info") == [
        "homebody"
    ]
    inside = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.py")}
    checkout = {path.relative_to(ROOT / "app").as_posix() for path in (ROOT / "app").rglob("*.py")}
    assert inside == checkout


def test_it_works_from_there(unpacked: Path, tmp_path: Path, profile: Path) -> None:
    profile.mkdir()
    here = {"PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", "-c", "import homebody; print(homebody.__file__)"]
    assert str(unpacked) in run(command, environment=here, cwd=tmp_path).out
    homebody = [sys.executable, "-P", "-m", "homebody"]
    schema = run([*homebody, "schema"], environment=here, cwd=tmp_path)
    assert "ask" in schema.out.split()
    tested = run([*homebody, "selftest"], environment=here, cwd=tmp_path, deadline=240)
    assert tested.out.endswith("everything works\n"), tested
    # The checkout's own code was not used by any of the processes.
    where = [
        sys.executable,
        "-P",
        "-c",
        "from homebody.base.paths import shipped; print(shipped('models/catalog.toml'))",
    ]
    assert str(unpacked) in run(where, environment=here, cwd=tmp_path).out
