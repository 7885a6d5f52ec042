"""The page of privacy in all its states; what it shows is made up."""

from typing import Any

from msgspec.structs import replace

from homebody.messages.ledger import LedgerEntry
from homebody.ui.pages.privacy_erased import ErasedCover, erased_state
from homebody.ui.presenter.privacy_ledger import _facts, _row
from homebody.ui.privacy_states import (
    Choice,
    EraseState,
    HoldsState,
    KeyState,
    LedgerDetails,
    LedgerState,
    OwnWord,
    PrivacyState,
    ProviderCard,
    ProviderFields,
    ProviderForm,
    ProvidersState,
    WordRow,
    WordsState,
)

BODY = (
    '{"messages":[{"content":"Words such as [EMAIL_1] stand for things that stay private. Keep '
    'them exactly as they are.","role":"system"},{"content":"Write an objection to a tax notice '
    "dated 3 March 2026 for [PERSON_1], reference [ID_1], account [IBAN_1]. The office disallowed "
    "home-office costs of 1,260 EUR; the room is used only for work since 2024. Reply goes to "
    '[EMAIL_1].","role":"user"}],"model":"mistral-small-latest","stream":true,'
    '"stream_options":{"include_usage":true}}'
)
SHA = "9f2c1d6b7a0e4c85b3f1d2a4968e7c50a1b2c3d4e5f60718293a4b5c6d7e8f90"


def entry(number: int, purpose: str, agreed: str, **more: object) -> LedgerEntry:
    given = {
        "opened": f"2026-11-2{number % 2}T09:12:{number % 60:02}.120Z",
        "closed": f"2026-11-2{number % 2}T09:12:{number % 60:02}.980Z",
        "method": "GET",
        "host": "huggingface.co",
        "port": 443,
        "path": "/api/models?search=qwen",
        "address": "18.164.174.55",
        "proxy": None,
        "bytes_out": 412,
        "bytes_in": 52_214,
        "body_sha256": None,
        "status": 200,
        "problem": "",
        **more,
    }
    return LedgerEntry(number=number, purpose=purpose, agreed=agreed, **given)


