"""Connects what widgets report, and every key, with what the presenter does."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from homebody.ui.presenter.presenter import Presenter
from homebody.ui.shortcuts import SHORTCUTS
from homebody.ui.states import Page
from homebody.ui.window import Window
from homebody.ui.words import tr

__all__ = ["Wiring"]


class Wiring:
    """Holds the window and the presenter together for as long as both live."""

    def __init__(self, window: Window, presenter: Presenter) -> None:
        self._window, self._presenter = window, presenter
        self._connect_sidebar()
        self._connect_talk()
        self._connect_rest()
        self.actions = dict(self._make_actions())

    def _connect_sidebar(self) -> None:
        sidebar, chats, talk = self._window.sidebar, self._presenter.chats, self._presenter.talk
        sidebar.searched.connect(chats.search)
        sidebar.new_asked.connect(talk.new)
        sidebar.temporary_asked.connect(self._new_temporary)
        sidebar.opened.connect(talk.open)
        sidebar.rename_asked.connect(chats.rename)
        sidebar.pin_asked.connect(chats.pin)
        sidebar.archive_asked.connect(chats.archive)
        sidebar.delete_asked.connect(chats.delete)
        sidebar.restore_asked.connect(chats.restore)
        sidebar.erase_asked.connect(chats.erase)
        sidebar.export_asked.connect(chats.export)
        sidebar.shelf_asked.connect(chats.show_shelf)
        sidebar.page_asked.connect(self._presenter.go)

    def _connect_talk(self) -> None:
        presenter, composer = self._presenter, self._window.composer
        composer.sent.connect(presenter.composing.send)
        composer.stop_asked.connect(presenter.talk.stop)
        composer.text_changed.connect(presenter.composing.typed)
        composer.files_given.connect(presenter.take_files)
        composer.attachment_removed.connect(presenter.composing.detach)
        composer.edit_cancelled.connect(presenter.composing.cancel_edit)
        composer.edit_last_asked.connect(self._edit_last)
        transcript = self._window.transcript
        transcript.edit_asked.connect(presenter.composing.edit)
        transcript.again_asked.connect(presenter.talk.again)
        transcript.continue_asked.connect(presenter.talk.resume)
        transcript.version_asked.connect(presenter.talk.step)
        transcript.answered.connect(presenter.talk.decide)
        transcript.rerun_asked.connect(presenter.talk.rerun)
        transcript.plain_asked.connect(presenter.talk.plain)
        transcript.elsewhere_asked.connect(presenter.elsewhere.ask)
        transcript.offer_changed.connect(presenter.talk.change_offer)
        transcript.offer_agreed.connect(presenter.talk.send_offer)
        transcript.offer_declined.connect(presenter.talk.keep_home)
        transcript.providers_asked.connect(presenter.elsewhere.set_up)
        for settled in (
            transcript.answered,
            transcript.rerun_asked,
            transcript.plain_asked,
            transcript.offer_agreed,
            transcript.offer_declined,
        ):
            # What was pressed goes, and Qt would give the focus to whatever comes next.
            settled.connect(self._to_composer)
        transcript.link_clicked.connect(presenter.ask_link)
        transcript.copied.connect(presenter.copied)

    def _to_composer(self) -> None:
        self._window.composer.focus()

    def _connect_rest(self) -> None:
        window, presenter = self._window, self._presenter
        window.header.model_chosen.connect(presenter.models.choose)
        window.header.model_file_given.connect(presenter.use_file)
        window.header.more_models_asked.connect(partial(presenter.go, "models"))
        window.welcome.more_models_asked.connect(partial(presenter.go, "models"))
        window.files_given.connect(presenter.take_files)
        window.page_made.connect(self._connect_page)
        window.seen.connect(self._on_seen)
        window.header.rename_asked.connect(presenter.chats.rename_open)
        window.notices.acted.connect(presenter.board.act)
        window.notices.dismissed.connect(presenter.board.dismiss)
        window.welcome.suggested.connect(presenter.composing.suggest)
        window.setting_changed.connect(presenter.models.change)
        window.folder_asked.connect(presenter.open_folder)
        window.page_left.connect(partial(presenter.go, "chat"))
        window.link_agreed.connect(presenter.open_link)

    def _connect_page(self, page: Page, made: QWidget) -> None:
        if page == "skills":
            self._connect_skills(made)
        if page == "privacy":
            self._connect_privacy(made)
        if page == "about":
            self._connect_about(made)
        if page != "models":
            return
        from homebody.ui.pages.models import ModelsPage
        from homebody.ui.presenter.library import Shelving

        assert isinstance(made, ModelsPage)
        for signal, do in (
            (made.acted, Shelving.act),
            (made.opened, Shelving.open),
            (made.context_moved, Shelving.move_context),
            (made.setting_given, Shelving.set),
            (made.searched, Shelving.search),
            (made.filtered, Shelving.filter),
            (made.more_asked, Shelving.more),
            (made.seen, Shelving.seen),
            (made.folder_given, Shelving.add_folder),
            (made.folder_removed, Shelving.remove_folder),
            (made.file_given, Shelving.add_file),
            (made.token_forgotten, Shelving.forget_token),
        ):
            signal.connect(partial(self._with_library, do))

    def _connect_skills(self, made: QWidget) -> None:
        from homebody.ui.pages.skills import SkillsPage
        from homebody.ui.presenter.skills import Abilities

        assert isinstance(made, SkillsPage)
        for signal, do in (
            (made.opened, Abilities.open),
            (made.example_chosen, Abilities.write_example),
            (made.folder_given, Abilities.add_folder),
            (made.access_given, Abilities.give_access),
            (made.folder_revoked, Abilities.revoke),
            (made.own_allowed, Abilities.allow),
            (made.own_forbidden, Abilities.forbid),
            (made.own_folder_asked, Abilities.show_own_folder),
            (made.note_removed, Abilities.remove_note),
            (made.reminder_removed, Abilities.remove_reminder),
            (made.refreshed, Abilities.refresh),
        ):
            signal.connect(partial(self._with_skills, do))

    def _connect_privacy(self, made: QWidget) -> None:
        from homebody.ui.pages.privacy import PrivacyPage
        from homebody.ui.presenter.privacy import Guarding

        assert isinstance(made, PrivacyPage)
        for signal, do in (
            (made.refreshed, Guarding.refresh),
            (made.offline_given, Guarding.use_offline),
            (made.erase_asked, Guarding.erase),
        ):
            signal.connect(partial(self._with_privacy, do))
        providers, words, ledger = made.providers, made.words, made.ledger
        for signal, name in (
            (providers.add_asked, "add"),
            (providers.preset_chosen, "choose_preset"),
            (providers.opened, "open"),
            (providers.kept, "keep"),
            (providers.look_asked, "look"),
            (providers.removed, "remove"),
            (providers.taken_back, "take_back"),
            (providers.key_given, "keep_key"),
            (providers.key_forgotten, "forget_key"),
        ):
            signal.connect(partial(self._with_part, "providers", name))
        for signal, name in ((words.added, "add"), (words.removed, "remove")):
            signal.connect(partial(self._with_part, "words", name))
        for signal, name in (
            (ledger.filtered, "filter"),
            (ledger.more_asked, "more"),
            (ledger.opened, "open"),
            (ledger.verify_asked, "verify"),
            (ledger.export_asked, "export"),
            (ledger.body_deleted, "delete_body"),
        ):
            signal.connect(partial(self._with_part, "ledger", name))

    def _connect_about(self, made: QWidget) -> None:
        from homebody.ui.pages.about import AboutPage

        assert isinstance(made, AboutPage)
        made.update_asked.connect(self._presenter.updating.ask)
        made.update_page_asked.connect(self._presenter.updating.open_page)

    def _with_part(self, part: str, name: str, *given: object) -> None:
        self._presenter.with_privacy(
            lambda guarding: getattr(getattr(guarding, part), name)(*given)
        )

    def _with_privacy(self, do: Callable[..., None], *given: object) -> None:
        self._presenter.with_privacy(lambda guarding: do(guarding, *given))

    def _with_skills(self, do: Callable[..., None], *given: object) -> None:
        self._presenter.with_skills(lambda abilities: do(abilities, *given))

    def _with_library(self, do: Callable[..., None], *given: object) -> None:
        self._presenter.with_library(lambda shelving: do(shelving, *given))

    def _on_seen(self, seen: bool) -> None:
        self._presenter.strip.see(visible=seen)

    # ------------------------------------------------------------------ keys

    def _make_actions(self) -> list[tuple[str, QAction]]:
        does = self._what_keys_do()
        actions = []
        for shortcut in SHORTCUTS:
            if shortcut.own:
                continue
            action = QAction(tr(shortcut.title), self._window)
            action.setObjectName(f"action-{shortcut.name}")
            action.setShortcuts([QKeySequence(keys) for keys in shortcut.keys])
            # `triggered` brings a bool, which what is done has no use for.
            action.triggered.connect(lambda _checked, do=does[shortcut.name]: do())
            self._window.addAction(action)
            actions.append((shortcut.name, action))
        return actions

    def _what_keys_do(self) -> dict[str, Callable[[], object]]:
        window, presenter = self._window, self._presenter
        chats, talk, models = presenter.chats, presenter.talk, presenter.models
        return {
            "new": talk.new,
            "temporary": self._new_temporary,
            "search": window.sidebar.focus_search,
            "next": partial(window.sidebar.select_next, 1),
            "previous": partial(window.sidebar.select_next, -1),
            "rename": window.sidebar.rename_selected,
            "pin": chats.toggle_pin,
            "archive": chats.toggle_archive,
            "delete": chats.delete_open,
            "undo_delete": chats.undo_delete,
            "stop": talk.stop,
            "edit_last": self._edit_last,
            "attach": window.composer.attach,
            "compose": partial(presenter.go, "chat"),
            "again": partial(presenter.on_last, talk.again),
            "continue": partial(presenter.on_last, talk.resume),
            "older": partial(presenter.on_last, partial(self._step, by=-1)),
            "newer": partial(presenter.on_last, partial(self._step, by=1)),
            "copy_reply": presenter.copy_reply,
            "copy_all": chats.copy_open,
            "question": window.transcript.to_question,
            "end": window.transcript.to_end,
            "top": window.transcript.to_top,
            "model": window.header.open_models,
            "open_model": window.header.open_model_file,
            "models": partial(presenter.go, "models"),
            "skills": partial(presenter.go, "skills"),
            "privacy": partial(presenter.go, "privacy"),
            "sidebar": window.toggle_sidebar,
            "larger": partial(models.text_size, 1),
            "smaller": partial(models.text_size, -1),
            "normal": partial(models.text_size, 0),
            "settings": partial(presenter.go, "settings"),
            "shortcuts": partial(presenter.go, "shortcuts"),
            "quit": window.leave,
        }

    def _new_temporary(self) -> None:
        self._presenter.talk.new(temporary=True)

    def _edit_last(self) -> None:
        self._presenter.on_last(self._presenter.composing.edit)

    def _step(self, turn: str, by: int) -> None:
        self._presenter.talk.step(turn, by)
