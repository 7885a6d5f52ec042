"""`homebody models …`: which of its actions was asked for."""

from types import SimpleNamespace
from typing import TYPE_CHECKING

from homebody.base.paths import Home

if TYPE_CHECKING:
    from homebody.courier.client import Porter

__all__ = ["CONNECTING", "models"]

CONNECTING = frozenset({"search", "get", "token"})
"""Actions that need a porter, which has to be started before the front end locks itself."""


def models(home: Home, options: SimpleNamespace, porter: "Porter | None") -> int:
    """Do what `homebody models` was asked to. Returns the exit status."""
    match options.action:
        case "inspect":
            from homebody.cli.models_inspect import inspect as act
        case "fit":
            from homebody.cli.models_fit import fit as act
        case "list" | "found" | "remove":
            from homebody.cli.models_shelf import shelf as act
        case _:
            from homebody.cli.models_hub import hub

            assert porter is not None
            return hub(home, options, porter)
    return act(home, options)