ASKED = entry(
    41,
    "ask",
    "said yes to sending it once",
    method="POST",
    host="api.mistral.ai",
    path="/v1/chat/completions",
    address="104.18.22.152",
    bytes_out=1_204,
    bytes_in=3_480,
    body_sha256=SHA,
)
ENTRIES = (
    ASKED,
    entry(
        39, "models", "pressed “Look which models it has”", host="api.mistral.ai",
        path="/v1/models", bytes_out=233, bytes_in=9_120,
    ),
    entry(
        37, "ask", "said yes to sending it once", host="workstation.lan", port=8080, method="POST",
        path="/v1/chat/completions", bytes_out=2_311, bytes_in=0, status=None,
        problem="It did not answer within 120 seconds.",
    ),
    entry(35, "download", "pressed Get", bytes_out=2_120, bytes_in=2_497_281_664,
          path="/unsloth/Qwen3-4B-Instruct-2507-GGUF/resolve/main/Qwen3-4B-Q4_K_M.gguf"),
    entry(33, "list", "pressed Get", bytes_in=8_120),
    entry(31, "search", "homebody models search", bytes_out=None, bytes_in=None, closed=None,
          status=None),
    entry(29, "search", "pressed Enter in the search"),
)  # fmt: skip
HOLDS = HoldsState(
    sentences=(
        "The system itself refuses this window, and the model and the skills that it starts, any "
        "connection to the internet or the local network.",
        "Only the courier can connect: a process of its own, which runs while there is something "
        "that you asked to fetch or to send.",
        "Before a question leaves you see exactly what would be sent, with a placeholder for what "
        "was found private. Without your yes it stays here.",
        "Each connection is written down below before its first byte is sent.",
    ),
    limits=(
        "What a provider does with what you send it, nobody here can know.",
        "Not everything private is found: read what would leave before you say yes.",
        "Other programs that run as you can read your files, these too.",
    ),
    offline_words="Homebody connects only for what you ask for.",
)
MISTRAL = ProviderCard(
    name="Mistral",
    words="api.mistral.ai · mistral-small-latest",
    facts=(
        "Asks you each time, and shows what would leave.",
        "Its key is kept in GNOME Keyring.",
        "A million tokens: 0.1 USD for what is sent, 0.3 USD for what comes back.",
    ),
)
WORKSTATION = ProviderCard(
    name="Workstation",
    words="yours · workstation.lan:8080 · Qwen3.6 27B",
    facts=(
        "You said yes 2026-11-12, 09:12, for this address and model.",
        "No key is kept for it.",
    ),
    agreed=True,
)
FAR = ProviderCard(
    name="The large one at the institute of computational linguistics",
    words="inference-gateway-production.language-models.research.an-institute-with-a-long-name."
    "example.org:8443",
    facts=("Asks you each time, and shows what would leave.",),
    lacks="No model is chosen yet, so it is not asked.",
)
PRESETS = tuple(
    Choice(name, name or "Another address")
    for name in ("", "OpenAI", "Mistral", "OpenRouter", "Groq", "Ollama", "llama-server")
)
WORDS = WordsState(
    rows=(
        WordRow(word="Ada Lovelace", kind="a name"),
        WordRow(word="Byron", kind="a name"),
        WordRow(word="Analytical Engines Ltd", kind="an employer, or another organisation"),
        WordRow(word="Project Jacquard", kind="a project"),
    ),
    own=(OwnWord("/home/ada", "a folder"), OwnWord("ada", "a name")),
    kinds=(Choice("PERSON", "a name"), Choice("WORD", "something else")),
)
ERASE = EraseState(
    goes=(
        "all conversations, with their steps, offers and copies of what was sent",
        "notes, reminders, and what skills were allowed; the folders themselves stay",
        "your own skills, private words, providers and their keys",
        "the ledger, settings, logs and backups",
    ),
    models="Also the 3 files of models, 4.6 GB",
    word="erase",
)
WHOLE = PrivacyState(
    left="12.4 kB left this machine, ever; 612 bytes this week; nothing today.",
    holds=HOLDS,
    providers=ProvidersState(cards=(MISTRAL, WORKSTATION)),
    words=WORDS,
    ledger=LedgerState(rows=tuple(map(_row, ENTRIES)), more="Show all 48"),
    erase=ERASE,
)
EMPTY = PrivacyState(
    left="Nothing has ever left this machine.",
    holds=HOLDS,
    words=WordsState(own=WORDS.own, kinds=WORDS.kinds),
    ledger=LedgerState(empty="No connection was ever made."),
    erase=replace(ERASE, models=""),
)


def show(stage: Any, state: PrivacyState, jump: str = "") -> None:
    stage.sidebar(page="privacy")
    stage.header(title="Privacy")
    stage.window.show_page("privacy")
    stage.window.show_privacy(state)
    stage.settle()
    page = stage.window.findChild(object, "privacy_page")
    if jump:
        page.findChild(object, jump).click()
        stage.settle()


def privacy_page(stage: Any) -> None:
    show(stage, WHOLE)


def privacy_lower(stage: Any) -> None:
    show(stage, WHOLE, "jump_providers")


def privacy_ledger(stage: Any) -> None:
    opened = LedgerDetails(
        facts=_facts(ASKED),
        body=BODY,
        body_note="This is what was sent, letter by letter. The copy lies on this machine only.",
        can_delete=True,
    )
    ledger = replace(
        WHOLE.ledger,
        opened=41,
        details=opened,
        verdict="The chain is whole: 48 lines.",
        verdict_kind="ok",
    )
    show(stage, replace(WHOLE, ledger=ledger), "jump_ledger")


def privacy_broken(stage: Any) -> None:
    ledger = replace(
        WHOLE.ledger,
        verdict="The chain is broken: somebody changed the ledger, or its disk lost some.",
        verdict_kind="bad",
        notes=("Line 12 was changed.", "Lines number 31 to 33 are missing at the end."),
    )
    show(stage, replace(WHOLE, ledger=ledger), "jump_ledger")


def privacy_empty(stage: Any) -> None:
    show(stage, EMPTY)


def privacy_offline(stage: Any) -> None:
    holds = replace(HOLDS, offline=True, offline_words="Nothing connects, whatever is asked for.")
    show(stage, replace(WHOLE, holds=holds))
    stage.header(title="Privacy", offline=True)


