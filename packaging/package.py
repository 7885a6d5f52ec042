"""Builds every package that the machine at hand can build, and says which it cannot and why.

    python packaging/package.py [--again] [--only NAME ...]

Each step is a program of its own in this folder; `README.md` says what each makes.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "build" / "package"
ON_WINDOWS = sys.platform == "win32"
SYSTEM = f"{'windows' if ON_WINDOWS else 'linux'}-x86_64"


@dataclass(frozen=True)
class Step:
    """One package, or a part that packages are made of."""

    name: str
    makes: str
    """Files that it makes, as a pattern below `build/package`."""
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    """Steps without which it cannot be made."""
    why_not: Callable[[], str] = lambda: ""
    """Why it cannot be made on this machine; "": it can."""
    only_asked: str = ""
    """Why it is made only where it is asked for by name."""


def lacks(*tools: str) -> Callable[[], str]:
    """Say which of these programs are missing."""

    def why_not() -> str:
        missing = [tool for tool in tools if shutil.which(tool) is None]
        return f"missing here: {', '.join(missing)}" if missing else ""

    return why_not


def not_on_windows(*tools: str) -> Callable[[], str]:
    """Say that a Debian package is made on Linux, or what is missing there."""
    return lambda: "it is made on Linux" if ON_WINDOWS else lacks(*tools)()


def installer_lacks() -> str:
    """Say that the installer needs what was frozen on Windows, and Debian's NSIS."""
    if ON_WINDOWS:
        return "it is compiled on Debian, whose NSIS has 64-bit parts"
    if not (OUT / "frozen" / "Homebody" / "homebody.exe").is_file():
        return "an app for Windows is frozen on Windows; the release workflow does both"
    return lacks("makensis")()


STEPS = (
    Step(
        "engine",
        f"engine/{SYSTEM}/engine.json",
        ("engine.py",),
        why_not=lacks("cmake", "ninja"),
    ),
    Step(
        "packs",
        "packs/*.zip",
        ("packs.py", "vulkan"),
        after=("engine",),
        why_not=not_on_windows("cmake", "ninja", "glslc"),
        only_asked="it takes a quarter of an hour, and the app that is frozen later names it",
    ),
    Step("frozen", "frozen/Homebody/homebody*", ("freeze.py",), after=("engine",)),
    Step(
        "deb",
        "homebody_*.deb",
        ("deb.py",),
        after=("frozen",),
        why_not=not_on_windows("dpkg-deb", "dpkg-shlibdeps"),
    ),
    Step(
        "installer",
        "homebody-*-setup.exe",
        ("windows/installer.py",),
        after=("frozen",),
        why_not=installer_lacks,
    ),
    Step(
        "appimage",
        "Homebody-*.AppImage",
        ("appimage.py",),
        after=("frozen",),
        why_not=not_on_windows("mksquashfs"),
        only_asked="it wants the AppImage project's runtime, which the release workflow brings",
    ),
    Step(
        "parts",
        "*.cdx.json",
        ("sbom.py", str(OUT / "frozen" / "third-party.json"), str(OUT)),
        after=("frozen",),
    ),
)


def main() -> int:
    """Build; return 0 if all that could be built was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="also build the engine if it is there")
    parser.add_argument("--only", nargs="+", choices=[step.name for step in STEPS], default=[])
    options = parser.parse_args()
    said: dict[str, str] = {}
    failed = False
    for step in STEPS:
        if options.only and step.name not in options.only:
            continue
        missing = [name for name in step.after if not found(name)]
        why = step.why_not() or (f"it needs {', '.join(missing)}" if missing else "")
        if not why and step.only_asked and step.name not in options.only:
            why = f"{step.only_asked}; --only {step.name}"
        if why:
            said[step.name] = f"not built: {why}"
            continue
        if step.name == "engine" and found("engine") and not options.again:
            # Ten minutes and more, and it changes with the pinned version of llama.cpp alone.
            said[step.name] = "already there"
            continue
        print(f"--- {step.name}", flush=True)
        begun = time.monotonic()
        command = [sys.executable, str(HERE / step.command[0]), *step.command[1:]]
        if subprocess.run(command, check=False).returncode:
            said[step.name], failed = "failed, see above", True
            continue
        said[step.name] = f"built in {time.monotonic() - begun:.0f} s"
    print(f"\n{platform.system()} {platform.machine()}")
    for name, words in said.items():
        print(f"  {name:10} {words}")
    for path in sorted(file for step in STEPS[1:] for file in OUT.glob(step.makes)):
        if path.parent.name == "Homebody":
            continue
        print(f"  {path.relative_to(HERE.parent)}  {path.stat().st_size / 1e6:.1f} MB")
    return 1 if failed else 0


def found(name: str) -> bool:
    """Tell whether what a step makes is there."""
    step = next(step for step in STEPS if step.name == name)
    return any(OUT.glob(step.makes))


if __name__ == "__main__":
    sys.exit(main())
