"""llama.cpp's C interface, without the rest of the Python package that carries it.

That package imports everything that it has when any part of it is imported: chat formats,
processes, a cache that unpickles what it finds on the disk (CVE-2025-69872). None of it is used
here, and it takes longer to import than the starter model takes to load. So the package is entered
without running its `__init__`.

Importing this loads the backends, then the libraries: `EngineProblem` if they do not fit.
"""

import importlib.util
import sys
from types import ModuleType

from homebody.engine.worker.backends import load_backends

__all__ = ["lib"]


def _enter(name: str) -> None:
    """Make the submodules of a package importable without importing the package itself."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package


# First of all: what llama.cpp does where it finds no backend is said there.
load_backends()

if "llama_cpp" not in sys.modules:
    _enter("llama_cpp")

import llama_cpp.llama_cpp as lib  # noqa: E402
