"""Compiles the installer for Windows from a frozen app (packaging/freeze.py makes that on Windows).

    python packaging/windows/installer.py [--frozen FOLDER] [--out FOLDER] [--sign COMMAND]

It needs makensis with its amd64 parts, which Debian's nsis package has and the official one for
Windows has not; so the release compiles the installer on Debian, from the app frozen on Windows.
The list of files is compiled into the uninstaller: it removes these and nothing else.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

__all__ = ["build", "version"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGE = ROOT / "build" / "package"
PROGRAMS = ("homebody.exe", "homebody-window.exe")
"""What has to be in a frozen app for Windows, at its top."""

ODD = set('<>:"|?*') | {chr(code) for code in range(32)}
"""Signs that no name on Windows holds."""


def version() -> str:
    """Return the app's version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def build(frozen: Path, out: Path, *, number: str, work: Path, sign: str = "") -> Path:
    """Compile the installer of version `number` from the folder `frozen` and return its path.

    `work` is a folder for what is made on the way; `sign` a command that signs the file named
    after it. Raises `SystemExit` with a sentence.
    """
    makensis = shutil.which("makensis")
    if makensis is None:
        raise SystemExit("error: makensis was not found\nhint: apt-get install nsis")
    missing = [name for name in PROGRAMS if not (frozen / name).is_file()]
    if missing:
        raise SystemExit(
            f"error: {frozen} is no frozen app for Windows: it lacks {' and '.join(missing)}\n"
            "hint: run packaging/freeze.py on Windows"
        )
    sys.path.insert(0, str(HERE))
    from drawings import draw  # Qt, which says at once where it will draw

    draw(work)
    files = _files(frozen)
    out.mkdir(parents=True, exist_ok=True)
    # Absolute: makensis works in its script's folder.
    result = (out / f"homebody-{number}-windows-x86_64-setup.exe").resolve()
    written = work / "files.nsh"
    text = _script(frozen.resolve(), files, number=number, work=work.resolve(), out=result)
    written.write_text(text, "utf-8")
    command = [makensis, "-V2", "-WX", "-INPUTCHARSET", "UTF8", f"-DFILES={written.resolve()}"]
    if sign:
        command.append(f"-DSIGN={sign}")
    done = subprocess.run([*command, str(HERE / "homebody.nsi")], check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: makensis ended with {done.returncode}; it said why above")
    return result


def _files(frozen: Path) -> list[PurePosixPath]:
    """Return what is installed, as paths inside `frozen`, in order."""
    names = []
    seen: dict[str, PurePosixPath] = {}
    for path in sorted(frozen.rglob("*")):
        name = PurePosixPath(path.relative_to(frozen).as_posix())
        if path.is_symlink():
            raise SystemExit(f"error: {name} is a link, and there are none in an installer")
        if path.is_dir():
            continue
        twin = seen.setdefault(str(name).casefold(), name)
        if twin != name:
            raise SystemExit(f"error: {name} and {twin} are one file on Windows")
        bad = any(ODD & set(part) or part[-1] in " ." for part in name.parts)
        if bad or str(name).casefold() == "uninstall.exe":
            raise SystemExit(f"error: Windows would not take a file of the name {name}")
        names.append(name)
    return names


def _script(frozen: Path, files: list[PurePosixPath], *, number: str, work: Path, out: Path) -> str:
    """Return what differs from build to build, as NSIS reads it."""
    by_folder: dict[PurePosixPath, list[PurePosixPath]] = {}
    for name in files:
        by_folder.setdefault(name.parent, []).append(name)
    folders = {parent for name in files for parent in name.parents if parent.name}
    add = []
    for folder in sorted(by_folder):
        add.append(f'  SetOutPath "{_installed(folder)}"')
        add += [
            f'  File "/oname={_quoted(name.name)}" "{frozen / name}"' for name in by_folder[folder]
        ]
    remove = [f'  Delete "{_installed(name)}"' for name in files]
    # The deepest first. A folder with something of the person's in it stays.
    remove += [
        f'  RMDir "{_installed(folder)}"'
        for folder in sorted(folders, key=lambda one: (-len(one.parts), str(one)))
    ]
    check: list[str] = []
    for name in files:
        check += [f'  IfFileExists "{_installed(name)}" +2 0', "  SetErrors"]
    numbers = (re.findall(r"\d+", number.split("+", maxsplit=1)[0]) + ["0"] * 4)[:4]
    return "\n".join(
        [
            f'!define VERSION "{number}"',
            f'!define VERSION4 "{".".join(numbers)}"',
            f'!define OUT "{out}"',
            f'!define WORK "{work}"',
            f"!define LONGEST {max(len(str(name)) for name in files)}",
            *("!macro AddFiles", *add, "!macroend"),
            *("!macro RemoveFiles", *remove, "!macroend"),
            *("!macro CheckFiles", *check, "!macroend"),
            "",
        ]
    )


def _installed(name: PurePosixPath) -> str:
    return "$INSTDIR" if not name.name else "$INSTDIR\\" + _quoted(str(name).replace("/", "\\"))


def _quoted(text: str) -> str:
    """Return what NSIS makes `text` of again; names of files here it takes as they are."""
    return text.replace("$", "$$").replace('"', '$\\"')


def main() -> None:
    """Compile the installer, or say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frozen", type=Path, default=PACKAGE / "frozen" / "Homebody")
    parser.add_argument("--out", type=Path, default=PACKAGE)
    parser.add_argument(
        "--sign", default="", metavar="COMMAND", help="signs the file after it; absolute"
    )
    options = parser.parse_args()
    result = build(
        options.frozen,
        options.out,
        number=version(),
        work=PACKAGE / "windows",
        sign=options.sign,
    )
    print(f"{result} ({result.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
