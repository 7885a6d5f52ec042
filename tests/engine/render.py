"""Render one chat template in a process of its own and say what it did: see test_template.py."""

import json
import os
import resource
import sys
import time
from pathlib import Path

from homebody.base.errors import EngineProblem
from homebody.engine.worker.template import Template
from homebody.messages.frames import Message

HARMLESS = {"object.__getattr__", "object.__setattr__", "compile", "exec", "marshal.loads"}


def main() -> None:
    source = Path(sys.argv[1]).read_text("utf-8")
    messages = [Message(role, text) for role, text in json.loads(sys.argv[2])]
    did: list[str] = []
    watching = False

    def look(event: str, arguments: tuple) -> None:
        if not watching:
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if event.startswith(("open", "os.", "subprocess", "socket", "shutil", "ctypes.dlopen")):
            did.append(event)

    sys.addaudithook(look)
    Template("warm {{ 1 }}").render([Message("user", "up")])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    watching, started = True, time.monotonic()
    result: dict[str, object] = {"kind": None, "text": None}
    try:
        result["text"] = Template(source, bos="<s>", eos="</s>").render(messages)
    except EngineProblem as problem:
        result["kind"], result["message"] = problem.kind, problem.message
    result["seconds"] = time.monotonic() - started
    watching = False
    result["grown"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    result["limit"] = resource.getrlimit(resource.RLIMIT_AS) == (resource.RLIM_INFINITY,) * 2
    result["did"] = did
    # The process has to be of use afterwards.
    result["next"] = Template("{{ messages[0].content }}").render([Message("user", "still here")])
    if result["text"] and len(str(result["text"])) > 100_000:
        result["text"] = len(str(result["text"]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
