"""The words of days and times in five languages, and the symbol that each stands for.

Every language is read with its own table, so that `once` is eleven in Spanish alone. Words are
folded (no capitals, no accents, no hyphens, apostrophes as spaces); phrases have up to six words.
A symbol is a kind and a value: `day 1` is tomorrow, `in` is "from now", `skip` means nothing.
"""

from functools import cache
from typing import Final

from homebody.skills.number_words import Language, number_words

__all__ = ["FEASTS", "PARTS", "Symbol", "words_of"]

Symbol = tuple[str, int | str]
"""A kind, and its value (0 or "" where it has none)."""

PARTS: Final[dict[str, tuple[int, int, int]]] = {
    "morning": (6, 12, 9),
    "afternoon": (12, 18, 15),
    "evening": (18, 22, 19),
    "night": (20, 24, 21),
    "lunch": (12, 14, 12),
    "workday": (9, 18, 17),
}
"""When a part of a day begins and ends, and the hour a reminder takes."""

FEASTS: Final[dict[str, tuple[int, int]]] = {
    "new year": (1, 1),
    "epiphany": (1, 6),
    "valentine": (2, 14),
    "womens day": (3, 8),
    "st patrick": (3, 17),
    "st joseph": (3, 19),
    "april fools": (4, 1),
    "liberation it": (4, 25),
    "labour": (5, 1),
    "victory fr": (5, 8),
    "republic it": (6, 2),
    "st john": (6, 24),
    "independence us": (7, 4),
    "bastille": (7, 14),
    "swiss": (8, 1),
    "assumption": (8, 15),
    "unity de": (10, 3),
    "hispanic": (10, 12),
    "halloween": (10, 31),
    "all saints": (11, 1),
    "all souls": (11, 2),
    "guy fawkes": (11, 5),
    "armistice": (11, 11),
    "st martin": (11, 11),
    "constitution es": (12, 6),
    "st nicholas": (12, 6),
    "immaculate": (12, 8),
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "boxing": (12, 26),
    "new years eve": (12, 31),
}
"""Month and day of those that do not move. The others are counted in `date_reading`."""

