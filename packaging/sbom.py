"""Writes what a package is made of as a CycloneDX list of parts (a "software bill of materials").

    python packaging/sbom.py [--system linux-x86_64|windows-x86_64] THIRD-PARTY.json FOLDER

THIRD-PARTY.json is what freeze.py wrote beside the frozen app, so the list holds what is inside and
not what was asked for. The result, `FOLDER/homebody-VERSION-SYSTEM.cdx.json`, has no random number
and no time of day in it: the same parts make the same bytes. Where cyclonedx-python-lib is
installed with its `json-validation` extra the result is checked against the schema.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["bill", "complaints"]

ROOT = Path(__file__).resolve().parent.parent
SPECIFICATION = "1.6"

# What is no Python package, and the kind of thing that it is.
OTHERS = {
    "ICU": "library",
    "Qt": "framework",
    "Python": "platform",
    "PyInstaller's start program": "library",
    "llama.cpp and ggml": "library",
}
MODELS = ("SmolLM2",)
"""How the names of language models begin."""

SPDX = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
"""An expression of SPDX, as far as packages write one. "BSD" and "MIT License" are only names."""

NAMES_ONLY = {"BSD", "LGPL", "GPL", "Apache", "MPL"}


def bill(parts: list[dict[str, Any]], *, version: str, system: str, made: str) -> dict[str, Any]:
    """Return the list of parts of a package for `system`; `made` is an ISO time."""
    components = [_component(part) for part in sorted(parts, key=_order)]
    app = {
        "type": "application",
        "bom-ref": "homebody",
        "name": "homebody",
        "version": version,
        "licenses": [{"expression": "Apache-2.0"}],
        "purl": f"pkg:generic/homebody@{version}?os={system.split('-', maxsplit=1)[0]}&arch=x86_64",
    }
    whole: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "timestamp": made,
            "lifecycles": [{"phase": "post-build"}],
            "component": app,
        },
        "components": components,
        "dependencies": [
            {"ref": "homebody", "dependsOn": [each["bom-ref"] for each in components]},
        ],
    }
    # Named after what is in it.
    named = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(whole, sort_keys=True))
    return whole | {"serialNumber": f"urn:uuid:{named}"}


def complaints(text: str) -> str | None:
    """Return what the schema does not like, "" if nothing, None if nobody here can tell."""
    try:
        from cyclonedx.exception import MissingOptionalDependencyException
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
    except ImportError:
        return None
    try:
        problem = JsonStrictValidator(SchemaVersion.from_version(SPECIFICATION)).validate_str(text)
    except MissingOptionalDependencyException:
        return None
    return "" if problem is None else str(problem)


def _order(part: dict[str, Any]) -> tuple[str, str]:
    return str(part["name"]).casefold(), str(part["version"])


def _component(part: dict[str, Any]) -> dict[str, Any]:
    name, version = str(part["name"]), str(part["version"])
    kind = "machine-learning-model" if name.startswith(MODELS) else OTHERS.get(name, "library")
    python = name not in OTHERS and kind == "library"
    # As package URLs write names of Python's. What is no package is in no registry under its name.
    spelled = name.lower().replace("_", "-")
    found = {"purl": f"pkg:pypi/{spelled}@{version}"} if python and version else {}
    component: dict[str, Any] = {
        "type": kind,
        "bom-ref": found.get("purl") or f"{name} {version}".strip(),
        "name": name,
        **({"version": version} if version else {}),
        "licenses": [_licence(str(part["licence"]))],
        **found,
    }
    if str(part["homepage"]).startswith("https://"):
        component["externalReferences"] = [{"type": "website", "url": part["homepage"]}]
    return component


def _licence(named: str) -> dict[str, Any]:
    if SPDX.fullmatch(named) and named not in NAMES_ONLY:
        return {"expression": named}
    return {"license": {"name": named}}


def _made() -> str:
    """Return the time of the commit, which is the same in each build of it."""
    seconds = (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(
            ["git", "log", "-1", "--format=%ct"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
    )
    return datetime.fromtimestamp(int(seconds or 0), UTC).isoformat().replace("+00:00", "Z")


def main() -> int:
    """Write the list and check it. Return 1 where something is missing or wrong."""
    here = "windows" if sys.platform == "win32" else "linux"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    systems = ["linux-x86_64", "windows-x86_64"]
    parser.add_argument("--system", choices=systems, default=f"{here}-x86_64")
    parser.add_argument("parts", type=Path, metavar="THIRD-PARTY.json")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    try:
        parts = json.loads(options.parts.read_text("utf-8"))
    except FileNotFoundError:
        print(f"error: {options.parts} is not there", file=sys.stderr)
        print("hint: packaging/freeze.py writes it", file=sys.stderr)
        return 1
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    whole = bill(parts, version=version, system=options.system, made=_made())
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    problem = complaints(text)
    if problem:
        print(f"error: the list is not as CycloneDX wants it: {problem}", file=sys.stderr)
        return 1
    out = options.folder / f"homebody-{version}-{options.system}.cdx.json"
    options.folder.mkdir(parents=True, exist_ok=True)
    out.write_text(text, "utf-8")
    checked = (
        "valid"
        if problem == ""
        else "not checked: pip install cyclonedx-python-lib[json-validation]"
    )
    print(f"{out}: {len(whole['components'])} parts, CycloneDX {SPECIFICATION}, {checked}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
