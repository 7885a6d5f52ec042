"""A build with loadable backends, small enough to be compiled by a test.

llama.cpp itself is the installed one, which computes. What chooses and registers backends is ours
and says on stderr what it does; `packaging/check/processors.py` does the same with the real one.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from homebody.engine.build import Made, binding_version, build_folder

BASE = """
typedef void (*take)(int, const char *, void *);
static take logger;
void ggml_log_set(take function, void *data) { logger = function; }
void stand_in_log(const char *text) { if (logger) logger(2, text, 0); }
"""
GGML = """
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
void stand_in_log(const char *text);
void ggml_backend_register(int *backend) { fprintf(stderr, "registered %d\\n", *backend); }
void ggml_backend_load_all_from_path(const char *folder) {
  char path[4096], best[4096] = "", line[5000];
  int most = 0;
  DIR *all = opendir(folder ? folder : ".");
  for (struct dirent *each; (each = readdir(all));) {
    if (strncmp(each->d_name, "libggml-cpu-", 12)) continue;
    snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", each->d_name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int score = ((int (*)(void))dlsym(library, "ggml_backend_score"))();
    dlclose(library);
    if (score > most) { most = score; strcpy(best, path); }
  }
  closedir(all);
  if (!most) return;
  dlopen(best, RTLD_NOW | RTLD_LOCAL);
  snprintf(line, sizeof line, "load_backend: loaded CPU backend from %s\\n", best);
  stand_in_log(line);
}
"""
VARIANT = """
#include <stdio.h>
int ggml_backend_score(void) { return SCORE; }
__attribute__((constructor)) static void load(void) { fputs("loading " NAME "\\n", stderr); }
"""
NEEDED = "int needed(void) { return 4711; }"
GPU = """
int needed(void);
static int backend[4];
int *ggml_backend_init(void) { backend[0] = needed(); return backend; }
"""
NO_GPU = "int *ggml_backend_init(void) { return 0; }"

SCORES = {"small": 1, "middle": 30, "large": 0}
BEST = "libggml-cpu-middle.so"
MADE = Made(binding=binding_version() or "", sdist_sha256="0" * 64, system="linux-x86_64")

Compile = Callable[..., Path]


def compiler(scratch: Path) -> Compile:
    """Return what compiles `compile(text, target, *options)`; skip where there is no compiler."""
    cc = shutil.which("cc")
    if sys.platform != "linux" or cc is None:
        pytest.skip("libraries are compiled on Linux, by cc")

    def compile_(text: str, target: Path, *options: str) -> Path:
        source = scratch / "source.c"
        source.write_text(text)
        command = [cc, "-shared", "-fPIC", "-w", source, "-o", target, *options]
        subprocess.run(command, check=True)
        return target

    return compile_


def make_build(folder: Path, compile_: Compile) -> Path:
    """Make a build in a new folder."""
    real = build_folder()
    assert real is not None
    folder.mkdir()
    for file in real.iterdir():
        if ".so." in file.name or file.name == "libllama.so":
            (folder / file.name).symlink_to(file)
    compile_(BASE, folder / "libggml-base.so", "-Wl,-soname,libggml-base.so")
    linked = [f"-L{folder}", "-lggml-base", "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed"]
    compile_(GGML, folder / "libggml.so", *linked)
    for name, score in SCORES.items():
        variant = folder / f"libggml-cpu-{name}.so"
        compile_(VARIANT, variant, f'-DNAME="{variant}"', f"-DSCORE={score}")
    names = sorted(file.name for file in folder.iterdir() if file.suffix == ".so")
    write_manifest(folder, names)
    return folder


def write_manifest(folder: Path, names: list[str], **changed: str) -> None:
    files = {name: {"sha256": "", "bytes": (folder / name).stat().st_size} for name in names}
    said = msgspec.to_builtins(MADE) | {"files": files} | changed
    (folder / "engine.json").write_bytes(msgspec.json.encode(said))


def make_pack(folder: Path, compile_: Compile, **changed: object) -> Path:
    """Make a pack whose backend needs another library of the pack's."""
    folder.mkdir()
    compile_(NEEDED, folder / "libneeded.so.1")
    compile_(GPU, folder / "libggml-vulkan.so")
    said = {
        "name": "vulkan",
        "title": "Vulkan",
        "for": msgspec.to_builtins(MADE),
        "preload": ["libneeded.so.1"],
        "backend": "libggml-vulkan.so",
        "files": {},
    }
    (folder / "pack.json").write_bytes(msgspec.json.encode(said | changed))
    return folder
