"""Ways to change files, and what must stay possible."""

import os
import tempfile
import threading
from pathlib import Path

from route_kit import file_route, route

# ---------------------------------------------------------------- files


@file_route
def write(folder):
    with (folder / "file").open("r+") as stream:
        stream.write("x")


@file_route
def append(folder):
    with (folder / "file").open("a") as stream:
        stream.write("x")


@file_route
def create(folder):
    (folder / "new").touch()


@file_route
def create_unnamed(folder):
    os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))


@file_route
def truncate(folder):
    os.truncate(folder / "file", 0)


@file_route
def truncate_by_opening(folder):
    os.close(os.open(folder / "file", os.O_RDONLY | os.O_TRUNC))


@file_route
def unlink(folder):
    (folder / "file").unlink()


@file_route
def rename(folder):
    (folder / "file").rename(folder / "other")


@file_route
def move(folder):
    (folder / "file").rename(folder / "full" / "other")


@file_route
def link(folder):
    (folder / "new").hardlink_to(folder / "file")


@file_route
def symlink(folder):
    (folder / "new").symlink_to("file")


@file_route
def mkdir(folder):
    (folder / "new").mkdir()


@file_route
def rmdir(folder):
    (folder / "empty").rmdir()


@file_route
def fifo(folder):
    os.mkfifo(folder / "new")


@file_route
def chmod(folder):
    (folder / "file").chmod(0o777)


@file_route
def touch_time(folder):
    os.utime(folder / "file", (1, 1))


@file_route
def attribute(folder):
    os.setxattr(folder / "file", "user.x", b"x")


@route
def temporary_file(*_):
    with tempfile.NamedTemporaryFile():
        pass


# ---------------------------------------------------------------- what must stay possible


@file_route
def read(folder):
    assert (folder / "file").read_text() == "text"
    assert (folder / "full") in list(folder.iterdir())


@route
def asyncio_loop(*_):
    import asyncio

    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


@route
def devices(*_):
    Path("/dev/null").write_text("x")
    for name in ("null", "zero", "urandom"):
        with Path("/dev", name).open("r+b", buffering=0) as device:
            device.write(b"x")
            device.read(1)


@route
def shared_memory(*_):
    path = Path(f"/dev/shm/homebody-test-{os.getpid()}")
    path.write_text("x")
    path.write_text("y")
    path.unlink()


@route
def name_threads(*_):
    """What CUDA does when it starts."""
    problems = []

    def work():
        try:
            Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("worker")
        except OSError as problem:
            problems.append(problem)

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    for problem in problems:
        raise problem


@route
def numpy_threads(*_):
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda n: np.ones((64, 64)) @ np.full((64, 64), n), range(8)))
    assert parts[7][0, 0] == 7 * 64


@route
def language_model(_, path):
    import llama_cpp

    # One token at a time: the road that every build of llama.cpp has.
    model = llama_cpp.Llama(path, n_ctx=256, n_batch=1, n_threads=2, verbose=False)
    reply = model.create_completion("The capital of Japan is", max_tokens=4, temperature=0)
    assert reply["choices"][0]["text"]
