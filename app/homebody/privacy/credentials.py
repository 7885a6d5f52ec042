"""Detectors for keys, tokens, passwords and private key blocks.

Three ways: a form that only one issuer's keys have; a word that tells, with a value behind it; and
letters and digits without order beside such a word. What stands for a value without being one
(`<your key>`, `os.environ["KEY"]`, `********`) is left alone.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from homebody.privacy.spans import Found

__all__ = ["credentials", "is_password"]

_ISSUED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{22,255}"
    r"|gl(?:pat|rt|dt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{16,300}"
    r"|xox[abceoprs]-[\w-]{10,250}|xapp-\d-[\w-]{10,250}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/=]{16,100}"
    r"|AIza[\w-]{35}(?![\w-])|ya29\.[\w-]{20,400}|GOCSPX-[\w-]{20,60}|1//0[\w-]{30,150}"
    r"|hf_[A-Za-z0-9]{20,100}|npm_[A-Za-z0-9]{30,100}|pypi-[A-Za-z0-9_-]{40,400}"
    r"|SG\.[\w-]{16,40}\.[\w-]{30,60}|key-[0-9a-f]{32}(?!\w)|[0-9a-f]{32}-us\d{1,2}(?!\w)"
    r"|(?:SK|AC)[0-9a-f]{32}(?!\w)|\d{8,10}:AA[\w-]{32,35}(?![\w-])"
    r"|[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])"
    r"|eyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,2000}){1,3}"
    r"|dop_v1_[0-9a-f]{40,80}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[\w-]{20,60}"
    r"|EAAA[\w-]{50,80}|dapi[0-9a-f]{32}|hv[sb]\.[\w-]{20,300}|s\.[A-Za-z0-9]{24}(?!\w)"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{20,80}|dckr_pat_[\w-]{20,60}|lin_api_[A-Za-z0-9]{30,60}"
    r"|ntn_[A-Za-z0-9]{30,60}|PMAK-[0-9a-f-]{40,80}|gls[ap]_\w{30,60}|sntrys_[\w=+/.-]{30,300}"
    r"|dp\.(?:pt|st|ct|sa)\.[\w.-]{30,80}|figd_[\w-]{30,60}|NRAK-[A-Z0-9]{20,40}"
    r"|(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{30,100}={0,2}|sbp_[0-9a-f]{30,60}"
    r"|(?:gsk|xai|pplx|r8|fly|vercel|rnd|re|tvly|secret|nvapi|co)[_-][A-Za-z0-9_-]{30,200}"
    r"|[xyzt]prv[1-9A-HJ-NP-Za-km-z]{90,120}|[5KL][1-9A-HJ-NP-Za-km-z]{50,51}(?!\w)"
    r"|(?=[A-Z0-9-]{0,28}\d)(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}(?![\w-])"
    r")"
)
_SK: Final = re.compile(r"(?<![A-Za-z0-9-])sk-[A-Za-z0-9_-]{16,300}")
_BEGIN: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d"
)
_KEY_TEXT: Final = re.compile(
    r"(?:[ \t>|\"'+#*/-]{0,8}(?:[A-Za-z0-9+/=]{1,100}|[\w-]{1,30}: [^\n]{0,100})?(?:\r?\n"
    r"|\\r?\\n|$)){1,200}"
)
_FARTHEST: Final = 20_000
"""Characters of a block."""

_NAMES_OF_PASSWORDS: Final = (
    r"pass(?:word|wd|wort|phrase|code|key)s?|kenn[wW]ort|kennwörter|pwd|passw|losung|pw|mdp|"
    r"mots? de passe|contrase(?:ñ|n|n~)as?|clave(?: de acceso| secreta| wifi| del? wifi)?"
    r"|parola (?:d['’]ordine"
    r"|chiave|segreta)|parola d’accesso|zugangsdaten|zugangscode|code d['’]acc[eè]s|pass"
    r"|(?:wi-?fi|wlan|wpa2?|netz(?:werk)?)[ _-]?(?:key|schlüssel|password|passwort|psk)|psk"
    r"|clé wi-?fi"
    r"|chiave (?:wi-?fi|di rete|segreta)|clave de red|codigo de acceso|código de acceso"
    r"|codice d['’]accesso"
)
_NAMES_OF_KEYS: Final = (
    r"(?:api|access|secret|private|auth|encryption|signing|master|account|client|service|app"
    r"|license|licence|"
    r"product|serial|activation|session|jwt|webhook|ssh|consumer|subscription|deploy|storage"
    r"|aes|hmac)"
    r"[ _.-]?(?:access[ _.-]?)?(?:key|secret|token|code|cookie|id)s?"
    r"|(?:bearer|refresh|id|bot|personal access|csrf|xsrf|oauth|push|device|security)[ _.-]?tokens?"
    r"|secrets?|tokens?|api[ _-]?schlüssel|schlüssel|lizenzschlüssel|produktschlüssel"
    r"|zugriffsschlüssel"
    r"|clé(?: d['’]api| api| secrète| privée| de licence)?|jeton(?: d['’]accès)?"
    r"|clave(?: de)? api|llave(?: privada)?"
    r"|clave (?:privada|de licencia|secreta)|ficha de acceso|chiave(?: api| privata"
    r"| di licenza)|gettone"
    r"|credentials?|session(?:id|[ _-]?token)|sessionid|phpsessid|jsessionid|connect\.sid"
    r"|apikey|appsecret"
    r"|x-api-key|auth|signature|sas"
)
_SEPARATOR: Final = (
    r"[\\\"'`*_\])]{0,4}(?:[ \t]{0,3}\([^()\n]{0,30}\))?[ \t]{0,4}"
    r"(?::[ \t]{0,2}(?:str|String|string|SecretStr)(?:[ \t]?\|[ \t]?None)?[ \t]?=|:=|=>|={1,2}"
    r"|:|->|→|\|)"
    r"[*_ \t]{0,4}(?:\r?\n[ \t]{0,8})?[ \t]{0,8}[*_]{0,2}(?:(?:f|b|r|u)(?=[\"']))?"
)
_VALUE: Final = (
    r"(?:\\?\"(?P<double>[^\"\n]{3,400}?)\\?\"|'(?P<single>[^'\n]{3,400})'"
    r"|`(?P<code>[^`\n]{3,400})`"
    r"|«[ ]?(?P<angle>[^»\n]{3,200})[ ]?»|„(?P<low>[^“”\n]{3,200})[“”]|“(?P<high>[^”\n]{3,200})”"
    r"|(?P<bare>[^\s\"'`<>|,;]\S{2,400}))"
)
_ASSIGNED: Final = re.compile(
    rf"(?:(?<![^\W_])|(?<=[a-z])(?=[A-Z]))(?:(?P<password>{_NAMES_OF_PASSWORDS})"
    rf"|(?P<key>{_NAMES_OF_KEYS}))(?![^\W_]){_SEPARATOR}{_VALUE}",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(
    rf"(?<=[a-z0-9])(?:(?P<password>Password|Passwd|Passphrase|Pwd|Pass)|(?P<key>Key|Secret"
    rf"|Token))(?![a-z]){_SEPARATOR}{_VALUE}"
)
_TOLD: Final = re.compile(
    rf"(?<![^\W_])(?:(?P<password>{_NAMES_OF_PASSWORDS})|(?P<key>{_NAMES_OF_KEYS}))(?![^\W_])"
    r"(?:[ ](?:for|to|of|on|für|zu|zum|zur|vom|von|im|in|pour|de|du|des|au|para|del|per|di"
    r"|al)(?:[ ][^\s:.,;]{1,30}){1,5}?)?"
    r"(?:['’]s|[ ](?:is|was|ist|war|lautet|est|était|es|era|è|sarà|will be|now|jetzt|ahora|ora"
    r"|reads|heißt|to))(?:[ ](?:now|jetzt|ahora|ora|still|currently|desormais))?"
    rf"[ ]?:?[ ][*_]{{0,2}}{_VALUE}",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(
    rf"(?<![^\W_])(?:{_NAMES_OF_PASSWORDS})(?![^\W_])[ ]{{1,2}}"
    r"(?P<value>(?=\S{0,30}\d)(?=\S{0,30}[^\W\d])[^\s\"'`(),;:=/]{6,60})(?=[\s.,;)]|$)",
    re.IGNORECASE,
)
_FLAG: Final = re.compile(
    r"(?<!\S)--?(?P<password>password|passwd|passphrase|pass|pw)(?P<key>)?[ =]"
    + _VALUE
    + r"|(?<!\S)--?(?:token|api-?key|secret|auth-token|access-token|secret-key)"
    r"[ =](?P<flag>[^\s\"'$<]{6,400})"
    r"|(?<!\S)(?:-u|--user)[ =](?P<login>[\w.@-]{1,60}:[^\s\"']{3,100})"
    r"|(?<!\S)sshpass[ ]-p[ ]?(?P<shell>[^\s$]{3,100})"
    r"|(?<!\S)mysql\w{0,9}[ ][^\n]{0,80}?[ ]-p(?P<sql>[^\s$\"']{4,60})"
    r"|(?<!\S)login[ \t]+\S{1,80}[ \t]+password[ \t]+(?P<netrc>\S{3,100})",
)
_AUTHORIZATION: Final = re.compile(
    r"(?:authorization[\"']?[ \t]{0,3}[:=][ \t]{0,3}[\"']?[ ]?(?:bearer|basic|token|apikey|digest)"
    r"|(?<![\w-])bearer)[ ]{1,2}(?P<value>[A-Za-z0-9._~+/=-]{8,4000})",
    re.IGNORECASE,
)
_COOKIE: Final = re.compile(
    r"(?<![\w-])(?:set-)?cookie:[ ]?(?P<value>[^\s=;]{1,60}=[^\r\n\"']{8,4000})", re.IGNORECASE
)
_PHRASE: Final = re.compile(
    r"(?<![^\W_])(?:seed[ -]?phrase|recovery[ -]?phrase|mnemonic(?: phrase)?|passphrase"
    r"|wiederherstellungsphrase"
    r"|frase (?:semilla|de recuperación|di recupero|seme)|phrase (?:de récupération|secrète)"
    r"|phrase secrète)(?![^\W_])"
    r"[ \t]{0,2}(?:[:=]|is|ist|lautet|est|es"
    r"|è)[ \t\"'`]{1,4}(?P<value>[^\W\d_]{2,12}(?:[ ][^\W\d_]{2,12}){3,23})",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"(?<![^\W_])(?:(?:card |sim[ -]|geheim)?pin|puk|tan|otp|2fa(?:[ -]code)?|totp"
    r"|one[ -]time (?:code|password)"
    r"|(?:verification|security|access|login|confirmation|authentication|alarm|door|gate"
    r"|unlock)[ -]?code"
    r"|best[aä]tigungscode|sicherheitscode|einmal(?:code|passwort|kennwort)|t[uü]rcode|alarmcode"
    r"|code (?:de (?:v[eé]rification|s[eé]curit[eé]|confirmation|validation|la porte)|secret"
    r"|pin|d['’]entr[eé]e)|digicode"
    r"|c[oó]digo (?:de (?:verificaci[oó]n|seguridad|confirmaci[oó]n|acceso)|pin)"
    r"|codice (?:di (?:verifica|sicurezza|conferma)|pin|segreto))"
    r"(?![^\W_])(?:[ -](?:code|number|nummer|no\.?))?"
    r"(?:[ ](?:for|of|für|vom|der|zur|zum|del|della|de la|de|du|di)(?:[ ][^\s:.,;\d]{1,20}){1,3}?)?"
    r"[\"'*]{0,2}[^\w\n]{0,4}"
    r"(?:(?:is|ist|war|lautet|est|es|è|von|of|de)[ ](?:now "
    r"|jetzt )?[*\"'`]{0,2})?[\"']?(?P<value>(?:[A-Z]-)?\d{4,8}|\d{3}[ -]\d{3})(?![\w.,]\d|\w)",
    re.IGNORECASE,
)
_STAND_INS: Final = re.compile(
    r"(?:<|\$|\{|\[|\(|%\(|%s|\*{3}|•{3}|●{3}|x{3,}$|\.{3}|…|-{3}|_{3}|#\{|@\{|=|process\.env"
    r"|os\.|env\.|env\[|config[.\[]|self\.|this\.|args\.|"
    r"request|settings\.|options\.|params\.|getpass|input\(|getenv|secrets?\.|vault[.:]"
    r"|your[_ -]?|mein|ihr[_ -]|deine?[_ -]|votre|tu_|my[_-](?:pass|key|token|secret|api)|"
    r"https?://|redacted|\[?removed|hidden|n/a|tbd|todo|example$|placeholder|insert|enter[_ -]"
    r"|same as)",
    re.IGNORECASE,
)
_WORDS: Final = """
none null nil true false undefined str string text bytes int integer bool boolean object optional
required password passwort kennwort passwd secret token key value field column varchar char hash
hashed bcrypt argon2 sha256 md5 plain plaintext empty missing invalid wrong incorrect expired
valid ok yes no ja nein oui non sí si and und et y e or oder ou the der die das le la el il a an
ein eine my mein is ist list dict tuple any type data number date void const let var function
return self this public private bearer basic unknown default never always must should can cannot
may not reset change changed update updated forgot forgotten vergessen oublié olvidada dimenticata
manager protected input output with mit avec con for für pour para per in on at see siehe voir ver
vedi unset set disabled enabled admin_password db_password user_password
"""
_NO_VALUES: Final = frozenset(_WORDS.split())
_IDENTIFIER: Final = re.compile(
    r"[A-Za-z_$][A-Za-z_]*(?:(?:\.|->|::)[A-Za-z_]\w*)*(?:\(|\[|\)|;|$)"
)
# A name, a call, an index; a version, an amount, a day.
_CODE_OR_NUMBER: Final = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*[\[(]|[A-Za-z_]\w*(?:\.[A-Za-z_]+)+\W*$|[a-z]+_[a-z_]+\d?$"
    r"|v?\d+(?:[.,-]\d+)+$|\d{4}-\d\d-\d\d"
)
_SIZE_OR_CODE: Final = re.compile(r"\d+(?:\.\d+)?(?:px|em|%|ms|s)$|[a-z_]\w*[.(\[][a-z_\"'\]]")
_HASH: Final = re.compile(r"(?:sha\d*|md5)[:-]", re.IGNORECASE)


def credentials(text: str) -> Iterator[Found]:
    """Yield keys, tokens, passwords, codes and blocks of private keys."""
    yield from _blocks(text)
    yield from _told(text)
    for match in _ISSUED.finditer(text):
        yield Found(match.start(), match.end(), "SECRET")
    for match in _SK.finditer(text):
        if sum(map(str.isdigit, match[0])) >= 2:
            yield Found(match.start(), match.end(), "SECRET")
    for form in (_AUTHORIZATION, _COOKIE, _PHRASE, _CODE):
        for match in form.finditer(text):
            value = match["value"]
            if form is not _AUTHORIZATION or any(map(str.isdigit, value)) or len(value) > 24:
                yield Found(match.start("value"), match.end("value"), "SECRET")


def _told(text: str) -> Iterator[Found]:
    """Yield what a word before it calls a key or a password."""
    for form in (_ASSIGNED, _CAMEL):
        for match in form.finditer(text):
            name, value, start = _value(match)
            if _is_assigned(text, match, name, value):
                yield Found(start, start + len(value), "SECRET")
    for match in _TOLD.finditer(text):
        name, value, start = _value(match)
        if _is_told(match, name, value):
            yield Found(start, start + len(value), "SECRET")
    for match in _BESIDE.finditer(text):
        value = match["value"].rstrip(".")
        if is_password(value) and _looks_random(value):
            yield Found(match.start("value"), match.start("value") + len(value), "SECRET")
    for match in _FLAG.finditer(text):
        yield from _flagged(match)


def is_password(value: str) -> bool:
    """Tell whether this may be a password, rather than something that stands for one."""
    return (
        len(value) >= 4
        and value.casefold().strip(".:!?") not in _NO_VALUES
        and _STAND_INS.match(value) is None
        and len(set(value)) > 1
    )


def _blocks(text: str) -> Iterator[Found]:
    end = 0
    for match in _BEGIN.finditer(text):
        if match.start() < end:
            continue
        is_putty = match[0].startswith("PuTTY")
        closing = "Private-MAC:" if is_putty else "-----END "
        found = text.find(closing, match.end(), match.end() + _FARTHEST)
        if found >= 0:
            end = text.find("-----", found + len(closing), found + 80)
            line = text.find("\n", found)
            end = end + 5 if end >= 0 else (line if line >= 0 else len(text))
        else:
            body = _KEY_TEXT.match(text, match.end())
            end = body.end() if body else match.end()
        yield Found(match.start(), end, "SECRET")


def _value(match: re.Match[str]) -> tuple[str, str, int]:
    """Return how a value was quoted, the value, and where it starts."""
    for name in ("double", "single", "code", "angle", "low", "high"):
        if match[name] is not None:
            return name, match[name], match.start(name)
    bare = match["bare"] or ""
    # A sentence, a list, a call or a mark of Markdown goes on behind it.
    cut = re.split(r"[\"'`|,;<>](?:\s|$|[)\]}])|\\n|&(?=\w+=)", bare, maxsplit=1)[0]
    return "bare", cut.rstrip(".,;:\"'`)]}*_»”“|"), match.start("bare")


def _is_assigned(text: str, match: re.Match[str], name: str, value: str) -> bool:
    if not is_password(value) or _HASH.match(value):
        return False
    if match["password"] is None:
        return _looks_random(value)
    if name != "bare":
        return " " not in value or match["password"].lower() != "pass"
    if value.isdigit() or _IDENTIFIER.match(match["bare"]) is None:
        return _SIZE_OR_CODE.match(value) is None
    # Letters alone: a password in a list of them, a name in code, or a word of a sentence.
    separator = text[match.end("password") : match.start("bare")]
    end = match.start("bare") + len(value)
    follows = text[end : end + 2]
    in_code = "=" in separator and (" " in separator or follows[:1] in {")", ",", "(", ";", "["})
    in_prose = ":" in separator and bool(re.match(r"[ ][^\W\d_]", follows))
    return not in_code and not in_prose and follows[:1] not in {"(", "["}


def _is_told(match: re.Match[str], name: str, value: str) -> bool:
    if not is_password(value):
        return False
    if match["password"] is None:
        return _looks_random(value)
    if name != "bare":
        return True
    if re.fullmatch(r"\d+(?:[.,]\d+)?", value):
        return value.isdigit() and len(value) >= 4
    has_inner_capital = any(map(str.isupper, value[1:])) and any(map(str.islower, value))
    has_sign = re.search(r"[^\w'’.-]", value) is not None
    return any(map(str.isdigit, value)) or has_inner_capital or has_sign


def _flagged(match: re.Match[str]) -> Iterator[Found]:
    for group in ("flag", "login", "shell", "sql", "netrc"):
        if match[group] is not None:
            if is_password(match[group]):
                yield Found(match.start(group), match.end(group), "SECRET")
            return
    _, value, start = _value(match)
    if is_password(value):
        yield Found(start, start + len(value), "SECRET")


def _looks_random(value: str) -> bool:
    """Tell letters and digits without order from words and names."""
    if len(value) < 8 or " " in value or (value.isdigit() and len(value) < 10):
        return False
    if _CODE_OR_NUMBER.match(value):
        return False
    if any(map(str.isdigit, value)):
        return _entropy(value) > 2.4
    mixed = any(map(str.isupper, value[1:])) and any(map(str.islower, value))
    return len(value) >= 20 and mixed and _entropy(value) > 3.8


def _entropy(value: str) -> float:
    """Bits a character, of the characters' own frequencies."""
    counts = Counter(value)
    return -sum(each / len(value) * math.log2(each / len(value)) for each in counts.values())
