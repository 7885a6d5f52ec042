"""What the hub's answers mean where they are not what was asked for, in sentences."""

import re
from collections.abc import Mapping

from homebody.base.errors import CourierProblem

__all__ = ["checked_repo", "not_the_hub", "refuse_page", "refuse_status"]

_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_PAGES = re.compile(r"text/|.*(html|xml|json|javascript)", re.IGNORECASE)
_KEPT = "homebody models token"


def checked_repo(repo: str) -> str:
    """Return a repository's name (OWNER/NAME); raise `CourierProblem` where it is none."""
    if not _REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise CourierProblem(
            f"{repo[:100]!r} is not the name of a repository.",
            "Give it as OWNER/NAME, such as unsloth/Qwen3-4B-Instruct-2507-GGUF.",
            kind="bad_request",
        )
    return repo


def refuse_page(headers: Mapping[str, str]) -> None:
    """Raise `CourierProblem` where a page came in place of a file."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    coding = headers.get("Content-Encoding", "identity")
    if _PAGES.match(kind) or coding.lower() not in {"identity", ""}:
        raise not_the_hub()


def not_the_hub() -> CourierProblem:
    """Say that somebody else answered."""
    return CourierProblem(
        "A web page came in place of what was asked for: this network shows one first, perhaps to "
        "log in, or blocks the hub. Nothing of it was kept.",
        "Open any page in your browser, log in if it asks, then try again.",
        kind="hub",
    )


def refuse_status(
    status: int, headers: Mapping[str, str], repo: str, *, token: str | None
) -> CourierProblem:
    """Return what an answer means that is neither what was asked for nor worth another try."""
    code = headers.get("X-Error-Code", "")
    if status in {401, 403}:
        return _not_allowed(status, code, repo, token=token)
    if code == "RevisionNotFound":
        message, hint = f"{repo} has no such revision.", "Leave it out, or give another one."
    elif code == "EntryNotFound":
        message = f"This file is not in {repo}, or not any more."
        hint = "Search again, and choose another one."
    elif status == 404:
        message = f"There is no repository {repo}." if repo else "The hub has nothing there."
        hint = "Check how it is written; capitals count."
    elif status == 429:
        message = "The hub wants fewer requests from this address."
        hint = "Wait some minutes, then try again."
    elif status >= 500:
        message = f"The hub has trouble of its own (it answered {status})."
        hint = "Try again later."
    else:
        message = f"The hub answered {status}, which makes no sense here."
        hint = "Try again later."
    return CourierProblem(message, hint, kind="hub")


def _not_allowed(status: int, code: str, repo: str, *, token: str | None) -> CourierProblem:
    if code == "GatedRepo":
        return _gated(repo, token=token)
    if status == 401 and token:
        message = "The hub does not take your token: it is wrong, or was revoked."
        hint = f"Make a new one in your account there, and keep it with `{_KEPT}`."
    elif status == 401:
        message = f"There is no repository {repo}, or it is private."
        hint = f"Check how it is written. For a private one, keep a token with `{_KEPT}`."
    else:
        message = f"The hub forbids it{' with your token' if token else ''}."
        hint = f"Keep a token that may read it with `{_KEPT}`."
    return CourierProblem(message, hint, kind="token")


def _gated(repo: str, *, token: str | None) -> CourierProblem:
    if token:
        return CourierProblem(
            f"The account of your token may not read {repo}: its owner wants you to agree to "
            "terms first, and may want to look at your request.",
            f"Open the page of {repo} in your browser, logged in, and agree there. Then try again.",
            kind="token",
        )
    return CourierProblem(
        f"{repo} is gated: its owner wants to know who fetches it.",
        "Agree to its terms in your browser, make a token that may read in your account, and keep "
        f"it with `{_KEPT}`.",
        kind="token",
    )
