"""A person at the page of models: the whole window, a real shelf, a real queue, a loopback hub."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QSlider

from engine.tiny_models import Shape, sized, tiny_llama
from homebody.base.paths import find_home
from homebody.courier.client import Porter
from homebody.library.shelf import Shelf
from homebody.settings.file import load, save
from homebody.ui.pages.models import ModelsPage
from homebody.ui.pages.models_card import Card
from hub_server import HubServer
from library.gguf_files import File
from library.other_apps import fresh_person
from ui.journey import Journey, journey
from ui.library_kit import WITH_CARD, RealBehind

WriteScript = Callable[..., Path]
REPO = "someone/Tiny-GGUF"


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody else's models are found."""
    return fresh_person(tmp_path / "person", monkeypatch)


@pytest.fixture
def mine() -> Path:
    """A model in the profile's folder."""
    folder = find_home().models
    folder.mkdir(parents=True)
    return sized(folder / "Garden-3B-Q4_K_M.gguf", Shape(architecture="llama", layers=2))


@pytest.fixture
def porter() -> Iterator[Porter]:
    porter = Porter()
    porter.start()
    yield porter
    porter.close()


@contextmanager
def at_models(
    script: Path, app: QApplication, behind: RealBehind | None = None
) -> Iterator[Journey]:
    """Open the window, and the page of models by its key."""
    with journey(script, app, behind=behind or RealBehind()) as it:
        it.until(lambda: it.presenter.models.loaded, "the model")
        QTest.keyClick(
            it.window,
            Qt.Key.Key_M,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )
        it.until(lambda: keys(it), "the cards")
        yield it


def page(it: Journey) -> ModelsPage:
    return it.find("models_page", ModelsPage)


def keys(it: Journey) -> list[str]:
    found = [each for each in it.window.findChildren(ModelsPage) if each.isVisible()]
    return [card.key for each in found for card in each.cards()]


def card(it: Journey, name: str) -> Card:
    """Return the card of the model with this name."""
    found = [each for each in page(it).cards() if each._state and name in each._state.name]
    assert found, f"no card of {name}"
    return found[0]


def has(it: Journey, name: str) -> bool:
    return any(each._state and name in each._state.name for each in page(it).cards())


def answers(it: Journey) -> str:
    """Return the path of the model that can answer."""
    loaded = it.presenter.models.loaded
    return loaded.path if loaded is not None else ""


def press(it: Journey, where: Card, name: str) -> None:
    """Click a button of a card when it can be seen."""

    def shown() -> list[QAbstractButton]:
        return [each for each in where.findChildren(QAbstractButton, name) if each.isVisible()]

    it.until(shown, name)
    QTest.mouseClick(shown()[0], Qt.MouseButton.LeftButton)


def words(where: Card) -> str:
    return "\n".join(each.text() for each in where.findChildren(QLabel) if each.isVisible())


def notice(it: Journey, key: str) -> str:
    return next((each.text for each in it.presenter.board._notices.values() if each.key == key), "")


