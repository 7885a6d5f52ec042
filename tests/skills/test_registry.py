from homebody.messages.skills import Skill
from homebody.skills.built_in import BUILT_IN
from homebody.skills.registry import Registry


def own(name: str, folder: str = "/skills/one") -> Skill:
    return Skill(name=name, title=name, description="Does it.", runs="engine", own=folder)


def test_every_built_in_skill_is_found_by_its_name() -> None:
    registry = Registry()
    assert len(registry.all) == 22
    assert all(registry.find(skill.name) is skill for skill in BUILT_IN)
    assert registry.find("fly") is None
    assert registry.problems == ()


def test_a_built_in_skill_keeps_its_name_and_that_is_said() -> None:
    registry = Registry(own=[own("calculate", "/skills/mine")])
    found = registry.find("calculate")
    assert found is not None
    assert found.own == ""
    assert len(registry.problems) == 1
    assert "/skills/mine" in registry.problems[0]


def test_of_two_own_skills_with_one_name_none_is_used() -> None:
    registry = Registry(own=[own("diary", "/skills/a"), own("diary", "/skills/b"), own("other")])
    assert registry.find("diary") is None
    assert registry.find("other") is not None
    assert "/skills/a" in registry.problems[0]
    assert "/skills/b" in registry.problems[0]


def test_five_hundred_own_skills_are_all_there() -> None:
    registry = Registry(own=[own(f"skill-{number}") for number in range(500)])
    assert len(registry.all) == 522
    assert registry.find("skill-499") is not None
