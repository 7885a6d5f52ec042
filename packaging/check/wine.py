"""Checks what can be checked of the Windows build without Windows: under wine, on Debian.

    .venv/bin/python packaging/check/wine.py [engine|installer]

The engine: llama.cpp's DLLs (`packaging/engine.py --for windows`) load by absolute path, answer
with the starter model, and take nothing from the current folder. The installer: compiled with the
real DLLs and the real model, and with a stand-in for the app, which can be frozen on Windows alone;
installed and removed silently, over itself, while it runs, and into folders that will not do.

Wants wine64, nsis and gcc-mingw-w64-x86-64-posix. Everything lies below build/package/wine.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PureWindowsPath

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "windows"))

import installer

import engine

WINDOWS = Path(installer.__file__).parent
WORK = installer.PACKAGE / "wine"
DLLS = installer.PACKAGE / "engine" / "windows-x86_64"
CC = "x86_64-w64-mingw32-gcc-posix"

PROGRAM = r"C:\users\{user}\AppData\Local\Programs\Homebody"
DATA = r"C:\users\{user}\AppData\Local\homebody"
MENU = r"C:\users\{user}\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Homebody.lnk"
DESKTOP = r"C:\users\{user}\Desktop\Homebody.lnk"

UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Homebody"
APP_PATHS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\App Paths\homebody.exe"
RUN = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
GGUF = r"HKCU\Software\Classes\.gguf"
KIND = r"HKCU\Software\Classes\Homebody.gguf"
ENVIRONMENT = r"HKCU\Environment"

IS_RUNNING, TOO_OLD, BAD_FOLDER = 3, 5, 6
"""As homebody.nsi ends."""

PATIENCE = 300.0
"""Seconds for one program: an emulated disk and two busy cores are slow."""


class Failed(Exception):
    """What was expected and is not so."""


def expect(true: object, what: str) -> None:
    """Raise `Failed` unless something is so."""
    if not true:
        raise Failed(what)


@dataclass(frozen=True)
class Wine:
    """A Windows of its own, in a folder."""

    prefix: Path
    home: Path
    """Wine links the person's folders to those here, so that it stays away from the real ones."""

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are started with: no browser or .NET is offered."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {
            "HOME": str(self.home),
            "USER": "tester",
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
        }

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; what it wrote is text."""
        return subprocess.run(
            [wine64(), *words],
            env=self.environment,
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )

    def user(self) -> str:
        """Return the name of the person, as Windows knows it."""
        return next(
            path.name for path in (self.prefix / "drive_c/users").iterdir() if path.name != "Public"
        )

    def path(self, windows: str) -> Path:
        """Return where a file of drive C lies here."""
        parts = PureWindowsPath(windows.format(user=self.user())).parts
        return (self.prefix / "drive_c").joinpath(*parts[1:])

    def registry(self, key: str) -> dict[str, str] | None:
        """Return the values of a key; the default one is named "". None: there is no such key."""
        done = self.run("reg", "query", key)
        if done.returncode != 0:
            return None
        values = {}
        for line in done.stdout.splitlines():
            # "    DisplayName    REG_SZ    Homebody"
            parts = line.strip("\r").split("    ")
            if len(parts) >= 4 and not parts[0] and parts[2].startswith("REG_"):
                values["" if parts[1] == "(Default)" else parts[1]] = "    ".join(parts[3:])
        return values

    def be(self, version: str) -> None:
        """Be this version of Windows from now on, such as win10."""
        done = self.run("winecfg", "/v", version)
        expect(done.returncode == 0, f"wine would not be {version}: {done.stderr}")

    def register(self, key: str, name: str, value: str, kind: str = "REG_SZ") -> None:
        """Write a value; its default one if the name is ""."""
        which = ["/v", name] if name else ["/ve"]
        done = self.run("reg", "add", key, *which, "/t", kind, "/d", value, "/f")
        expect(done.returncode == 0, f"wine did not take a value: {done.stdout}{done.stderr}")


def wine64() -> str:
    """Return the 64-bit loader. The script `wine` complains about the missing 32-bit one."""
    for path in ("/usr/lib/wine/wine64", shutil.which("wine64"), shutil.which("wine")):
        if path and Path(path).exists():
            return path
    raise SystemExit("error: wine was not found\nhint: apt-get install wine64")


@contextmanager
def fresh_wine() -> Iterator[Wine]:
    """Make an empty Windows, and end its server afterwards. It is kept to look at."""
    wine = Wine(WORK / "prefix", WORK / "home")
    for folder in (wine.prefix, wine.home):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        done = wine.run("wineboot", "--init")
        expect(done.returncode == 0, f"wine could not be set up: {done.stderr}")
        wine.be("win10")
        yield wine
    finally:
        # Only the server of this prefix.
        server = shutil.which("wineserver") or "/usr/lib/wine/wineserver"
        subprocess.run([server, "-k"], env=wine.environment, check=False, timeout=60)


def compiled(source: str, name: str, *words: str) -> Path:
    """Compile one of the small programs in packaging/windows."""
    if shutil.which(CC) is None:
        raise SystemExit(f"error: {CC} was not found\nhint: apt-get install gcc-mingw-w64-x86-64")
    WORK.mkdir(parents=True, exist_ok=True)
    out = WORK / name
    # What follows -l has to come after the source.
    command = [CC, "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-s"]
    subprocess.run([*command, "-o", str(out), str(WINDOWS / source), *words], check=True)
    return out


def starter() -> Path:
    """Return the starter model's file."""
    catalog = tomllib.loads((installer.ROOT / "models" / "catalog.toml").read_text("utf-8"))
    package, _, name = str(catalog["starter"]["file"]).partition("/")
    found = find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit("error: the starter model is not installed\nhint: make run brings it")
    return Path(found.origin).parent / name


