"""What stands behind the page of privacy: the files that it shows, the courier and the store."""

from collections.abc import Sequence
from typing import Protocol

from homebody.base.paths import Home
from homebody.messages.courier import KeyKept, TokenKept
from homebody.messages.offers import PrivateKind
from homebody.messages.providers import Provider
from homebody.privacy.dictionary import PrivateWord, load_words, machine_words, save_words
from homebody.settings import providers as kept
from homebody.store.store import Store

__all__ = ["AsksProviders", "PrivacyFiles"]


class AsksProviders(Protocol):
    """The courier, as far as the page needs it: `courier.client.Courier`."""

    offline: bool

    def models(self, provider: str, *, agreed: str) -> tuple[str, ...]:
        """Ask a provider which models it has."""

    def keep_key(self, provider: str, key: str | None, *, session: bool = False) -> KeyKept:
        """Keep a key; "" forgets it, None looks."""

    def keep_token(self, token: str | None) -> TokenKept:
        """Keep the hub's token; "" forgets it."""


class PrivacyFiles:
    """`needs.PrivacyNeeds`. Its methods are called in lanes."""

    def __init__(self, home: Home, courier: AsksProviders, store: Store) -> None:
        self._home, self._courier, self._store = home, courier, store

    def presets(self) -> Sequence[kept.Preset]:
        """Return providers that many people use."""
        return kept.PRESETS

    def providers(self) -> Sequence[Provider]:
        """Return who can be asked, in their order."""
        return kept.load_providers(self._home)

    def keep_provider(self, provider: Provider) -> None:
        """Add a provider, or put this one in the place of the one of its name."""
        kept.add_provider(self._home, provider)

    def remove_provider(self, name: str) -> None:
        """Take a provider off the list; its key stays."""
        kept.remove_provider(self._home, name)

    def agree(self, name: str, when: str | None) -> None:
        """Keep the one yes for a machine of the person's own (ISO 8601), or take it back."""
        kept.agree(self._home, name, when)

    def host(self, url: str) -> str:
        """Return where an address leads, as shown."""
        return kept.host_of(url)

    def models(self, name: str, agreed: str) -> Sequence[str]:
        """Ask a provider which models it has."""
        return self._courier.models(name, agreed=agreed)

    def key(self, name: str, key: str | None, *, session: bool = False) -> KeyKept:
        """Keep the key of a provider; "" forgets it, None only looks."""
        return self._courier.keep_key(name, key, session=session)

    def forget_token(self) -> None:
        """Delete the hub's token from the keyring."""
        self._courier.keep_token("")

    def words(self) -> Sequence[tuple[str, PrivateKind]]:
        """Return what the person named as private."""
        return [(each.word, each.kind) for each in load_words(self._home)]

    def own_words(self) -> Sequence[tuple[str, PrivateKind]]:
        """Return what Homebody knows by itself."""
        return [(each.word, each.kind) for each in machine_words()]

    def keep_words(self, words: Sequence[tuple[str, PrivateKind]]) -> None:
        """Keep these, in the place of those that were named before."""
        save_words(self._home, [PrivateWord(word, kind) for word, kind in words])

    def sent_body(self, sha256: str) -> str | None:
        """Return the copy of a body that was sent; None: there is none, or no longer."""
        found = self._store.sent_body(sha256)
        return found.body if found is not None else None

    def forget_body(self, sha256: str) -> None:
        """Delete that copy."""
        self._store.forget_body(sha256)

    def use_offline(self, offline: bool) -> None:
        """Connect to nothing from now on, and end what is connected; or connect again."""
        if self._courier.offline != offline:
            self._courier.offline = offline
