"""Who can be asked elsewhere: adding, changing and removing them, their keys, and the one yes.

A key passes through on its way to the keyring, and is kept in nothing here.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from homebody.base.errors import BadInput, HomebodyError
from homebody.messages.courier import KeyKept
from homebody.messages.providers import Provider
from homebody.ui.presenter.needs import PrivacyNeeds, ProviderPreset
from homebody.ui.presenter.privacy_words import moment_words
from homebody.ui.presenter.stage import Stage
from homebody.ui.privacy_states import (
    Choice,
    KeyState,
    ProviderCard,
    ProviderFields,
    ProviderForm,
    ProvidersState,
)
from homebody.ui.words import tr

__all__ = ["Providers"]

_OTHER: Final = ""
"""The preset that is none."""
_COMMAND: Final = re.compile("`homebody providers key [^`]*`")
"""What the courier's hints name, a terminal has; here there is a field."""
_LOOK: Final = "pressed “Look which models it has”"


class Providers:
    """Lives on the window's thread."""

    def __init__(
        self,
        stage: Stage,
        needs: PrivacyNeeds,
        *,
        changed: Callable[[], None],
        look_again: Callable[[], None],
        offline: Callable[[], bool],
    ) -> None:
        """`look_again` reads anew what is kept, `changed` shows what is known."""
        self._stage, self._needs = stage, needs
        self._changed, self._look_again, self._offline = changed, look_again, offline
        self._presets: Sequence[ProviderPreset] = ()
        self._hosts: Mapping[str, str] = {}
        self.all: Sequence[Provider] = ()
        self.problem: HomebodyError | None = None
        self._form: ProviderForm | None = None
        self._opened = ""
        """The provider whose card is open; with a form and without it, a new one is added."""
        self._to_open = ""
        """The one that was just added: its card is opened when it is there."""
        self._numbers = 0
        self._keys: dict[str, KeyKept] = {}
        self._looking: set[str] = set()
        """Names whose keys are being looked for."""
        self._keeping: set[str] = set()
        self._key_problems: dict[str, HomebodyError] = {}

    # ------------------------------------------------------------------ what there is

    def know(
        self,
        presets: Sequence[ProviderPreset],
        providers: Sequence[Provider],
        hosts: Mapping[str, str],
        problem: HomebodyError | None,
    ) -> None:
        """Take over what was read; `hosts`: by address."""
        self._presets, self.all, self._hosts = presets, providers, hosts
        self.problem = problem
        if self._opened and self._find(self._opened) is None:
            self._opened, self._form = "", None
        for each in providers:
            self._look_for_key(each.name)
        name, self._to_open = self._to_open, ""
        if name:
            self.open(name)

    def _find(self, name: str) -> Provider | None:
        return next((each for each in self.all if each.name == name), None)

    def _look_for_key(self, name: str) -> None:
        """Look once whether a key is kept. A keyring that is locked may ask the person."""
        if self._offline() or name in self._looking or name in self._key_problems:
            # Offline there is no courier, who alone can look.
            return
        if name in self._keys:
            return
        self._looking.add(name)
        self._stage.run(
            "token",
            partial(self._needs.key, name, None),
            partial(self._key_known, name),
            partial(self._key_failed, name),
        )

    def _key_known(self, name: str, kept: KeyKept) -> None:
        self._keys[name] = kept
        self._looking.discard(name)
        self._keeping.discard(name)
        self._key_problems.pop(name, None)
        self._changed()

    def _key_failed(self, name: str, problem: HomebodyError) -> None:
        self._looking.discard(name)
        self._keeping.discard(name)
        self._key_problems[name] = problem
        self._changed()

    # ------------------------------------------------------------------ intents

    def add(self) -> None:
        """Begin to add one."""
        self._opened = ""
        self._begin(ProviderFields(), is_new=True)

    def choose_preset(self, name: str) -> None:
        """Begin with a provider that many people use, or with an empty form."""
        preset = next((each for each in self._presets if each.name == name), None)
        if preset is None:
            self._begin(ProviderFields(), is_new=True)
            return
        fields = ProviderFields(name=preset.name, url=preset.url, mine=preset.mine)
        self._begin(fields, is_new=True, note=preset.note)

    def open(self, name: str) -> None:
        """Open a card to change what it says; "" closes whatever is open."""
        provider = self._find(name)
        self._opened = name if provider is not None else ""
        if provider is None:
            self._form = None
            self._changed()
            return
        if self._key_problems.pop(name, None) is not None:
            self._look_for_key(name)
        self._begin(_fields_of(provider), is_new=False)

    def keep(self, fields: ProviderFields) -> None:
        """Keep what was typed."""
        self._keep(fields, self._kept)

    def look(self, fields: ProviderFields) -> None:
        """Keep what was typed, then ask the provider which models it has."""
        if self._form is None or self._form.looking:
            return

        def then(name: str) -> None:
            self._look_again()
            asking = tr("Asking {host}…").format(host=self._host(name))
            self._change(looking=asking, look_problem="", look_hint="", problem="", hint="")
            self._stage.run(
                "hub",
                lambda: tuple(self._needs.models(name, tr(_LOOK))),
                partial(self._listed, name),
                partial(self._not_listed, name),
            )

        self._keep(fields, then)

    def _keep(self, fields: ProviderFields, then: Callable[[str], None]) -> None:
        form = self._form
        if form is None:
            return
        try:
            provider = self._provider(fields, is_new=form.is_new)
        except BadInput as problem:
            self._tell(problem)
            return
        before = self._find(provider.name)

        def done() -> None:
            if before is not None and before.url != provider.url:
                # A key is kept for one address.
                self._keys.pop(provider.name, None)
            then(provider.name)

        self._stage.run(
            "privacy",
            partial(self._needs.keep_provider, provider),
            lambda _: done(),
            self._tell,
        )

    def _provider(self, fields: ProviderFields, *, is_new: bool) -> Provider:
        """Return what was typed as a provider. Raises `BadInput`; the rest the list says."""
        provider = Provider(
            name=fields.name.strip(),
            url=fields.url.strip(),
            model=fields.model.strip(),
            mine=fields.mine,
            price_in=_money(fields.price_in),
            price_out=_money(fields.price_out),
            currency=fields.currency.strip().upper() or "USD",
        )
        taken = [each.name for each in self.all if _same(each.name, provider.name)]
        if is_new and taken:
            raise BadInput(
                tr("There is {name} already.").format(name=taken[0]),
                tr("Open that one to change it, or take another name."),
            )
        return provider

    def _kept(self, name: str) -> None:
        was_new = self._form is not None and self._form.is_new
        self._form, self._opened = None, ""
        # Its key, and the choice of its model, come next.
        self._to_open = name if was_new else ""
        self._look_again()

    def _listed(self, name: str, models: tuple[str, ...]) -> None:
        if self._opened == name:
            self._change(models=models, looking="")
            if not models:
                self._change(look_problem=tr("It answered that it has no model."))
        # A connection more is in the ledger.
        self._look_again()

    def _not_listed(self, name: str, problem: HomebodyError) -> None:
        if self._opened == name:
            hint = _COMMAND.sub(tr("the field above"), problem.hint)
            self._change(look_problem=problem.message, look_hint=hint, looking="")
        self._look_again()

    def remove(self, name: str) -> None:
        """Remove one and its key, and offer to take that back."""
        provider = self._find(name)
        if provider is None:
            return

        def work() -> HomebodyError | None:
            failed: HomebodyError | None = None
            try:
                self._needs.key(name, "")
            except HomebodyError as problem:
                failed = problem
            self._needs.remove_provider(name)
            return failed

        def then(failed: HomebodyError | None) -> None:
            kept = self._keys.pop(name, None)
            self._key_problems.pop(name, None)
            words = tr("{name} is removed.")
            if kept is not None and kept.there:
                words = tr("{name} is removed, and its key forgotten.")
            if failed is not None:
                words = tr("{name} is removed. Its key, if there is one, could not be forgotten:")
                words = f"{words} {failed.message}"
            self._stage.board.say(
                "provider",
                words.format(name=name),
                action=tr("Undo"),
                do=partial(self._put_back, provider),
                kind="warn" if failed is not None else "plain",
                fades=failed is None,
            )
            self._look_again()

        # In the lane of keys: it may have to be unlocked, and nothing else waits for that.
        self._stage.run("token", work, then)

    def _put_back(self, provider: Provider) -> None:
        def work() -> None:
            self._needs.keep_provider(provider)
            if provider.agreed is not None:
                self._needs.agree(provider.name, provider.agreed)

        self._stage.run("privacy", work, lambda _: self._look_again())

    def take_back(self, name: str) -> None:
        """Take the one yes back that was said to a machine of the person's own."""
        provider = self._find(name)
        if provider is None or provider.agreed is None:
            return

        def then(_: None) -> None:
            self._stage.board.say(
                "provider",
                tr("{name} asks again, the next time.").format(name=name),
                action=tr("Undo"),
                do=lambda: self._stage.run(
                    "privacy",
                    partial(self._needs.agree, name, provider.agreed),
                    lambda _: self._look_again(),
                ),
                fades=True,
            )
            self._look_again()

        self._stage.run("privacy", partial(self._needs.agree, name, None), then)

    def keep_key(self, key: str) -> None:
        """Keep the key of the provider whose card is open: in the keyring, or for this session."""
        name = self._opened
        if not name or not key.strip():
            return
        known = self._keys.get(name)
        session = known is not None and not known.place
        self._give(name, partial(self._needs.key, name, key.strip(), session=session))

    def forget_key(self) -> None:
        """Delete the key of the provider whose card is open."""
        if self._opened:
            self._give(self._opened, partial(self._needs.key, self._opened, ""))

    def _give(self, name: str, work: Callable[[], KeyKept]) -> None:
        self._key_problems.pop(name, None)
        self._keeping.add(name)
        self._changed()
        self._stage.run(
            "token", work, partial(self._key_known, name), partial(self._key_failed, name)
        )

    # ------------------------------------------------------------------ the form

    def _begin(self, fields: ProviderFields, *, is_new: bool, note: str = "") -> None:
        self._numbers += 1
        self._form = ProviderForm(number=self._numbers, fields=fields, is_new=is_new, note=note)
        self._changed()

    def _change(self, **changes: object) -> None:
        if self._form is not None:
            self._form = replace(self._form, **changes)
            self._changed()

    def _tell(self, problem: HomebodyError) -> None:
        self._change(problem=problem.message, hint=problem.hint, looking="")

    # ------------------------------------------------------------------ what is shown

    def state(self) -> ProvidersState:
        """Return the section."""
        new = None
        if self._form is not None and self._form.is_new:
            choices = [Choice(_OTHER, tr("Another address"))]
            choices += [Choice(each.name, each.name) for each in self._presets]
            new = replace(self._form, presets=tuple(choices))
        problem = self.problem
        return ProvidersState(
            cards=tuple(map(self._card, self.all)),
            new=new,
            problem=problem.message if problem is not None else "",
            hint=problem.hint if problem is not None else "",
        )

    def _host(self, name: str) -> str:
        provider = self._find(name)
        return self._hosts.get(provider.url, provider.url) if provider is not None else name

    def _card(self, provider: Provider) -> ProviderCard:
        name, host = provider.name, self._host(provider.name)
        form = None
        if name == self._opened and self._form is not None and not self._form.is_new:
            sends = tr("That connects to {host}, and sends it your key, if there is one.")
            form = replace(
                self._form,
                key=self._key(name, host),
                look_note="" if self._offline() else sends.format(host=host),
            )
        return ProviderCard(
            name=name,
            words=" · ".join(
                part
                for part in (tr("yours") if provider.mine else "", host, provider.model)
                if part
            ),
            facts=tuple(
                part for part in (_asks(provider), self._key_words(name), _price(provider)) if part
            ),
            lacks=tr("No model is chosen yet, so it is not asked.") if not provider.model else "",
            agreed=provider.agreed is not None,
            form=form,
        )

    def _key_words(self, name: str) -> str:
        kept = self._keys.get(name)
        if name in self._key_problems or kept is None:
            if name in self._looking:
                return tr("Looking for its key…")
            return tr("Whether a key is kept is not looked for offline.") if self._offline() else ""
        if not kept.there:
            return tr("No key is kept for it.")
        if kept.session:
            return tr("Its key is kept until Homebody ends.")
        return tr("Its key is kept in {place}.").format(place=kept.place)

    def _key(self, name: str, host: str) -> KeyState:
        kept, problem = self._keys.get(name), self._key_problems.get(name)
        if kept is None:
            return KeyState(
                words=self._key_words(name),
                problem=problem.message if problem is not None else "",
                hint=problem.hint if problem is not None else "",
            )
        if kept.there:
            place = tr("It is sent to {host} alone.")
        elif kept.place:
            place = tr("One would be kept in {place}, and sent to {host} alone.")
        else:
            place = tr(
                "This system has no keyring that is safe for a key, and Homebody writes none to a "
                "file. One can be kept until Homebody ends, and is sent to {host} alone."
            )
        return KeyState(
            words=self._key_words(name),
            there=kept.there,
            place=place.format(place=kept.place, host=host),
            session=not kept.place,
            can_give=not self._offline(),
            busy=name in self._keeping,
            problem=problem.message if problem is not None else "",
            hint=problem.hint if problem is not None else "",
        )


