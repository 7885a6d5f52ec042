"""The names of units in five languages, and what pint calls each."""

from typing import Final, NamedTuple

__all__ = ["CURRENCIES", "KINDS", "UNITS", "Unit"]


class Unit(NamedTuple):
    """A unit: what pint calls it, and how it is said of one and of several."""

    pint: str
    one: str
    several: str
    names: str
    """What people call it, folded, parted by `; `. Capitals stay where they tell two apart."""


UNITS: Final[tuple[Unit, ...]] = (
    # Length
    Unit("meter", "m", "m", "m; meter; meters; metre; metres; metro; metros; metri; mtr"),
    Unit("kilometer", "km", "km", "km; kms; kilometer; kilometers; kilometre; kilometres; "
         "kilometern; kilometro; kilometros; chilometro; chilometri; kilometri; klicks"),
    Unit("centimeter", "cm", "cm", "cm; cms; centimeter; centimeters; centimetre; centimetres; "
         "zentimeter; zentimetern; centimetro; centimetros; centimetri"),
    Unit("millimeter", "mm", "mm", "mm; millimeter; millimeters; millimetre; millimetres; "
         "millimetern; milimetro; milimetros; millimetro; millimetri"),
    Unit("decimeter", "dm", "dm", "dm; decimeter; decimetre; dezimeter; decimetro; decimetri"),
    Unit("micrometer", "µm", "µm", "um; μm; micron; microns; micrometer; micrometre; mikrometer"),
    Unit("nanometer", "nm", "nm", "nm; nanometer; nanometers; nanometre; nanometres"),
    Unit("mile", "mile", "miles", "mi; mile; miles; meile; meilen; milla; millas; mille; milles; "
         "miglio; miglia; mille terrestre"),
    Unit("nautical_mile", "nautical mile", "nautical miles", "nmi; nautical mile; nautical miles; "
         "seemeile; seemeilen; milla nautica; millas nauticas; mille marin; milles marins; "
         "miglio nautico; miglia nautiche"),
    Unit("yard", "yard", "yards", "yd; yds; yard; yards; yarda; yardas; iarda; iarde; verge"),
    Unit("foot", "foot", "feet", "ft; foot; feet; fuss; pie; pies; pied; pieds; piede; piedi; '"),
    Unit("inch", "inch", "inches", 'in; inch; inches; zoll; pulgada; pulgadas; pouce; pouces; '
         'pollice; pollici; "; "'),
    Unit("light_year", "light year", "light years", "ly; light year; light years; lightyear; "
         "lightyears; lichtjahr; lichtjahre; ano luz; anos luz; annee lumiere; annees lumiere; "
         "anno luce; anni luce"),
    Unit("astronomical_unit", "AU", "AU", "au; astronomical unit; astronomical units"),
    Unit("parsec", "parsec", "parsecs", "pc; parsec; parsecs"),
    Unit("furlong", "furlong", "furlongs", "furlong; furlongs"),
    Unit("fathom", "fathom", "fathoms", "fathom; fathoms; faden"),
    Unit("point", "point", "points", "pt; point; points; punkt"),
    # Weight
    Unit("kilogram", "kg", "kg", "kg; kgs; kilo; kilos; kilogram; kilograms; kilogramme; "
         "kilogrammes; kilogramm; kilogramo; kilogramos; chilo; chili; chilogrammo; chilogrammi; "
         "quilo; quilos"),
    Unit("gram", "g", "g", "g; gr; gram; grams; gramme; grammes; gramm; gramo; gramos; grammo; "
         "grammi"),
    Unit("milligram", "mg", "mg", "mg; milligram; milligrams; milligramm; milligramme; miligramo; "
         "miligramos; milligrammo; milligrammi"),
    Unit("microgram", "µg", "µg", "ug; μg; mcg; microgram; micrograms; mikrogramm"),
    Unit("pound", "lb", "lb", "lb; lbs; pound; pounds; libra; libras; libbra; libbre; #"),
    Unit("metricpound", "pound of 500 g", "pounds of 500 g", "pfund; livre; livres; metric pound; "
         "metric pounds"),
    Unit("ounce", "oz", "oz", "oz; ozs; ounce; ounces; unze; unzen; onza; onzas; once; onces; "
         "oncia; once"),
    Unit("stone", "stone", "stone", "st; stone; stones"),
    Unit("metric_ton", "tonne", "tonnes", "t; tonne; tonnes; metric ton; metric tons; tonnen; "
         "tonelada; toneladas; tonnellata; tonnellate"),
    Unit("US_ton", "US ton", "US tons", "ton; tons; us ton; us tons; short ton; short tons"),
    Unit("UK_ton", "long ton", "long tons", "long ton; long tons; imperial ton; imperial tons"),
    Unit("carat", "carat", "carats", "ct; carat; carats; karat; quilate; quilates; carato; carati"),
    Unit("troy_ounce", "troy ounce", "troy ounces", "ozt; troy ounce; troy ounces; feinunze; "
         "feinunzen"),
    Unit("grain", "grain", "grains", "grain; grains"),
    Unit("hundredkg", "Zentner (50 kg × 2)", "quintals", "quintal; quintals; quintaux; quintali; "
         "quintale; doppelzentner"),
    Unit("fiftykg", "Zentner", "Zentner", "zentner"),
    # Temperature
    Unit("degC", "°C", "°C", "°C; ºC; c; celsius; degree celsius; degrees celsius; degrees c; "
         "degree c; grad celsius; grad; grados celsius; grados; centigrade; centigrados; "
         "grados centigrados; degres celsius; degre celsius; degres; gradi celsius; gradi; "
         "gradi centigradi; deg c; degc; degrees centigrade; degree; degrees; deg"),
    Unit("degF", "°F", "°F", "°F; ºF; f; fahrenheit; degree fahrenheit; degrees fahrenheit; "
         "degrees f; degree f; grad fahrenheit; grados fahrenheit; degres fahrenheit; "
         "gradi fahrenheit; deg f; degf; degree; degrees; deg"),
    Unit("kelvin", "K", "K", "K; kelvin; kelvins; °K; degrees kelvin; grad kelvin"),
    Unit("degR", "°R", "°R", "rankine; °R; degrees rankine"),
    # Volume
    Unit("liter", "litre", "litres", "l; liter; liters; litre; litres; litern; litro; litros; "
         "litri; ltr"),
    Unit("milliliter", "ml", "ml", "ml; milliliter; milliliters; millilitre; millilitres; "
         "mililitro; mililitros; millilitro; millilitri"),
    Unit("centiliter", "cl", "cl", "cl; centiliter; centilitre; centilitres; zentiliter; "
         "centilitro; centilitros; centilitri"),
    Unit("deciliter", "dl", "dl", "dl; deciliter; decilitre; deziliter; decilitro; decilitri"),
    Unit("hectoliter", "hl", "hl", "hl; hectoliter; hectolitre; hectolitres; hektoliter; "
         "hectolitro; ettolitro; ettolitri"),
    Unit("US_liquid_gallon", "US gallon", "US gallons", "gal; gallon; gallons; us gallon; "
         "us gallons; gallone; gallonen; galon; galones; galloni; gallons us"),
    Unit("imperial_gallon", "imperial gallon", "imperial gallons", "imperial gallon; "
         "imperial gallons; uk gallon; uk gallons"),
    Unit("US_liquid_quart", "US quart", "US quarts", "qt; quart; quarts; us quart; us quarts"),
    Unit("US_pint", "US pint", "US pints", "us pint; us pints; pint; pints; pinte; pintes; pinta; "
         "pintas; pinte; pt"),
    Unit("imperial_pint", "imperial pint", "imperial pints", "imperial pint; imperial pints; "
         "uk pint; uk pints; british pint"),
    Unit("US_fluid_ounce", "US fl oz", "US fl oz", "fl oz; floz; fluid ounce; fluid ounces; oz; "
         "ounce; ounces; unze; unzen; onza; onzas; us fl oz; fl. oz; onza liquida; once liquide"),
    Unit("imperial_fluid_ounce", "imperial fl oz", "imperial fl oz", "imperial fluid ounce; "
         "imperial fluid ounces; uk fl oz; imperial fl oz; uk fluid ounces"),
    Unit("cup", "cup", "cups", "cup; cups; us cup; us cups; c; tasse; tassen; taza; tazas; tasses; "
         "tazza; tazze"),
    Unit("tablespoon", "tablespoon", "tablespoons", "tbsp; tbs; tablespoon; tablespoons; el; "
         "essloffel; cucharada; cucharadas; cuillere a soupe; cuilleres a soupe; cas; cucchiaio; "
         "cucchiai"),
    Unit("teaspoon", "teaspoon", "teaspoons", "tsp; teaspoon; teaspoons; tl; teeloffel; "
         "cucharadita; cucharaditas; cuillere a cafe; cuilleres a cafe; cucchiaino; cucchiaini"),
    Unit("oil_barrel", "barrel of oil", "barrels of oil", "bbl; barrel; barrels; oil barrel; "
         "barrels of oil; fass; barril; barriles; baril; barils; barile; barili"),
    Unit("meter**3", "m³", "m³", "m3; m^3; cubic meter; cubic meters; cubic metre; cubic metres; "
         "kubikmeter; metro cubico; metros cubicos; metre cube; metres cubes; metri cubi; cbm"),
    Unit("centimeter**3", "cm³", "cm³", "cm3; cm^3; cc; ccm; cubic centimeter; cubic centimeters; "
         "cubic centimetres; kubikzentimeter; centimetros cubicos; centimetri cubi"),
    Unit("foot**3", "cubic foot", "cubic feet", "ft3; ft^3; cu ft; cubic foot; cubic feet; "
         "kubikfuss; pies cubicos"),
    Unit("inch**3", "cubic inch", "cubic inches", "in3; in^3; cu in; cubic inch; cubic inches"),
    # Area
    Unit("meter**2", "m²", "m²", "m2; m^2; qm; sqm; sq m; square meter; square meters; "
         "square metre; square metres; quadratmeter; metro cuadrado; metros cuadrados; "
         "metre carre; metres carres; metro quadrato; metri quadrati; metri quadri; mq; sq meters"),
    Unit("kilometer**2", "km²", "km²", "km2; km^2; sq km; sqkm; square kilometer; "
         "square kilometers; square kilometre; square kilometres; quadratkilometer; "
         "kilometros cuadrados; kilometre carre; kilometres carres; chilometri quadrati"),
    Unit("centimeter**2", "cm²", "cm²", "cm2; cm^2; sq cm; square centimeter; square centimeters; "
         "square centimetres; quadratzentimeter; centimetros cuadrados; centimetri quadrati"),
    Unit("foot**2", "sq ft", "sq ft", "ft2; ft^2; sq ft; sqft; square foot; square feet; "
         "quadratfuss; pies cuadrados; pieds carres; piedi quadrati; sq feet"),
    Unit("inch**2", "sq in", "sq in", "in2; in^2; sq in; square inch; square inches"),
    Unit("yard**2", "sq yd", "sq yd", "yd2; yd^2; sq yd; square yard; square yards"),
    Unit("mile**2", "square mile", "square miles", "mi2; mi^2; sq mi; square mile; square miles; "
         "quadratmeile; quadratmeilen; millas cuadradas; miglia quadrate"),
    Unit("acre", "acre", "acres", "ac; acre; acres; acri; acro; morgen"),
    Unit("hectare", "hectare", "hectares", "ha; hectare; hectares; hektar; hectarea; hectareas; "
         "ettaro; ettari"),
    # Speed
    Unit("kilometer/hour", "km/h", "km/h", "km/h; kmh; kph; kmph; km per hour; "
         "kilometers per hour; kilometres per hour; kilometer pro stunde; stundenkilometer; "
         "kilometros por hora; kilometres heure; kilometres par heure; chilometri orari; "
         "chilometri all ora; chilometri allora"),
    Unit("mile/hour", "mph", "mph", "mph; mi/h; miles per hour; mile per hour; meilen pro stunde; "
         "millas por hora; miglia orarie; milles a l heure; miglia all ora"),
    Unit("meter/second", "m/s", "m/s", "m/s; mps; meters per second; metres per second; "
         "meter pro sekunde; metros por segundo; metres par seconde; metri al secondo"),
    Unit("foot/second", "ft/s", "ft/s", "ft/s; fps; feet per second"),
    Unit("knot", "knot", "knots", "kn; kt; kts; knot; knots; knoten; nudo; nudos; noeud; noeuds; "
         "nodo; nodi"),
    Unit("speed_of_light", "times the speed of light", "times the speed of light",
         "speed of light; lichtgeschwindigkeit"),
    # Time
    Unit("second", "second", "seconds", "s; sec; secs; second; seconds; sekunde; sekunden; "
         "segundo; segundos; seconde; secondes; secondo; secondi"),
    Unit("millisecond", "ms", "ms", "ms; millisecond; milliseconds; millisekunde; millisekunden; "
         "milisegundos; millisecondes; millisecondi"),
    Unit("minute", "minute", "minutes", "min; mins; minute; minutes; minuten; minuto; minutos; "
         "minuti; m"),
    Unit("hour", "hour", "hours", "h; hr; hrs; hour; hours; stunde; stunden; std; hora; horas; "
         "heure; heures; ora; ore"),
    Unit("day", "day", "days", "d; day; days; tag; tage; tagen; dia; dias; jour; jours; giorno; "
         "giorni"),
    Unit("week", "week", "weeks", "wk; wks; week; weeks; woche; wochen; semana; semanas; semaine; "
         "semaines; settimana; settimane"),
    Unit("month", "month", "months", "month; months; monat; monate; monaten; mes; meses; mois; "
         "mese; mesi"),
    Unit("year", "year", "years", "yr; yrs; y; year; years; jahr; jahre; jahren; ano; anos; an; "
         "ans; annee; annees; anno; anni"),
    Unit("decade", "decade", "decades", "decade; decades; jahrzehnt; jahrzehnte; decada; decadas"),
    Unit("century", "century", "centuries", "century; centuries; jahrhundert; jahrhunderte; siglo; "
         "siglos; siecle; siecles; secolo; secoli"),
    # Data
    Unit("byte", "byte", "bytes", "B; byte; bytes; octet; octets"),
    Unit("bit", "bit", "bits", "b; bit; bits"),
    Unit("kilobyte", "kB", "kB", "kB; kb; kilobyte; kilobytes; kilooctet; ko"),
    Unit("megabyte", "MB", "MB", "MB; mb; megabyte; megabytes; meg; megs; megaoctet; Mo"),
    Unit("gigabyte", "GB", "GB", "GB; gb; gigabyte; gigabytes; gig; gigs; gigaoctet; Go; go"),
    Unit("terabyte", "TB", "TB", "TB; tb; terabyte; terabytes; teraoctet; To; to"),
    Unit("petabyte", "PB", "PB", "PB; pb; petabyte; petabytes"),
    Unit("kibibyte", "KiB", "KiB", "KiB; kib; kibibyte; kibibytes"),
    Unit("mebibyte", "MiB", "MiB", "MiB; mib; mebibyte; mebibytes"),
    Unit("gibibyte", "GiB", "GiB", "GiB; gib; gibibyte; gibibytes"),
    Unit("tebibyte", "TiB", "TiB", "TiB; tib; tebibyte; tebibytes"),
    Unit("kilobit", "kbit", "kbit", "kbit; kilobit; kilobits"),
    Unit("megabit", "Mbit", "Mbit", "Mb; mbit; Mbit; megabit; megabits"),
    Unit("gigabit", "Gbit", "Gbit", "Gb; gbit; Gbit; gigabit; gigabits"),
    Unit("megabit/second", "Mbit/s", "Mbit/s", "Mbps; mbps; Mbit/s; mbit/s; Mb/s; "
         "megabits per second"),
    Unit("gigabit/second", "Gbit/s", "Gbit/s", "Gbps; gbps; Gbit/s; gbit/s; Gb/s"),
    Unit("megabyte/second", "MB/s", "MB/s", "MB/s; mb/s; MBps; megabytes per second"),
    Unit("gigabyte/second", "GB/s", "GB/s", "GB/s; gb/s; GBps; gigabytes per second"),
    # Energy, power, pressure, force
    Unit("joule", "J", "J", "J; j; joule; joules; julio; julios"),
    Unit("kilojoule", "kJ", "kJ", "kJ; kj; kilojoule; kilojoules; kilojulios"),
    Unit("megajoule", "MJ", "MJ", "MJ; megajoule; megajoules"),
    Unit("kilocalorie", "kcal", "kcal", "kcal; kilocalorie; kilocalories; kilokalorie; "
         "kilokalorien; Cal; cal; calorie; calories; kalorie; kalorien; caloria; calorias; "
         "kilocalorias; chilocalorie"),
    Unit("calorie", "small calorie", "small calories",
         "small calorie; small calories; gram calorie"),
    Unit("watt_hour", "Wh", "Wh", "Wh; wh; watt hour; watt hours; wattstunde; wattstunden"),
    Unit("kilowatt_hour", "kWh", "kWh", "kWh; kwh; kilowatt hour; kilowatt hours; kilowattstunde; "
         "kilowattstunden; kilovatio hora; kilovatios hora; kilowattheure; kilowattheures; "
         "chilowattora; kilowattora"),
    Unit("BTU", "BTU", "BTU", "BTU; btu; btus"),
    Unit("electron_volt", "eV", "eV", "eV; ev; electron volt; electron volts; elektronenvolt"),
    Unit("watt", "W", "W", "W; w; watt; watts; vatio; vatios"),
    Unit("kilowatt", "kW", "kW", "kW; kw; kilowatt; kilowatts; kilovatio; kilovatios"),
    Unit("megawatt", "MW", "MW", "MW; megawatt; megawatts"),
    Unit("metric_horsepower", "metric hp", "metric hp", "ps; pferdestarke; pferdestarken; cv; "
         "caballos; caballos de vapor; caballo de vapor; chevaux; cavalli; metric horsepower; ch"),
    Unit("horsepower", "hp", "hp", "hp; horsepower; bhp; horse power"),
    Unit("pascal", "Pa", "Pa", "Pa; pa; pascal; pascals"),
    Unit("hectopascal", "hPa", "hPa", "hPa; hpa; hectopascal; hektopascal; mbar; millibar"),
    Unit("kilopascal", "kPa", "kPa", "kPa; kpa; kilopascal; kilopascals"),
    Unit("megapascal", "MPa", "MPa", "MPa; mpa; megapascal"),
    Unit("bar", "bar", "bar", "bar; bars; bares"),
    Unit("psi", "psi", "psi", "psi; pounds per square inch"),
    Unit("standard_atmosphere", "atm", "atm",
         "atm; atmosphere; atmospheres; atmosphare; atmospharen; "
         "atmosfera; atmosferas; atmosfere"),
    Unit("mmHg", "mmHg", "mmHg", "mmHg; mmhg; torr; millimeters of mercury"),
    Unit("newton", "N", "N", "N; newton; newtons"),
    Unit("newton*meter", "Nm", "Nm", "Nm; newton meter; newton meters; newtonmeter"),
    Unit("foot*force_pound", "ft-lb", "ft-lb",
         "ft lb; ft-lb; ft lbs; foot pounds; foot pound; lb ft"),
    # Angle, frequency
    Unit("degree", "degree", "degrees", "°; deg; degree; degrees; grad; grado; grados; degre; "
         "degres; gradi; winkelgrad"),
    Unit("radian", "radian", "radians", "rad; radian; radians; radiant; radianes; radianti"),
    Unit("turn", "turn", "turns", "turn; turns; revolution; revolutions; umdrehung; umdrehungen"),
    Unit("hertz", "Hz", "Hz", "Hz; hz; hertz; hercios"),
    Unit("kilohertz", "kHz", "kHz", "kHz; khz; kilohertz"),
    Unit("megahertz", "MHz", "MHz", "MHz; mhz; megahertz"),
    Unit("gigahertz", "GHz", "GHz", "GHz; ghz; gigahertz"),
    Unit("revolutions_per_minute", "rpm", "rpm", "rpm; revolutions per minute; u/min; tr/min"),
    # How far a car goes
    Unit("mile/US_liquid_gallon", "mpg (US)", "mpg (US)", "mpg; miles per gallon; us mpg; mpg us; "
         "millas por galon; miglia per gallone; meilen pro gallone"),
    Unit("mile/imperial_gallon", "mpg (UK)", "mpg (UK)", "uk mpg; mpg uk; imperial mpg; "
         "mpg imperial"),
    Unit("kilometer/liter", "km/l", "km/l", "km/l; kml; km per liter; km per litre; "
         "kilometers per liter; kilometres per litre; km con un litro"),
    Unit("liter/hectokilometer", "l/100 km", "l/100 km", "l/100km; l/100 km; L/100km; "
         "liters per 100 km; litres per 100 km; litros a los 100; litros a los 100 km; "
         "litros cada 100 km; liter pro 100 km; liter auf 100 km; litres aux 100; "
         "litres aux 100 km; litri per 100 km; liters per 100 kilometers; "
         "litres per 100 kilometres"),
    # Numbers
    Unit("dozen", "dozen", "dozen", "dozen; dozens; dutzend; docena; docenas; douzaine; douzaines; "
         "dozzina; dozzine"),
    Unit("count", "piece", "pieces", "piece; pieces; item; items; unit; units; stuck; stucke"),
    Unit("percent", "percent", "percent", "%; percent; prozent; por ciento; pour cent; per cento"),
)  # fmt: skip
"""In the order in which they are tried where a name means several: `oz`, `c`, `degrees`."""