def on_z(path: Path) -> str:
    """Return how a file is named inside wine."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


# ------------------------------------------------------------------ the engine


def checker() -> Path:
    """Compile the program that asks the engine."""
    source = engine.unpacked()
    includes = [f"-I{source / 'include'}", f"-I{source / 'ggml' / 'include'}"]
    return compiled("check_engine.c", "check_engine.exe", "-municode", *includes, "-lpsapi")


def ask(wine: Wine, folder: str, cwd: Path, how: str = "safely") -> tuple[str, list[str]]:
    """Ask the engine in a folder; return its answer and the libraries that were loaded."""
    done = wine.run(on_z(checker()), folder, on_z(starter()), how, cwd=cwd)
    lines = done.stdout.splitlines()
    loaded = [line.removeprefix("loaded ") for line in lines if line.startswith("loaded ")]
    answer = "".join(line.removeprefix("answer ") for line in lines if line.startswith("answer "))
    if how == "safely":
        expect(done.returncode == 0, f"it ended with {done.returncode}: {done.stderr.strip()}")
        expect("Paris" in answer, f"it answered: {answer}")
        strange = [path for path in loaded if not path.casefold().startswith(folder.casefold())]
        expect(not strange, f"it loaded {strange}")
    return answer, loaded


def planted(folder: Path) -> Path:
    """Leave libraries under names of ggml's in a folder, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bad = compiled("planted.c", "planted.dll", "-shared")
    for name in (*(path.name for path in DLLS.glob("*.dll")), "ggml-cpu-best.dll"):
        shutil.copyfile(bad, folder / name)
    return folder


def check_engine(wine: Wine) -> Iterator[tuple[str, Callable[[], str]]]:
    """The DLLs of the engine build."""

    def answers() -> str:
        answer, loaded = ask(wine, on_z(DLLS), wine.home)
        chosen = [PureWindowsPath(path).name for path in loaded if "ggml-cpu-" in path]
        expect(len(chosen) == 1, f"it kept {chosen}")
        count = len(list(DLLS.glob("ggml-cpu-*.dll")))
        return f"“{answer}” by {chosen[0]}, of {count}"

    def plants_are_left() -> str:
        folder = planted(WORK / "planted")
        ask(wine, on_z(DLLS), folder)
        expect(not (folder / "planted.txt").exists(), "a planted library was loaded")
        return f"{len(list(folder.glob('*.dll')))} planted in the current folder, none loaded"

    def plants_would_be_found() -> str:
        folder = planted(WORK / "planted")
        ask(wine, on_z(DLLS), folder, "carelessly")
        expect((folder / "planted.txt").exists(), "ggml's own search did not find them: no proof")
        return "without our call ggml's own search loads them"

    yield "answers with the starter model", answers
    yield "the current folder is not searched", plants_are_left
    yield "and that was a real trap", plants_would_be_found


