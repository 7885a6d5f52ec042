"""Install the .deb in a clean Debian, use it as a person would, and remove it again.

    .venv/bin/python packaging/check/debian.py --suite bookworm [--suite trixie] [--deb FILE]

A system as small as debootstrap makes it (from the mirror that apt is configured with) gets the
one file and what apt adds by itself. An ordinary user asks, looks at `doctor`, types into the
window and opens a model from outside; then the package is purged and what is left is looked for.
Needs root.
Everything but apt runs without any network, and in namespaces of its own: whatever is mounted or
started there ends with it, also when this program is killed.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent))
from linux.elf import glibc_floor
from linux.tree import ID, OUT, ROOT, facts, metainfo, quit_with

SUITES: Final = ("bookworm", "trixie")
CHROOTS: Final = OUT / "chroots"
PICTURES: Final = OUT / "pictures"
NEEDED: Final = ("debootstrap", "unshare", "dpkg-deb", "lintian", "desktop-file-validate")
TOOLS: Final = (
    *("xvfb", "xdotool", "scrot"),
    *("libglib2.0-bin", "shared-mime-info", "desktop-file-utils", "gtk-update-icon-cache"),
)
"""What a desktop has, and what looks at windows. Installed after the package, and apart from it."""
USER: Final = "anna"
MODEL: Final = "Downloads/My little model.gguf"
QUESTIONS: Final = ("What is the capital of Germany?", "What is the capital of Japan?")
BOOKKEEPING: Final = re.compile(
    r"^(home|proc|sys|run|tmp)/|^var/(log|cache/apt|lib/apt|lib/dpkg|cache/debconf)/"
    r"|^etc/(passwd|shadow|group|gshadow|subuid|subgid)-?$"
)
"""Of the person, or what Debian writes down about every package."""

_MOUNTS: Final = """
root=$1; shift
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts devpts "$root/dev/pts"
mount --bind /sys "$root/sys"
mount -o remount,bind,ro "$root/sys"
exec chroot "$root" "$@"
"""

_WINDOW: Final = """
export DISPLAY=:77 XDG_RUNTIME_DIR=/tmp/runtime-{user} XDG_CURRENT_DESKTOP=GNOME
mkdir -p -m 700 $XDG_RUNTIME_DIR
Xvfb :77 -screen 0 1180x800x24 -nolisten tcp >/tmp/xvfb.log 2>&1 &
i=0; until [ -S /tmp/.X11-unix/X77 ] || [ $i = 50 ]; do sleep 0.2; i=$((i+1)); done
step() {{
  touch "/tmp/at-$1"; i=0
  until [ -e "/tmp/go-$1" ] || [ $i = 900 ]; do sleep 0.2; i=$((i+1)); done
}}
say() {{ xdotool type --delay 15 "$1"; sleep 0.5; xdotool key Return; }}
homebody >/tmp/window.log 2>&1 &
window=$(timeout 60 xdotool search --sync --onlyvisible --name Homebody | head -1)
xdotool windowsize "$window" 1180 800; xdotool windowmove "$window" 0 0
xdotool windowfocus "$window"; sleep 2
scrot -o /tmp/opened.png
say {first}
step answered
scrot -o /tmp/answered.png
gio open {model} >/tmp/gio.log 2>&1
step handed
sleep 3; xdotool windowfocus "$window"
say {second}
step again
scrot -o /tmp/handed.png
"""


class Failed(Exception):
    """Something does not hold."""


def main() -> int:
    """Check; return 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", action="append", choices=SUITES, help="may be repeated")
    parser.add_argument("--deb", type=Path, metavar="FILE", help="the newest in build/package")
    options = parser.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        quit_with("a clean Debian is made in a folder, which needs root on Linux.")
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        quit_with(f"missing here: {', '.join(missing)}; apt-get install brings them.")
    made = sorted(OUT.glob("homebody_*.deb"), key=lambda path: path.stat().st_mtime)
    deb = options.deb or (made[-1] if made else None)
    if deb is None or not deb.is_file():
        quit_with("there is no .deb to check: run packaging/deb.py first.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    good = True
    try:
        inspect(deb)
    except Failed as failure:
        print(f"  FAILED: {failure}")
        good = False
    for suite in options.suite or SUITES:
        print(f"\n{suite}", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"homebody-{suite}-", dir=place()) as folder:
            try:
                use(Debian(suite, Path(folder) / "root"), deb)
            except Failed as failure:
                print(f"  FAILED: {failure}", flush=True)
                good = False
    print("\neverything holds" if good else "\nnot everything holds")
    return 0 if good else 1


def place() -> Path:
    """Return the folder of clean systems."""
    CHROOTS.mkdir(parents=True, exist_ok=True)
    return CHROOTS


# ---------------------------------------------------------------- the file itself


def inspect(deb: Path) -> None:
    """Look at the package without installing it."""
    print(f"{deb.name}: {deb.stat().st_size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="homebody-deb-") as folder:
        root = Path(folder)
        subprocess.run(["dpkg-deb", "-x", str(deb), folder], check=True)
        floor, who = glibc_floor(root / "usr/lib/homebody")
        print(f"  glibc {floor} or newer, for {len(who)} files such as {Path(who[0]).name}")
        entry = root / f"usr/share/applications/{ID}.desktop"
        said("desktop-file-validate", run_here(["desktop-file-validate", str(entry)]), "")
        whole = root / f"{ID}.metainfo.xml"
        shipped = root / f"usr/share/metainfo/{ID}.metainfo.xml"
        # With addresses, as a release has them, too.
        whole.write_text(
            metainfo(facts("https://example.org/homebody", "https://example.org/pictures")), "utf-8"
        )
        for name, path in (("", shipped), (" (with pictures)", whole)):
            if shutil.which("appstreamcli") is not None:
                done = run_here(["appstreamcli", "validate", "--no-net", str(path)])
                said(f"appstreamcli validate --no-net{name}", done, "Validation was successful.")
        manual = root / "usr/share/man/man1/homebody.1.gz"
        if shutil.which("mandoc") is not None:
            said(
                "mandoc -T lint",
                run_here(["mandoc", "-T", "lint", "-W", "warning", str(manual)]),
                "",
            )
    done = run_here(["lintian", "--tag-display-limit", "0", "--show-overrides", str(deb)])
    lines = done.stdout.splitlines()
    kinds = {kind: sum(line.startswith(f"{kind}:") for line in lines) for kind in "EWO"}
    print(f"  lintian: {kinds['E']} errors, {kinds['W']} warnings, {kinds['O']} overridden")
    bad = [line for line in lines if line.startswith(("E:", "W:"))]
    if bad:
        raise Failed("lintian: " + "; ".join(bad[:8]))


def run_here(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a program of this machine."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def said(what: str, done: "subprocess.CompletedProcess[str]", wanted: str) -> None:
    """Print what a validator said, which should end with `wanted`. Raises `Failed`."""
    words = " ".join((done.stdout + done.stderr).split())
    if done.returncode or (words if not wanted else wanted not in words):
        raise Failed(f"{what}: {words}")
    print(f"  {what}: {words or 'nothing to say'}")


# ---------------------------------------------------------------- a clean system


class Debian:
    """A clean Debian in a folder. Nothing stays mounted between two commands."""

    def __init__(self, suite: str, root: Path) -> None:
        self.suite, self.root = suite, root
        self.home = root / "home" / USER
        kept = CHROOTS / f"{suite}.tar"
        if not kept.exists():
            self._make(kept)
        root.mkdir()
        subprocess.run(["tar", "-xpf", str(kept), "-C", str(root)], check=True)
        for name in ("resolv.conf", "hosts"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"/etc/{name}", root / "etc" / name)
        # No service is started by installing something.
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n", "utf-8")
        policy.chmod(0o755)

    def _make(self, kept: Path) -> None:
        """Make a clean system, and keep it as it is for the next time."""
        with tempfile.TemporaryDirectory(prefix="homebody-base-", dir=CHROOTS) as folder:
            base = Path(folder) / "root"
            print(f"  debootstrap --variant=minbase {self.suite} …", flush=True)
            done = run_here(["debootstrap", "--variant=minbase", self.suite, str(base), mirror()])
            if done.returncode:
                raise Failed(f"debootstrap: {done.stdout.splitlines()[-1:]}")
            unfinished = kept.with_suffix(".unfinished")
            subprocess.run(["tar", "-cpf", str(unfinished), "-C", str(base), "."], check=True)
            unfinished.replace(kept)

    def start(
        self, command: str, *, user: str = USER, network: bool = False
    ) -> "subprocess.Popen[str]":
        """Start a shell command in it, with an empty environment."""
        inside = [
            *("env", "-i", "LANG=C.UTF-8", f"USER={user}"),
            f"HOME={'/root' if user == 'root' else '/home/' + user}",
            "PATH=/usr/local/bin:/usr/bin:/bin" + (":/usr/sbin:/sbin" if user == "root" else ""),
            *("DEBIAN_FRONTEND=noninteractive", "sh", "-c", f"cd; {command}"),
        ]
        if user != "root":
            inside = ["runuser", "-u", user, "--", *inside]
        own = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        return subprocess.Popen(
            [
                *("unshare", *own, "--propagation", "private", *([] if network else ["--net"])),
                *("sh", "-ec", _MOUNTS, "sh", str(self.root), *inside),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(
        self, command: str, *, user: str = USER, network: bool = False, seconds: float = 600
    ) -> str:
        """Run a shell command in it; return what it said. Raises `Failed`."""
        with self.start(command, user=user, network=network) as process:
            try:
                words, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Failed(f"`{command}` took longer than {seconds:.0f} s") from None
        if process.returncode:
            raise Failed(f"`{command}` ended with {process.returncode}: {words[-2000:]}")
        return words

    def files(self) -> set[str]:
        """Return everything that is there, folders too, but what is only bookkeeping."""
        found = set()
        for folder, names, files in os.walk(self.root):
            inside = Path(folder).relative_to(self.root)
            for name in (*names, *files):
                path = (inside / name).as_posix()
                if not BOOKKEEPING.search(path):
                    found.add(path)
        return found

    def owned(self) -> set[str]:
        """Return what belongs to a package."""
        listed: set[str] = set()
        for path in (self.root / "var/lib/dpkg/info").glob("*.list"):
            listed |= {line.lstrip("/") for line in path.read_text("utf-8").splitlines()}
        return listed | {
            f"usr/{path}" for path in listed if path.startswith(("bin/", "sbin/", "lib"))
        }

    def packages(self) -> set[str]:
        """Return the names of the packages that are installed."""
        listed = self.run("dpkg-query -W -f '${db:Status-Abbrev}|${Package}\\n'", user="root")
        return {line.split("|")[1] for line in listed.splitlines() if line.startswith("ii")}


def mirror() -> str:
    """Return where apt is configured to find Debian's packages."""
    done = run_here(
        ["apt-get", "indextargets", "--format", "$(LABEL)|$(CODENAME)|$(REPO_URI)|$(CREATED_BY)"]
    )
    listed = [line.split("|") for line in sorted(set(done.stdout.splitlines()))]
    for label, codename, address, kind in listed:
        if label == "Debian" and kind == "Packages" and "-" not in codename:
            return address
    return quit_with("apt knows no mirror of Debian: run apt-get update.")


# ---------------------------------------------------------------- a person


def use(debian: Debian, deb: Path) -> None:
    """Install, use, remove. Raises `Failed`."""
    debian.run(
        f"useradd --create-home --shell /bin/sh {USER} && apt-get update -qq",
        user="root",
        network=True,
    )
    before, installed = debian.files(), debian.packages()
    folder = debian.home / "Downloads"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(deb, folder / deb.name)
    install(debian, deb)
    talk(debian)
    tools = debian.run(
        f"apt-get install -y --no-install-recommends {' '.join(TOOLS)}", user="root", network=True
    )
    print(f"  (for the window: {', '.join(TOOLS)}; {tools.count('Setting up ')} packages)")
    look(debian)
    remove(debian, before, installed, package_of(deb))


def package_of(deb: Path) -> str:
    """Return the name that a package has for apt."""
    return run_here(["dpkg-deb", "-f", str(deb), "Package"]).stdout.strip()


def install(debian: Debian, deb: Path) -> None:
    """Install the file, and nothing but the file, and ask at once."""
    begun = time.monotonic()
    words = debian.run(
        f"apt-get install -y /home/{USER}/Downloads/{deb.name}", user="root", network=True
    )
    installed = time.monotonic() - begun
    print(
        f"  apt-get install ./{deb.name}: {words.count('Setting up ')} packages, {installed:.1f} s"
    )
    begun = time.monotonic()
    reply = debian.run("homebody ask 'What is the capital of France?' 2>/dev/null")
    answered = time.monotonic() - begun
    if "Paris" not in reply:
        raise Failed(f"the first reply is {reply!r}")
    print(f"  first answer after {answered:.1f} s more: {' '.join(reply.split())}")
    print(f"  from the file to the first answer: {installed + answered:.1f} s")
    libraries = "/usr/lib/homebody/_internal"
    lost = debian.run(
        f"export LD_LIBRARY_PATH={libraries}:{libraries}/PySide6/Qt/lib:{libraries}/PySide6:"
        f"{libraries}/shiboken6; find /usr/lib/homebody -name '*.so*' -type f"
        " | xargs -n 40 ldd 2>/dev/null | grep 'not found' | sort -u || true"
    )
    if lost.strip():
        raise Failed(f"libraries are missing: {' '.join(lost.split())}")
    print("  every library finds what it is linked with")


def talk(debian: Debian) -> None:
    """Use the terminal as an ordinary user."""
    print(f"  {debian.run('homebody --version').strip()}, as {USER}, without any network")
    for line in debian.run("homebody selftest").splitlines():
        print(f"    selftest: {line}")
    report: dict[str, Any] = json.loads(debian.run("homebody doctor --json 2>/dev/null"))
    engine = report["engine"]
    print(f"    doctor: ok={report['ok']} problems={report['problems']}")
    print(f"    doctor: engine {engine.get('backend') or engine['system']}")
    locks = [*report["locks"], *engine["locks"], *report["skills"]["workshop_locks"]]
    print(f"    doctor: locks {locks}")
    if not report["ok"]:
        raise Failed(f"doctor finds {report['problems']}")
    if sum("seccomp" in lock for lock in locks) < 3:
        raise Failed("a lock does not hold")
    manual = debian.root / "usr/share/man/man1/homebody.1.gz"
    if not manual.is_file():
        raise Failed("there is no man page")


def look(debian: Debian) -> None:
    """Use the window, and open a model from outside as a file manager would."""
    model = debian.home / MODEL
    starter = next((debian.root / "usr/lib/homebody").rglob("SmolLM2*.gguf"))
    shutil.copyfile(starter, model)
    kind = debian.run(f"gio info -a standard::content-type '{MODEL}'; gio mime application/x-gguf")
    print(f"  a .gguf is {re.search(r'content-type: (.*)', kind)[1]}, opened by {ID}.desktop")
    if "application/x-gguf" not in kind or f"{ID}.desktop" not in kind:
        raise Failed(f"what a .gguf is, and who opens it: {kind}")
    script = _WINDOW.format(
        user=USER,
        model=shlex.quote(MODEL),
        first=shlex.quote(QUESTIONS[0]),
        second=shlex.quote(QUESTIONS[1]),
    )
    with debian.start(script) as process:
        try:
            told = list(_follow(debian, process))
        finally:
            process.kill()
            show(debian)
    for (request, reply, name), wanted in zip(told, ("Berlin", "Tokyo"), strict=True):
        print(f"    window: {request!r} -> {reply!r} ({name})")
        if wanted not in reply:
            raise Failed(f"the window's reply is {reply!r}")
    if "little" not in told[1][2]:
        raise Failed(f"the model that was opened does not answer, but {told[1][2]}")


def show(debian: Debian) -> None:
    """Keep the pictures that were taken in it, to be looked at."""
    for path in sorted((debian.root / "tmp").glob("*.png")):
        kept = PICTURES / f"{debian.suite}-{path.name}"
        shutil.copyfile(path, kept)
        print(f"    picture: {kept.relative_to(ROOT)}")


def _follow(debian: Debian, process: "subprocess.Popen[str]") -> Iterator[tuple[str, str, str]]:
    """Wait for each reply, letting the script go on; yield request, reply and model."""
    temporary = debian.root / "tmp"
    _wait(process, debian, (temporary / "at-answered").exists, "the window to appear")
    _wait(process, debian, lambda: len(replies(debian)) > 0, "the first reply")
    time.sleep(1.5)
    (temporary / "go-answered").touch()
    _wait(process, debian, (temporary / "at-handed").exists, "the model to be opened")
    time.sleep(5)
    (temporary / "go-handed").touch()
    _wait(process, debian, lambda: len(replies(debian)) > 1, "the second reply")
    time.sleep(1.5)
    (temporary / "go-again").touch()
    process.wait(timeout=60)
    yield from replies(debian)


def _wait(
    process: "subprocess.Popen[str]", debian: Debian, holds: Callable[[], bool], what: str
) -> None:
    until = time.monotonic() + 120
    while not holds():
        if time.monotonic() > until or process.poll() is not None:
            logs = [debian.root / f"tmp/{name}.log" for name in ("window", "xvfb", "gio")]
            words = " ".join(path.read_text("utf-8") for path in logs if path.exists())
            raise Failed(f"waited for {what} in vain: {words[-1500:]}")
        time.sleep(0.5)


def replies(debian: Debian) -> list[tuple[str, str, str]]:
    """Return what was asked in the window and answered: request, reply, model."""
    own = debian.home / ".local/share/homebody"
    with tempfile.TemporaryDirectory() as folder:
        # A copy: what this program opened would be root's.
        for path in own.glob("homebody.sqlite*"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path, Path(folder) / path.name)
        with closing(sqlite3.connect(Path(folder) / "homebody.sqlite")) as database:
            rows = database.execute(
                "SELECT request, reply, run FROM turn WHERE state = 'done' ORDER BY seq"
            ).fetchall()
    return [
        (request, reply, (json.loads(run or "{}").get("model") or {}).get("name", ""))
        for request, reply, run in rows
        if request in QUESTIONS
    ]


def remove(debian: Debian, before: set[str], installed: set[str], package: str) -> None:
    """Purge the package and look for whatever is left of it. Raises `Failed`."""
    debian.run(f"apt-get purge -y --auto-remove {package}", user="root")
    ours = re.compile(rb"homebody|gguf", re.IGNORECASE)
    named = []
    # While a desktop's tools are there, so that their lists of entries, types and icons are too.
    for path in sorted(debian.files() - debian.owned()):
        full = debian.root / path
        plain = full.is_file() and not full.is_symlink()
        if ours.search(path.encode()) or (plain and ours.search(full.read_bytes())):
            named.append(path)
    data = sorted(
        path.relative_to(debian.root).as_posix() for path in debian.home.glob(".*/**/homebody")
    )
    print(f"  apt-get purge: {len(named)} files of ours left; the person's data stays: {data}")
    debian.run(f"apt-get purge -y --auto-remove {' '.join(TOOLS)}", user="root")
    packages = sorted(debian.packages() - installed)
    stray = sorted(debian.files() - before - debian.owned())
    folders = Counter("/".join(path.split("/")[:3]) for path in stray)
    print(f"    with the tools gone too, packages that were not there before: {packages or 'none'}")
    print(f"    and files of no package, none of ours: {len(stray)} {dict(folders.most_common(8))}")
    if named:
        raise Failed(f"left behind: {named[:20]}")
    if not data:
        raise Failed("the person's data is gone")


if __name__ == "__main__":
    sys.exit(main())
