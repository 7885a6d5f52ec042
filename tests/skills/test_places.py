from datetime import UTC, datetime
from importlib import resources
from itertools import chain
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.base.errors import SkillProblem
from homebody.skills.dates import current_time
from homebody.skills.moments import now_in, zone_of
from homebody.skills.places import find_places, times_in
from homebody.skills.places_known import Place, _index

NOW = datetime(2026, 11, 18, 10, 15, tzinfo=ZoneInfo("Europe/Berlin"))


def said(place: str) -> str:
    return current_time({"place": place}, NOW).said


def said_or_reason(place: str) -> str:
    try:
        return said(place)
    except SkillProblem as problem:
        return problem.message


def refused(place: str) -> SkillProblem:
    with pytest.raises(SkillProblem) as caught:
        said(place)
    return caught.value


@pytest.mark.parametrize(
    ("names", "clock"),
    [
        ("Tokyo; Tokio; Kyoto; Japan; Japón; Giappone; JST; Asia/Tokyo; UTC+9", "18:15"),
        ("London; Londres; Londra; England; UK; Vereinigtes Königreich; GMT; Lissabon", "09:15"),
        ("München; Munich; Monaco di Baviera; Muenchen; Germany; Alemania; Rom; Roma", "10:15"),
        ("New York; Nueva York; NYC; EST; ET; London, Ontario; Springfield, Ohio", "04:15"),
        (
            "Los Angeles; LA; San Francisco; California; pst; Washington state; Pacific time",
            "01:15",
        ),
        ("Mexico City; Ciudad de México; Paris, Texas; Springfield MO; Chicago", "03:15"),
        ("Beijing; Peking; Pékin; Pechino; China; Hong Kong; Singapore; Perth; Bali", "17:15"),
        ("Mumbai; Neu-Delhi; India; Indien; Kolkata", "14:45"),
        ("Kathmandu; Nepal", "15:00"),
        ("Moscow; Moskau; Moscú; Moscou; Mosca; Istanbul", "12:15"),
        ("Sydney; Melbourne; Sydney Australia; in Sydney", "20:15"),
        ("Wien; Vienna; Zürich; Genève; Ginevra; Florenz; Neapel; Varsovia", "10:15"),
        ("UTC; utc; UTC+0; GMT+00:00", "09:15"),
        ("UTC+5:30; GMT +5:30", "14:45"),
        ("UTC-3; São Paulo; Sao Paulo; Buenos Aires", "06:15"),
    ],
)
def test_the_time_of_places_in_five_languages(names: str, clock: str) -> None:
    for name in names.split("; "):
        assert f"it is {clock} on" in said(name), name


def test_here_is_told_without_a_place() -> None:
    for place in ("", "here", "hier", "ici"):
        assert said(place) == "It is 10:15 on Wednesday, 18 November 2026."


def test_how_far_ahead_it_is_and_on_which_day_is_said() -> None:
    assert said("Tokyo").endswith("18 November 2026, 8 hours ahead of you.")
    assert said("Honolulu").endswith("Tuesday, 17 November 2026, 11 hours behind you.")
    assert "ahead" not in said("Rome")


def test_several_places_of_one_name_are_named() -> None:
    problem = refused("Springfield")
    assert problem.kind == "unclear"
    assert "Springfield, Illinois" in problem.choices
    assert refused("CST").choices == ("Chicago", "Shanghai", "Havana")
    assert refused("Washington").choices == ("Washington, D.C.", "the state of Washington")
    assert refused("Georgia").choices == ("the country of Georgia", "the state of Georgia")
    for name in ("San José", "Cambridge", "Hamilton", "Salem", "Córdoba"):
        assert len(refused(name).choices) > 1, name


def choices(place: str, now: datetime) -> tuple[str, ...]:
    try:
        times_in(place, now)
    except SkillProblem as problem:
        return problem.choices
    return ()


def test_each_of_several_places_can_be_chosen() -> None:
    shared = [key for key, found in _index().items() if len(found) > 1]
    unclear = 0
    for key in shared:
        for month in (1, 7):
            now = datetime(2026, month, 18, 12, tzinfo=UTC)
            unclear += bool(choices(key, now))
            assert len(choices(key, now)) != 1, key
            for choice in choices(key, now):
                assert times_in(choice, now), choice
    assert unclear > 20


def test_of_a_large_place_the_smaller_ones_of_its_name_are_mentioned() -> None:
    assert said("Birmingham").endswith("There is also Birmingham, Alabama, where it is 03:15.")
    assert said("Portland").endswith("There is also Portland, Maine, where it is 04:15.")
    assert "also" not in said("Paris")


def test_a_part_with_its_own_time_where_few_live_is_mentioned() -> None:
    assert said("Portugal").endswith("1 hour behind you. In Ponta Delgada it is 08:15.")
    assert said("Florida").endswith("6 hours behind you. In Pensacola it is 03:15.")
    assert "Pensacola" not in said("Miami")


