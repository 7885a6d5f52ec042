"""A workshop whose skills misbehave: `python misbehaving.py PARENT`, like `--as workshop`."""

import ctypes
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome
from homebody.privacy.lock import lock_workshop
from homebody.skills import workshop_child


def fine(args, now):
    return Outcome(text=f"{args['text']} {now.tzinfo}")


def babbles(args, now):
    print("no frame at all", flush=True)
    os.write(1, b'{"type":"skill_ran","id":1}\n' + os.urandom(100_000))
    os.write(2, b"x" * 300_000)
    return Outcome(text="fine")


def babbles_for_ever(args, now):
    while True:
        os.write(2, b"x" * 100_000)


def slow_to_load(args, now):
    return Outcome(text="loaded")


def make_ready():
    """Load for longer than `slow_to_load` may run; once."""
    if len(sys.argv) > 2:
        time.sleep(float(sys.argv.pop()))


def raises(args, now):
    raise ValueError("private words")


def breaks_off(args, now):
    raise OSError(5, "Input/output error")


def knows(args, now):
    raise SkillProblem("No.", "Ask again.", "unclear", choices=("a", "b"))


def leaves(args, now):
    sys.exit(5)


def ends(args, now):
    os._exit(5)


def crashes(args, now):
    ctypes.string_at(0)


def hangs(args, now):
    while True:
        pass


def hangs_deaf(args, now):
    re.match(r"(a+)+$", "a" * 60 + "b")


def hoards(args, now):
    hoard = []
    while True:
        hoard.append(bytearray(50_000_000))


def answers_wrongly(args, now):
    return {"text": "x"}


def answers_half_a_letter(args, now):
    return Outcome(text="\ud800")


def answers_too_much(args, now):
    return Outcome(text="x" * 40_000_000)


def fails_half_a_letter(args, now):
    raise SkillProblem("\ud800" * 9000, "\ud800", choices=("\ud800",))


def starts_threads(args, now):
    """A thread that is started by a skill is locked too."""
    said = []

    def look():
        try:
            said.append(Path(args["path"]).read_text())
        except OSError as error:
            said.append(str(error.errno))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return Outcome(text=said[0])


def everywhere(args, now):
    """Try to read each path, past all checks of ours, and to write beside it."""
    got = []
    for path in args["paths"]:
        for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT):
            try:
                descriptor = os.open(path, flags)
            except OSError:
                continue
            got.append(f"{flags} {path}")
            os.close(descriptor)
        for act in (os.listdir, os.unlink, os.rmdir, lambda path: Path(path).rename(path + "2")):
            try:
                act(path)
            except OSError:
                continue
            got.append(f"{act} {path}")
    return Outcome(text="\n".join(got))


def connects(args, now):
    said = []
    for act in (
        socket.socket,
        socket.socketpair,
        lambda: subprocess.run(["/bin/true"], check=False),
        lambda: os.kill(os.getppid(), 0),
    ):
        try:
            act()
        except OSError as error:
            said.append(type(error).__name__)
        else:
            said.append("open")
    return Outcome(text=" ".join(said))


def lock_alone(readable, writable):
    # Landlock holds only what is started afterwards.
    assert threading.active_count() == 1
    if sys.platform == "linux":
        assert len(list(Path("/proc/self/task").iterdir())) == 1
    return lock_workshop(readable, writable)


if __name__ == "__main__":
    sys.modules["misbehaving"] = sys.modules["__main__"]
    for name, value in list(globals().items()):
        if callable(value) and getattr(value, "__module__", "") == "__main__":
            workshop_child.PURE_SKILLS[name] = "misbehaving"
    workshop_child.main(int(sys.argv[1]), lock_alone)
