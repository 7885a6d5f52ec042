"""Detectors for how somebody is reached: e-mail, addresses on networks, and addresses with secrets.

Not private: addresses of this machine itself (127.0.0.1, ::1, 0.0.0.0), masks, the best known name
servers, `git@` of a repository. Addresses reserved for documentation count as any other: they look
the same, and only a list would tell.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from homebody.privacy.spans import Found

__all__ = ["contacts"]

_EMAIL: Final = re.compile(
    r"(?<![\w.+%-])(?:[\w.+%'-]{1,64}|\"[^\"\n@]{1,60}\")(?:@|%40)"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?P<end>[^\W\d_]{2,24}|xn--[a-z0-9-]{2,30})(?![^\W_])"
)
_SPELLED: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}[ ]?[(\[{][ ]?(?:at|@|ät|arobase|arroba|chiocciola)[ ]?[)\]}][ ]?"
    r"(?:[\w-]{1,63}[ ]?(?:\.|[(\[{][ ]?(?:dot|punkt|point|punto|\.)[ ]?[)\]}])[ ]?){1,4}"
    r"[^\W\d_]{2,24}(?!\w)",
    re.IGNORECASE,
)
# What stands behind the last dot of a file or of a unit of systemd, and of no address.
_FILES: Final = """
png jpg jpeg gif webp svg ico bmp service socket timer target mount slice scope js ts css html json
"""
_ENDINGS: Final = frozenset(_FILES.split())
_IPV4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)(?:[0-9A-Fa-f]{1,4}|:){1,2}(?::[0-9A-Fa-f]{0,4}){1,8}"
    r"(?:\d{0,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d)"
)
_MAC: Final = re.compile(
    r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}(?P<sep>[:-])(?:[0-9A-Fa-f]{2}(?P=sep)){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:]|[.-]\w)"
)
_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,40}://[^\s<>\"'`|\\^{}]{3,4000}"
)
_LOGIN: Final = re.compile(r"://[^/?#@\s]{0,300}@")
_SECRET_ARGUMENT: Final = re.compile(
    r"[?&;#](?:[\w.-]{0,30}[_.-])?(?:access_?token|auth_?token|refresh_?token|id_?token|token"
    r"|api_?key"
    r"|apikey|key|sig|signature|secret|client_?secret|password|passwd|pwd|pass|auth"
    r"|session(?:_?id)?"
    r"|sid|code|otp|credential|jwt|sas|hash|invite|user|username|email|ticket|nonce|state)"
    r"=([^&#\s]{6,})",
    re.IGNORECASE,
)
_ALWAYS_SECRET: Final = re.compile(
    r"otpauth://|hooks\.slack\.com/(?:services|workflows)/.{10}"
    r"|discord(?:app)?\.com/api/webhooks/\d+/.{10}|outlook\.office\.com/webhook/.{10}"
    r"|api\.telegram\.org/bot\d+:.{10}|accounts\.google\.com/.{0,60}token"
)
_PUBLIC: Final = frozenset(["8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"])
_TELLS_VERSION: Final = re.compile(
    r"(?:\bv|version|versión|versione|release|build|rev(?:ision)?|update|firmware|section|chapter"
    r"|abschnitt|kapitel|sección|sezione|chapitre|§|==|>=|<=|~=|\^)(?:\s(?:to|from|auf|von|is"
    r"|ist))?[\s:.#=v]{0,4}$",
    re.IGNORECASE,
)
_TELLS_ADDRESS: Final = re.compile(
    r"(?:\bip\b|addr|adresse|host|server|from|ping|://|@|src|dst|inet|client|dns|gateway|ssh|peer"
    r"|remote|\bvon\b|\bde\b|\bda\b|\bto\b)[^\d\n]{0,12}$",
    re.IGNORECASE,
)


def contacts(text: str) -> Iterator[Found]:
    """Yield e-mail addresses, IP and MAC addresses, and addresses that hold a secret."""
    for match in _EMAIL.finditer(text):
        if match["end"].lower() in _ENDINGS or match[0].startswith("git@"):
            continue
        yield Found(match.start(), match.end(), "EMAIL")
    for match in _SPELLED.finditer(text):
        yield Found(match.start(), match.end(), "EMAIL")
    for match in _IPV4.finditer(text):
        if _is_somebodys(text, match):
            yield Found(match.start(), match.end(), "IP")
    if "::" in text or text.count(":") > 6:
        for match in _IPV6.finditer(text):
            if _is_ipv6(match[0]):
                yield Found(match.start(), match.end(), "IP")
    for match in _MAC.finditer(text):
        if match[0].strip("0:.-") and match[0].lower().strip("f:.-"):
            yield Found(match.start(), match.end(), "MAC")
    if "://" in text:
        yield from _addresses(text)


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?*_")
        # A bracket closes what was opened before the address.
        while address.endswith((")", "]")) and address.count(")") + address.count("]") > (
            address.count("(") + address.count("[")
        ):
            address = address[:-1].rstrip(".,;:!?*_")
        login = _LOGIN.search(address[:400])
        has_login = login is not None and not login[0].startswith("://git@")
        if has_login or _ALWAYS_SECRET.search(address) or _tells_secret(address):
            yield Found(match.start(), match.start() + len(address), "URL")


def _tells_secret(address: str) -> bool:
    return any(
        any(map(str.isdigit, value)) or len(value) >= 12 or "password" in name or "%40" in value
        for name, value in (
            (each[0].lower(), each[1]) for each in _SECRET_ARGUMENT.finditer(address)
        )
        if not value.startswith(("<", "$", "{", "...", "xxx", "YOUR", "your"))
    )


def _is_somebodys(text: str, match: re.Match[str]) -> bool:
    parts = match[0].split(".")
    numbers = [int(each) for each in parts]
    if max(numbers) > 255 or any(len(each) > 1 and each.startswith("0") for each in parts):
        return False
    first, *_, last = numbers
    if first in {0, 127} or first >= 224 or match[0] in _PUBLIC:
        return False
    before = text[max(0, match.start() - 40) : match.start()]
    # A browser tells its version like that.
    is_browser = numbers[2:] == [0, 0] and re.search(r"[A-Za-z]/$", before) is not None
    is_network = last == 0 and re.match(r"/\d", text[match.end() : match.end() + 2]) is not None
    if is_browser or is_network or _TELLS_VERSION.search(before):
        return False
    if max(numbers) < 10 or (first < 10 and last == 0):
        return _TELLS_ADDRESS.search(before) is not None
    return True


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 2 or len(text) < 4:
        return False
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    if text.endswith("::"):
        return False  # a network, and nobody in it
    # Two numbers with colons between are a slice of a list.
    groups = [each for each in text.split(":") if each]
    if len(groups) < 3 and all(len(each) == 1 for each in groups):
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)
