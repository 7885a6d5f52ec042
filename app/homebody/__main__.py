"""Which process is this? The front end, or one of its children."""

import sys

__all__ = ["main"]


def main() -> int:
    """Run the process that the arguments name; return its exit status."""
    if len(sys.argv) > 3 and sys.argv[1] == "--as":
        return _child(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    from homebody.launch import run

    return run(sys.argv[1:])


def _child(role: str, parent: int, rest: list[str]) -> int:
    if role == "engine":
        from homebody.engine.worker.main import main as engine
        from homebody.privacy.lock import lock_engine

        engine(parent, lock_engine)
    elif role == "workshop":
        from homebody.privacy.lock import lock_workshop
        from homebody.skills.workshop_child import main as workshop

        workshop(parent, lock_workshop)
    elif role == "porter":
        from homebody.courier.porter import main as porter

        porter(parent)
    elif role == "courier":
        from homebody.courier.main import main as courier
        from homebody.privacy.ledger import Ledger

        courier(parent, lambda home: Ledger(home.ledger, home.ledger_head))
    elif role == "scripted-engine":
        from homebody.engine.scripted import main as scripted

        scripted(parent, rest[0])
    return 3


if __name__ == "__main__":
    sys.exit(main())
