"""What of others is inside the frozen app, and under which licences.

`third-party.json` is a list of parts: name, version, licence (its name), homepage, and the files of
its licence below `licences/`. Both lie beside the frozen app, and inside it too, so that whatever
is made of it carries them. Of a Python package's metadata the app itself gets what its page of
licences reads, and nothing else: pip writes down there where things lay on this machine.
"""

import csv
import json
import re
import shutil
import sys
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

_KEPT: Final = Path(__file__).parent / "licences"
_TEXT: Final = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)
_LONGEST: Final = 60
"""Some put the whole licence into the field for its name."""

# What no package's metadata tells: name, licence, page, and its text here.
_QT: Final = {
    "Qt": ("LGPL-3.0-only", "https://www.qt.io", ("LGPL-3.0.txt", "GPL-3.0.txt")),
    "ICU": ("Unicode-3.0", "https://icu.unicode.org", ("ICU.txt",)),
}
_LLAMA: Final = ("MIT", "https://github.com/ggml-org/llama.cpp", ("llama.cpp.txt",))
_PYSIDE: Final = ("pyside6_essentials", "pyside6", "shiboken6")
_NVIDIA: Final = "nvidia-ml-py"


def write_third_party(app: Path, site: Path, beside: Path) -> list[dict[str, Any]]:
    """Write the list and the licences, and the metadata that the app reads; return the list."""
    shutil.rmtree(beside, ignore_errors=True)
    licences = beside / "licences"
    licences.mkdir(parents=True)
    inside = app / "_internal"
    for left in inside.glob("*.dist-info"):
        shutil.rmtree(left)
    parts = []
    for each in _bundled(app, site):
        kept = _licence_files(each)
        _keep_metadata(each, kept, inside)
        name = each.metadata["Name"]
        if _key(name) == "homebody":
            continue
        texts = _copied(name, kept, licences)
        texts += _of_ours(name, licences)
        parts.append(_part(name, each.version, _licence(each), _page(each.metadata), texts))
    parts += _others(app, parts, licences)
    parts.sort(key=lambda part: str(part["name"]).lower())
    bare = [part["name"] for part in parts if not part["files"]]
    if bare:
        print(f"error: no licence was found of {', '.join(bare)}.", file=sys.stderr)
        print(f"hint: Put it into {_KEPT.name}/ and name it in {__file__}.", file=sys.stderr)
        sys.exit(1)
    (beside / "third-party.json").write_text(json.dumps(parts, indent=1) + "\n", "utf-8")
    shutil.copytree(licences, app / "licences")
    shutil.copyfile(beside / "third-party.json", app / "licences" / "third-party.json")
    return parts


def _bundled(app: Path, site: Path) -> list[Distribution]:
    """Return the packages of which at least one file goes into the app, by name."""
    inside = app / "_internal"
    files = {file.relative_to(inside).as_posix() for file in inside.rglob("*") if file.is_file()}
    files |= {f"{name.removesuffix('.pyc')}.py" for name in files if name.endswith(".pyc")}
    bundled = []
    for each in distributions(path=[str(site)]):
        own = {file.as_posix() for file in each.files or () if ".dist-info/" not in file.as_posix()}
        if own & files:
            bundled.append(each)
    return sorted(bundled, key=lambda each: each.metadata["Name"].lower())


def _licence_files(each: Distribution) -> list[tuple[str, Path]]:
    """Return the licences of a package: their names within its metadata, and where they lie."""
    kept = []
    for file in each.files or ():
        name = file.as_posix()
        head, _, rest = name.partition(".dist-info/")
        if rest and "/" not in head and _TEXT.search(name):
            kept.append((rest, Path(str(each.locate_file(file)))))
    return kept


def _keep_metadata(each: Distribution, kept: list[tuple[str, Path]], inside: Path) -> None:
    """Write the folder of a package's metadata: its head, its licences, and a list of those."""
    own = next(file for file in each.files or () if file.as_posix().endswith(".dist-info/METADATA"))
    folder = inside / own.parent.name
    folder.mkdir()
    head, _, _ = Path(str(each.locate_file(own))).read_text("utf-8").partition("\n\n")
    (folder / "METADATA").write_text(head + "\n", "utf-8")
    names = ["METADATA"]
    for name, source in kept:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        names.append(name)
    with (folder / "RECORD").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows((f"{folder.name}/{name}", "", "") for name in (*names, "RECORD"))