@pytest.mark.parametrize(
    ("slip", "name"),
    [
        ("Melborne", "Melbourne"),
        ("Reykjavic", "Reykjavik"),
        ("Barcelonaa", "Barcelona"),
        ("Istnabul", "Istanbul"),
        ("Bogata, Kolumbien", "Bogotá"),
        ("Portugl", "Portugal"),
    ],
)
def test_a_slip_is_forgiven_and_said(slip: str, name: str) -> None:
    assert f"In {name}" in said(slip)
    assert said(slip).endswith(f"I read {slip} as {name}.")


def test_of_an_unknown_place_the_country_is_told_where_it_has_one_time() -> None:
    for place, clock in (("Nowhereheim, Germany", "10:15"), ("Nowheretown, CA", "01:15")):
        assert f"it is {clock} on" in said(place)
        assert said(place).endswith(f"I do not know {place} itself.")
    for place in (
        "Nowheretown, USA",
        "Nowheretown, Georgia",
        "Nowheretown, WA",
        "Nowhere, Nowhere",
    ):
        assert "a larger city nearby, the country" in refused(place).hint


def test_short_names_and_first_letters_are_not_guessed() -> None:
    for place in ("Rime", "Marburg", "Kokyo"):
        assert refused(place).kind == "arguments"


def test_a_city_that_only_names_a_time_zone_is_known() -> None:
    assert said("Ushuaia").startswith("In Ushuaia, Argentina it is 06:15 on")
    assert said("Rankin Inlet").startswith("In Rankin Inlet, Canada it is 03:15 on")
    assert said("Aqtau, Kasachstan").startswith("In Aqtau, Kazakhstan it is 14:15 on")
    assert said("Europe Rome").startswith("In Rome, Italy it is 10:15 on")


def test_a_country_with_several_times_tells_them_all() -> None:
    australia = said("Australia")
    assert "has 5 times" in australia
    assert "17:15 in Perth" in australia
    assert "20:15 in Sydney" in australia
    assert "(yesterday)" in said("USA")


@pytest.mark.parametrize("place", ["Nowherecity", "Foo/Bar", "UTC+99", "x" * 500, "|", "|c|", "\t"])
def test_an_unknown_place_is_said(place: str) -> None:
    if place in {"|", "\t"}:
        assert said(place).startswith("It is 10:15")
        return
    assert refused(place).kind == "arguments"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_name_has_a_time_or_a_reason(place: str) -> None:
    assert said_or_reason(place)


def places() -> set[Place]:
    return set(chain(*_index().values()))


def test_every_zone_of_the_list_exists() -> None:
    zones = {zone.key for place in places() for zone in place.zones}
    assert len(zones) > 250
    assert zones - available_timezones() == set()


