"""Composes requests for several steps from parts: take something, change it, keep it.

In chains/LANG.txt, `@` in a plan is the result of the part before, and OBJ what is worked on.
"""

import random
from typing import Final

from forms import CONTEXT, Form, Sections

__all__ = ["compose"]

_MOST: Final = 5
_PUNCTUATION: Final = (",", ";", ".")


def compose(rng: random.Random, language: str, parts: Sections) -> Form:
    """Return a request for one to five steps; its family is its first and its last part."""
    while True:
        chain = _Chain(rng, parts)
        chain.grow()
        if 1 <= len(chain.steps) <= _MOST:
            return chain.form(language)


class _Chain:
    """A chain as it grows."""

    def __init__(self, rng: random.Random, parts: Sections) -> None:
        self._rng = rng
        self._parts = parts
        self._said: list[str] = []
        self._used: list[str] = []
        self._context = ""
        self._current = ""
        """What stands for the result so far, such as `$1`."""
        self.steps: list[str] = []

    def grow(self) -> None:
        """Put parts together in one of four ways."""
        shape = self._rng.random()
        if shape < 0.3:
            self._take()
            for _ in range(self._rng.choice((1, 1, 2))):
                self._change()
        elif shape < 0.6:
            self._change_named()
            if self._rng.random() < 0.4:
                self._change()
        elif shape < 0.78:
            self._keep_named()
            return
        else:
            left, right = self._pick("sums")
            self._say(left)
            self._run(right)
        tail = self._rng.random()
        if tail < 0.72:
            self._keep()
        elif tail < 0.85:
            left, right = self._pick("alone")
            self._say(left)
            self._run(right)

    def form(self, language: str) -> Form:
        """Return what was put together."""
        request = self._said[0]
        for part in self._said[1:]:
            if request.endswith("$text"):
                # A passage stands alone before what follows it.
                request += f" {part}"
                continue
            joint = self._rng.choice(self._parts["joins"])
            request += f"{'' if joint.startswith(_PUNCTUATION) else ' '}{joint} {part}"
        family = f"{language} chain: {self._used[0]} / {self._used[-1]}"
        return Form(language, family, self._context + request, " ; ".join(self.steps))

    # -------------------------------------------------------------------------- parts

    def _pick(self, section: str) -> tuple[str, str]:
        """Return a part: what is said, and the steps that it means."""
        left, _, right = self._rng.choice(self._parts[section]).partition("=>")
        self._used.append(left.strip())
        return left.strip(), right.strip()

    def _it(self) -> str:
        return self._rng.choice(self._parts["its"])

    def _say(self, words: str) -> None:
        self._said.append(words)

    def _run(self, right: str) -> None:
        """Add steps, each on the result of the one before."""
        for step in filter(None, (each.strip() for each in right.split(" ; "))):
            self.steps.append(step.replace("@", self._current))
            self._current = f"${len(self.steps)}"

    def _begin(self, left: str, right: str) -> str:
        """Begin with what is worked on; return how it is said."""
        found = CONTEXT.search(left)
        if found is not None:
            self._context = f"[{found.group(1)}] "
            self._current = "$file1" if found.group(1).startswith("file") else "$reply"
            left = CONTEXT.sub("", left).strip()
        elif "$text" in left:
            self._current = "$text"
        self._run(right)
        return left

    def _take(self) -> None:
        self._say(self._begin(*self._pick("takes")))

    def _change(self) -> None:
        left, right = self._pick("changes")
        self._say(left.replace("OBJ", self._it()))
        self._run(right)

    def _change_named(self) -> None:
        thing = self._begin(*self._pick("objects"))
        left, right = self._pick("changes")
        self._say(left.replace("OBJ", thing))
        self._run(right)

    def _keep_named(self) -> None:
        """Keep "a summary of the file" and the like."""
        thing = self._begin(*self._pick("objects"))
        left, right = self._pick("nouns")
        noun = left.replace("OBJ", thing)
        self._run(right)
        left, right = self._pick("keeps")
        self._say(left.replace("OBJ", noun))
        self._run(right)

    def _keep(self) -> None:
        """Keep the result, and now and then in a second place too."""
        result = self._current
        first, right = self._pick("keeps")
        self._say(first.replace("OBJ", self._it()))
        self._run(right)
        if self._rng.random() < 0.15:
            left, right = self._pick("keeps")
            if right.split(" ", 1)[0] != self.steps[-1].split(" ", 1)[0]:
                self._say(left.replace("OBJ", self._it()).replace("{file2}", "{file4}"))
                self.steps.append(right.replace("@", result).replace("{file2}", "{file4}"))
