"""Who can be asked elsewhere: servers that speak the OpenAI-compatible chat protocol."""

from msgspec import Struct

__all__ = ["Provider", "ProviderReport", "ProvidersReport"]


class Provider(Struct, frozen=True, kw_only=True):
    """A server and a model on it. Its key is in the system's keyring, never here."""

    name: str
    url: str
    """Base address, such as "https://api.example.org/v1"."""
    model: str
    mine: bool = False
    """A machine of the person's own: it may be on their network, and one yes is enough for it."""
    agreed: str | None = None
    """When the person said that one yes (ISO 8601), for this address and model."""
    price_in: float | None = None
    """Money for a million tokens that are sent; None: not known."""
    price_out: float | None = None
    """Money for a million tokens that come back."""
    currency: str = "USD"


class ProviderReport(Struct, frozen=True, kw_only=True):
    """A provider, as `homebody providers list --json` prints it."""

    name: str
    url: str
    model: str
    mine: bool
    agreed: str | None
    price_in: float | None
    price_out: float | None
    currency: str


class ProvidersReport(Struct, frozen=True, kw_only=True):
    """`homebody providers list --json`."""

    path: str
    providers: tuple[ProviderReport, ...]
