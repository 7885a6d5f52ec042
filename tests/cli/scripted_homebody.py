"""Homebody as it is, but its engine says what a script tells it: SCRIPT, then the arguments.

There are no skills: the script is for the model that chats (`skilled_homebody` has a planner's
too). Everything else is real: the processes, the lock, the pipe, the store, the terminal.
"""

import sys
from typing import Any

from homebody import building, launch
from homebody.engine import client
from homebody.wire.keeper import Limits, child_command


def main() -> int:
    script = sys.argv[1]
    client.child_command = lambda _role: child_command("scripted-engine", script)
    answers = building._Answering.assistant

    def talks(self: Any, *parts: Any) -> Any:
        self.skills = False
        return answers(self, *parts)

    building._Answering.assistant = talks  # type: ignore[method-assign]
    # A machine that runs tests is busy; a child that starts slowly is no failure of ours.
    Limits.__init__.__defaults__ = (60.0, *Limits.__init__.__defaults__[1:])  # type: ignore[index]
    return launch.run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
