"""Packs: libraries for graphics cards that were added to the engine's build."""

from msgspec import Struct

__all__ = ["PackState", "PacksReport"]


class PackState(Struct, frozen=True, kw_only=True):
    """One pack that lies in the profile."""

    name: str
    """Such as "vulkan"."""
    title: str
    folder: str
    bytes: int
    """Of its libraries."""
    usable: bool
    """Whether it belongs to this build and is whole. Whether it works is tried by the engine."""
    problem: str = ""
    """Why it is not used, or nothing."""
    hint: str = ""


class PacksReport(Struct, frozen=True, kw_only=True):
    """`homebody engine list --json`."""

    build: str | None
    """Which llama.cpp packs are added to, as "llama-cpp-python 0.3.36, linux-x86_64"; null where
    this Homebody takes none."""
    packs: tuple[PackState, ...]
    known: dict[str, str]
    """By name the files that this build takes, such as "homebody-0.1.0-vulkan-….zip"."""
    fitness: str | None
    """What came out when the engine was tried with them (`engine.probe`); null: not tried."""
    devices: tuple[str, ...]
    """What it computed on then, besides the processor."""
    problem: str
    """What was wrong then, or nothing."""