def drop(it: Journey, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(300, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    it.window.dropEvent(event)


def test_a_model_is_used_fitted_set_removed_and_put_back(
    qapp: QApplication, write_script: WriteScript, mine: Path
) -> None:
    behind = RealBehind(reading=WITH_CARD)
    with at_models(write_script(), qapp, behind) as it:
        it.until(lambda: card(it, "Garden")._state.bar, "the bar")
        assert "layers on the GPU" in words(card(it, "Garden"))
        press(it, card(it, "Garden"), "card_button")
        it.until(lambda: answers(it) == str(mine), "the other model")
        it.until(lambda: "in use" in words(card(it, "Garden")), "the card to say so")
        # It is remembered for the next start.
        it.until(lambda: Path(load(find_home()).settings.model) != Path("starter"), "the setting")

        press(it, card(it, "Garden"), "card_button")
        it.until(
            lambda: any(each.isVisible() for each in it.window.findChildren(QSlider)),
            "the card to open",
        )
        slider = it.find("context_slider", QSlider)
        before = card(it, "Garden")._bar.parts()
        slider.setFocus()
        QTest.keyClick(slider, Qt.Key.Key_Home)
        it.until(lambda: card(it, "Garden")._bar.parts() != before, "the bar to move")
        it.until(lambda: behind.measured, "the measured fit")
        key = card(it, "Garden").key.removeprefix("shelf:")
        assert Shelf(find_home()).settings_of(key).context == behind.measured[-1].context

        field = it.find("temperature")
        field.setFocus()
        QTest.keyClicks(field, "0.3")
        QTest.keyClick(field, Qt.Key.Key_Return)
        it.until(lambda: Shelf(find_home()).settings_of(key).temperature == 0.3, "the setting")
        # What answers stays.
        press(it, card(it, "Garden"), "card_remove")
        it.until(lambda: "in use" in notice(it, "removed"), "the refusal")
        assert mine.exists()

        press(it, card(it, "SmolLM2"), "card_button")
        it.until(lambda: answers(it) not in {"", str(mine)}, "the starter")
        it.until(lambda: "in use" not in words(card(it, "Garden")), "the card to say so")
        press(it, card(it, "Garden"), "card_remove")
        it.until(lambda: not has(it, "Garden"), "it to go")
        assert not mine.exists()
        it.click("act")
        it.until(lambda: has(it, "Garden"), "it to come back")
        assert mine.exists()


def test_a_gguf_dropped_anywhere_goes_on_the_shelf_and_a_text_is_attached(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    model, text = tiny_llama(tmp_path / "Mine.gguf"), tmp_path / "a.md"
    text.write_text("Hello", "utf-8")
    with journey(write_script(), qapp, behind=RealBehind()) as it:
        drop(it, model, text)
        it.until(lambda: "Mine" in notice(it, "added"), "the offer")
        it.until(lambda: it.window.composer._state.attachments, "the attachment")
        assert model.exists()
        it.click("act")
        it.until(lambda: answers(it) == str(model), "the model")


def test_a_bad_file_is_refused_with_its_cause_and_nothing_is_lost(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path, mine: Path
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"<html>" * 200)
    (mine.parent / "broken.gguf").write_bytes(mine.read_bytes()[:300])
    with at_models(write_script(), qapp) as it:
        drop(it, bad)
        it.until(lambda: "bad.gguf" in notice(it, "problem"), "the refusal")
        it.until(card(it, "broken")._problem.isVisible, "the card to say it")
        assert card(it, "Garden")._state.problem == ""
        assert bad.exists()


def test_a_file_chosen_in_the_dialog_is_remembered_for_the_next_start(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    model = tiny_llama(tmp_path / "Mine.gguf")
    with journey(write_script(), qapp) as it:
        it.until(lambda: it.presenter.models.loaded, "the model")
        it.window.header.open_model_file()
        dialog = it.window.findChild(QFileDialog, "model_dialog")
        dialog.fileSelected.emit(str(model))
        dialog.close()
        it.until(lambda: load(find_home()).settings.model == str(model), "the setting")
        # Another start that asked for a file means this time alone.
        other = tiny_llama(tmp_path / "Other.gguf")
        it.presenter.open_file(str(other))
        it.until(lambda: answers(it) == str(other), "the other")
        assert load(find_home()).settings.model == str(model)


def hub_settings(hub: HubServer) -> None:
    save(find_home(), {"hub": hub.url, "extra_hosts": " ".join(hub.hosts)})


def test_a_model_is_searched_fetched_paused_and_goes_on_after_a_restart(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path, porter: Porter
) -> None:
    data = tiny_llama(tmp_path / "source.gguf").read_bytes() + bytes(3_000_000)
    script = write_script()
    with HubServer() as hub:
        hub.add(REPO, {"Tiny-Q8_0.gguf": data})
        hub.switches.bytes_per_second = 400_000
        hub_settings(hub)
        with at_models(script, qapp, RealBehind(porter=porter)) as it:
            assert hub.asked == []
            field = it.find("search_hub")
            field.setFocus()
            QTest.keyClicks(field, "tiny")
            assert hub.asked == []
            QTest.keyClick(field, Qt.Key.Key_Return)
            it.until(lambda: f"hub:{REPO}" in keys(it), "what was found")
            found = card(it, "Tiny-GGUF")
            press(it, found, "card_button")
            press(it, found, "get_file")
            it.until(lambda: any(key.startswith("get:") for key in keys(it)), "the download")
            coming = next(each for each in page(it).cards() if each.key.startswith("get:"))
            it.until(lambda: (coming._state.progress or 0) > 0.05, "some bytes")
            it.until(lambda: "a second" in words(coming), "its speed")
            press(it, coming, "card_button")
            it.until(lambda: "paused" in words(coming), "the pause")
            sent = hub.sent
        hub.switches.bytes_per_second = None
        # The next start: it is still there, still paused, and goes on where it was.
        with at_models(script, qapp, RealBehind(porter=porter)) as it:
            it.until(lambda: any(key.startswith("get:") for key in keys(it)), "the download")
            coming = next(each for each in page(it).cards() if each.key.startswith("get:"))
            it.until(lambda: "paused" in words(coming), "the pause")
            press(it, coming, "card_button")
            it.until(lambda: "is here" in notice(it, "fetched"), "all of it")
            it.until(lambda: any(key.startswith("shelf:") and "Tiny" in key for key in keys(it)),
                     "the card")  # fmt: skip
            assert hub.sent - sent < len(data)
    assert [file.name for file in find_home().models.glob("*.gguf")] == ["Tiny-Q8_0.gguf"]


def test_offline_nothing_is_asked_and_the_page_says_so(
    qapp: QApplication, write_script: WriteScript, porter: Porter
) -> None:
    save(find_home(), {"offline": True})
    with at_models(write_script(), qapp, RealBehind(porter=porter)) as it:
        assert it.find("home", QAbstractButton).text() == "offline"
        assert not page(it)._search.isVisible()
        assert "Offline" in page(it)._offline.text()
        recommended = next(each for each in page(it).cards() if each.key.startswith("catalog:"))
        assert not recommended._button.isEnabled()
        it.presenter.models.change("offline", value=False)
        it.until(page(it)._search.isVisible, "the search")
        assert it.find("home", QAbstractButton).text() == "home"
        assert recommended._button.isEnabled()


def test_more_models_lead_to_the_page(qapp: QApplication, write_script: WriteScript) -> None:
    with journey(write_script(), qapp, behind=RealBehind()) as it:
        it.until(it.window.welcome.isVisible, "the welcome")
        it.click("more_models")
        it.until(lambda: keys(it), "the page")
        it.press(Qt.Key.Key_Escape)
        it.until(it.window.composer.isVisible, "the chat")
        menu = it.window.header._menu()
        action = next(each for each in menu.actions() if each.objectName() == "more_models")
        action.trigger()
        it.until(lambda: page(it).isVisible(), "the page again")
        menu.deleteLater()


def test_nothing_of_the_library_is_opened_before_the_page_is(
    qapp: QApplication, write_script: WriteScript
) -> None:
    behind = RealBehind()
    with journey(write_script("Hi."), qapp, behind=behind) as it:
        it.say("Hello")
        assert behind.opened == 0
        it.presenter.go("models")
        it.until(lambda: keys(it), "the page")
        it.presenter.go("chat")
        it.presenter.go("models")
        QTest.qWait(50)
        assert behind.opened == 1


def test_five_thousand_models_make_few_widgets_and_read_few_headers(
    qapp: QApplication, write_script: WriteScript, mine: Path
) -> None:
    model = File().bytes()
    for number in range(5000):
        (mine.parent / f"model-{number:04}.gguf").write_bytes(model)
    behind = RealBehind()
    with at_models(write_script(), qapp, behind) as it:
        it.until(lambda: behind.fitted, "the first fits")
        QTest.qWait(300)
        assert len(page(it).findChildren(Card)) < 30
        assert len(behind.fitted) < 20
        field = it.find("filter_models")
        field.setFocus()
        QTest.keyClicks(field, "4321")
        it.until(lambda: has(it, "model-4321"), "the one that is looked for")
        assert sum(key.startswith("shelf:") for key in keys(it)) <= 2


def test_a_folder_is_added_removed_and_put_back(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    tiny_llama(folder / "Garden.gguf")
    with at_models(write_script(), qapp) as it:
        page(it).folder_given.emit(str(folder))
        it.until(lambda: has(it, "Garden"), "the model in it")
        it.click("remove_folder")
        it.until(lambda: not has(it, "Garden"), "it to go")
        assert Shelf(find_home()).folders() == ()
        assert "Nothing in it was touched" in notice(it, "removed")
        it.click("act")
        it.until(lambda: has(it, "Garden"), "it to come back")
        assert (folder / "Garden.gguf").exists()


def test_getting_the_best_is_the_one_action_only_while_there_is_no_other_model(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path
) -> None:
    def primary(it: Journey) -> list[str]:
        shown = (each._state for each in page(it).cards())
        return [each.key for each in shown if each and each.button and each.button.primary]

    with at_models(write_script(), qapp, RealBehind(reading=WITH_CARD)) as it:
        it.until(lambda: len(primary(it)) == 1, "the one action")
        assert primary(it)[0].startswith("catalog:")
        drop(it, tiny_llama(tmp_path / "Mine.gguf"))
        it.until(lambda: has(it, "Mine"), "a model of the person's own")
        assert primary(it) == []


def test_what_is_no_adapter_is_refused_and_not_kept(
    qapp: QApplication, write_script: WriteScript, tmp_path: Path, mine: Path
) -> None:
    other = tiny_llama(tmp_path / "Mine.gguf")
    with at_models(write_script(), qapp) as it:
        key = card(it, "Garden").key
        it.presenter.with_library(lambda shelving: shelving.open(key))
        it.until(
            lambda: any(
                each.isVisible()
                for each in page(it).findChildren(QAbstractButton, "choose_adapter")
            ),
            "the card",
        )
        page(it).setting_given.emit("adapter", str(other))
        it.until(lambda: "no adapter" in notice(it, "problem"), "the refusal")
        # What is shown is what is kept.
        it.until(lambda: it.find("adapter").text() == "", "the field")
        assert Shelf(find_home()).settings_of(key.removeprefix("shelf:")).adapter is None
