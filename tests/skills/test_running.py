"""The runner: each skill where it runs, problems of one kind, and a stop that is heeded."""

import threading
import time

import pytest

from homebody.base.errors import EngineDied, EngineProblem, SkillProblem, StoreFull
from homebody.messages.skills import Outcome
from homebody.skills.running import Runner, StepProgress, StepText
from skills.desk_kit import full, last, skill


class Place:
    """A workshop, a desk or experts that do what they are told."""

    def __init__(self, work=lambda: Outcome(text="done")):
        self.work = work
        self.stopped = 0

    def run(self, skill, args):
        return self.work()

    def stop(self):
        self.stopped += 1


class Writing(Place):
    def run(self, skill, args):
        yield StepProgress(0.5)
        yield StepText("do")
        yield self.work()


def raising(error):
    def work():
        raise error

    return work


def runner(*, workshop=None, desk=None, experts=None):
    return Runner(workshop or Place(), desk or Place(), experts or Writing())


@pytest.mark.parametrize("name", ["calculate", "add_note", "summarize"])
def test_each_runs_in_its_place(name):
    said = list(runner().run(skill(name), full(name), label="person"))
    assert last(said).text == "done"
    assert (len(said) > 1) == (name == "summarize")


@pytest.mark.parametrize(
    ("given", "label"),
    [("person", "model"), ("file", "file"), ("clipboard", "clipboard"), ("tool", "tool")],
)
def test_what_a_model_makes_of_outside_text_is_outside_text(given, label):
    assert last(runner().run(skill("rewrite"), {}, label=given)).label == label


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EngineDied("It died.", "Try again."), "died"),
        (EngineProblem("Too much.", "", "overflow"), "large"),
        (EngineProblem("Stopped.", "", "stopped"), "stopped"),
        (EngineProblem("No.", "Load one.", "no_model"), "failed"),
        (SkillProblem("Which?", "", "unclear", choices=("a", "b")), "unclear"),
    ],
)
def test_the_engines_problems_are_a_steps_problems(error, kind):
    experts = Writing(raising(error))
    with pytest.raises(SkillProblem) as caught:
        list(runner(experts=experts).run(skill("rewrite"), {}, label="person"))
    assert caught.value.kind == kind
    assert caught.value.choices == getattr(error, "choices", ())


def test_the_stores_problems_are_too():
    desk = Place(raising(StoreFull("The disk is full.", "Free some space.")))
    with pytest.raises(SkillProblem, match="disk is full") as caught:
        list(runner(desk=desk).run(skill("add_note"), {}, label="person"))
    assert (caught.value.kind, caught.value.hint) == ("failed", "Free some space.")


def test_a_bug_at_the_desk_stays_a_bug():
    desk = Place(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        list(runner(desk=desk).run(skill("add_note"), {}, label="person"))


def hanging():
    release = threading.Event()

    def work():
        release.wait(20)
        return Outcome(text="late")

    return Place(work), release


def test_a_desk_that_hangs_is_given_up():
    desk, release = hanging()
    hasty = skill("read_clipboard")
    from msgspec.structs import replace

    try:
        with pytest.raises(SkillProblem, match="did not answer") as caught:
            list(runner(desk=desk).run(replace(hasty, seconds=0.3), {}, label="person"))
    finally:
        release.set()
    assert caught.value.kind == "time"


def test_a_desk_that_hangs_is_stopped_at_once():
    desk, release = hanging()
    workshop, experts = Place(), Writing()
    it = runner(workshop=workshop, desk=desk, experts=experts)
    asked = []
    timer = threading.Timer(0.5, lambda: (asked.append(time.monotonic()), it.stop()))
    timer.start()
    try:
        with pytest.raises(SkillProblem) as caught:
            list(it.run(skill("read_clipboard"), {}, label="person"))
        took = time.monotonic() - asked[0]
    finally:
        release.set()
        timer.join()
    assert caught.value.kind == "stopped"
    assert took < 1.0  # 0.3 s on a machine with nothing else to do
    assert (workshop.stopped, experts.stopped) == (1, 1)


def test_what_was_done_is_not_called_stopped():
    it = runner()
    it.stop()
    assert last(it.run(skill("add_note"), {}, label="person")).text == "done"
