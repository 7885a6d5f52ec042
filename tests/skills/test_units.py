import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.base.errors import SkillProblem
from homebody.messages.skills import Outcome
from homebody.skills.unit_names import UNITS
from homebody.skills.units import convert_units

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def converted(value: float, source: str, target: str) -> Outcome:
    return convert_units({"value": value, "from_unit": source, "to_unit": target}, NOW)


def result_or_reason(source: str, target: str) -> str:
    try:
        return converted(1, source, target).text
    except SkillProblem as problem:
        return problem.message


def refused(value: float, source: str, target: str) -> SkillProblem:
    with pytest.raises(SkillProblem) as caught:
        converted(value, source, target)
    return caught.value


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (10, "km", "miles", "6.21371 miles"),
        (25, "°C", "F", "77 °F"),
        (98.6, "F", "C", "37 °C"),
        (32, "grados Fahrenheit", "Celsius", "0 °C"),
        (0, "K", "°C", "-273.15 °C"),
        (30, "degrees", "F", "86 °F"),
        (150, "lbs", "kg", "68.0389 kg"),
        (12, "stone", "kg", "76.2035 kg"),
        (200, "g", "oz", "7.05479 oz"),
        (8, "oz", "ml", "236.588 ml"),
        (5, "cups", "ml", "1182.94 ml"),
        (3, "Litros", "tazas", "12.6803 cups"),
        (3, "Unzen", "Gramm", "85.0486 g"),
        (6, "Fuß", "m", "1.8288 m"),
        (5, "pies", "metros", "1.524 m"),
        (6, "piedi", "cm", "182.88 cm"),
        (12, "Zoll", "cm", "30.48 cm"),
        (2.5, "cuillères à soupe", "ml", "36.9669 ml"),
        (1500, "sq ft", "m²", "139.355 m²"),
        (1, "acre", "m2", "4046.87 m²"),
        (100, "km/h", "mph", "62.1371 mph"),
        (10, "nudos", "km/h", "18.52 km/h"),
        (1, "GB", "GiB", "0.931323 GiB"),
        (1, "GiB", "MB", "1073.74 MB"),
        (100, "Mbps", "MB/s", "12.5 MB/s"),
        (30, "mpg", "l/100km", "7.84049 l/100 km"),
        (7, "l/100km", "mpg", "33.6021 mpg (US)"),
        (5, "l/100km", "km/l", "20 km/l"),
        (20, "PS", "kW", "14.71 kW"),
        (500, "kcal", "kJ", "2092 kJ"),
        (3000, "rpm", "Hz", "50 Hz"),
        (90, "degrees", "radians", "1.5708 radians"),
        (180, "cm", "feet and inches", "5 feet 10.9 inches"),
        (80, "kg", "stone and pounds", "12 stone 8.4 lb"),
        (90, "minutes", "hours", "1.5 hours"),
        (1, "mile", "km", "1.60934 km"),
        (1, "ft", "cm", "30.48 cm"),
        (2, "dozen", "pieces", "24 pieces"),
        (5, "furlong/fortnight", "m/s", "0.000831549 m/s"),
        (2, "kilogramms", "g", "2000 g"),
        (212, "fahrenhiet", "C", "100 °C"),
        (1, "milles marin", "km", "1.852 km"),
    ],
)
def test_units_by_the_names_people_use(
    value: float, source: str, target: str, expected: str
) -> None:
    assert converted(value, source, target).text == expected


def test_the_result_is_said_with_what_was_assumed() -> None:
    assert converted(10, "km", "miles").said == "10 km is about 6.21371 miles."
    assert converted(25, "C", "F").said == "25 °C is 77 °F."
    assert converted(1, "gallon", "l").said.endswith("taken as a US gallon (3.785 litres).")
    assert "taken" not in converted(1, "US gallon", "l").said
    assert "500 g" in converted(1, "Pfund", "g").said


def test_kinds_that_do_not_convert_are_named() -> None:
    problem = refused(10, "kg", "km")
    assert problem.kind == "unsupported"
    assert "a weight" in problem.message
    assert "a length" in problem.message
    assert "water" in refused(2, "cups", "g").hint


@pytest.mark.parametrize(
    ("source", "target"),
    [("EUR", "USD"), ("euros", "dollars"), ("€", "£"), ("pounds", "euros"), ("Franken", "Euro")],
)
def test_of_money_it_is_said_that_rates_are_not_known(source: str, target: str) -> None:
    problem = refused(10, source, target)
    assert problem.kind == "unsupported"
    assert "rates" in problem.message
    assert problem.hint


@pytest.mark.parametrize("unit", ["blorf", "", "m^2^2^2", "9" * 90, "km'; x", "**", "m**99999"])
def test_an_unknown_unit_is_said(unit: str) -> None:
    assert refused(1, unit, "km").kind == "arguments"


def test_impossible_values_are_said() -> None:
    assert "colder" in refused(-300, "C", "F").message
    assert "zero" in refused(0, "l/100km", "mpg").message
    assert converted(1e300, "km", "mm").text == "1 × 10^306 mm"


def test_every_unit_that_is_declared_is_known_to_pint_by_all_its_names() -> None:
    for unit in UNITS:
        for name in unit.names.split("; "):
            assert converted(1, name, unit.pint).text, (unit, name)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(UNITS), st.sampled_from(UNITS), st.integers(1, 10**6))
def test_there_and_back_is_where_one_was(source: object, target: object, value: int) -> None:
    from fractions import Fraction

    from homebody.skills.units import _converted, _meant

    try:
        first, second = _meant(source.pint, target.pint)  # type: ignore[attr-defined]
    except SkillProblem:
        return
    there = _converted(Fraction(value), first, second)
    back = _converted(there, second, first)
    assert abs(back - value) <= Fraction(value, 10**12)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_names_convert_or_have_a_reason(source: str, target: str) -> None:
    assert result_or_reason(source, target)


def test_pint_is_loaded_with_the_first_conversion_only() -> None:
    code = "import sys, homebody.skills.units; print('pint' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
