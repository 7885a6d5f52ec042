"""The registry: every skill that can be used now, by name."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from homebody.messages.skills import Skill
from homebody.skills.built_in import BUILT_IN

__all__ = ["Registry"]


class Registry:
    """Built-in skills and the person's own. It never changes: made anew when a skill is allowed."""

    def __init__(self, built_in: Sequence[Skill] = BUILT_IN, own: Sequence[Skill] = ()) -> None:
        """Take what there is. A built-in skill keeps its name; of two own ones none gets it."""
        ours = {skill.name for skill in built_in}
        times = Counter(skill.name for skill in own)
        problems = []
        for name in times:
            folders = " and ".join(skill.own for skill in own if skill.name == name)
            if name in ours:
                problems.append(
                    f"Your skill {name} ({folders}) is not used: a built-in skill has that name. "
                    "Give it another."
                )
            elif times[name] > 1:
                problems.append(
                    f"{times[name]} of your skills are called {name} ({folders}), so none of them "
                    "is used. Give each a name of its own."
                )
        used = [skill for skill in own if skill.name not in ours and times[skill.name] == 1]
        self.all: Final[tuple[Skill, ...]] = (*built_in, *used)
        self.problems: Final[tuple[str, ...]] = tuple(problems)
        self._by_name = {skill.name: skill for skill in self.all}

    def find(self, name: str) -> Skill | None:
        """Return the skill of that name."""
        return self._by_name.get(name)
