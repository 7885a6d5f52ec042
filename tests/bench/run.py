"""`make bench`: every figure that docs/benchmarks.md gives, measured anew in one run.

Comparisons are ratios of runs that were taken in turn (A B A B …), because the speed of a shared
machine drifts; figures are medians with the lowest and highest of the runs.
"""

import argparse
import compileall
import contextlib
import datetime
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bare import Bare
from native_build import ROOT, built, pinned

from homebody.base.paths import Home
from homebody.engine.client import Engine
from homebody.library.shelf import find_model
from homebody.machine.readings import physical_cores, read_machine
from homebody.messages.frames import Generate, Generated, Load, Message, Piece

PROMPT = "Once upon a time"
TOKENS = 128
SYSTEM = "You are a helpful assistant."
QUESTION = "What is the capital of Japan?"
Row = tuple[str, str, str, str]


def spread(values: list[float], unit: str = "", digits: int = 0) -> str:
    """Return "median (lowest to highest) unit"."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f}{unit} ({low:,.{digits}f}–{high:,.{digits}f})"


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """Return the ratio of each pair of runs."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def verdict(reached: bool) -> str:
    """Say it in a word."""
    return "reached" if reached else "**not reached**"


# ---------------------------------------------------------------- decoding


class Server:
    """llama-server on loopback."""

    def __init__(self, program: Path, model: Path, threads: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [program, "-m", model, "-t", str(threads), "-c", "4096", "-np", "1", "--no-ui",
             "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            with contextlib.suppress(OSError):
                if self._request("GET", "/health").get("status") == "ok":
                    return
            time.sleep(0.1)
        raise SystemExit("llama-server does not answer")

    def _request(self, method: str, path: str, body: dict[str, object] | None = None) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, json.dumps(body) if body else None)
        return json.loads(connection.getresponse().read())

    def speed(self) -> float:
        """Return tokens per second by the server's own clock, which leaves HTTP out."""
        answer = self._request(
            "POST",
            "/completion",
            {"prompt": PROMPT, "n_predict": TOKENS, "temperature": 0, "cache_prompt": False,
             "samplers": ["top_k"], "top_k": 1, "ignore_eos": True},
        )  # fmt: skip
        return float(answer["timings"]["predicted_per_second"])

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def our_speed(engine: Engine) -> float:
    """Return tokens per second as the front end sees them, from the first piece to the last."""
    first, last = 0.0, None
    for answer in engine.generate(Generate(id=0, prompt=PROMPT, max_tokens=TOKENS)):
        first = first or time.perf_counter()
        last = answer
    assert isinstance(last, Generated)
    assert last.generated_tokens == TOKENS, "the model ended early"
    return (TOKENS - 1) / (time.perf_counter() - first)


def decoding(engine: Engine, model: Path, threads: int, runs: int) -> Iterator[Row]:
    """Compare our decode with llama-server's and with a bare loop."""
    programs = built()
    bare, server = Bare(str(model), threads), Server(programs / "llama-server", model, threads)
    measures: dict[str, Callable[[], float]] = {
        "ours": lambda: our_speed(engine),
        "server": server.speed,
        "again": lambda: our_speed(engine),
        "bare": lambda: bare.speed(PROMPT, TOKENS),
    }
    for measure in measures.values():
        measure()
    speeds: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            speeds[name].append(measure())
    server.close()
    for name, other, goal in (("ours", "server", 0.97), ("again", "bare", 0.95)):
        ratio = ratios(speeds[name], speeds[other])
        label = "llama-server" if other == "server" else "a bare decode loop"
        yield (
            f"decode through the pipe, against {label}",
            f"≥ {goal} ×",
            f"{spread(ratio, ' ×', 3)}; ours {spread(speeds[name])} tok/s, "
            f"{label} {spread(speeds[other])} tok/s",
            verdict(statistics.median(ratio) >= goal),
        )
    output = subprocess.run(
        [programs / "llama-bench", "-m", model, "-t", str(threads), "-p", "0", "-n", str(TOKENS),
         "-r", str(runs), "-o", "json"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    yield (
        "llama-bench on the same weights, which does not sample",
        "(for scale)",
        f"{json.loads(output)[0]['avg_ts']:.0f} tok/s",
        "",
    )


# ---------------------------------------------------------------- the rest


def second_turn(engine: Engine) -> Iterator[Row]:
    """Count what a second turn has to read."""
    first = (Message("system", SYSTEM), Message("user", QUESTION))
    reply, done = "", None
    for answer in engine.generate(Generate(id=0, messages=first)):
        reply += answer.text if isinstance(answer, Piece) else ""
        done = answer
    assert isinstance(done, Generated)
    held = done.prompt_tokens + done.generated_tokens - 1
    second = (*first, Message("assistant", reply), Message("user", "And of Spain?"))
    *_, done = engine.generate(Generate(id=0, messages=second, max_tokens=1))
    assert isinstance(done, Generated)
    new = done.prompt_tokens - held
    yield (
        "second turn of a conversation",
        "only the new tokens",
        f"{done.evaluated_tokens} of {done.prompt_tokens} tokens read, {new} of them new",
        verdict(done.evaluated_tokens == new),
    )


def first_token(model: Path, threads: int, runs: int) -> Iterator[Row]:
    """Compare `homebody ask` with a bare script, from the start of the process."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"HOMEBODY_HOME": folder}
        commands = {
            "ours": [str(Path(sys.executable).parent / "homebody"), "ask", QUESTION],
            "bare": [sys.executable, str(here / "bare.py"), str(model), str(threads)],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(runs + 2):
            for name, command in commands.items():
                taken = _until_first_byte(command, environment)
                if number > 1:
                    times[name].append(taken)
    ratio = ratios(times["ours"], times["bare"])
    yield (
        "`homebody ask`, start to first token, against a bare script",
        "≤ 1.6 ×",
        f"{spread(ratio, ' ×', 2)}; ours {spread(times['ours'], ' s', 2)}, "
        f"bare {spread(times['bare'], ' s', 2)}",
        verdict(statistics.median(ratio) <= 1.6),
    )


def _until_first_byte(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdout is not None
    process.stdout.read(1)
    taken = time.perf_counter() - start
    process.stdout.read()
    process.wait()
    return taken


def death(load: Load, runs: int) -> Iterator[Row]:
    """Kill the engine in the middle of a reply; time how soon that is seen, and mended."""
    seen, ready = [], []
    for _ in range(runs):
        # A fresh client each time: three deaths of one would open the circuit.
        engine = Engine()
        engine.start()
        engine.load(load)
        killed = threading.Event()
        moment = 0.0

        def kill(pid: int = engine.pid or 0, event: threading.Event = killed) -> None:
            nonlocal moment
            moment = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            event.set()

        try:
            for answer in engine.generate(Generate(id=0, prompt=PROMPT, max_tokens=TOKENS)):
                if isinstance(answer, Piece) and answer.tokens > 20 and not killed.is_set():
                    kill()
        except Exception:  # noqa: BLE001  its death, which is what is timed
            seen.append((time.perf_counter() - moment) * 1e3)
        engine.wait_loaded()
        ready.append((time.perf_counter() - moment) * 1e3)
        engine.close()
    for name, goal, values in (
        ("engine killed: seen", 250, seen),
        ("engine killed: model ready again", 1000, ready),
    ):
        yield name, f"≤ {goal} ms", spread(values, " ms"), verdict(max(values) <= goal)


def window_start(runs: int) -> Iterator[Row]:
    """Compare the window with bare ones: how soon it can be used, and what it takes."""
    # As an installed program is.
    compileall.compile_dir(str(ROOT / "app"), quiet=2)
    seconds: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"HOMEBODY_HOME": folder, "QT_QPA_PLATFORM": "offscreen"}
        for number in range(runs + 2):
            for name in ("bare", "text", "start"):
                begin = time.monotonic()
                for fact in _window(name, environment):
                    key = name if name != "start" else fact["what"]
                    if number > 1:
                        seconds.setdefault(key, []).append(fact["at"] - begin)
                        memory.setdefault(key, []).append(fact["memory"] / 1e6)
    against = {"bare": "an empty Qt window", "text": "a Qt window with a label and a text field"}
    for base, words in against.items():
        ratio = ratios(seconds["painted"], seconds[base])
        yield (
            f"window, from the start of the process until one can type, against {words}",
            "≤ 1.5 ×",
            f"{spread(ratio, ' ×', 2)}; ours {spread(seconds['painted'], ' s', 2)}, "
            f"bare {spread(seconds[base], ' s', 2)}",
            verdict(statistics.median(ratio) <= 1.5),
        )
    for base, words in against.items():
        ratio = ratios(memory["idle"], memory[base])
        yield (
            f"window, resident memory with everything open, against {words}",
            "≤ 1.6 ×",
            f"{spread(ratio, ' ×', 2)}; ours {spread(memory['idle'], ' MB')}, "
            f"bare {spread(memory[base], ' MB')}",
            verdict(statistics.median(ratio) <= 1.6),
        )
    for key, words in (
        ("ready", "window, until all of it is there"),
        ("answers", "window, until the starter model is loaded"),
    ):
        yield words, "(for scale)", spread(seconds[key], " s", 2), ""


def _window(name: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Run one of the parts of window.py; return what it told, one fact a line."""
    done = subprocess.run(
        [sys.executable, "-P", str(Path(__file__).with_name("window.py")), name],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def window_at_work() -> Iterator[Row]:
    """Measure the window with 10,000 messages in it."""
    (facts,) = _window("inside", os.environ | {"QT_QPA_PLATFORM": "offscreen"})
    opened = facts["open"]
    ratio = ratios(opened["long"], opened["short"])
    yield (
        "10,000 messages open, against ten",
        "≤ 2 ×",
        f"{spread(ratio, ' ×', 2)}; {spread(opened['long'], ' ms')}, ten: "
        f"{spread(opened['short'], ' ms')}; all of them there after "
        f"{spread(opened['whole'], ' ms')}",
        verdict(statistics.median(ratio) <= 2),
    )
    ticks = sorted(facts["tick"])
    last = ticks[int(len(ticks) * 0.99)]
    yield (
        "a stream's tick below 10,000 messages, painted",
        "≤ 8 ms median, ≤ 25 ms p99",
        f"{statistics.median(ticks):.1f} ms median, {last:.1f} ms p99, {ticks[-1]:.1f} ms at most",
        verdict(statistics.median(ticks) <= 8 and last <= 25),
    )
    yield (
        "a resize with 10,000 messages, painted",
        "≤ 50 ms",
        spread(facts["resize"], " ms", 1),
        verdict(max(facts["resize"]) <= 50),
    )
    idle, busy = facts["typing"]["idle"], facts["typing"]["streaming"]
    yield (
        "a key while a reply streams, against none streaming",
        "≤ 1.2 ×",
        f"{statistics.median(busy) / statistics.median(idle):.2f} ×; {spread(busy, ' ms', 1)}, "
        f"idle {spread(idle, ' ms', 1)}",
        verdict(statistics.median(busy) <= 1.2 * statistics.median(idle)),
    )


def main() -> None:
    """Measure, print, and keep if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md's tables")
    parser.add_argument("--only", choices=("engine", "window"), help="measure only these")
    options = parser.parse_args()
    if options.only != "engine":
        rows = [*window_start(options.runs), *window_at_work()]
        report("window", rows, options.runs, save=options.save)
    if options.only != "window":
        rows = list(engine_rows(options.runs))
        report("bench", rows, options.runs, save=options.save)


def engine_rows(runs: int) -> Iterator[Row]:
    """Measure what has to do with the model."""
    nowhere = Path(tempfile.gettempdir())
    model = find_model(Home(nowhere, nowhere, nowhere), "starter").path
    threads = physical_cores()
    load = Load(id=0, path=str(model), context=4096, threads=threads)
    yield from first_token(model, threads, runs)
    yield from death(load, runs)
    engine = Engine()
    engine.start()
    engine.load(load)
    yield from second_turn(engine)
    yield from decoding(engine, model, threads, runs)
    engine.close()


def report(mark: str, rows: list[Row], runs: int, *, save: bool) -> None:
    """Print a table, and `save` it between its marks in docs/benchmarks.md."""
    machine = read_machine()
    table = [
        f"{machine.processor or 'unknown processor'}, {machine.physical_cores} cores, "
        f"{machine.system}; {datetime.datetime.now(datetime.UTC).date()}; {pinned()}; starter "
        f"model; medians of {runs} runs (lowest–highest).",
        "",
        "| what | goal | measured | |",
        "|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    print("\n".join(table))
    if save:
        page = ROOT / "docs" / "benchmarks.md"
        before, _, rest = page.read_text("utf-8").partition(f"<!-- {mark} -->")
        after = rest.partition(f"<!-- /{mark} -->")[2]
        page.write_text(
            f"{before}<!-- {mark} -->\n" + "\n".join(table) + f"\n<!-- /{mark} -->{after}", "utf-8"
        )


if __name__ == "__main__":
    main()