_TABLES: Final[dict[Language, str]] = {
    "en": """
day -2: day before yesterday; the day before yesterday
day -1: yesterday
day 0: today
day 1: tomorrow; tomorow; tommorow; tommorrow; tomorrows; tmrw; tmr; 2morrow
day 2: day after tomorrow; the day after tomorrow; overmorrow
now: now; right now; immediately; this moment; at once
tonight: tonight; tonite; this night
part morning: morning; in the morning; mornings
part afternoon: afternoon; in the afternoon
part evening: evening; in the evening; eve
part night: night; at night; in the night
part lunch: lunchtime; lunch; lunch time; noontime
part workday: end of day; eod; end of the day; close of business; cob; after work
clock 12: noon; midday; 12 noon
clock 24: midnight; 12 midnight
am: am; a m
pm: pm; p m
hours: oclock; o clock; hours; h
half: half
quarter: quarter; a quarter
past: past; after
to: to; till; til; until; before
at: at; by; around; about; approximately; circa
in: in; within; for
ago: ago; back; earlier
later: from now; later; hence; from today; after today
from: from; after; since; starting
before: before
next: next; following; coming; upcoming; the next
last: last; past; previous; the last
this: this; current
afternext: after next; week after next
of: of; in
and: and
the: the
skip: on; by; until; till; year; in the year; o; exactly; precisely; sharp; please; day; date
skip: the; s; time; starting; ad; local
threequarterhour: three quarters of an hour; three quarter of an hour
quarterhour: quarter of an hour; a quarter of an hour
skip: first thing
begin: first day; beginning; start; the beginning; the start; early; beginning of; start of
middle: middle; mid; the middle
edge: last day; end; the end; late; close
unit second: second; seconds; sec; secs
unit minute: minute; minutes; min; mins
unit hour: hour; hours; hr; hrs; h
unit day: day; days; d; night; nights
unit week: week; weeks; wk; wks; w
unit fortnight: fortnight; fortnights
unit month: month; months; mo; mos
unit quarteryear: quarter; quarters
unit year: year; years; yr; yrs
unit decade: decade; decades
unit century: century; centuries
unit workday: working day; working days; business day; business days; workday; workdays; weekday
unit workday: weekdays
weekend: weekend; the weekend; week end
num 1: a; an; one
num 2: a couple of; couple of; a couple; couple
num 3: a few; few; several
month 1: january; jan
month 2: february; feb; febr
month 3: march; mar
month 4: april; apr
month 5: may
month 6: june; jun
month 7: july; jul
month 8: august; aug
month 9: september; sep; sept
month 10: october; oct
month 11: november; nov
month 12: december; dec
wd 0: monday; mon; mondays
wd 1: tuesday; tue; tues; tuesdays
wd 2: wednesday; wed; weds; wednesdays
wd 3: thursday; thu; thur; thurs; thursdays
wd 4: friday; fri; fridays
wd 5: saturday; sat; saturdays
wd 6: sunday; sun; sundays
ord 1: first; ord 2: second; ord 3: third; ord 4: fourth; ord 5: fifth; ord 6: sixth
ord 7: seventh; ord 8: eighth; ord 9: ninth; ord 10: tenth; ord 11: eleventh; ord 12: twelfth
ord 13: thirteenth; ord 14: fourteenth; ord 15: fifteenth; ord 16: sixteenth; ord 17: seventeenth
ord 18: eighteenth; ord 19: nineteenth; ord 20: twentieth; ord 21: twenty first
ord 22: twenty second; ord 23: twenty third; ord 24: twenty fourth; ord 25: twenty fifth
ord 26: twenty sixth; ord 27: twenty seventh; ord 28: twenty eighth; ord 29: twenty ninth
ord 30: thirtieth; ord 31: thirty first
feast christmas: christmas; xmas; christmas day; x mas; noel
feast christmas eve: christmas eve; xmas eve
feast boxing: boxing day; st stephens day
feast new year: new year; new years; new years day; new year s day; new year s; new year day
feast new years eve: new years eve; new year s eve; nye; new year eve
feast halloween: halloween; hallowe en
feast valentine: valentines day; valentine s day; valentines; valentine day
feast epiphany: epiphany; three kings
feast easter: easter; easter sunday; easter day
feast easter monday: easter monday
feast good friday: good friday
feast palm sunday: palm sunday
feast ash wednesday: ash wednesday
feast shrove tuesday: shrove tuesday; mardi gras; pancake day; fat tuesday
feast ascension: ascension; ascension day
feast pentecost: pentecost; whitsun; whit sunday
feast pentecost monday: whit monday; pentecost monday
feast corpus christi: corpus christi
feast thanksgiving: thanksgiving; thanksgiving day
feast black friday: black friday
feast mothers day: mothers day; mother s day
feast fathers day: fathers day; father s day
feast labour: may day; labour day; international workers day
feast independence us: independence day; fourth of july; 4th of july; july fourth
feast st patrick: st patricks day; st patrick s day; saint patricks day
feast april fools: april fools; april fools day; april fool s day; april fool s
feast guy fawkes: guy fawkes night; bonfire night; guy fawkes
feast all saints: all saints; all saints day; all saints day
feast all souls: all souls; all souls day
feast armistice: armistice day; veterans day; remembrance day
feast bastille: bastille day
feast womens day: international womens day; womens day
feast assumption: assumption; assumption day
""",
    "de": """
day -2: vorgestern
day -1: gestern
day 0: heute
day 1: morgen
day 2: ubermorgen; uebermorgen
day 3: uberubermorgen
now: jetzt; sofort; gerade; nun; gleich jetzt
tonight: heute abend; heute nacht; heut abend
dayp 0 morning: heute morgen; heute fruh; heute vormittag; heut morgen
dayp 1 morning: morgen fruh; morgen vormittag; morgen frueh
part morning: am morgen; morgens; vormittag; am vormittag; vormittags; fruh; in der fruh
part morning: der fruh; fruhmorgens
part afternoon: nachmittag; am nachmittag; nachmittags
part evening: abend; am abend; abends
part night: nacht; nachts; in der nacht; der nacht
part lunch: mittags; zu mittag; mittagszeit; mittag am tag
part workday: feierabend; nach feierabend; zum feierabend; ende des tages
clock 12: mittag; am mittag; heute mittag; zwolf uhr mittags
clock 24: mitternacht; um mitternacht
hours: uhr; h
half: halb
halfnum 1: eine halbe; einer halben; halbe; halben; ein halbes; einem halben
halfnum 3: anderthalb; eineinhalb
halfnum 5: zweieinhalb
halfnum 7: dreieinhalb
quarter: viertel
threequarter: dreiviertel; drei viertel
past: nach
to: vor
at: um; gegen; ab; bis; punkt; circa; ca
in: in; binnen; innerhalb von; innerhalb
agobefore: vor
later: ab jetzt; von jetzt an; spater; ab heute; von heute an
from: nach; ab; von; seit
before: vor
next: nachste; nachsten; nachster; nachstes; nachstem; kommende; kommenden; kommender; kommendes
next: kommendem; naechste; naechsten; naechster; naechstes; folgenden
last: letzte; letzten; letzter; letztes; letztem; vergangene; vergangenen; vergangener; vorige
last: vorigen; voriges; vergangenes; vorigem; vergangenem
this: diese; diesen; dieser; dieses; diesem; heurigen
nextnext: ubernachste; ubernachsten; ubernachster; ubernachstes; ubernachstem; uebernaechste
nextnext: uebernaechsten
of: des; im; vom
and: und
the: der; den; dem; am; das; die; zum
skip: bis; jahr; im jahr; am; an; den; der; dem; die; das; im; zum; zur; tag; genau; bitte
skip: datum; fur; s; so
skip: ungefahr; von
begin: erster tag; ersten tag; anfang; beginn; zu beginn; am anfang; anfangs; zum anfang
middle: mitte
edge: letzter tag; letzten tag; ende; zum ende; am ende; schluss
unit second: sekunde; sekunden; sek
unit minute: minute; minuten; min
unit hour: stunde; stunden; std; stdn; h
unit day: tag; tage; tagen; tages
unit week: woche; wochen; wo
unit month: monat; monate; monaten; monats
unit quarteryear: quartal; quartals; quartale; vierteljahr
unit year: jahr; jahre; jahren; jahres
unit decade: jahrzehnt; jahrzehnte; jahrzehnten
unit century: jahrhundert; jahrhunderte
unit workday: werktag; werktage; werktagen; arbeitstag; arbeitstage; arbeitstagen
halfhour: halbstunde
quarterhour: viertelstunde; einer viertelstunde; eine viertelstunde
threequarterhour: dreiviertelstunde; einer dreiviertelstunde; eine dreiviertelstunde
weekend: wochenende; we
num 1: ein; eine; einer; einem; einen; eines
num 2: ein paar; paar
month 1: januar; jan; janner; jaenner
month 2: februar; feb; feber
month 3: marz; mrz; maerz; mar
month 4: april; apr
month 5: mai
month 6: juni; jun; juno
month 7: juli; jul
month 8: august; aug
month 9: september; sep; sept
month 10: oktober; okt
month 11: november; nov
month 12: dezember; dez
wd 0: montag; mo; montags; mon
wd 1: dienstag; di; dienstags
wd 2: mittwoch; mi; mittwochs
wd 3: donnerstag; do; donnerstags
wd 4: freitag; fr; freitags
wd 5: samstag; sa; sonnabend; samstags; sam
wd 6: sonntag; so; sonntags; son
wdp 0 evening: montagabend; wdp 1 evening: dienstagabend; wdp 2 evening: mittwochabend
wdp 3 evening: donnerstagabend; wdp 4 evening: freitagabend; wdp 5 evening: samstagabend
wdp 6 evening: sonntagabend; wdp 0 morning: montagmorgen; montag morgen; montagvormittag
wdp 1 morning: dienstagmorgen; dienstag morgen; dienstagvormittag
wdp 2 morning: mittwochmorgen; mittwoch morgen; mittwochvormittag
wdp 3 morning: donnerstagmorgen; donnerstag morgen; donnerstagvormittag
wdp 4 morning: freitagmorgen; freitag morgen; freitagvormittag
wdp 5 morning: samstagmorgen; samstag morgen; samstagvormittag
wdp 6 morning: sonntagmorgen; sonntag morgen; sonntagvormittag
wdp 0 afternoon: montagnachmittag; wdp 1 afternoon: dienstagnachmittag
wdp 2 afternoon: mittwochnachmittag; wdp 3 afternoon: donnerstagnachmittag
wdp 4 afternoon: freitagnachmittag; wdp 5 afternoon: samstagnachmittag
wdp 6 afternoon: sonntagnachmittag
ord 1: erste; ersten; erster; ord 2: zweite; zweiten; zweiter; ord 3: dritte; dritten; dritter
ord 4: vierte; vierten; ord 5: funfte; funften; ord 6: sechste; sechsten; ord 7: siebte; siebten
ord 8: achte; achten; ord 9: neunte; neunten; ord 10: zehnte; zehnten; ord 11: elfte; elften
ord 12: zwolfte; zwolften; ord 13: dreizehnten; ord 14: vierzehnten; ord 15: funfzehnten
ord 16: sechzehnten; ord 17: siebzehnten; ord 18: achtzehnten; ord 19: neunzehnten
ord 20: zwanzigsten; ord 21: einundzwanzigsten; ord 22: zweiundzwanzigsten
ord 23: dreiundzwanzigsten; ord 24: vierundzwanzigsten; ord 25: funfundzwanzigsten
ord 26: sechsundzwanzigsten; ord 27: siebenundzwanzigsten; ord 28: achtundzwanzigsten
ord 29: neunundzwanzigsten; ord 30: dreissigsten; ord 31: einunddreissigsten
feast christmas: weihnachten; weihnachtstag; erster weihnachtstag; xmas; an weihnachten
feast christmas eve: heiligabend; heilig abend; heiliger abend; weihnachtsabend
feast boxing: zweiter weihnachtstag; stephanstag
feast new year: neujahr; neujahrstag; neues jahr
feast new years eve: silvester; sylvester; altjahrstag; silvesterabend
feast halloween: halloween
feast valentine: valentinstag
feast epiphany: heilige drei konige; dreikonigstag; dreikonig
feast easter: ostern; ostersonntag
feast easter monday: ostermontag
feast good friday: karfreitag
feast palm sunday: palmsonntag
feast ash wednesday: aschermittwoch
feast rose monday: rosenmontag
feast shrove tuesday: fastnacht; faschingsdienstag; fasching; karneval
feast ascension: christi himmelfahrt; himmelfahrt; vatertag
feast pentecost: pfingsten; pfingstsonntag
feast pentecost monday: pfingstmontag
feast corpus christi: fronleichnam
feast mothers day: muttertag
feast labour: tag der arbeit; maifeiertag
feast unity de: tag der deutschen einheit; einheit
feast all saints: allerheiligen
feast all souls: allerseelen
feast st martin: martinstag; sankt martin
feast st nicholas: nikolaus; nikolaustag
feast assumption: maria himmelfahrt
feast swiss: schweizer bundesfeier; bundesfeiertag
feast advent: erster advent; 1 advent
feast womens day: frauentag; weltfrauentag
""",
    "es": """
day -2: anteayer; antier; antes de ayer
day -1: ayer
day 0: hoy
day 1: manana; el dia de manana
day 2: pasado manana
now: ahora; ahora mismo; ya
tonight: esta noche; hoy por la noche; hoy en la noche
dayp 1 morning: manana por la manana; manana en la manana; manana temprano
dayp 0 morning: esta manana
dayp -1 night: anoche
dayp 0 afternoon: esta tarde
dayp 2 morning: pasado manana por la manana
part morning: por la manana; de la manana; en la manana; de la madrugada; por las mananas
part afternoon: por la tarde; de la tarde; en la tarde; tarde
part night: por la noche; de la noche; en la noche; noche
part lunch: a la hora de comer; a mediodia del dia
part workday: al final del dia; fin del dia
clock 12: mediodia; al mediodia; a mediodia; el mediodia
clock 24: medianoche; a medianoche; la medianoche
am: am; a m
pm: pm; p m
hours: horas; h; hs; hrs; en punto; hora
half: media
halfnum 1: media; medio
quarter: cuarto; un cuarto
minus: menos
plus: y; con
at: a; a las; a la; sobre; sobre las; hacia; hacia las; las; la; para
in: en; dentro de; de aqui a; en unos; en unas
agobefore: hace
ago: atras
later: a partir de ahora; despues de hoy; desde hoy; a partir de hoy; despues; mas tarde
from: despues de; desde; a partir de; tras; despues del
before: antes de; antes del
next: proximo; proxima; proximos; siguiente; que viene; entrante; que entra
last: pasado; pasada; ultimo; ultima; anterior
this: este; esta; actual; de este; de esta
of: de; del; de los
and: y
the: el; la; los; dia
skip: el; la; los; las; de; del; dia; en; al; a; fecha; para; por; exactamente; por favor; ano
skip: s; que
begin: primer dia; principio; principios; comienzo; inicio; a principios; a principio; al principio
begin: a comienzos; primeros; a inicios
middle: mediados; a mediados; mitad
edge: ultimo dia; fin; final; finales; a finales; a fines; a final; al final; fines; ultimos
unit second: segundo; segundos; seg
unit minute: minuto; minutos; min; mins
unit hour: hora; horas; h
unit day: dia; dias
unit week: semana; semanas
unit month: mes; meses
unit quarteryear: trimestre; trimestres
unit year: ano; anos; anyo; anyos
unit decade: decada; decadas
unit century: siglo; siglos
unit workday: dia laborable; dias laborables; dia habil; dias habiles
weekend: fin de semana; finde
num 1: un; una; uno
num 2: un par de; par de
num 3: unos; unas; unos pocos; unas pocas
month 1: enero; ene
month 2: febrero; feb
month 3: marzo; mar
month 4: abril; abr
month 5: mayo; may
month 6: junio; jun
month 7: julio; jul
month 8: agosto; ago
month 9: septiembre; setiembre; sep; sept
month 10: octubre; oct
month 11: noviembre; nov
month 12: diciembre; dic
wd 0: lunes; lun
wd 1: martes; mar
wd 2: miercoles; mie; mier
wd 3: jueves; jue
wd 4: viernes; vie
wd 5: sabado; sab; sabados
wd 6: domingo; dom; domingos
ord 1: primero; primer; primera; ord 2: segunda; ord 3: tercero; tercer; tercera
ord 4: cuarta; ord 5: quinto; quinta
feast christmas: navidad; navidades; dia de navidad; la navidad
feast christmas eve: nochebuena; noche buena
feast new year: ano nuevo; dia de ano nuevo; el ano nuevo
feast new years eve: nochevieja; noche vieja; fin de ano; ano viejo
feast epiphany: dia de reyes; reyes; reyes magos; epifania; los reyes
feast halloween: halloween
feast valentine: san valentin; dia de san valentin; dia de los enamorados
feast easter: pascua; domingo de pascua; domingo de resurreccion
feast easter monday: lunes de pascua
feast good friday: viernes santo
feast maundy thursday: jueves santo
feast palm sunday: domingo de ramos
feast ash wednesday: miercoles de ceniza
feast shrove tuesday: martes de carnaval; carnaval
feast ascension: ascension
feast pentecost: pentecostes
feast corpus christi: corpus; corpus christi
feast mothers day es: dia de la madre
feast st joseph: dia del padre; san jose
feast labour: dia del trabajo; dia del trabajador; primero de mayo
feast st john: san juan
feast assumption: asuncion; la asuncion
feast hispanic: dia de la hispanidad; fiesta nacional; dia del pilar; el pilar
feast all saints: todos los santos; dia de todos los santos
feast all souls: dia de los muertos; dia de muertos
feast constitution es: dia de la constitucion
feast immaculate: inmaculada; la inmaculada; inmaculada concepcion
feast womens day: dia de la mujer
""",
    "fr": """
day -2: avant hier
day -1: hier
day 0: aujourdhui; aujourd hui; ce jour
day 1: demain
day 2: apres demain
now: maintenant; tout de suite; immediatement; a l instant
tonight: ce soir; cette nuit; ce soir la
dayp 0 morning: ce matin
dayp 0 afternoon: cet apres midi; cet aprem
dayp -1 evening: hier soir
part morning: matin; du matin; le matin; au matin; matinee; dans la matinee; de bon matin
part afternoon: apres midi; de l apres midi; l apres midi; dans l apres midi; aprem; dans l aprem
part evening: soir; du soir; le soir; soiree; en soiree; dans la soiree
part night: nuit; la nuit; de la nuit; dans la nuit
part workday: fin de journee; en fin de journee; fin de la journee; la fin de la journee
clock 12: midi; a midi
clock 24: minuit; a minuit
hours: heure; heures; h; hrs
half: demie; demi
halfnum 1: une demi; un demi; demi; demie
quarter: quart; le quart; un quart
minus: moins
plus: et
at: a; vers; des; pour; sur les; environ
in: dans; d ici; sous; en
agobefore: il y a; y a
ago: plus tot; auparavant
later: a partir de maintenant; plus tard; a partir d aujourd hui; a compter d aujourd hui
from: apres; a partir de; depuis; a partir du; a compter de
before: avant
next: prochain; prochaine; prochains; prochaines; suivant; suivante; qui vient
last: dernier; derniere; passe; passee; precedent; precedente
this: ce; cette; cet; courant
of: de; du; d; de la; de l; des; en
and: et
the: le; la; l; les
skip: annee; l an; le; la; l; les; de; du; au; aux; en; date; s il vous plait; exactement; pile
skip: precises
skip: jour; d; un jour; vers; s
begin: premier jour; debut; au debut; commencement; debut de; en debut
middle: milieu; mi; au milieu
edge: dernier jour; fin; a la fin; la fin; en fin
unit second: seconde; secondes; sec
unit minute: minute; minutes; min; mn
unit hour: heure; heures; h
unit day: jour; jours; journee; journees
unit week: semaine; semaines; sem
unit month: mois
unit quarteryear: trimestre; trimestres
unit year: an; ans; annee; annees
unit decade: decennie; decennies
unit century: siecle; siecles
unit workday: jour ouvrable; jours ouvrables; jour ouvre; jours ouvres
quarterhour: quart d heure; un quart d heure
threequarterhour: trois quarts d heure
halfhour: demi heure; une demi heure; demie heure
weekend: week end; weekend
num 1: un; une
num 2: deux ou trois; une paire de
num 3: quelques
month 1: janvier; janv; jan
month 2: fevrier; fevr; fev
month 3: mars
month 4: avril; avr
month 5: mai
month 6: juin
month 7: juillet; juil
month 8: aout
month 9: septembre; sept; sep
month 10: octobre; oct
month 11: novembre; nov
month 12: decembre; dec
wd 0: lundi; lun
wd 1: mardi; mar
wd 2: mercredi; mer
wd 3: jeudi; jeu
wd 4: vendredi; ven
wd 5: samedi; sam
wd 6: dimanche; dim
ord 1: premier; premiere; 1er; ord 2: deuxieme; second; ord 3: troisieme; ord 4: quatrieme
ord 5: cinquieme
feast christmas: noel; jour de noel
feast christmas eve: veille de noel; la veille de noel; reveillon de noel; reveillon
feast new year: nouvel an; jour de l an; le nouvel an; le jour de l an; nouvelle annee
feast new years eve: saint sylvestre; la saint sylvestre; veille du nouvel an; st sylvestre
feast new years eve: la veille du jour de l an
feast epiphany: epiphanie; jour des rois
feast halloween: halloween
feast valentine: saint valentin; la saint valentin; st valentin
feast easter: paques; dimanche de paques
feast easter monday: lundi de paques
feast good friday: vendredi saint
feast palm sunday: rameaux; dimanche des rameaux
feast ash wednesday: mercredi des cendres
feast shrove tuesday: mardi gras
feast ascension: ascension; jeudi de l ascension
feast pentecost: pentecote
feast pentecost monday: lundi de pentecote
feast mothers day fr: fete des meres
feast fathers day: fete des peres
feast labour: fete du travail; premier mai
feast victory fr: fete de la victoire; victoire 1945
feast st john: saint jean
feast bastille: fete nationale; quatorze juillet; 14 juillet; le 14 juillet
feast assumption: assomption
feast all saints: toussaint; la toussaint
feast armistice: armistice
feast april fools: poisson d avril
feast black friday: black friday
""",
    "it": """
day -2: l altro ieri; altro ieri; ieri l altro; avantieri; altroieri
day -1: ieri
day 0: oggi
day 1: domani
day 2: dopodomani; dopo domani
now: adesso; ora; subito; in questo momento; proprio ora
tonight: stasera; questa sera; stanotte; questa notte; oggi sera
dayp 0 morning: stamattina; stamani; questa mattina; stamane
dayp 0 afternoon: questo pomeriggio
dayp -1 evening: ieri sera
part morning: mattina; mattino; di mattina; del mattino; al mattino; la mattina; in mattinata
part morning: mattinata; domattina presto
dayp 1 morning: domattina; domani mattina
part afternoon: pomeriggio; di pomeriggio; del pomeriggio; nel pomeriggio; al pomeriggio
part evening: sera; di sera; della sera; la sera; in serata; serata; alla sera
part night: notte; di notte; della notte; la notte
part lunch: ora di pranzo; all ora di pranzo; pranzo; a pranzo
part workday: fine giornata; a fine giornata; fine della giornata
clock 12: mezzogiorno; a mezzogiorno; mezzodi
clock 24: mezzanotte; a mezzanotte
hours: ore; h; in punto
half: mezza; mezzo; trenta
halfnum 1: mezza; mezzo; mezz
quarter: quarto; un quarto
minus: meno
plus: e
at: alle; all; alla; a; alle ore; ore; verso; verso le; per; per le; entro; entro le; le; dalle
in: tra; fra; in; entro
ago: fa; or sono; prima
later: da adesso; da ora; da oggi; a partire da oggi; dopo; piu tardi
from: dopo; da; dal; a partire da; a partire dal; dalla
before: prima di; prima del; prima della
next: prossimo; prossima; prossimi; prossime; seguente; successivo; successiva; che viene; entrante
last: scorso; scorsa; passato; passata; ultimo; ultima; precedente
this: questo; questa; corrente; quest; in corso
of: di; del; della; dell; d; de; dello
and: e; ed
the: il; la; lo; l; i; gli; le
skip: entro; il; la; lo; l; i; gli; le; di; del; della; dell; al; a; nel; nella; data; giorno
skip: esattamente; per favore; circa; s; d; anno; per
begin: primo giorno; inizio; all inizio; inizi; a inizio; principio; ai primi
middle: meta; a meta; alla meta
edge: ultimo giorno; fine; a fine; alla fine; la fine
unit second: secondo; secondi; sec
unit minute: minuto; minuti; min
unit hour: ora; ore; h
unit day: giorno; giorni; gg
unit week: settimana; settimane
unit month: mese; mesi
unit quarteryear: trimestre; trimestri
unit year: anno; anni
unit decade: decennio; decenni
unit century: secolo; secoli
unit workday: giorno lavorativo; giorni lavorativi; giorno feriale; giorni feriali
halfhour: mezz ora; mezzora; una mezz ora; una mezzora; mezza ora
quarterhour: quarto d ora; un quarto d ora
threequarterhour: tre quarti d ora
weekend: fine settimana; weekend; week end; finesettimana
num 1: un; una; uno
num 2: un paio di; paio di; un paio d; due o tre
num 3: qualche; alcuni; alcune
month 1: gennaio; gen; genn
month 2: febbraio; feb; febbr
month 3: marzo; mar
month 4: aprile; apr
month 5: maggio; mag
month 6: giugno; giu
month 7: luglio; lug
month 8: agosto; ago
month 9: settembre; set; sett
month 10: ottobre; ott
month 11: novembre; nov
month 12: dicembre; dic
wd 0: lunedi; lun
wd 1: martedi; mar
wd 2: mercoledi; mer
wd 3: giovedi; gio
wd 4: venerdi; ven
wd 5: sabato; sab
wd 6: domenica; dom
ord 1: primo; prima; ord 2: secondo; seconda; ord 3: terzo; terza; ord 4: quarta; ord 5: quinto
feast christmas: natale; giorno di natale
feast christmas eve: vigilia di natale; vigilia; la vigilia; la vigilia di natale
feast boxing: santo stefano; s stefano
feast new year: capodanno; anno nuovo; l anno nuovo
feast new years eve: san silvestro; vigilia di capodanno; ultimo dell anno; notte di san silvestro
feast epiphany: epifania; befana; la befana; l epifania
feast halloween: halloween
feast valentine: san valentino
feast easter: pasqua; domenica di pasqua
feast easter monday: pasquetta; lunedi dell angelo; lunedi di pasqua
feast good friday: venerdi santo
feast palm sunday: domenica delle palme; le palme
feast ash wednesday: mercoledi delle ceneri
feast shrove tuesday: martedi grasso; carnevale
feast ascension: ascensione
feast pentecost: pentecoste
feast corpus christi: corpus domini
feast mothers day: festa della mamma
feast st joseph: festa del papa; san giuseppe
feast liberation it: festa della liberazione; liberazione
feast labour: festa dei lavoratori; festa del lavoro; primo maggio
feast republic it: festa della repubblica
feast st john: san giovanni
feast assumption: ferragosto; assunzione
feast all saints: ognissanti; tutti i santi
feast all souls: giorno dei morti; i morti
feast immaculate: immacolata; l immacolata
feast womens day: festa della donna
""",
}
"""A line: `kind value: phrase; phrase`. A later kind for the same phrase is one more meaning."""


@cache
def words_of(language: Language) -> dict[str, tuple[Symbol, ...]]:
    """Return what each folded phrase may mean, the likeliest first."""
    found: dict[str, list[Symbol]] = {}
    for phrase, number in number_words(language).items():
        found.setdefault(phrase, []).append(("num", number))
    symbol: Symbol = ("", "")
    for line in _TABLES[language].strip().splitlines():
        for piece in line.split("; "):
            head, colon, phrase = piece.rpartition(": ")
            if colon:
                kind, _, value = head.partition(" ")
                symbol = (kind, int(value) if value.lstrip("-").isdigit() else value)
            meanings = found.setdefault(phrase, [])
            if symbol not in meanings:
                meanings.append(symbol)
    return {phrase: tuple(meanings) for phrase, meanings in found.items()}