def privacy_failed(stage: Any) -> None:
    show(
        stage,
        PrivacyState(
            problem="The page could not be read: the disk does not answer.",
            hint="Look at the disk, then try again.",
        ),
    )


def privacy_problems(stage: Any) -> None:
    providers = ProvidersState(
        problem="providers.json cannot be understood: JSON is malformed. Until it is mended nobody "
        "is asked elsewhere.",
        hint="Mend /home/ada/.config/homebody/providers.json, or delete it and add your providers "
        "again.",
    )
    show(stage, replace(WHOLE, providers=providers), "jump_providers")


def privacy_adding(stage: Any) -> None:
    new = ProviderForm(
        number=1,
        fields=ProviderFields(name="Mistral", url="https://api.mistral.ai/v1"),
        is_new=True,
        presets=PRESETS,
        note="Needs a key of your account there; what is asked costs money.",
        problem="There is Mistral already.",
        hint="Open that one to change it, or take another name.",
    )
    show(stage, replace(WHOLE, providers=ProvidersState(cards=(FAR,), new=new)), "jump_providers")


def privacy_changing(stage: Any) -> None:
    form = ProviderForm(
        number=1,
        fields=ProviderFields(
            name="Mistral",
            url="https://api.mistral.ai/v1",
            model="mistral-small-latest",
            price_in="0.1",
            price_out="0.3",
        ),
        key=KeyState(
            words="Its key is kept in GNOME Keyring.",
            there=True,
            place="It is sent to api.mistral.ai alone.",
            can_give=True,
        ),
        models=tuple(f"mistral-{n}" for n in range(38)),
        look_note="That connects to api.mistral.ai, and sends it your key, if there is one.",
    )
    cards = (replace(MISTRAL, form=form), WORKSTATION)
    show(stage, replace(WHOLE, providers=ProvidersState(cards=cards)), "jump_providers")


def privacy_session_key(stage: Any) -> None:
    form = ProviderForm(
        number=1,
        fields=ProviderFields(name="Mistral", url="https://api.mistral.ai/v1"),
        key=KeyState(
            words="No key is kept for it.",
            place="This system has no keyring that is safe for a key, and Homebody writes none to "
            "a file. It can be kept until Homebody ends, and is sent to api.mistral.ai alone.",
            session=True,
            can_give=True,
        ),
        look_note="That connects to api.mistral.ai, and sends it your key, if there is one.",
        look_problem="api.mistral.ai did not take the key.",
        look_hint="Copy it whole from your account there, and give it again.",
    )
    card = ProviderCard(
        name="Mistral",
        words="api.mistral.ai",
        facts=("Asks you each time, and shows what would leave.",),
        lacks="No model is chosen yet, so it is not asked.",
        form=form,
    )
    show(stage, replace(WHOLE, providers=ProvidersState(cards=(card,))), "jump_providers")


def privacy_erasing(stage: Any) -> None:
    show(stage, WHOLE, "jump_erase")
    stage.window.findChild(object, "erase_word").setText("erase")


def privacy_erased(stage: Any) -> None:
    from homebody.privacy.erasing import Erased

    privacy_page(stage)
    cover = ErasedCover(stage.look, stage.window)
    cover.show_state(erased_state(Erased(), keep_models=True))


def privacy_erased_partly(stage: Any) -> None:
    from homebody.privacy.erasing import Erased

    privacy_page(stage)
    cover = ErasedCover(stage.look, stage.window)
    left = Erased(
        keys=("The key for Mistral may still be kept: The system's keyring did not answer.",),
        stayed=("/home/ada/.local/share/homebody/homebody.sqlite (Permission denied)",),
    )
    cover.show_state(erased_state(left, keep_models=False))


def narrow_privacy(stage: Any) -> None:
    stage.window.resize(520, 760)
    privacy_adding(stage)


PRIVACY_SCENES = (
    privacy_page,
    privacy_lower,
    privacy_ledger,
    privacy_broken,
    privacy_empty,
    privacy_offline,
    privacy_failed,
    privacy_problems,
    privacy_adding,
    privacy_changing,
    privacy_session_key,
    privacy_erasing,
    privacy_erased,
    privacy_erased_partly,
    narrow_privacy,
)
