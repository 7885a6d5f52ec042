"""The page of privacy: real files, ledger and store; a real courier; a provider on loopback."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from homebody.base.clock import now
from homebody.base.errors import StoreProblem
from homebody.base.paths import find_home
from homebody.messages.offers import Offer
from homebody.privacy import ledger as ledger_module
from homebody.privacy.dictionary import load_words
from homebody.settings.providers import agree, load_providers
from homebody.ui.presenter import privacy_ledger
from homebody.ui.presenter.privacy import Guarding
from homebody.ui.presenter.privacy_words import moment_words, size_words
from homebody.ui.privacy_states import PrivacyState, ProviderCard, ProviderFields
from provider_server import ProviderServer
from ui.privacy_kit import RealPrivacy, add, provider, real_privacy, write_ledger
from ui.stand import Stand, stand

WriteScript = Callable[..., Path]


@pytest.fixture
def behind() -> Iterator[RealPrivacy]:
    with real_privacy() as made:
        yield made


@pytest.fixture
def it(write_script: WriteScript, behind: RealPrivacy) -> Iterator[Stand]:
    """A presenter, with the page not yet open."""
    with stand(write_script("Hello."), privacy=behind) as made:
        yield made


def page(it: Stand) -> PrivacyState:
    return it.view.privacy


def open_page(it: Stand) -> PrivacyState:
    it.presenter.go("privacy")
    it.until(lambda: page(it).left or page(it).problem, "the page")
    return page(it)


def do(it: Stand, work: Callable[[Guarding], None]) -> None:
    it.presenter.with_privacy(work)


def card(it: Stand, name: str = "Mistral") -> ProviderCard:
    return next(each for each in page(it).providers.cards if each.name == name)


# ---------------------------------------------------------------- what left, and what holds


def test_an_empty_profile_says_that_nothing_ever_left(it: Stand) -> None:
    state = open_page(it)
    assert state.left == "Nothing has ever left this machine."
    assert state.ledger.empty == "No connection was ever made."
    assert state.providers.cards == ()
    assert it.view.header.title == "Privacy"
    # A test's front end is not locked, and the page says no more than is so.
    assert "only Homebody's own code" in state.holds.sentences[0]
    assert not find_home().ledger.exists()


def test_what_left_is_added_up_in_one_line(it: Stand) -> None:
    write_ledger(2, bytes_out=6_200)
    state = open_page(it)
    assert state.left == ("12.4 kB left this machine, ever; 12.4 kB this week; 12.4 kB today.")
    write_ledger(1, bytes_out=None)
    do(it, Guarding.refresh)
    it.until(lambda: page(it).left_note, "the note")
    assert "one connection more" in page(it).left_note


def test_the_kernel_s_lock_is_said_where_it_holds(it: Stand, behind: RealPrivacy) -> None:
    locked = Guarding(
        it.presenter._stage,
        it.presenter.models,
        behind.open_privacy(),
        find_home(),
        ("seccomp: no internet sockets",),
    )
    assert locked._holds().sentences[0].startswith("The system itself refuses this window")


def test_offline_is_kept_and_ends_what_is_connected(it: Stand, behind: RealPrivacy) -> None:
    open_page(it)
    do(it, lambda guarding: guarding.use_offline(True))
    it.until(lambda: page(it).holds.offline, "offline")
    it.until(lambda: behind.courier.offline, "the courier")
    assert it.presenter.models.settings.offline
    it.presenter.models.change("offline", False)
    it.until(lambda: not behind.courier.offline and not page(it).holds.offline, "online")


def test_what_cannot_be_read_at_all_is_said_and_tried_again(
    it: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreProblem("The folder of models cannot be read.", "Look at the disk.")

    with monkeypatch.context() as patch:
        patch.setattr("homebody.ui.presenter.privacy.model_files", broken)
        assert open_page(it).problem == "The folder of models cannot be read."
    do(it, Guarding.refresh)
    it.until(lambda: page(it).left, "the page")


def test_a_file_that_is_no_good_spoils_its_own_section_only(it: Stand) -> None:
    home = find_home()
    home.config.mkdir(parents=True, exist_ok=True)
    home.providers.write_text("{", "utf-8")
    home.private_words.write_text("[]", "utf-8")
    state = open_page(it)
    assert "nobody is asked elsewhere" in state.providers.problem
    assert state.words.problem
    assert state.left
    assert home.providers.read_text("utf-8") == "{"


# ---------------------------------------------------------------- who can be asked


def test_a_provider_is_added_from_a_preset_with_its_key_and_its_model(
    it: Stand, behind: RealPrivacy
) -> None:
    with ProviderServer(models=("large-1", "small-1"), key="sk-canary") as server:
        open_page(it)
        do(it, lambda guarding: guarding.providers.add())
        assert page(it).providers.new is not None
        do(it, lambda guarding: guarding.providers.choose_preset("Ollama"))
        form = page(it).providers.new
        assert form is not None
        assert (form.fields.name, form.fields.mine) == ("Ollama", True)
        assert form.note
        typed = ProviderFields(name=" My server ", url=server.url, mine=True)
        do(it, lambda guarding: guarding.providers.keep(typed))
        it.until(lambda: page(it).providers.cards, "the card")
        # It is open at once: the key and the model come next.
        it.until(lambda: card(it, "My server").form, "the form")
        it.until(lambda: card(it, "My server").form.key.can_give, "the keyring")
        assert card(it, "My server").lacks
        assert "Test Keyring" in card(it, "My server").form.key.place
        do(it, lambda guarding: guarding.providers.keep_key(" sk-canary\n"))
        it.until(lambda: card(it, "My server").form.key.there, "the key")
        assert behind.courier.drawer == {"My server": "sk-canary"}
        assert "canary" not in repr(page(it))
        fields = card(it, "My server").form.fields
        # The one that asks for the key is the real courier, which has it for this session.
        super(type(behind.courier), behind.courier).keep_key("My server", "sk-canary", session=True)
        do(it, lambda guarding: guarding.providers.look(fields))
        it.until(lambda: card(it, "My server").form.models, "the models")
        assert card(it, "My server").form.models == ("large-1", "small-1")
        assert [asked.path for asked in server.requests] == ["/v1/models"]
        chosen = ProviderFields(name="My server", url=server.url, mine=True, model="small-1")
        do(it, lambda guarding: guarding.providers.keep(chosen))
        it.until(lambda: not card(it, "My server").form, "the end of it")
        it.until(lambda: not card(it, "My server").lacks, "the model")
        [kept] = load_providers(find_home())
        assert (kept.name, kept.model, kept.mine) == ("My server", "small-1", True)
        # Looking is in the ledger, in words.
        it.until(lambda: page(it).ledger.rows, "the ledger")
        [row] = page(it).ledger.rows
        assert row.title == "Pressed “Look which models it has”"
        assert row.words.startswith(f"asked {server.host} which models it has · ")


def test_a_provider_that_does_not_answer_is_said_in_the_form(it: Stand) -> None:
    with ProviderServer(fault="500") as server:
        add(provider("Mine", url=server.url, mine=True))
        open_page(it)
        do(it, lambda guarding: guarding.providers.open("Mine"))
        fields = card(it, "Mine").form.fields
        do(it, lambda guarding: guarding.providers.look(fields))
        it.until(lambda: card(it, "Mine").form.look_problem, "the sentence")
        assert not card(it, "Mine").form.looking
        server.fault, server.key = "", "sk-other"
        do(it, lambda guarding: guarding.providers.look(fields))
        it.until(lambda: "wants a key" in card(it, "Mine").form.look_problem, "the sentence")
        # In the window there is a field for it, and no need of a terminal.
        assert "the field above" in card(it, "Mine").form.look_hint
        assert "`" not in card(it, "Mine").form.look_hint


def test_offline_nobody_is_asked_and_nothing_is_looked_for(it: Stand) -> None:
    add(provider())
    it.presenter.models.change("offline", True)
    it.until(lambda: it.presenter.models.settings.offline, "offline")
    open_page(it)
    do(it, lambda guarding: guarding.providers.open("Mistral"))
    assert card(it).form.look_note == ""
    assert not card(it).form.key.can_give
    assert "offline" in card(it).form.key.words
    it.presenter.models.change("offline", False)
    it.until(lambda: card(it).form.key.can_give, "the keyring")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (ProviderFields(name="mistral", url="https://x.example/v1"), "There is Mistral already"),
        (ProviderFields(name="New", url="https://x.example/v1", price_in="ten"), "not a price"),
        (ProviderFields(name="New", url="https://x.example/v1", price_out="-1"), "not a price"),
        (ProviderFields(name="New", url="http://x.example/v1"), "could be read on the way"),
        (ProviderFields(name="New", url="https://me:pw@x.example"), "no name and no password"),
        (ProviderFields(name="", url="https://x.example/v1"), "The name"),
        (ProviderFields(name="New", url="x"), "not the address"),
    ],
)
def test_what_cannot_be_a_provider_is_said_and_nothing_is_kept(
    it: Stand, fields: ProviderFields, says: str
) -> None:
    add(provider())
    open_page(it)
    do(it, lambda guarding: guarding.providers.add())
    do(it, lambda guarding: guarding.providers.keep(fields))
    it.until(lambda: page(it).providers.new.problem, "the sentence")
    assert says in page(it).providers.new.problem
    assert [each.name for each in load_providers(find_home())] == ["Mistral"]


def test_a_removed_provider_loses_its_key_and_comes_back_without_it(
    it: Stand, behind: RealPrivacy
) -> None:
    add(provider("Mine", url="http://127.0.0.1:9/v1", mine=True))
    agree(find_home(), "Mine", now().isoformat())
    behind.courier.drawer = {"Mine": "sk-canary"}
    open_page(it)
    it.until(lambda: "is kept in Test Keyring" in str(card(it, "Mine").facts), "the key")
    do(it, lambda guarding: guarding.providers.remove("Mine"))
    it.until(lambda: not page(it).providers.cards, "its end")
    assert behind.courier.drawer == {}
    notice = it.notice("provider")
    assert notice is not None
    assert notice.text == "Mine is removed, and its key forgotten."
    it.presenter.board.act("provider")
    it.until(lambda: page(it).providers.cards, "the undo")
    [back] = load_providers(find_home())
    assert back.agreed is not None
    it.until(lambda: "No key is kept for it." in card(it, "Mine").facts, "no key")


def test_a_key_that_cannot_be_forgotten_is_said_and_the_provider_goes(
    it: Stand, behind: RealPrivacy
) -> None:
    add(provider())
    behind.courier.refuses = "The system's keyring did not forget the key in time."
    open_page(it)
    do(it, lambda guarding: guarding.providers.remove("Mistral"))
    it.until(lambda: it.notice("provider"), "the sentence")
    assert "could not be forgotten" in it.notice("provider").text
    assert not it.notice("provider").fades
    it.until(lambda: not page(it).providers.cards, "its end")


def test_a_key_that_could_not_be_kept_is_said_and_can_be_given_again(
    it: Stand, behind: RealPrivacy
) -> None:
    add(provider())
    open_page(it)
    do(it, lambda guarding: guarding.providers.open("Mistral"))
    it.until(lambda: card(it).form.key.can_give, "the keyring")
    behind.courier.refuses = "The system's keyring did not keep the key."
    do(it, lambda guarding: guarding.providers.keep_key("sk-canary"))
    it.until(lambda: card(it).form.key.problem, "the sentence")
    assert not card(it).form.key.busy
    behind.courier.refuses = ""
    do(it, lambda guarding: guarding.providers.keep_key("sk-canary"))
    it.until(lambda: card(it).form.key.there, "the key")
    do(it, lambda guarding: guarding.providers.forget_key())
    it.until(lambda: not card(it).form.key.there, "its end")


def test_without_a_safe_keyring_a_key_is_for_this_session_and_the_page_says_so(
    it: Stand, behind: RealPrivacy
) -> None:
    add(provider())
    behind.courier.place = ""
    open_page(it)
    do(it, lambda guarding: guarding.providers.open("Mistral"))
    it.until(lambda: card(it).form.key.can_give, "the keyring")
    assert card(it).form.key.session
    assert "Homebody writes none to a file" in card(it).form.key.place
    do(it, lambda guarding: guarding.providers.keep_key("sk-canary"))
    it.until(lambda: card(it).form.key.there, "the key")
    assert card(it).form.key.words == "Its key is kept until Homebody ends."


def test_the_one_yes_is_taken_back_and_put_back(it: Stand) -> None:
    add(provider("Mine", url="http://127.0.0.1:9/v1", mine=True))
    when = now().isoformat()
    agree(find_home(), "Mine", when)
    open_page(it)
    assert card(it, "Mine").agreed
    assert card(it, "Mine").facts[0].startswith("You said yes today, ")
    do(it, lambda guarding: guarding.providers.take_back("Mine"))
    it.until(lambda: not card(it, "Mine").agreed, "the change")
    assert load_providers(find_home())[0].agreed is None
    it.presenter.board.act("provider")
    it.until(lambda: card(it, "Mine").agreed, "the undo")
    assert load_providers(find_home())[0].agreed == when


# ---------------------------------------------------------------- private words


def test_private_words_are_added_and_removed_and_come_back(
    it: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/augusta")
    monkeypatch.setenv("USERPROFILE", "/home/augusta")
    open_page(it)
    do(it, lambda guarding: guarding.words.add("  Ada   Lovelace ", "PERSON"))
    it.until(lambda: page(it).words.rows, "the word")
    [row] = page(it).words.rows
    assert (row.word, row.kind) == ("Ada Lovelace", "a name")
    do(it, lambda guarding: guarding.words.remove("Ada Lovelace"))
    it.until(lambda: not page(it).words.rows, "its end")
    it.presenter.board.act("word")
    it.until(lambda: page(it).words.rows, "the undo")
    assert [(each.word, each.kind) for each in load_words(find_home())] == [
        ("Ada Lovelace", "PERSON")
    ]
    folders = [each.word for each in page(it).words.own if each.kind == "a folder"]
    assert [Path(each) for each in folders] == [Path("/home/augusta")]


def test_a_word_that_is_none_is_said(it: Stand) -> None:
    open_page(it)
    do(it, lambda guarding: guarding.words.add("x" * 1000, "WORD"))
    it.until(lambda: page(it).words.problem, "the sentence")
    do(it, lambda guarding: guarding.words.add("   ", "WORD"))
    it.settle()
    assert load_words(find_home()) == ()


# ---------------------------------------------------------------- the ledger


def test_the_newest_stand_first_and_the_rest_is_one_click_away(it: Stand) -> None:
    write_ledger(30)
    last = write_ledger(1, purpose="ask", agreed="said yes to sending it once", host="a.example")
    state = open_page(it)
    assert len(state.ledger.rows) == 20
    assert state.ledger.rows[0].number == last
    assert state.ledger.rows[0].title == "Said yes to sending it once"
    assert state.ledger.rows[0].words == "asked a.example · 412 bytes out, 5.0 kB in · answer 200"
    assert state.ledger.rows[0].when.startswith("today, ")
    assert state.ledger.more == "Show all 31"
    do(it, lambda guarding: guarding.ledger.more())
    it.until(lambda: len(page(it).ledger.rows) == 31, "all of them")
    assert page(it).ledger.more == ""


def test_it_is_filtered_by_what_connections_were_for(it: Stand) -> None:
    for purpose in ("search", "list", "download", "ask", "models"):
        write_ledger(1, purpose=purpose)
    open_page(it)
    counts = {}
    for which in ("all", "elsewhere", "models", "words"):
        do(it, lambda guarding, which=which: guarding.ledger.filter(which))
        counts[which] = len(page(it).ledger.rows)
    assert counts == {"all": 5, "elsewhere": 2, "models": 2, "words": 1}


def test_a_connection_that_ended_badly_or_not_at_all_says_so(it: Stand) -> None:
    write_ledger(1, bytes_out=None)
    write_ledger(1, problem="The connection was cut.", status=None, port=8443)
    bad, open_ = open_page(it).ledger.rows
    assert bad.bad
    assert bad.words.endswith("The connection was cut")
    assert "huggingface.co:8443" in bad.words
    assert open_.words.endswith("its end is not known")


def send(it: Stand, body: str) -> str:
    """Let the store have what was sent, as a turn does."""
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    offer = Offer(
        provider="Mistral",
        url="https://api.mistral.ai/v1",
        host="api.mistral.ai",
        model="small-1",
        reason="asked",
        sentence="You asked for it.",
        parts=(),
        body=body,
        sha256=sha256,
        tokens=1,
    )
    store = it.session.saved
    conversation = store.create_conversation()
    turn = store.begin_turn(conversation.id, "Hello", None)
    store.offer_turn(turn.id, offer, None, ())
    store.agree_offer(turn.id, sha256, "once")
    return sha256


def test_what_was_sent_is_shown_and_its_copy_deleted_after_one_more_question(it: Stand) -> None:
    body = '{"messages":[{"content":"Wer zahlt für [PERSON_1]?"}]}'
    sha256 = send(it, body)
    number = write_ledger(1, purpose="ask", body_sha256=sha256)
    open_page(it)
    do(it, lambda guarding: guarding.ledger.open(number))
    it.until(lambda: page(it).ledger.details and page(it).ledger.details.body, "the body")
    details = page(it).ledger.details
    assert details.body == body
    assert details.can_delete
    assert sha256 in [fact.value for fact in details.facts]
    do(it, lambda guarding: guarding.ledger.delete_body())
    assert it.session.saved.sent_body(sha256) is not None
    assert it.view.confirm is not None
    it.view.confirm[1]()
    it.until(lambda: not page(it).ledger.details.body, "its end")
    assert "No copy" in page(it).ledger.details.body_note
    assert it.session.saved.sent_body(sha256) is None
    do(it, lambda guarding: guarding.ledger.open(0))
    assert page(it).ledger.details is None


def test_a_whole_chain_and_a_broken_one_are_told_apart(it: Stand) -> None:
    write_ledger(3)
    open_page(it)
    do(it, lambda guarding: guarding.ledger.verify())
    it.until(lambda: page(it).ledger.verdict_kind == "ok", "the verdict")
    assert page(it).ledger.verdict == "The chain is whole: 6 lines."
    path = find_home().ledger
    path.write_bytes(path.read_bytes().replace(b"huggingface.co", b"huggingface.com", 1))
    do(it, lambda guarding: guarding.ledger.verify())
    it.until(lambda: page(it).ledger.verdict_kind == "bad", "the verdict")
    assert "Line 1 was changed." in page(it).ledger.notes


def test_a_copy_is_written_where_the_person_says(it: Stand, tmp_path: Path) -> None:
    write_ledger(2)
    with find_home().ledger.open("ab") as stream:
        stream.write(b'{"half')
    open_page(it)
    do(it, lambda guarding: guarding.ledger.export())
    assert it.view.save is not None
    name, then = it.view.save
    assert name == "homebody-ledger.jsonl"
    then(str(tmp_path / "copy.jsonl"))
    it.until(lambda: it.notice("exported"), "the copy")
    assert (tmp_path / "copy.jsonl").read_bytes().count(b"\n") == 4
    assert ledger_module.verify(tmp_path / "copy.jsonl", find_home().ledger_head).ok
    before = find_home().ledger.read_bytes()
    for path in (str(find_home().ledger), str(tmp_path / "no" / "\0"), r"\\server\share\x"):
        then(path)
        it.until(lambda: it.notice("problem"), "the sentence")
        it.presenter.board.dismiss("problem")
    assert find_home().ledger.read_bytes() == before


def test_ten_thousand_entries_are_read_and_only_twenty_become_rows(
    it: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    really = privacy_ledger._row
    monkeypatch.setattr(privacy_ledger, "_row", lambda entry: made.append(1) or really(entry))
    [line] = [write_ledger(1)]
    assert line == 1
    [entry] = list(ledger_module.entries(find_home().ledger))
    many = tuple(
        type(entry)(**{**{f: getattr(entry, f) for f in entry.__struct_fields__}, "number": n})
        for n in range(1, 10_001)
    )
    open_page(it)
    made.clear()
    do(it, lambda guarding: guarding.ledger.know(many))
    assert len(made) == 20
    do(it, lambda guarding: guarding.ledger.more())
    it.until(lambda: len(page(it).ledger.rows) == 10_000, "all of them")
    made.clear()
    do(it, lambda guarding: guarding.ledger.know(many))
    # Looked at anew, none is made twice.
    assert made == []


# ---------------------------------------------------------------- erasing


def test_erasing_forgets_every_key_first_and_names_what_stays(
    it: Stand, behind: RealPrivacy
) -> None:
    add(provider(), provider("OpenAI", url="https://api.openai.com/v1"))
    models = find_home().models
    models.mkdir(parents=True)
    (models / "one.gguf").write_bytes(b"x" * 5_000_000)
    state = open_page(it)
    assert state.erase.models == "Also the model in its folder, 5.0 MB"
    behind.courier.drawer = {"Mistral": "a", "OpenAI": "b"}
    do(it, lambda guarding: guarding.erase(True))
    it.until(lambda: it.view.erased, "the wish")
    assert it.view.erased == (False, ())
    assert behind.courier.drawer == {}
    assert behind.courier.tokens == [""]


def test_erasing_goes_on_where_a_key_cannot_be_reached(it: Stand, behind: RealPrivacy) -> None:
    add(provider())
    open_page(it)
    behind.courier.refuses = "The system's keyring did not answer."
    do(it, lambda guarding: guarding.erase(False))
    it.until(lambda: it.view.erased, "the wish")
    keep_models, keys = it.view.erased
    assert keep_models
    assert keys == ("The key for Mistral may still be kept: The system's keyring did not answer.",)


# ---------------------------------------------------------------- words


def test_sizes_are_said_as_people_say_them() -> None:
    said = {1: "1 byte", 612: "612 bytes", 999: "999 bytes", 1000: "1.0 kB", 12_400: "12.4 kB"}
    said |= {999_949: "999.9 kB", 999_999: "1.0 MB", 4_600_000_000: "4.6 GB", 0: "0 bytes"}
    said[12_000_000_000_000] = "12000.0 GB"
    assert {count: size_words(count) for count in said} == said


def test_a_moment_that_is_none_is_shown_as_it_is_written() -> None:
    assert moment_words("yesterday-ish") == "yesterday-ish"
    far = datetime(2026, 1, 2, 3, 4).astimezone() - timedelta(days=0)
    assert moment_words(far.isoformat()).endswith("03:04")
