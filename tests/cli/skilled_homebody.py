"""Homebody with skills: SCRIPT (what the model says), LINES (request to plan), then arguments.

Everything is real but the model, the planner, who looks a request up, the experts, who shout, and
the clipboard.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from assistant.chores import Clipboard, Loud, Opened, Planner
from homebody import building, launch
from homebody.assistant.session import Parts, Session
from homebody.assistant.work import Work
from homebody.engine import client
from homebody.skills.desk import Desk
from homebody.skills.registry import Registry
from homebody.skills.running import Runner
from homebody.skills.workshop import Workshop
from homebody.wire.keeper import Limits, child_command

script, lines = sys.argv[1:3]
workshops = []


def with_skills(session: Session) -> Session:
    """Return the session with skills, built as the launcher builds them."""
    workshop = Workshop()
    workshops.append(workshop)
    skills = Registry()
    work = Work(
        planner=Planner(json.loads(Path(lines).read_text()), skills),
        skills=skills,
        runner=Runner(workshop, Desk(session.store, clipboard=Clipboard(), opens=Opened()), Loud()),
        folders=workshop,
        grants=session.saved,
        places=lambda: (Path.cwd(),),
    )
    plain = session.parts.assistant

    def assistant(*facts: object) -> object:
        made = plain(*facts)  # type: ignore[arg-type]
        made._work = work
        return made

    session.parts = Parts(
        find_model=session.parts.find_model,
        load_request=session.parts.load_request,
        prepare=session.parts.prepare,
        assistant=assistant,  # type: ignore[arg-type]
    )
    session.assistant = session.assistant_for(session.store)
    return session


def main() -> int:
    """Run it."""
    """Run it."""
    build, command, name = building.build_session, client.child_command, "engine"
    client.child_command = lambda role: (
        child_command("scripted-engine", script) if role == name else command(role)
    )

    def build_with_skills(home: object, told: SimpleNamespace, *facts: object, **more: object):
        # Without those that it would make itself: their planner needs a model.
        bare = SimpleNamespace(**vars(told) | {"no_skills": True})
        return with_skills(build(home, bare, *facts, **more))  # type: ignore[arg-type]

    building.build_session = build_with_skills
    # A machine that runs tests is busy; a child that starts slowly is no failure of ours.
    Limits.__init__.__defaults__ = (60.0, *Limits.__init__.__defaults__[1:])  # type: ignore[index]
    try:
        return launch.run(sys.argv[3:])
    finally:
        for workshop in workshops:
            workshop.close()


if __name__ == "__main__":
    sys.exit(main())
