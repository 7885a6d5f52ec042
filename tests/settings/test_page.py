"""The reference of the settings is what the declarations say."""

from pathlib import Path

from homebody.settings.page import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_the_page_is_fresh() -> None:
    """A setting was changed: run `python -m homebody.settings.page > docs/settings.md`."""
    assert PAGE.read_text("utf-8") == as_markdown()
