"""Sizes and times in words."""

from datetime import datetime, timedelta

__all__ = ["moment_words", "size_words"]


def size_words(count: int) -> str:
    """Return a number of bytes as people read it: 12 bytes, 3.1 kB, 1.2 MB (decimal)."""
    if count < 1000:
        return "1 byte" if count == 1 else f"{count} bytes"
    size = float(count)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.1f} {unit}" if size < 99.95 else f"{size:.0f} {unit}"
    return f"{size / 1000:.1f} TB"


def moment_words(seconds: float, now: datetime) -> str:
    """Return a time (seconds since 1970) as seen from `now`, in the zone of `now`."""
    try:
        moment = datetime.fromtimestamp(seconds, now.tzinfo)
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"
    if moment.date() == now.date():
        return f"today {moment:%H:%M}"
    if moment.date() == (now - timedelta(days=1)).date():
        return f"yesterday {moment:%H:%M}"
    return f"{moment.day} {moment:%B %Y}"
