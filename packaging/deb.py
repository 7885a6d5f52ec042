"""Makes the Debian package from the frozen app: build/package/homebody_VERSION_amd64.deb.

    .venv/bin/python packaging/deb.py [--without-starter] [--homepage URL] [--pictures URL]

One file, opened with a double click or given to `apt install`, is a working app. With
`--without-starter` the package is called homebody-small and takes the place of homebody: for
whoever gives people a larger model anyway. There are no scripts of the maintainer: what has to be
done when it is installed (icons, entries, file types) the triggers of other packages do.

DEBFULLNAME and DEBEMAIL name who answers for the package, as Debian's own tools read them.
The same source and the same frozen app make the same bytes.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from linux.elf import glibc_floor, native_files
from linux.legal import changelog, copyright_text, read_parts
from linux.tree import OUT, ROOT, Facts, facts, fill, quit_with, settle, squeeze

NEEDED: Final = ("dpkg-deb", "dpkg-shlibdeps", "readelf")
LARGEST: Final = {"homebody": 170_000_000, "homebody-small": 80_000_000}
"""Bytes of a package; more fails."""

SUMMARY: Final = "assistant that stays home, with small language models"
DESCRIPTION: Final = """\
Homebody runs small language models (GGUF files, through llama.cpp) on your
own machine, gets things done with them step by step, and keeps every word on
your own disk.
.
 * works without any network; the kernel is told to refuse one to the window
   and to the model
 * does sums, dates, reminders, notes, summaries and work on files, each step
   shown as it runs
 * asks before it reads a folder, writes, opens or sends anything
 * finds, checks and fetches models that fit this machine, when asked to
 * asks a larger model elsewhere only with a yes to the exact bytes
 * opens in a window, or in a terminal: homebody chat, homebody ask
.
"""
WITH_STARTER: Final = """\
A starter model (SmolLM2 135M) is inside: it answers at once on any machine,
knows little, and is often wrong. Larger models are one click away.
"""
WITHOUT_STARTER: Final = """\
This is the package without the starter model. Skills that are planned by it,
and a conversation, need a model that you bring or fetch.
"""


def main() -> int:
    """Make the package; return 0 if it is there and small enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-starter", action="store_true", help="make homebody-small")
    parser.add_argument("--frozen", type=Path, default=OUT / "frozen" / "Homebody", metavar="DIR")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--homepage", default="", metavar="URL")
    parser.add_argument("--pictures", default="", metavar="URL", help="where assets/screenshots is")
    options = parser.parse_args()
    for tool in NEEDED:
        if shutil.which(tool) is None:
            quit_with(f"{tool} was not found: apt-get install dpkg-dev binutils.")
    known = facts(options.homepage, options.pictures)
    starter = not options.without_starter
    package = "homebody" if starter else "homebody-small"
    options.out.mkdir(parents=True, exist_ok=True)
    made = options.out / f"{package}_{debian_version(known.version)}_amd64.deb"
    with tempfile.TemporaryDirectory(prefix="homebody-deb-") as folder:
        root = Path(folder) / "root"
        fill(root, options.frozen, known, starter=starter)
        home = root / "usr/lib/homebody"
        floor, _ = glibc_floor(home)
        write_texts(root, options.frozen, package, known)
        settle(root, known.moment)
        write_control(root, package, known)
        build(root, made, known.moment)
    size = made.stat().st_size
    print(f"{made.relative_to(ROOT) if made.is_relative_to(ROOT) else made}")
    print(f"  {size / 1e6:.1f} MB of {LARGEST[package] / 1e6:.0f} MB, glibc {floor} or newer")
    print(f"  SHA-256 {hashlib.sha256(made.read_bytes()).hexdigest()}")
    if not known.pictures:
        print("  its metainfo has no screenshots: --pictures says where they are")
    if size > LARGEST[package]:
        quit_with(
            f"{made.name} is larger than it may be; packaging/check/frozen.py lists the pieces."
        )
    return 0


def debian_version(version: str) -> str:
    """Return a version of Python's form so that Debian sorts it right: 1.0rc1 before 1.0."""
    return re.sub(r"\.?(a|b|rc|dev)(\d+)", r"~\1\2", version)


def maintainer() -> str:
    """Return who answers for the package."""
    name = os.environ.get("DEBFULLNAME", "The Homebody authors")
    return f"{name} <{os.environ.get('DEBEMAIL', 'homebody@home.arpa')}>"