def _asks(provider: Provider) -> str:
    if not provider.mine:
        return tr("Asks you each time, and shows what would leave.")
    if provider.agreed is None:
        return tr("Asks you once, the first time.")
    when = moment_words(provider.agreed)
    return tr("You said yes {when}, for this address and model.").format(when=when)


def _price(provider: Provider) -> str:
    if provider.price_in is None and provider.price_out is None:
        return ""
    prices = [
        tr("{price:g} {currency} {way}").format(price=price, currency=provider.currency, way=way)
        for price, way in (
            (provider.price_in, tr("for what is sent")),
            (provider.price_out, tr("for what comes back")),
        )
        if price is not None
    ]
    return tr("A million tokens: {prices}.").format(prices=", ".join(prices))


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _fields_of(provider: Provider) -> ProviderFields:
    return ProviderFields(
        name=provider.name,
        url=provider.url,
        model=provider.model,
        mine=provider.mine,
        price_in="" if provider.price_in is None else f"{provider.price_in:g}",
        price_out="" if provider.price_out is None else f"{provider.price_out:g}",
        currency=provider.currency,
    )


def _money(typed: str) -> float | None:
    words = typed.strip().replace(",", ".")
    if not words:
        return None
    try:
        price = float(words)
    except ValueError:
        price = math.nan
    if not math.isfinite(price) or price < 0:
        raise BadInput(
            tr("“{typed}” is not a price.").format(typed=typed.strip()[:40]),
            tr("Write what a million tokens cost, such as 2.5, or leave it empty."),
        )
    return price
