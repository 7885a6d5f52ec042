"""What code sets right in a plan, and what it leaves alone."""

import pytest

from homebody.assistant.passages import see
from homebody.assistant.plan_lines import read_line, write_line
from homebody.assistant.plan_sense import sensible
from homebody.skills.registry import Registry

SKILLS = Registry()


@pytest.mark.parametrize(
    ("request_", "written", "meant"),
    [
        (
            "what day was it 90 days ago",
            "shift_date today | 90 days",
            "shift_date today | -90 days",
        ),
        ("3 weeks ago was", "shift_date today | 3 weeks ago", "shift_date today | -3 weeks"),
        ("a week before May 3", "shift_date May 3 | a week", "shift_date May 3 | -a week"),
        (
            "welcher Tag war vor 10 Tagen",
            "shift_date today | 10 Tagen",
            "shift_date today | -10 Tagen",
        ),
        ("10 giorni fa", "shift_date today | 10 giorni", "shift_date today | -10 giorni"),
        ("90 days from today", "shift_date today | 90 days", "shift_date today | 90 days"),
        ("90 days ago", "shift_date today | -90 days", "shift_date today | -90 days"),
        (
            "remind me to call mum tomorrow at 9",
            "set_reminder call mum tomorrow at 9 | tomorrow at 9",
            "set_reminder call mum | tomorrow at 9",
        ),
        ("remind me at 9", "set_reminder at 9 | at 9", "set_reminder at 9 | at 9"),
        (
            "make x sound friendlier",
            "rewrite x | sound friendlier",
            "rewrite x | friendly",
        ),
        ("make it a sound proof", "rewrite it | a sound proof", "rewrite it | a sound proof"),
        ("how much is that in tonnes", "convert_units 1 | tonnes | Tonnes", "ask value"),
        ("5 in tonnes", "convert_units 5 | tonnes | tonnes", "ask unit"),
        ("days until then", "date_difference today | today", "ask when"),
        ("10 km in miles", "convert_units 10 | km | miles", "convert_units 10 | km | miles"),
        ("hello", "answer", "answer"),
    ],
)
def test_a_plan_is_what_is_surely_meant(request_, written, meant):
    plan = sensible(read_line(written, SKILLS), see(request_))
    assert write_line(plan, SKILLS) == meant