def _copied(name: str, kept: list[tuple[str, Path]], licences: Path) -> list[str]:
    """Copy a package's licences into the folder of all; return their names there."""
    copied = []
    for inner, source in kept:
        target = licences / _key(name) / inner.removeprefix("licenses/").replace("/", "-")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
        copied.append(target.relative_to(licences).as_posix())
    return copied


def _of_ours(name: str, licences: Path) -> list[str]:
    """Return the texts that a package itself does not carry."""
    if _key(name) in {_key(each) for each in _PYSIDE}:
        return _taken(("LGPL-3.0.txt", "GPL-3.0.txt"), licences)
    if _key(name) == _NVIDIA:
        return _taken(("nvidia-ml-py.txt",), licences)
    return []


def _taken(names: tuple[str, ...], licences: Path) -> list[str]:
    for name in names:
        shutil.copyfile(_KEPT / name, licences / name)
    return list(names)


def _others(app: Path, parts: list[dict[str, Any]], licences: Path) -> list[dict[str, Any]]:
    """Return what is inside and is no Python package."""
    versions = {_key(str(part["name"])): str(part["version"]) for part in parts}
    binding = json.loads(
        (app / "_internal" / "homebody" / "shipped" / "engine" / "engine.json").read_text("utf-8")
    )["binding"]
    licence, page, texts = _LLAMA
    named = f"of llama-cpp-python {binding}"
    others = [_part("llama.cpp and ggml", named, licence, page, _taken(texts, licences))]
    for name, (licence, page, texts) in _QT.items():
        version = versions.get("pyside6-essentials", "") if name == "Qt" else ""
        others.append(_part(name, version, licence, page, _taken(texts, licences)))
    python = licences / "python.txt"
    shutil.copyfile(_python_licence(), python)
    version = ".".join(map(str, sys.version_info[:3]))
    others.append(_part("Python", version, "PSF-2.0", "https://www.python.org", [python.name]))
    freezer = next(each for each in distributions() if each.metadata["Name"] == "pyinstaller")
    texts = _copied("pyinstaller", _licence_files(freezer), licences)
    others.append(
        _part(
            "PyInstaller's start program",
            freezer.version,
            "GPL-2.0-or-later with an exception for what is frozen",
            "https://pyinstaller.org",
            texts,
        )
    )
    if any((app / "_internal" / "homebody" / "shipped" / "models").glob("*.gguf")):
        shutil.copyfile(_KEPT.parent.parent / "LICENSE", licences / "Apache-2.0.txt")
        page = "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct"
        model = _part("SmolLM2-135M-Instruct", "", "Apache-2.0", page, ["Apache-2.0.txt"])
        others.append(model)
    return others


def _python_licence() -> Path:
    """Return the licence of the Python that is frozen."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = (
        Path(sys.base_prefix) / "LICENSE.txt",
        Path(sys.base_prefix) / "lib" / version / "LICENSE.txt",
        Path("/usr/share/doc") / version / "copyright",
    )
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        print("error: Python's licence was not found beside it.", file=sys.stderr)
        sys.exit(1)
    return found


def _part(name: str, version: str, licence: str, homepage: str, files: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "licence": licence,
        "homepage": homepage,
        "files": files,
    }


def _licence(each: Distribution) -> str:
    """Return a licence's name, as a package tells it."""
    known = each.metadata
    given = known.get_all("License-Expression") or known.get_all("License") or [""]
    if given[0].strip() and len(given[0]) <= _LONGEST:
        return str(given[0]).strip()
    classified = [
        line.rpartition(" :: ")[2]
        for line in known.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    return ", ".join(classified)


def _page(known: Message) -> str:
    """Return where a package is at home on the web; "" where it does not say."""
    if page := known.get("Home-page"):
        return str(page)
    addresses = dict(
        str(line).split(", ", 1) for line in known.get_all("Project-URL") or () if ", " in str(line)
    )
    for word in ("homepage", "home", "repository", "source", "source code", "github"):
        for label, address in addresses.items():
            if label.lower() == word:
                return address
    return next(iter(addresses.values()), "")


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
