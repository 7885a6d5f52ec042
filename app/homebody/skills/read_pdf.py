"""The text of a PDF, page by page, by pypdf: pure Python, so that a bad file is an exception."""

import logging
import time
from typing import BinaryIO, Final

from homebody.base.errors import SkillProblem
from homebody.skills.paths import shown

__all__ = ["pdf_text"]

_MOST_PAGES: Final = 2_000


def pdf_text(stream: BinaryIO, name: str, most: int, deadline: float) -> tuple[str, str]:
    """Return the text and a sentence about what was left out; empty: nothing was.

    No page is begun after `most` letters or after `deadline` (`time.monotonic`). Raises
    `SkillProblem` "unsupported" (locked, pictures only) or "failed" (broken).
    """
    # pypdf warns of each oddity of a file; nobody reads that here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    try:
        reader = PdfReader(stream)
        # Many are locked against changes only, and open with no password.
        locked = reader.is_encrypted and not reader.decrypt("")
        count = 0 if locked else len(reader.pages)
    except (DependencyError, FileNotDecryptedError):
        raise _locked(name) from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a broken file breaks a parser in any way
        raise _broken(name, error) from None
    if locked:
        raise _locked(name)
    texts: list[str] = []
    letters = bad = 0
    for number in range(min(count, _MOST_PAGES)):
        if letters > most or (number and time.monotonic() > deadline):
            break
        try:
            text = reader.pages[number].extract_text().strip()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  one bad page does not spoil the others
            text = ""
            bad += 1
        texts.append(text)
        letters += len(text)
    if not count or bad == len(texts):
        raise _broken(name, None)
    if not letters:
        raise SkillProblem(
            f"{shown(name)} holds pictures of {_pages(count)} and no text.",
            "Recognise its text with a scanning program first.",
            "unsupported",
        )
    notes = []
    if len(texts) < count:
        notes.append(f"These are the first {len(texts):,} of its {_pages(count)}.")
    if bad:
        notes.append(f"{_pages(bad).capitalize()} could not be read.")
    return "\n\n".join(filter(None, texts)), " ".join(notes)


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count:,} pages"


def _locked(name: str) -> SkillProblem:
    return SkillProblem(
        f"{shown(name)} is locked with a password.",
        "Save a copy without the password, then try again.",
        "unsupported",
    )


def _broken(name: str, error: Exception | None) -> SkillProblem:
    kind = f" ({type(error).__name__})" if error is not None else ""
    return SkillProblem(
        f"{shown(name)} is broken, so its text cannot be read{kind}.",
        "Look whether another program opens it, or get the file again.",
        "failed",
    )
