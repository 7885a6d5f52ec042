"""What a conversation is called until the person names it."""

import re

__all__ = ["title_for"]

_LONGEST = 48
_MARKUP = re.compile(r"```.*?```|[`*_#>]+", re.DOTALL)


def title_for(request: str) -> str:
    """Return the first sentence of a request, without markup, cut between words."""
    text = " ".join(_MARKUP.sub(" ", request[:2000]).split())
    sentence = re.split(r"(?<=[.!?…。！？])\s", text, maxsplit=1)[0]  # noqa: RUF001
    title = "".join(c for c in sentence if c.isprintable()).rstrip(" .。:;,")
    if len(title) <= _LONGEST:
        return title or "New chat"
    cut = title[: _LONGEST + 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[20:] else cut[:_LONGEST]).rstrip(" .,:;") + "…"
