"""Makes the AppImage from the frozen app: build/package/Homebody-VERSION-x86_64.AppImage.

    .venv/bin/python packaging/appimage.py [--runtime FILE --runtime-sha256 HEX]

An AppImage is a small program, the runtime of the AppImage project, with a squashfs of the app
behind it. The runtime is no part of Debian: the release workflow takes the official one and says
which SHA-256 it has to have. appimagetool does nothing more than join the two, so it is not needed.
Without a runtime the folder (AppDir) and the squashfs are made and tried all the same.

There is no apt to bring libraries: those that not every desktop has are copied in.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from linux.elf import glibc_floor
from linux.tree import ID, OUT, ROOT, Facts, facts, fill, quit_with, settle

NEEDED: Final = ("mksquashfs", "unsquashfs", "readelf")
_MAGIC: Final = b"AI\x02"
"""At the ninth byte of a runtime: an AppImage of type 2."""


def main() -> int:
    """Make it; return 0 if it, or all but its runtime, is there and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frozen", type=Path, default=OUT / "frozen" / "Homebody", metavar="DIR")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--homepage", default="", metavar="URL")
    parser.add_argument("--pictures", default="", metavar="URL", help="where assets/screenshots is")
    parser.add_argument("--runtime", type=Path, metavar="FILE", help="the official runtime-x86_64")
    parser.add_argument("--runtime-sha256", default="", metavar="HEX", help="what it has to be")
    options = parser.parse_args()
    for tool in NEEDED:
        if shutil.which(tool) is None:
            quit_with(f"{tool} was not found: apt-get install squashfs-tools binutils.")
    known = facts(options.homepage, options.pictures)
    runtime = read_runtime(options.runtime, options.runtime_sha256)
    options.out.mkdir(parents=True, exist_ok=True)
    made = options.out / f"Homebody-{known.version}-x86_64.AppImage"
    with tempfile.TemporaryDirectory(prefix="homebody-appimage-") as folder:
        root = Path(folder) / "AppDir"
        root.mkdir()
        lay_out(root, options.frozen, known)
        print(f"AppDir: glibc {glibc_floor(root)[0]} or newer; {run(root / 'AppRun')}")
        packed = Path(folder) / "squashfs"
        pack(root, packed, known.moment)
        opened = Path(folder) / "opened"
        subprocess.run(
            ["unsquashfs", "-quiet", "-no-progress", "-dest", str(opened), str(packed)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        print(f"squashfs: {packed.stat().st_size / 1e6:.1f} MB; {run(opened / 'AppRun')}")
        if not runtime:
            print("no AppImage: it needs the runtime of the AppImage project, which no registry")
            print("that can be reached from here carries; --runtime and --runtime-sha256 give it")
            return 0
        unfinished = made.with_suffix(".unfinished")
        unfinished.write_bytes(runtime + packed.read_bytes())
        unfinished.chmod(0o755)
        unfinished.replace(made)
    print(f"{made.relative_to(ROOT) if made.is_relative_to(ROOT) else made}")
    print(f"  {made.stat().st_size / 1e6:.1f} MB, {run(made, APPIMAGE_EXTRACT_AND_RUN='1')}")
    print(f"  SHA-256 {hashlib.sha256(made.read_bytes()).hexdigest()}")
    return 0


def read_runtime(path: Path | None, wanted: str) -> bytes:
    """Return the runtime, if it is the one that is wanted; nothing, if none was given."""
    if path is None:
        return b""
    if not path.is_file():
        quit_with(f"{path} is no file.")
    given = path.read_bytes()
    found = hashlib.sha256(given).hexdigest()
    if found != wanted.lower():
        quit_with(f"{path.name} is not the runtime that was asked for: its SHA-256 is {found}.")
    if given[:4] != b"\x7fELF" or given[8:11] != _MAGIC:
        quit_with(f"{path.name} is no runtime of an AppImage.")
    return given


def lay_out(root: Path, frozen: Path, known: Facts) -> None:
    """Fill the AppDir."""
    fill(root, frozen, known, starter=True)
    more = frozen.parent / "more-libraries"
    if not more.is_dir():
        quit_with(f"{more} is not there: packaging/freeze.py writes it. Freeze again.")
    inside = root / "usr/lib/homebody/_internal"
    for library in sorted(more.iterdir()):
        if not (inside / library.name).exists():
            shutil.copyfile(library, inside / library.name)
    (root / "AppRun").symlink_to("usr/lib/homebody/homebody")
    (root / f"{ID}.desktop").symlink_to(f"usr/share/applications/{ID}.desktop")
    icon = f"usr/share/icons/hicolor/256x256/apps/{ID}.png"
    (root / f"{ID}.png").symlink_to(icon)
    (root / ".DirIcon").symlink_to(icon)
    settle(root, known.moment)


def pack(root: Path, packed: Path, moment: int) -> None:
    """Make the squashfs, the same from the same folder."""
    done = subprocess.run(
        [
            *("mksquashfs", str(root), str(packed), "-root-owned", "-noappend", "-no-progress"),
            *("-comp", "zstd", "-Xcompression-level", "19", "-quiet", "-no-xattrs"),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment)},
        check=False,
    )
    if done.returncode:
        quit_with("mksquashfs could not pack it; what it said stands above.")


def run(program: Path, **environment: str) -> str:
    """Run it with an empty home; return what it answered. Ends the program where it does not."""
    with tempfile.TemporaryDirectory(prefix="homebody-home-") as home:
        done = subprocess.run(
            [str(program), "selftest"],
            env={"HOME": home, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **environment},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    if done.returncode:
        quit_with(f"{program} selftest failed: {(done.stdout + done.stderr).strip()[-600:]}")
    return "it answers: " + done.stdout.splitlines()[1].removeprefix("reply: ")


if __name__ == "__main__":
    sys.exit(main())
