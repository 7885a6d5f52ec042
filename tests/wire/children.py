"""Children that misbehave, for the keeper's tests: `python children.py KIND`.

They speak the wire by hand, so that they can do what a child of ours never would.
"""

import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time


def say(**frame):
    os.write(1, json.dumps(frame).encode() + b"\n")


def hello(protocol=1):
    say(type="hello", protocol=protocol, role="test", pid=os.getpid(), version="0")


def read_to_the_end():
    for _ in sys.stdin.buffer:
        pass


def beat():
    def run():
        while True:
            say(type="beat")
            time.sleep(0.05)

    threading.Thread(target=run, daemon=True).start()


def good():
    hello()
    beat()
    read_to_the_end()


def mute():
    time.sleep(600)


def old():
    hello(protocol=0)
    time.sleep(600)


def early():
    """Speaks before it says hello."""
    say(type="piece", id=1, text="too early")
    time.sleep(600)


def tomorrow():
    """Says something that this version does not know between two things that it does."""
    hello()
    say(type="mood", good=True)
    say(type="piece", id=1, text="after it")
    read_to_the_end()


def nonsense():
    hello()
    os.write(1, b"ggml_cuda_init: found 1 device\n")
    time.sleep(600)


def endless_line():
    hello()
    while True:
        os.write(1, b"x" * 65536)


def silent():
    """Says hello and never anything again."""
    hello()
    time.sleep(600)


def ignores_terminate():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hello()
    beat()
    time.sleep(600)


def ignores_end_of_file():
    hello()
    beat()
    time.sleep(600)


def bad_assertion():
    hello()
    sys.stderr.write("/build/ggml.c:1: GGML_ASSERT(one == two) failed\n")
    sys.stderr.flush()
    os.abort()


def shorter_file():
    """A real SIGBUS: reads a mapped page that the file no longer has."""
    hello()
    with tempfile.TemporaryFile() as file:
        file.truncate(3 * mmap.PAGESIZE)
        pages = mmap.mmap(file.fileno(), 0)
        file.truncate(0)
        print(pages[2 * mmap.PAGESIZE])


def signal_4():
    hello()
    os.kill(os.getpid(), signal.SIGILL)


def signal_9():
    hello()
    os.kill(os.getpid(), signal.SIGKILL)


def signal_11():
    hello()
    os.kill(os.getpid(), signal.SIGSEGV)


def exit_7():
    hello()
    os._exit(7)


def exit_0():
    hello()
    os._exit(0)


def no_memory():
    hello()
    raise MemoryError


def no_library():
    __import__("a_library_that_is_not_there")


def last_words():
    """Says much, and the most important last, and dies at once."""
    hello()
    for number in range(500):
        say(type="piece", id=number, text="x" * 500)
    os.kill(os.getpid(), signal.SIGKILL)


def chatters():
    """More stderr than a pipe holds: who does not read it stops the child."""
    hello()
    for number in range(20_000):
        print("line", number, "x" * 50, file=sys.stderr)
    sys.stderr.buffer.write(b"not text: \xff\n" + b"y" * 50_000 + b"\n")
    sys.stderr.flush()
    say(type="piece", id=1, text="done")
    read_to_the_end()


def leaves_grandchild():
    """Dies, while a process that it started still holds its pipes."""
    hello()
    grandchild = subprocess.Popen(["sleep", "600"])
    say(type="piece", id=grandchild.pid, text="")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
