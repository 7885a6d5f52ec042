"""What a mistake of ours leaves in front of the person: where it happened, and nothing else."""

from homebody.base.log import confess


def caught(file: str) -> Exception:
    """Return an error that was raised by code of a file of this name."""
    try:
        exec(compile("raise ValueError('words')", file, "exec"), {})
    except ValueError as error:
        return error
    raise AssertionError


def test_in_a_packaged_app_the_place_is_told_too() -> None:
    """There code is named from the top of the app on, not by where it lies."""
    told = confess(caught("homebody/engine/dry.py")).message
    assert "ValueError at engine/dry.py:1" in told


def test_where_others_lie_is_not_told() -> None:
    for file in ("numpy/core.py", "/home/ana/homebody/x.py", "<string>"):
        told = confess(caught(file)).message
        assert "at unknown" in told