KINDS: Final = {
    "meter": "a length",
    "kilogram": "a weight",
    "kelvin": "a temperature",
    "liter": "a volume",
    "meter**2": "an area",
    "meter/second": "a speed",
    "second": "a length of time",
    "bit": "an amount of data",
    "bit/second": "a rate of data",
    "joule": "an energy",
    "watt": "a power",
    "pascal": "a pressure",
    "newton": "a force",
    "radian": "an angle",
    "kilometer/liter": "how far a car goes",
    "liter/kilometer": "what a car needs",
    "hertz": "a frequency",
    "count": "a bare number",
}
"""A unit of each kind, and the kind in words."""

_MONEY: Final = (
    "eur; euro; euros; €; usd; dollar; dollars; us dollar; us dollars; us$; $; bucks; dolar; "
    "dolares; dollari; dollaro; gbp; £; pound sterling; pounds sterling; british pound; british "
    "pounds; pfund sterling; quid; sterling; livre sterling; livres sterling; libra esterlina; "
    "libras esterlinas; sterlina; sterline; jpy; yen; ¥; cny; rmb; yuan; renminbi; chf; franc; "
    "francs; swiss franc; swiss francs; franken; schweizer franken; franco; francos; franchi; "
    "cad; canadian dollar; canadian dollars; aud; australian dollars; nzd; inr; rupee; rupees; "
    "rupien; rupias; ₹; brl; real; reais; mxn; peso; pesos; rub; rouble; ruble; rubles; rubel; "
    "₽; krw; won; ₩; try; lira; lire; turkish lira; sek; nok; dkk; krone; kronen; kroner; "
    "krona; kronor; pln; zloty; huf; forint; czk; koruna; uah; zar; rand; sgd; hkd; thb; baht; "
    "btc; bitcoin; bitcoins; ₿; eth; ether; cent; cents; pence; penny; centimes; centimos"
)
CURRENCIES: Final = frozenset(_MONEY.split("; "))
"""Money, folded."""
