"""Our icons: each can be drawn, in the colour asked for, on any screen."""

import pytest

from homebody.base.paths import shipped
from homebody.ui.icons import app_icon, icon, pixmap

ICONS = sorted(path.stem for path in shipped("assets/icons").glob("*.svg"))


@pytest.mark.parametrize("name", [name for name in ICONS if name != "app"])
def test_an_icon_is_drawn_in_one_colour_of_the_theme(name, look, qapp):
    drawn = pixmap(name, look.theme, "accent", 4.0).toImage()
    colors = {
        drawn.pixelColor(x, y).name()
        for x in range(drawn.width())
        for y in range(drawn.height())
        if drawn.pixelColor(x, y).alpha() == 255
    }
    assert colors == {look.theme.color("accent").name()}


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_an_icon_has_as_many_pixels_as_the_screen(ratio, look, qapp):
    drawn = pixmap("home", look.theme, "ok", ratio)
    assert drawn.width() == round(16 * ratio)
    assert drawn.deviceIndependentSize().width() == pytest.approx(16)


def test_an_icon_grows_with_the_text(look, qapp):
    look.choose("light", 200)
    widths = icon("home", look.theme).availableSizes()[0].width()
    look.choose("light", 100)
    assert widths == 32


def test_an_icon_that_is_not_there_is_a_mistake(look, qapp):
    with pytest.raises(OSError, match="nothing"):
        icon("nothing", look.theme)


def test_the_icon_of_the_app_is_drawn_for_title_bars_and_for_docks(qapp):
    widths = [size.width() for size in app_icon().availableSizes()]
    assert min(widths) == 16
    assert max(widths) == 256


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_names_nothing_outside_itself(name):
    text = shipped(f"assets/icons/{name}.svg").read_text("utf-8").replace("www.w3.org/2000/svg", "")
    assert "href" not in text
    assert "url(" not in text
    assert "<!" not in text
