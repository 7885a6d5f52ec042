"""Detectors for where and since when somebody is: paths with a user's name, coordinates, birthdays.

A date is a birthday only beside a word that says so, and since 1900.
"""

import re
from collections.abc import Iterator
from typing import Final

from homebody.privacy.spans import Found

__all__ = ["DAY", "paths", "whereabouts"]

_POSIX: Final = re.compile(
    r"(?<![\w.-])(?:file://(?:localhost)?)?(?:/(?:mnt|data|media|export|net|nfs|srv|var|private"
    r"|Volumes/[\w.-]{1,40}|[a-z]))?"
    r"/(?:home|Users)/(?P<user>[^\s/\"'`<>|:;,*?()\[\]{}$\\]{1,40})(?P<rest>/(?:[^\s\"'`<>"
    r"|;,*?()\[\]{}]|\\ ){0,400})?"
)
_WINDOWS: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:\\\\\?\\)?[A-Za-z]:[\\/]{1,2}(?:Users|Benutzer|Utilisateurs|Usuarios"
    r"|Utenti|Documents and Settings)[\\/]{1,2}"
    r"(?P<user>[^\\/\s\"'`<>|:*?%]{1,40}(?:[ ][^\\/\s\"'`<>|:*?%.,]{1,30}){0,3}(?=[\\/])"
    r"|[^\\/\s\"'`<>|:*?%]{1,40})"
    r"(?P<rest>(?:[\\/]{1,2}[^\\/\r\n\"'`<>"
    r"|:*?;,]{1,100}(?=[\\/])){0,30}[\\/]{0,2}[^\s\\/\"'`<>|:*?;,]{0,200})"
)
_SHARE: Final = re.compile(
    r"\\\\[\w.-]{1,60}\\(?:home|homes|users"
    r"|profiles)\$?\\(?P<user>[\w.-]{1,40})(?P<rest>(?:\\[^\s\\\"'<>|:*?]{0,100}){0,30})",
    re.IGNORECASE,
)
_TILDE: Final = re.compile(
    r"(?<![\w~/.])~(?P<user>[a-z][\w.-]{1,31})(?P<rest>/[^\s\"'`<>|;,*?()\[\]{}]{0,400})"
)
_ROUTE: Final = re.compile(
    r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|href=[\"']|route\([\"']|path=[\"'])[ ]?$"
)
_SHARED: Final = """
user users username name you your_name yourname shared public default all runner ubuntu linuxbrew
vagrant app node git jovyan circleci travis vsts container coder vscode deploy www www-data
index.html index.php me example xxx all_users defaultuser0 administrator admin root .. . nom
nombre benutzer utilisateur usuario utente
"""
_NOBODYS: Final = frozenset(_SHARED.split())

_MINUTES: Final = (
    r"(?:\d{1,2}(?:[.,]\d+)?[ ]?['’\u2032][ ]?)?(?:\d{1,2}(?:[.,]\d+)?[ ]?(?:\"|″|''|”)[ ]?)?"
)
_DEGREES: Final = re.compile(
    rf"(?<![\w.])\d{{1,3}}[ ]?°[ ]?{_MINUTES}[NSns](?:ord|orth|ud|outh|ur)?[ ,;/]{{0,4}}"
    rf"\d{{1,3}}[ ]?°[ ]?{_MINUTES}(?:[EWOewo](?:st|ast|est|uest|vest)?)(?![^\W_])"
)
_DECIMAL_DEGREES: Final = re.compile(
    r"(?<![\w.])[-+]?\d{1,3}[.,]\d{2,10}[ ]?°[ ]?[NSns]?[ ,;/]{1,4}"
    r"[-+]?\d{1,3}[.,]\d{2,10}[ ]?°[ ]?[EWOewo]?(?![^\W_])"
    r"|(?<![\w.])[NS][ ]?\d{1,2}(?:[.,]\d{2,10}"
    r"|[ °]{1,2}\d{1,2}[.,]\d{2,6}['\u2032]?)°?[ ,;/]{1,4}[EWO][ ]?\d{1,3}(?:[.,]\d{2,10}"
    r"|[ °]{1,2}\d{1,2}[.,]\d{2,6}['\u2032]?)°?"
)
_PAIR: Final = re.compile(
    r"(?<![\w.])(?<!\d,)(?<!\d, )(?<!\d;)(?P<lat>[-+]?\d{1,2}\.\d{4,10})[ ]?[,;/"
    r"|][ ]?(?P<lon>[-+]?\d{1,3}\.\d{4,10})(?!\w|\.\d)(?![ ]?[,;][ ]?[-+]?\d+\.\d)"
)
_GEO: Final = re.compile(
    r"(?:geo:|[?&@/](?:q|ll|sll|center|loc|destination|query"
    r"|mlat)?=?@?)(?P<value>[-+]?\d{1,2}\.\d{2,10}(?:,|%2C)[ ]?[-+]?\d{1,3}\.\d{2,10})"
)
_NAMED_DEGREES: Final = re.compile(
    r"(?<![^\W_])(?:lat(?:itude|itud|itudine)?|breite(?:ngrad)?|lon(?:g|gitude|gitud|gitudine)?"
    r"|lng|l[aä]nge(?:ngrad)?|breitengrad|l[aä]ngengrad)(?![^\W_])"
    r"[\"'’*_]{0,3}[ ]{0,2}(?:[:=]|is|ist|est|es"
    r"|è)?[ ]{0,2}[\"']?(?P<value>[-+]?\d{1,3}[.,]\d{2,16})(?![\w])",
    re.IGNORECASE,
)
_COORDINATES: Final = re.compile(
    r"(?:coord\w*|koordinaten|gps|position|location|standort|ubicaci[oó]n|posizione"
    r"|emplacement)[^\d\n]{0,25}?"
    r"(?P<value>[-+]?\d{1,2}[.,]\d{2,10}[ ]?[,;/ ][ ]?[-+]?\d{1,3}[.,]\d{2,10})(?!\w)",
    re.IGNORECASE,
)

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier)?|jänner|ene(?:ro)?|gen(?:naio)?|feb(?:ruary|ruar|rero|braio)?"
    r"|févr?(?:ier)?|fevrier|mar(?:ch|zo|s)?"
    r"|märz|maerz|apr(?:il|ile)?|abr(?:il)?|avr(?:il)?|may|mai|mayo|mag(?:gio)?|june?|juni|juin"
    r"|jun(?:io)?|giu(?:gno)?|july?|juli|juil(?:let)?"
    r"|jul(?:io)?|lug(?:lio)?|aug(?:ust)?|ago(?:sto)?|août|aout|sep(?:t(?:ember|embre"
    r"|iembre)?)?|set(?:tembre|iembre)?|oct(?:ober|obre|ubre)?"
    r"|okt(?:ober)?|ott(?:obre)?|nov(?:ember|embre|iembre)?|dec(?:ember)?|dez(?:ember)?"
    r"|dic(?:iembre|embre)?|déc(?:embre)?|decembre)"
)
_YEAR: Final = r"(?:19|20)\d{2}"
DAY: Final = (
    rf"(?:{_YEAR}[-./]\d{{1,2}}[-./]\d{{1,2}}"
    rf"|\d{{1,2}}[ ]?[-./][ ]?\d{{1,2}}[ ]?[-./][ ]?(?:{_YEAR}|\d{{2}}(?!\d))"
    rf"|\d{{1,2}}(?:\.|st|nd|rd|th|er|º|°)?[ -](?:of[ ]|de[ ])?{_MONTH}\.?,?[ -](?:de[ ]"
    rf"|del[ ])?{_YEAR}"
    rf"|{_MONTH}\.?[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ]{_YEAR}|{_YEAR}[ ]{_MONTH}[ ]\d{{1,2}}"
    rf"|\d{{8}}(?=\D|$))"
)
"""A day with its year, as people write it in five languages; without case."""
_BORN: Final = re.compile(
    r"(?<![^\W_])(?:(?:was |is )?born(?:[ _]on)?|d\.?o\.?b\.?|date[ _-]?of[ _-]?birth"
    r"|birth[ _-]?dates?|birthdays?|b[ -]?day|geb(?:\.|oren(?:e[nr]?)?)?"
    r"|geburts(?:datum|tag)s?|n[eé]e?s?[ ]le|n[eé]e?|date de naissance|naissance|naci(?:d[oa]|ó"
    r"|mos|miento)?(?:[ ]el)?|nacim\.?|fecha[ _](?:de[ _])?nac(?:imiento|\.)?|f\. ?nac\.?"
    r"|cumplea[nñ]os|nat[oa](?:[ ]il)?|data[ _]di[ _]nascita|nascita|compleanno|anniversaire"
    r"|nacq(?:ue|ui))(?![^\W_])"
    rf"(?P<between>[^\d\n]{{0,45}}?)(?:\n[ \t]{{0,8}})?(?<![\w])(?P<day>{DAY})(?!\d)",
    re.IGNORECASE,
)
_BORN_BACK: Final = re.compile(
    rf"(?<!\d)(?P<day>{DAY})[ ]?(?:(?:geboren|born|zur Welt|auf die Welt)(?!\w)|\((?:born|dob"
    rf"|date of birth|geboren|geb\.?|geburtsdatum|né|née|naissance|nacimiento|nascita"
    rf"|birthday)\)|,?[ ](?:is|ist|est|es|è)[ ](?:my|his|her|mein|sein|ihr|mon|son|mi|su|il mio"
    rf"|il suo)[ ](?:birthday|date of birth|geburtstag|geburtsdatum|anniversaire|cumpleaños"
    rf"|compleanno))",
    re.IGNORECASE,
)
_STAR: Final = re.compile(rf"(?:\*|✶|※)[ ]?(?P<day>{DAY})(?!\d)", re.IGNORECASE)
_LONGEST_REST: Final = 100
"""Characters of a quoted path behind its first blank."""
_SENTENCE_ENDS: Final = re.compile(r"[.!?;][ ]+[A-ZÄÖÜÀ-Ý]|\n\n")