# ------------------------------------------------------------------ the installer


def payload(folder: Path, *, whole: bool) -> Path:
    """Make what stands in for a frozen app; `whole`: with the real engine and the real model."""
    shutil.rmtree(folder, ignore_errors=True)
    shipped = folder / "_internal" / "homebody" / "shipped"
    shipped.mkdir(parents=True)
    stand_in = compiled("stand_in.c", "stand_in.exe")
    for name in installer.PROGRAMS:
        shutil.copyfile(stand_in, folder / name)
    (shipped / "licences").mkdir()
    (shipped / "licences" / "Größe $1 ${x}.txt").write_text("with odd signs", "utf-8")
    if whole:
        (shipped / "models").mkdir()
        shutil.copyfile(starter(), shipped / "models" / starter().name)
        shutil.copytree(DLLS, shipped / "engine")
    else:
        (shipped / "new").mkdir()
        (shipped / "new" / "only in the newer one.txt").write_text("newer", "utf-8")
    return folder


def listing(folder: Path) -> dict[str, str]:
    """Return the files in a folder, with their SHA-256."""
    return {
        path.relative_to(folder).as_posix(): engine.sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def running(wine: Wine, program: Path) -> Iterator[None]:
    """Have a program run meanwhile."""
    with subprocess.Popen(
        [wine64(), on_z(program), "wait"],
        env=wine.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(60)


class Installing:
    """One story, told in order: installed, run, newer, removed."""

    def __init__(self, wine: Wine) -> None:
        self.wine = wine
        self.older = payload(WORK / "payload-older", whole=True)
        self.newer = payload(WORK / "payload-newer", whole=False)
        self.setup = self.newer_setup = Path()
        self.folder = wine.path(PROGRAM)
        self.data = wine.path(DATA)
        self.path_before = r"%USERPROFILE%\bin;C:\Tools"

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Return each step: what it says, and what does it."""
        yield "compiles", self.compiles
        yield "refuses a Windows that is too old", self.refuses_old_windows
        yield "installs silently", self.installs
        yield "takes nothing that was not asked for", self.takes_nothing
        yield "what was installed answers", self.answers
        yield "stops while Homebody runs", self.stops_while_running
        yield "upgrades, with what was asked for", self.upgrades
        yield "a later upgrade keeps what was chosen", self.keeps_choices
        yield "stops removing while Homebody runs", self.stays_while_running
        yield "is removed, and the data stays", self.is_removed
        yield "leaves folders that will not do", self.refuses_folders
        yield "is removed with the data, if told so", self.is_removed_with_data

    def install(self, setup: Path, *words: str, into: str = "") -> int:
        """Run an installer silently and return its status."""
        # The folder comes last and unquoted: wine would quote a word with a space in it.
        folder = f"/D={into}".split(" ") if into else []
        return self.wine.run(on_z(setup), "/S", *words, *folder).returncode

    def uninstall(self, folder: Path, *words: str) -> None:
        """Remove silently. The uninstaller copies itself away and returns: its end is awaited."""
        program = (self.wine.registry(UNINSTALL) or {})["UninstallString"].strip('"')
        done = self.wine.run(program, "/S", *words)
        expect(done.returncode == 0, f"it ended with {done.returncode}")
        end = time.monotonic() + PATIENCE
        while (folder / "uninstall.exe").exists() and time.monotonic() < end:
            time.sleep(0.2)
        expect(not (folder / "uninstall.exe").exists(), "it is still there")
        time.sleep(1.0)

    def expect_installed(self, payload: Path, folder: Path) -> None:
        """See that a folder holds a payload, to the byte, and nothing else but the uninstaller."""
        there = listing(folder)
        expect(there.pop("uninstall.exe", ""), "there is no uninstaller")
        wanted = listing(payload)
        expect(there == wanted, f"the files differ: {sorted(set(there) ^ set(wanted))}")

    def compiles(self) -> str:
        """Two versions: the first as large as a real one."""
        begun = time.monotonic()
        number = installer.version()
        self.setup = installer.build(
            self.older, WORK / "setups", number=number, work=WORK / "made-older"
        )
        took = time.monotonic() - begun
        self.newer_setup = installer.build(
            self.newer, WORK / "setups", number="99.1.2", work=WORK / "made-newer"
        )
        size = self.setup.stat().st_size / 1e6
        whole = sum(path.stat().st_size for path in self.older.rglob("*") if path.is_file()) / 1e6
        return f"{whole:.0f} MB become {size:.1f} MB in {took:.0f} s"

    def refuses_old_windows(self) -> str:
        """Wine can be any Windows; Qt cannot run on all of them."""
        self.wine.be("win7")
        status = self.install(self.setup)
        self.wine.be("win10")
        expect(status == TOO_OLD, f"it ended with {status} on Windows 7")
        expect(not self.folder.exists(), "it wrote something all the same")
        return f"status {TOO_OLD} on Windows 7"

    def installs(self) -> str:
        """Into the usual place."""
        wine = self.wine
        # What a person has already: a program for .gguf files, a PATH, a profile.
        wine.register(GGUF, "", "Somebody.Else")
        wine.register(ENVIRONMENT, "Path", self.path_before, "REG_EXPAND_SZ")
        (self.data / "models").mkdir(parents=True)
        (self.data / "homebody.sqlite").write_text("conversations", "utf-8")
        (self.data / "models" / "mine.gguf").write_text("a model", "utf-8")
        begun = time.monotonic()
        status = self.install(self.setup)
        expect(status == 0, f"it ended with {status}")
        took = time.monotonic() - begun
        self.expect_installed(self.older, self.folder)
        expect(wine.path(MENU).exists(), "it is not in the Start menu")
        key = wine.registry(UNINSTALL)
        expect(key is not None, "there is no key to remove it by")
        assert key is not None
        where = PROGRAM.format(user=wine.user())
        wanted = {
            "DisplayName": "Homebody",
            "DisplayVersion": installer.version(),
            "Publisher": "The Homebody authors",
            "InstallLocation": where,
            "DisplayIcon": rf"{where}\homebody-window.exe,0",
            "UninstallString": rf'"{where}\uninstall.exe"',
            "QuietUninstallString": rf'"{where}\uninstall.exe" /S',
        }
        wrong = {name: key.get(name) for name in wanted if key.get(name) != wanted[name]}
        expect(not wrong, f"in the key: {wrong}")
        whole = sum(path.stat().st_size for path in self.older.rglob("*") if path.is_file())
        said = int(key["EstimatedSize"], 16) * 1024
        expect(abs(said - whole) < 0.05 * whole, f"it says {said} bytes, and has {whole}")
        paths = wine.registry(APP_PATHS)
        expect(paths == {"": rf"{where}\homebody.exe"}, f"App Paths: {paths}")
        return f"in {took:.0f} s; files, Start menu, uninstall key, App Paths"

    def takes_nothing(self) -> str:
        """No association, no icon on the desktop, no PATH."""
        wine = self.wine
        expect(wine.registry(KIND) is None, ".gguf files were taken")
        expect(wine.registry(GGUF) == {"": "Somebody.Else"}, "the default of .gguf files changed")
        expect(not wine.path(DESKTOP).exists(), "there is an icon on the desktop")
        path = (wine.registry(ENVIRONMENT) or {}).get("Path")
        expect(path == self.path_before, f"PATH is {path}")
        return ".gguf, desktop and PATH are as they were"

    def answers(self) -> str:
        """The engine from where it was installed, started in a folder of somebody's."""
        done = self.wine.run(on_z(self.folder / "homebody.exe"))
        expect(done.stdout.startswith("stand-in"), f"the program said {done.stdout!r}")
        inside = r"\_internal\homebody\shipped\engine"
        answer, _ = ask(
            self.wine, PROGRAM.format(user=self.wine.user()) + inside, planted(WORK / "planted")
        )
        expect(not (WORK / "planted" / "planted.txt").exists(), "a planted library was loaded")
        return f"“{answer}” by the DLLs in Programs"

    def stops_while_running(self) -> str:
        """Neither program is closed; nothing changes."""
        before = listing(self.folder)
        for name in installer.PROGRAMS:
            with running(self.wine, self.folder / name):
                status = self.install(self.newer_setup)
                expect(status == IS_RUNNING, f"it ended with {status} while {name} ran")
        expect(listing(self.folder) == before, "files changed")
        return f"status {IS_RUNNING} for either program, and no file changed"

    def upgrades(self) -> str:
        """Files that the newer version has no more are gone; the rest of the system is asked."""
        wine = self.wine
        words = ("/GGUF=yes", "/DESKTOP=yes", "/PATH=yes")
        status = self.install(self.newer_setup, *words)
        expect(status == 0, f"it ended with {status}")
        self.expect_installed(self.newer, self.folder)
        left = [
            path for path in self.folder.rglob("*") if path.is_dir() and not any(path.iterdir())
        ]
        expect(not left, f"empty folders are left: {left}")
        version = (wine.registry(UNINSTALL) or {}).get("DisplayVersion")
        expect(version == "99.1.2", f"the key says {version}")
        self.expect_chosen()
        expect(wine.registry(GGUF) == {"": "Somebody.Else"}, "the default of .gguf files changed")
        return (
            "the model and the DLLs that it lacks are gone; .gguf beside its default, desktop, PATH"
        )

    def expect_chosen(self) -> None:
        """See that all that can be chosen is there, once."""
        wine, where = self.wine, PROGRAM.format(user=self.wine.user())
        names = wine.registry(GGUF + r"\OpenWithProgids")
        expect(names is not None and "Homebody.gguf" in names, f"OpenWithProgids: {names}")
        command = wine.registry(KIND + r"\shell\open\command")
        expect(command == {"": rf'"{where}\homebody-window.exe" "%1"'}, f"it opens by {command}")
        expect(wine.path(DESKTOP).exists(), "there is no icon on the desktop")
        path = (wine.registry(ENVIRONMENT) or {}).get("Path")
        expect(path == f"{self.path_before};{where}", f"PATH is {path}")

    def keeps_choices(self) -> str:
        """The same version over itself, without a word about choices; then one is taken back."""
        status = self.install(self.newer_setup)
        expect(status == 0, f"it ended with {status}")
        self.expect_installed(self.newer, self.folder)
        self.expect_chosen()
        status = self.install(self.newer_setup, "/DESKTOP=no")
        expect(status == 0, f"it ended with {status}")
        expect(not self.wine.path(DESKTOP).exists(), "the icon on the desktop stayed")
        return "over itself: choices kept, PATH once; /DESKTOP=no takes the icon away"

    def stays_while_running(self) -> str:
        """Started in place, so that its status can be read."""
        before = listing(self.folder)
        where = PROGRAM.format(user=self.wine.user())
        with running(self.wine, self.folder / "homebody.exe"):
            done = self.wine.run(on_z(self.folder / "uninstall.exe"), "/S", f"_?={where}")
        expect(done.returncode == IS_RUNNING, f"it ended with {done.returncode}")
        expect(listing(self.folder) == before, "files changed")
        return f"status {IS_RUNNING}, and no file changed"

    def is_removed(self) -> str:
        """All that was written, and nothing that was not."""
        wine = self.wine
        where = PROGRAM.format(user=wine.user())
        wine.register(RUN, "homebody", f'"{where}\\homebody-window.exe"')
        wine.register(RUN, "other", r"C:\Tools\other.exe")
        (self.folder / "mine.txt").write_text("a person's own", "utf-8")
        self.uninstall(self.folder)
        left = sorted(listing(self.folder))
        expect(left == ["mine.txt"], f"left in the folder: {left}")
        expect(
            sorted(listing(self.data)) == ["homebody.sqlite", "models/mine.gguf"], "data is gone"
        )
        self.expect_no_traces()
        (self.folder / "mine.txt").unlink()
        self.folder.rmdir()
        return "the data, a file of the person's, their default for .gguf and their PATH stay"

    def expect_no_traces(self) -> None:
        """See that the registry and the menus are as before."""
        wine = self.wine
        for key in (UNINSTALL, APP_PATHS, KIND, GGUF + r"\OpenWithProgids"):
            expect(wine.registry(key) is None, f"{key} is still there")
        expect(wine.registry(GGUF) == {"": "Somebody.Else"}, "the default of .gguf files changed")
        expect("homebody" not in (wine.registry(RUN) or {}), "it still starts with the session")
        expect("other" in (wine.registry(RUN) or {}), "another program no longer starts")
        path = (wine.registry(ENVIRONMENT) or {}).get("Path")
        expect(path == self.path_before, f"PATH is {path}")
        expect(not wine.path(MENU).exists(), "it is still in the Start menu")
        expect(not wine.path(DESKTOP).exists(), "it is still on the desktop")

    def refuses_folders(self) -> str:
        """One with other things in it, and one whose files would have too long paths."""
        taken = self.wine.path(r"C:\Documents of mine")
        taken.mkdir()
        (taken / "letter.txt").write_text("dear", "utf-8")
        status = self.install(self.newer_setup, into=r"C:\Documents of mine")
        expect(status == BAD_FOLDER, f"it ended with {status} in a folder with a letter in it")
        expect(sorted(listing(taken)) == ["letter.txt"], "it changed that folder")
        deep = "C:\\" + "\\".join(["a-rather-long-name-of-a-folder"] * 7)
        status = self.install(self.newer_setup, into=deep)
        expect(status == BAD_FOLDER, f"it ended with {status} at the end of a long path")
        return f"status {BAD_FOLDER} for a folder in use and for one too deep"

    def is_removed_with_data(self) -> str:
        """Installed into a folder of the person's choice, with a space and an umlaut."""
        where = r"C:\Eigene Dateien\Häuschen"
        folder = self.wine.path(where)
        status = self.install(self.newer_setup, into=where)
        expect(status == 0, f"it ended with {status}")
        self.expect_installed(self.newer, folder)
        # From there to the usual place: the older copy goes.
        status = self.install(self.newer_setup, into=PROGRAM.format(user=self.wine.user()))
        expect(status == 0, f"it ended with {status} when it moved")
        expect(not folder.exists(), f"left at the old place: {sorted(listing(folder))}")
        self.expect_installed(self.newer, self.folder)
        self.uninstall(self.folder, "/DATA=remove")
        expect(not self.folder.exists(), "the folder is still there")
        expect(not self.data.exists(), f"left of the data: {sorted(listing(self.data))}")
        self.expect_no_traces()
        return "from a folder with an umlaut to the usual one, then away with everything"


# ------------------------------------------------------------------


def main() -> int:
    """Run the checks, a line each. Return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=["engine", "installer"], help="both if left out")
    part = parser.parse_args().part
    if not (DLLS / "engine.json").exists():
        print(f"error: {DLLS.relative_to(installer.ROOT)} is not there", file=sys.stderr)
        print("hint: packaging/engine.py --for windows makes it", file=sys.stderr)
        return 1
    failed = 0
    with fresh_wine() as wine:
        if part != "installer":
            print("llama.cpp's DLLs under wine")
            failed += sum(not told(what, do) for what, do in check_engine(wine))
        if part != "engine":
            print("the installer under wine (real DLLs and model; homebody.exe is a stand-in)")
            # Each step stands on the one before.
            failed += not all(told(what, do) for what, do in Installing(wine).steps())
    return 1 if failed else 0


def told(what: str, do: Callable[[], str]) -> bool:
    """Do something, say in one line how it went, and return whether it went well."""
    begun = time.monotonic()
    try:
        said, well = do(), True
    except (Failed, subprocess.SubprocessError, OSError) as problem:
        said, well = str(problem), False
    print(f"  {'ok  ' if well else 'FAIL'} {what}: {said} ({time.monotonic() - begun:.1f} s)")
    sys.stdout.flush()
    return well


if __name__ == "__main__":
    sys.exit(main())