def zones_of_countries() -> set[tuple[str, str]]:
    """Return code and zone, as the time zone database has them."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {(row[0], row[2]) for row in rows}


def test_every_place_has_a_zone_of_its_country() -> None:
    true = zones_of_countries() | {("XK", "Europe/Belgrade")}
    found = {(place.code, zone.key) for place in places() for zone in place.zones}
    assert found - true == set()


def test_every_country_is_in_the_list() -> None:
    uninhabited = {"BQ", "BV", "CC", "GS", "HM", "IO", "MF", "SJ", "TF", "UM", "AX"}
    nations = [place.code for place in places() if place.kind == "n"]
    assert len(nations) == len(set(nations))
    codes = {code for code, _ in zones_of_countries()}
    assert codes - set(nations) - uninhabited == set()


def test_a_place_with_several_zones_names_a_city_for_each() -> None:
    for place in places():
        assert place.zones, place.name
        assert not place.zones[0].few, place.name
        if len(place.zones) > 1:
            assert all(zone.city for zone in place.zones), place.name
            assert [zone for zone in place.zones if not find_places(zone.city)] == [], place.name


ASKED = """
Europe/London: London; Manchester; Edinburgh; Glasgow; Liverpool; Belfast; Londres
Europe/Dublin: Dublin; Cork
Europe/Lisbon: Lisbon; Porto; Lissabon
Europe/Madrid: Madrid; Barcelona; Sevilla; Mallorca; Bilbao; Malaga
Europe/Paris: Paris; Lyon; Marseille; Nice; Toulouse; Bordeaux; Marsiglia
Europe/Brussels: Brussels; Antwerpen; Brüssel
Europe/Amsterdam: Amsterdam; Rotterdam; Den Haag
Europe/Berlin: Berlin; München; Hamburg; Frankfurt; Köln; Colonia; Stuttgart; Leipzig; Nuremberg
Europe/Zurich: Zürich; Geneva; Basel; Ginebra
Europe/Vienna: Vienna; Salzburg; Graz
Europe/Rome: Rome; Milano; Naples; Florence; Venedig; Turin; Palermo; Bologna
Europe/Copenhagen: Copenhagen
Europe/Stockholm: Stockholm; Gothenburg
Europe/Oslo: Oslo; Bergen
Europe/Helsinki: Helsinki
Atlantic/Reykjavik: Reykjavik
Europe/Warsaw: Warsaw; Kraków; Danzig
Europe/Prague: Prague; Brno
Europe/Budapest: Budapest
Europe/Bucharest: Bucharest
Europe/Athens: Athens; Thessaloniki
Europe/Istanbul: Istanbul; Ankara; Antalya
Europe/Kyiv: Kiev; Lviv; Odessa
Europe/Moscow: Moscow; St. Petersburg
Asia/Vladivostok: Vladivostok
Asia/Novosibirsk: Novosibirsk
Africa/Cairo: Cairo; Alexandria
Africa/Casablanca: Casablanca; Marrakesh
Africa/Tunis: Tunis
Africa/Lagos: Lagos; Abuja
Africa/Accra: Accra
Africa/Nairobi: Nairobi; Mombasa
Africa/Addis_Ababa: Addis Ababa
Africa/Johannesburg: Johannesburg; Cape Town; Durban
Asia/Dubai: Dubai; Abu Dhabi
Asia/Riyadh: Riyadh; Mecca
Asia/Qatar: Doha
Asia/Jerusalem: Tel Aviv; Jerusalem
Asia/Beirut: Beirut
Asia/Tehran: Tehran
Asia/Baghdad: Baghdad
Asia/Kabul: Kabul
Asia/Karachi: Karachi; Lahore; Islamabad
Asia/Kolkata: Mumbai; Delhi; Bangalore; Chennai; Kolkata; Hyderabad; Goa; Pune
Asia/Dhaka: Dhaka
Asia/Colombo: Colombo
Asia/Kathmandu: Kathmandu
Asia/Bangkok: Bangkok; Phuket; Chiang Mai
Asia/Ho_Chi_Minh: Hanoi; Saigon
Asia/Singapore: Singapore
Asia/Kuala_Lumpur: Kuala Lumpur
Asia/Jakarta: Jakarta
Asia/Makassar: Bali
Asia/Manila: Manila; Cebu
Asia/Hong_Kong: Hong Kong
Asia/Shanghai: Shanghai; Beijing; Shenzhen; Guangzhou; Wuhan; Chengdu
Asia/Taipei: Taipei
Asia/Seoul: Seoul; Busan
Asia/Tokyo: Tokyo; Osaka; Kyoto; Sapporo; Hiroshima
Australia/Sydney: Sydney; Canberra
Australia/Melbourne: Melbourne
Australia/Brisbane: Brisbane; Gold Coast
Australia/Perth: Perth
Australia/Adelaide: Adelaide
Australia/Darwin: Darwin
Pacific/Auckland: Auckland; Wellington; Christchurch; Queenstown
Pacific/Honolulu: Honolulu
America/Anchorage: Anchorage
America/Los_Angeles: Los Angeles; San Francisco; Seattle; San Diego; Las Vegas; Portland; Sacramento
America/Los_Angeles: Palo Alto
America/Phoenix: Phoenix; Tucson
America/Denver: Denver; Salt Lake City; Boulder
America/Chicago: Chicago; Houston; Dallas; Austin; New Orleans; Minneapolis; Nashville
America/Chicago: St. Louis; Milwaukee
America/New_York: New York; Boston; Miami; Atlanta; Philadelphia; Orlando; Washington DC
America/New_York: Pittsburgh; Cleveland; Charlotte; Brooklyn
America/Detroit: Detroit
America/Toronto: Toronto; Ottawa; Montréal; Quebec City
America/Vancouver: Vancouver
America/Edmonton: Calgary; Edmonton
America/Winnipeg: Winnipeg
America/Halifax: Halifax
America/Mexico_City: Mexico City; Guadalajara; Oaxaca
America/Cancun: Cancún; Tulum
America/Tijuana: Tijuana
America/Havana: Havana
America/Panama: Panama City
America/Costa_Rica: San José, Costa Rica
America/Bogota: Bogotá; Medellín
America/Lima: Lima; Cusco
America/Guayaquil: Quito
America/Caracas: Caracas
America/La_Paz: La Paz
America/Santiago: Santiago de Chile; Valparaíso
America/Argentina/Buenos_Aires: Buenos Aires; Rosario
America/Montevideo: Montevideo
America/Sao_Paulo: São Paulo; Rio de Janeiro; Rio; Brasília
"""
"""Cities that people ask about, written down before the list of places was."""


def test_the_cities_that_people_ask_about_are_known() -> None:
    missing = []
    for line in ASKED.strip().splitlines():
        zone, _, names = line.partition(": ")
        there = NOW.astimezone(ZoneInfo(zone))
        missing += [
            name
            for name in names.split("; ")
            if f"it is {there:%H:%M} on" not in said_or_reason(name)
        ]
    assert missing == []


def test_summer_time_is_that_of_the_place() -> None:
    july = datetime(2026, 7, 1, 12, tzinfo=UTC)
    london = times_in("London", july)
    assert london is not None
    assert "13:00" in london.said
    assert len(find_places("Paris")) > 1


def test_the_persons_zone_has_a_name_or_is_the_systems() -> None:
    assert zone_of("Europe/Rome") == ZoneInfo("Europe/Rome")
    assert now_in().tzinfo is not None
    with pytest.raises(SkillProblem, match="no time zone"):
        zone_of("Mars/Olympus")
