"""`--grant DIR`: folders that skills are let into, for this run."""

from collections.abc import Sequence
from pathlib import Path

from homebody.assistant.session import Session
from homebody.assistant.work import is_ours
from homebody.base.errors import BadInput

__all__ = ["let_in"]


def let_in(session: Session, folders: Sequence[Path]) -> None:
    """Let skills read and write in these folders. Raises `BadInput` for what is none."""
    for given in folders:
        try:
            folder = given.expanduser().resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            raise BadInput(
                f"There is no folder {given}.", "Give one that is there: --grant DIR."
            ) from None
        if not folder.is_dir():
            raise BadInput(f"{given} is not a folder.", "Give the folder that it lies in.")
        if folder == Path(folder.anchor):
            raise BadInput(
                f"{given} is all of a drive; skills are not let in there.",
                "Give a folder of your own.",
            )
        if session.work is not None and is_ours(folder, session.work.profile):
            raise BadInput(
                f"{given} lies among Homebody's own files; skills are not let in there.",
                "Give a folder of your own.",
            )
        # Writing asks each time all the same, unless --yes answers.
        session.allow(folder, "write")