def write_texts(root: Path, frozen: Path, package: str, known: Facts) -> None:
    """Write the copyright, the changes and what lintian is asked to overlook."""
    doc = root / "usr/share/doc" / package
    doc.mkdir(parents=True)
    parts = read_parts(frozen)
    (doc / "copyright").write_text(copyright_text(parts, starter=package == "homebody"), "utf-8")
    changes = changelog(
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        package,
        debian_version(known.version),
        maintainer(),
        known.moment,
    )
    squeeze(doc / "changelog.gz", changes)
    overrides = root / "usr/share/lintian/overrides" / package
    overrides.parent.mkdir(parents=True)
    text = (ROOT / "packaging/linux/lintian-overrides").read_text("utf-8")
    overrides.write_text(re.sub("^homebody:", f"{package}:", text, flags=re.MULTILINE), "utf-8")


def write_control(root: Path, package: str, known: Facts) -> None:
    """Write DEBIAN/control and DEBIAN/md5sums of a folder that is complete."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    depends = needed_packages(root)
    # As Debian's policy counts: every file rounded up to 1 KiB, everything else 1 KiB.
    size = sum(
        -(-path.stat().st_size // 1024) if path.is_file() and not path.is_symlink() else 1
        for path in root.rglob("*")
    )
    fields = {
        "Package": package,
        "Version": debian_version(known.version),
        "Architecture": "amd64",
        "Maintainer": maintainer(),
        "Installed-Size": str(size),
        "Depends": depends,
        "Recommends": "xdg-utils",
        "Suggests": "gnome-keyring | kwalletmanager, fonts-noto-color-emoji",
    }
    if package == "homebody":
        fields |= {"Conflicts": "homebody-small", "Replaces": "homebody-small"}
    else:
        fields |= {
            "Provides": f"homebody (= {debian_version(known.version)})",
            "Conflicts": "homebody",
            "Replaces": "homebody",
        }
    fields |= {"Section": "utils", "Priority": "optional"}
    if known.homepage:
        fields["Homepage"] = known.homepage
    text = DESCRIPTION + (WITH_STARTER if package == "homebody" else WITHOUT_STARTER)
    fields["Description"] = "\n".join((SUMMARY, *(f" {line}" for line in text.splitlines())))
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(
        "".join(f"{name}: {value}\n" for name, value in fields.items()), "utf-8"
    )
    lines = (
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"
        f"  {path.relative_to(root).as_posix()}\n"
        for path in files
    )
    (folder / "md5sums").write_text("".join(lines), "utf-8")
    settle(folder, known.moment)


def needed_packages(root: Path) -> str:
    """Return the Debian packages whose libraries the native files below `root` are linked with."""
    natives = native_files(root)
    inside = sorted({path.parent for path in natives})
    with tempfile.TemporaryDirectory(prefix="homebody-shlibs-") as folder:
        (Path(folder) / "debian").mkdir()
        (Path(folder) / "debian/control").write_text(
            "Source: homebody\n\nPackage: homebody\nArchitecture: any\n", "utf-8"
        )
        done = subprocess.run(
            [
                "dpkg-shlibdeps",
                "-O",
                # Our own libraries belong to no package that is installed here.
                "--ignore-missing-info",
                *(f"-l{path}" for path in inside),
                *(f"-e{path}" for path in natives),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    lost = re.findall(r"cannot find library (\S+) needed by (\S+)", done.stderr)
    if lost or done.returncode:
        listed = ", ".join(sorted({name for name, _ in lost})) or done.stderr.strip()[-400:]
        quit_with(
            f"dpkg-shlibdeps does not know which packages bring these: {listed}."
            " Install them on this machine, or leave out what needs them (packaging/homebody.spec)."
        )
    found = re.search(r"^shlibs:Depends=(.*)$", done.stdout, re.MULTILINE)
    return found[1] if found else quit_with("dpkg-shlibdeps found no dependency.")


def build(root: Path, made: Path, moment: int) -> None:
    """Pack a folder; the file appears under its name only when it is whole."""
    unfinished = made.with_suffix(".unfinished")
    done = subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(root), str(unfinished)],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        unfinished.unlink(missing_ok=True)
        quit_with("dpkg-deb could not pack it; what it said stands above.")
    unfinished.replace(made)


if __name__ == "__main__":
    sys.exit(main())
