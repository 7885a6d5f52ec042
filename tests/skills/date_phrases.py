"""Phrases in five languages and what they mean, said on Wednesday, 18 November 2026, 10:15, Berlin.

Written by hand before they were tried. A day; a time; or a span, whose end is its last day.
"""

from typing import Final

PHRASES: Final = """
en | today | 2026-11-18
en | tomorrow | 2026-11-19
en | yesterday | 2026-11-17
en | the day after tomorrow | 2026-11-20
en | day before yesterday | 2026-11-16
en | tomorrow at 9 | 2026-11-19 09:00
en | tomorrow at 9am | 2026-11-19 09:00
en | tomorrow at 5 | 2026-11-19 17:00
en | tmrw 8:30 | 2026-11-19 08:30
en | at 3pm | 2026-11-18 15:00
en | at 3 | 2026-11-18 15:00
en | at 9 | 2026-11-18 21:00
en | at 11 | 2026-11-18 11:00
en | 7 pm | 2026-11-18 19:00
en | at 7 a.m. tomorrow | 2026-11-19 07:00
en | half past seven | 2026-11-18 19:30
en | quarter to eight tomorrow morning | 2026-11-19 07:45
en | ten past six | 2026-11-18 18:10
en | noon | 2026-11-18 12:00
en | tomorrow at noon | 2026-11-19 12:00
en | midnight | 2026-11-19 00:00
en | tonight at 8 | 2026-11-18 20:00
en | this evening at 7:30 | 2026-11-18 19:30
en | tomorrow evening at six | 2026-11-19 18:00
en | in 20 minutes | 2026-11-18 10:35
en | in an hour | 2026-11-18 11:15
en | in half an hour | 2026-11-18 10:45
en | in an hour and a half | 2026-11-18 11:45
en | in one and a half hours | 2026-11-18 11:45
en | in 2 hours and 30 minutes | 2026-11-18 12:45
en | 45 min from now | 2026-11-18 11:00
en | in 3 days | 2026-11-21
en | in 3 days at 9 | 2026-11-21 09:00
en | in two weeks | 2026-12-02
en | in a couple of weeks | 2026-12-02
en | in a fortnight | 2026-12-02
en | three days ago | 2026-11-15
en | 2 months ago | 2026-09-18
en | 3 weeks from today | 2026-12-09
en | 90 days before today | 2026-08-20
en | a week from Friday | 2026-11-27
en | two days before Christmas | 2026-12-23
en | 2 weeks after March 3 | 2027-03-17
en | 3 days after tomorrow | 2026-11-22
en | Friday | 2026-11-20
en | on Monday at 10 | 2026-11-23 10:00
en | next Friday | 2026-11-20
en | next Monday | 2026-11-23
en | last Friday | 2026-11-13
en | this Saturday | 2026-11-21
en | Wednesday | 2026-11-25
en | Friday 20 November | 2026-11-20
en | next week | 2026-11-23..2026-11-29
en | Tuesday next week | 2026-11-24
en | this week | 2026-11-16..2026-11-22
en | last month | 2026-10-01..2026-10-31
en | next month | 2026-12-01..2026-12-31
en | next year | 2027-01-01..2027-12-31
en | this weekend | 2026-11-21..2026-11-22
en | next weekend | 2026-11-21..2026-11-22
en | end of the month | 2026-11-30
en | the end of next month | 2026-12-31
en | end of the year | 2026-12-31
en | beginning of March | 2027-03-01
en | end of March 2027 | 2027-03-31
en | 3 March | 2027-03-03
en | March 3rd | 2027-03-03
en | 3rd of March 2028 | 2028-03-03
en | December 24, 2026 | 2026-12-24
en | Dec 24 at 6pm | 2026-12-24 18:00
en | 24 Dec | 2026-12-24
en | the 3rd of March | 2027-03-03
en | on the 15th | 2026-12-15
en | the 30th | 2026-11-30
en | the first Monday of March | 2027-03-01
en | last Friday of the month | 2026-11-27
en | March 2027 | 2027-03-01..2027-03-31
en | 2030 | 2030-01-01..2030-12-31
en | Christmas | 2026-12-25
en | Christmas Eve at 6 pm | 2026-12-24 18:00
en | New Year's Eve | 2026-12-31
en | New Year | 2027-01-01
en | Easter | 2027-03-28
en | Good Friday | 2027-03-26
en | Thanksgiving | 2026-11-26
en | Easter 2030 | 2030-04-21
en | Halloween | 2027-10-31
en | Valentine's Day | 2027-02-14
en | 2026-12-31 | 2026-12-31
en | 2026-12-31 18:30 | 2026-12-31 18:30
en | 2026-12-31T18:30 | 2026-12-31 18:30
en | 31/12/2026 | 2026-12-31
en | 12/31/2026 | 2026-12-31
en | 31.12.2026 at 8 pm | 2026-12-31 20:00
en | now | 2026-11-18 10:15
en | twenty-fifth of December | 2026-12-25
en | in ten working days | 2026-12-02
en | Saturday morning at 10 | 2026-11-21 10:00
en | 6 o'clock tomorrow | 2026-11-19 06:00
en | 5 in the afternoon | 2026-11-18 17:00
en | Thursday noon | 2026-11-19 12:00
en | Monday, 7 December 2026, 15:30 | 2026-12-07 15:30
en | February 29 | 2028-02-29
en | twelve days from now | 2026-11-30
en | 1 January | 2027-01-01
en | the middle of next month | 2026-12-16
de | heute | 2026-11-18
de | morgen | 2026-11-19
de | übermorgen | 2026-11-20
de | vorgestern | 2026-11-16
de | übermorgen um 8 | 2026-11-20 08:00
de | morgen früh um 7 | 2026-11-19 07:00
de | heute Abend um 8 | 2026-11-18 20:00
de | heute um 18 Uhr | 2026-11-18 18:00
de | um halb acht | 2026-11-18 19:30
de | morgen um halb neun | 2026-11-19 08:30
de | Viertel vor sechs | 2026-11-18 17:45
de | Viertel nach drei | 2026-11-18 15:15
de | fünf vor halb neun | 2026-11-18 20:25
de | um 14:30 Uhr | 2026-11-18 14:30
de | 14.30 Uhr | 2026-11-18 14:30
de | acht Uhr dreißig | 2026-11-19 08:30
de | in 20 Minuten | 2026-11-18 10:35
de | in einer halben Stunde | 2026-11-18 10:45
de | in anderthalb Stunden | 2026-11-18 11:45
de | in einer Viertelstunde | 2026-11-18 10:30
de | in zwei Wochen | 2026-12-02
de | vor drei Tagen | 2026-11-15
de | vor einem Monat | 2026-10-18
de | heute in drei Wochen | 2026-12-09
de | Freitag | 2026-11-20
de | am Freitag um 15 Uhr | 2026-11-20 15:00
de | nächsten Montag | 2026-11-23
de | letzten Freitag | 2026-11-13
de | Freitagabend um 9 | 2026-11-20 21:00
de | nächste Woche | 2026-11-23..2026-11-29
de | nächste Woche Dienstag | 2026-11-24
de | nächsten Monat | 2026-12-01..2026-12-31
de | übernächste Woche | 2026-11-30..2026-12-06
de | am Wochenende | 2026-11-21..2026-11-22
de | Ende des Monats | 2026-11-30
de | Ende März | 2027-03-31
de | Anfang nächster Woche | 2026-11-23
de | 3. März | 2027-03-03
de | am 3. März 2027 | 2027-03-03
de | 31.12. | 2026-12-31
de | 31.12.2026 | 2026-12-31
de | am 24.12. um 18 Uhr | 2026-12-24 18:00
de | 1.2.27 | 2027-02-01
de | am 15. | 2026-12-15
de | Weihnachten | 2026-12-25
de | Heiligabend | 2026-12-24
de | Silvester | 2026-12-31
de | Ostermontag | 2027-03-29
de | Mitternacht | 2026-11-19 00:00
de | morgen Mittag | 2026-11-19 12:00
de | der erste Montag im März | 2027-03-01
de | zwei Tage vor Weihnachten | 2026-12-23
de | drei Wochen nach Ostern | 2027-04-18
de | im Januar | 2027-01-01..2027-01-31
es | hoy | 2026-11-18
es | mañana | 2026-11-19
es | pasado mañana | 2026-11-20
es | anteayer | 2026-11-16
es | mañana a las 9 | 2026-11-19 09:00
es | mañana por la mañana a las 8 | 2026-11-19 08:00
es | a las siete y media | 2026-11-18 19:30
es | a las ocho menos cuarto | 2026-11-18 19:45
es | a las 3 de la tarde | 2026-11-18 15:00
es | esta noche a las 9 | 2026-11-18 21:00
es | el viernes | 2026-11-20
es | el próximo lunes | 2026-11-23
es | el viernes que viene | 2026-11-20
es | el lunes pasado | 2026-11-16
es | en 20 minutos | 2026-11-18 10:35
es | dentro de dos semanas | 2026-12-02
es | en una hora y media | 2026-11-18 11:45
es | en media hora | 2026-11-18 10:45
es | hace tres días | 2026-11-15
es | la semana que viene | 2026-11-23..2026-11-29
es | el mes pasado | 2026-10-01..2026-10-31
es | el próximo fin de semana | 2026-11-21..2026-11-22
es | a finales de mes | 2026-11-30
es | el 3 de marzo | 2027-03-03
es | 3 de marzo de 2028 | 2028-03-03
es | el 24 de diciembre a las 20:30 | 2026-12-24 20:30
es | 31/12/2026 | 2026-12-31
es | Navidad | 2026-12-25
es | Nochevieja | 2026-12-31
es | Viernes Santo | 2027-03-26
es | a mediodía | 2026-11-18 12:00
es | el sábado a las once de la noche | 2026-11-21 23:00
es | principios de enero | 2027-01-01
es | dos días antes de Navidad | 2026-12-23
es | a la una | 2026-11-18 13:00
fr | aujourd'hui | 2026-11-18
fr | demain | 2026-11-19
fr | après-demain | 2026-11-20
fr | avant-hier | 2026-11-16
fr | demain à 9h | 2026-11-19 09:00
fr | demain matin à 8 heures | 2026-11-19 08:00
fr | à 18h30 | 2026-11-18 18:30
fr | à huit heures et demie ce soir | 2026-11-18 20:30
fr | à dix-neuf heures | 2026-11-18 19:00
fr | midi | 2026-11-18 12:00
fr | ce soir à 8 heures | 2026-11-18 20:00
fr | dans 20 minutes | 2026-11-18 10:35
fr | dans une demi-heure | 2026-11-18 10:45
fr | dans une heure et demie | 2026-11-18 11:45
fr | dans deux semaines | 2026-12-02
fr | dans quinze jours | 2026-12-03
fr | il y a trois jours | 2026-11-15
fr | vendredi | 2026-11-20
fr | vendredi prochain | 2026-11-20
fr | lundi prochain à 10h | 2026-11-23 10:00
fr | lundi dernier | 2026-11-16
fr | la semaine prochaine | 2026-11-23..2026-11-29
fr | le mois prochain | 2026-12-01..2026-12-31
fr | ce week-end | 2026-11-21..2026-11-22
fr | fin du mois | 2026-11-30
fr | à la fin de l'année | 2026-12-31
fr | le 3 mars | 2027-03-03
fr | le 1er janvier 2027 | 2027-01-01
fr | le 14 juillet | 2027-07-14
fr | le 24 décembre à 20h | 2026-12-24 20:00
fr | Noël | 2026-12-25
fr | lundi de Pâques | 2027-03-29
fr | deux jours avant Noël | 2026-12-23
fr | début mars | 2027-03-01
fr | neuf heures moins le quart demain | 2026-11-19 08:45
it | oggi | 2026-11-18
it | domani | 2026-11-19
it | dopodomani | 2026-11-20
it | l'altro ieri | 2026-11-16
it | dopodomani alle 18 | 2026-11-20 18:00
it | domani mattina alle 8 | 2026-11-19 08:00
it | stasera alle 9 | 2026-11-18 21:00
it | alle sette e mezza | 2026-11-18 19:30
it | alle otto meno un quarto | 2026-11-18 19:45
it | alle 15:30 | 2026-11-18 15:30
it | a mezzogiorno | 2026-11-18 12:00
it | tra 20 minuti | 2026-11-18 10:35
it | fra un'ora e mezza | 2026-11-18 11:45
it | tra mezz'ora | 2026-11-18 10:45
it | fra due settimane | 2026-12-02
it | tre giorni fa | 2026-11-15
it | venerdì | 2026-11-20
it | venerdì prossimo | 2026-11-20
it | lunedì scorso | 2026-11-16
it | la prossima settimana | 2026-11-23..2026-11-29
it | il mese prossimo | 2026-12-01..2026-12-31
it | questo fine settimana | 2026-11-21..2026-11-22
it | fine mese | 2026-11-30
it | il 3 marzo | 2027-03-03
it | 3 marzo 2028 | 2028-03-03
it | il primo gennaio | 2027-01-01
it | il 24 dicembre alle 20 | 2026-12-24 20:00
it | Natale | 2026-12-25
it | Pasquetta | 2027-03-29
it | Ferragosto | 2027-08-15
it | due giorni prima di Natale | 2026-12-23
it | alle 3 del pomeriggio | 2026-11-18 15:00
it | il primo lunedì di marzo | 2027-03-01
it | sabato sera alle 10 | 2026-11-21 22:00
it | all'una | 2026-11-18 13:00
en | in three quarters of an hour | 2026-11-18 11:00
en | tomorrow around 4 | 2026-11-19 16:00
en | Saturday at noon | 2026-11-21 12:00
en | the Friday after next | 2026-11-27
en | a week today | 2026-11-25
en | first thing tomorrow | 2026-11-19
en | next Thursday morning | 2026-11-19
en | 6:45 pm on Dec 3 | 2026-12-03 18:45
en | Nov 30th at quarter past 9 in the morning | 2026-11-30 09:15
en | two weeks before Easter | 2027-03-14
en | the last day of the month | 2026-11-30
en | in 90 seconds | 2026-11-18 10:16
en | Sunday the 22nd of November | 2026-11-22
en | early next week | 2026-11-23
en | late December | 2026-12-31
en | 25/12 | 2026-12-25
en | four days after Christmas | 2026-12-29
en | next month on the 3rd | 2026-12-03
en | the 3rd of next month | 2026-12-03
en | at 10 tonight | 2026-11-18 22:00
en | two hours ago | 2026-11-18 08:15
en | last week | 2026-11-09..2026-11-15
de | heute in einer Woche | 2026-11-25
de | morgen Abend um Viertel nach sieben | 2026-11-19 19:15
de | kommenden Mittwoch um 12 | 2026-11-25 12:00
de | Samstag in einer Woche | 2026-11-28
de | in der Nacht | 2026-11-18
de | am letzten Freitag im Dezember | 2026-12-25
de | Mitte Januar | 2027-01-16
de | in ein paar Tagen | 2026-11-20
de | gegen 17 Uhr | 2026-11-18 17:00
de | am 1. Advent | 2026-11-29
de | vor zwei Stunden | 2026-11-18 08:15
de | Donnerstag Nachmittag um drei | 2026-11-19 15:00
de | heute Nacht um zwei | 2026-11-19 02:00
es | mañana al mediodía | 2026-11-19 12:00
es | el lunes por la tarde a las cuatro | 2026-11-23 16:00
es | de hoy en ocho días | 2026-11-26
es | dentro de un mes | 2026-12-18
es | el 1 de enero a las 12 | 2027-01-01 12:00
es | el último viernes de noviembre | 2026-11-27
es | hace dos semanas | 2026-11-04
es | el año que viene | 2027-01-01..2027-12-31
es | a las 22:15 | 2026-11-18 22:15
es | dos semanas después de Pascua | 2027-04-11
fr | mardi prochain à midi | 2026-11-24 12:00
fr | dans huit jours | 2026-11-26
fr | demain soir vers 8 heures | 2026-11-19 20:00
fr | le dernier vendredi du mois | 2026-11-27
fr | il y a deux heures | 2026-11-18 08:15
fr | l'année prochaine | 2027-01-01..2027-12-31
fr | mi-janvier | 2027-01-16
fr | jeudi 19 novembre à 14h15 | 2026-11-19 14:15
fr | d'ici une heure | 2026-11-18 11:15
it | domani a mezzogiorno | 2026-11-19 12:00
it | lunedì prossimo alle 10 di mattina | 2026-11-23 10:00
it | tra un mese | 2026-12-18
it | due ore fa | 2026-11-18 08:15
it | l'anno prossimo | 2027-01-01..2027-12-31
it | giovedì sera alle otto e mezza | 2026-11-19 20:30
it | l'ultimo venerdì del mese | 2026-11-27
it | a metà gennaio | 2027-01-16
it | la vigilia di Natale alle 19 | 2026-12-24 19:00
it | entro le 17 | 2026-11-18 17:00
"""
