"""Which build of llama.cpp is installed, by its files alone: nothing of it is loaded.

Costs a tenth of a millisecond, so that a start may ask.
"""

import importlib.util
import os
import re
from pathlib import Path
from typing import Final

__all__ = ["build_folder", "has_gpu_code"]

_GPU_CODE: Final = re.compile(r"(lib)?ggml-cuda\.")


def build_folder() -> Path | None:
    """Return where llama.cpp's libraries lie, as llama-cpp-python finds them; None: nowhere."""
    elsewhere = os.environ.get("LLAMA_CPP_LIB_PATH")
    if elsewhere is not None:
        return Path(elsewhere)
    # This looks for the package without running any of it.
    try:
        spec = importlib.util.find_spec("llama_cpp")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / "lib" if places else None


def has_gpu_code(folder: Path | None = None) -> bool:
    """Tell whether a build (None: the installed one) was made with CUDA."""
    folder = folder if folder is not None else build_folder()
    try:
        return folder is not None and any(_GPU_CODE.match(file.name) for file in folder.iterdir())
    except OSError:
        return False
