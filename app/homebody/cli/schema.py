"""`homebody schema [NAME]`: the JSON Schema of what the command line prints and writes."""

import json
from typing import Any

import msgspec

from homebody.base.errors import BadInput
from homebody.cli.plan import PlanRequest
from homebody.messages.backups import BackupsReport, RestoredReport
from homebody.messages.events import TurnEvent
from homebody.messages.fit import FitReport
from homebody.messages.frames import FromEngine, ToEngine
from homebody.messages.hub import GetReport, SearchReport, TokenReport
from homebody.messages.ledger import LedgerReport, VerifyReport
from homebody.messages.offers import Offer, RedactReport
from homebody.messages.packs import PacksReport
from homebody.messages.plans import Plan, PlanReport
from homebody.messages.providers import ProvidersReport
from homebody.messages.reports import AskReport, DoctorReport, InspectReport
from homebody.messages.shelf import RemovedReport, ShelfReport
from homebody.messages.skills import Skill
from homebody.messages.turns import Conversation, Turn
from homebody.messages.updates import UpdatesReport
from homebody.messages.workshop import FromWorkshop, ToWorkshop

__all__ = ["SCHEMAS", "print_schema"]

SCHEMAS: dict[str, Any] = {
    "ask": AskReport,
    "doctor": DoctorReport,
    "plan": PlanReport,
    "plan-request": PlanRequest,
    "plan-itself": Plan,
    "skill": Skill,
    "inspect": InspectReport,
    "fit": FitReport,
    "list": ShelfReport,
    "search": SearchReport,
    "get": GetReport,
    "remove": RemovedReport,
    "token": TokenReport,
    "providers": ProvidersReport,
    "backups": BackupsReport,
    "backups-restore": RestoredReport,
    "engine": PacksReport,
    "updates": UpdatesReport,
    "redact": RedactReport,
    "offer": Offer,
    "ledger": LedgerReport,
    "ledger-verify": VerifyReport,
    "conversation": Conversation,
    "turn": Turn,
    "events": TurnEvent,
    "to-engine": ToEngine,
    "from-engine": FromEngine,
    "to-workshop": ToWorkshop,
    "from-workshop": FromWorkshop,
}


def print_schema(name: str | None) -> int:
    """Print one schema, or the names of all."""
    if name is None:
        print("\n".join(SCHEMAS))
        return 0
    if name not in SCHEMAS:
        raise BadInput(f"There is no schema {name!r}.", f"Known are: {', '.join(SCHEMAS)}.")
    # `object` is any value, which msgspec does not word by itself.
    schema = msgspec.json.schema(SCHEMAS[name], schema_hook=lambda _: {"description": "any value"})
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0