def paths(text: str) -> Iterator[Found]:
    """Yield paths with a user's name."""
    for form in (_POSIX, _WINDOWS, _SHARE, _TILDE):
        for match in form.finditer(text):
            if match["user"].casefold().rstrip(".") in _NOBODYS or _is_route(text, match):
                continue
            end = match.start() + len(match[0].rstrip(".,:;!?*_"))
            before = text[max(0, match.start() - 1) : match.start()]
            if before and before in "\"'`":
                end = _closing(text, before, end)
            yield Found(match.start(), end, "PATH")


def whereabouts(text: str) -> Iterator[Found]:
    """Yield coordinates and dates of birth."""
    for form in (_DEGREES, _DECIMAL_DEGREES):
        for match in form.finditer(text):
            yield Found(match.start(), match.end(), "COORDINATES")
    for match in _PAIR.finditer(text):
        latitude, longitude = abs(float(match["lat"])), abs(float(match["lon"]))
        # In brackets short decimals are as likely a row of some table of numbers.
        in_brackets = text[match.start() - 1 : match.start()] == "["
        if in_brackets and len(match["lat"].partition(".")[2]) < 5:
            continue
        if latitude <= 90 and longitude <= 180 and max(latitude, longitude) >= 1:
            yield Found(match.start(), match.end(), "COORDINATES")
    for form in (_GEO, _NAMED_DEGREES, _COORDINATES):
        for match in form.finditer(text):
            yield Found(match.start("value"), match.end("value"), "COORDINATES")
    for form in (_BORN, _BORN_BACK, _STAR):
        for match in form.finditer(text):
            between = match["between"] if form is _BORN else ""
            if not _SENTENCE_ENDS.search(between) and _is_day(match["day"]):
                yield Found(match.start("day"), match.end("day"), "BIRTHDAY")


def _closing(text: str, quote: str, end: int) -> int:
    """Return where a quoted path ends, which may hold blanks."""
    closing = text.find(quote, end, end + _LONGEST_REST)
    return closing if closing >= 0 and "\n" not in text[end:closing] else end


def _is_day(value: str) -> bool:
    if value.isdigit():
        return 1900 <= int(value[:4]) <= 2099 or 1900 <= int(value[4:]) <= 2099
    return True


def _is_route(text: str, match: re.Match[str]) -> bool:
    return _ROUTE.search(text, max(0, match.start() - 12), match.start()) is not None
