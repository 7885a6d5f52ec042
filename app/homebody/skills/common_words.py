"""Words that stand in every text and say nothing about it, in five languages."""

from typing import Final

__all__ = ["COMMON", "is_common"]

_ENGLISH: Final = """
a about after all also an and any are as at be because been but by can could did do does for from
had has have he her his how i if in into is it its just me more most my no not of on one only or our
out over she so some such than that the their them then there these they this those to too up us
very was we were what when where which who will with would you your
"""
_GERMAN: Final = """
aber alle alles als also am an auch auf aus bei bin bis da das dass dem den der des die dir doch du
durch ein eine einem einen einer eines er es für haben hat hatte ich ihm ihn ihr im in ist ja kann
man mein meine meinen mich mir mit nach nicht noch nur oder schon sein seine sich sie sind so um und
uns von vor war waren was wegen wenn wer wie wir wird wo zu zum zur über
"""
_SPANISH: Final = """
al algo con de del desde donde e el ella en entre era es esa ese esta este ha han hay la las le les
lo los me mi mis muy más ni no o os para pero por que qué se ser si sin sobre son su sus también te
todas todo todos tu un una unas unos y ya yo
"""
_FRENCH: Final = """
au aux avec ce ces cette dans de des du elle elles en est et eux il ils je la le les leur lui ma
mais me mes moi mon même ne nos notre nous on ont ou par pas plus pour qu que qui sa sans se ses
si son sont sur ta te tes toi ton tous tout toute toutes tu un une vos votre vous y à été être
"""
_ITALIAN: Final = """
ai al alla alle anche che chi ci come con cui da dal dalla dei del della delle di e ed era fra gli
ha hanno ho i il in io la le lei li lo loro lui ma mi mia mie miei mio ne nei nel nella no noi non o
per perché più quando questa questo se si sono su sua sue sul sulla suo tra tu tutte tutti tutto un
una uno è
"""

COMMON: Final = frozenset(f"{_ENGLISH}{_GERMAN}{_SPANISH}{_FRENCH}{_ITALIAN}".split())


def is_common(word: str) -> bool:
    """Tell whether a word, in any case and with its punctuation, is one of them."""
    return word.casefold().strip(".,;:!?¿¡\"'“”„«»()") in COMMON
