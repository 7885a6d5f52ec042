"""The command line: what can be written, and what it means."""

import argparse
from pathlib import Path

from homebody import __version__

__all__ = ["COMMANDS", "parse"]

COMMANDS = (
    *("chat", "ask", "plan", "models", "providers", "redact", "ledger"),
    *("doctor", "engine", "backups", "selftest", "updates", "schema"),
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed arguments. What cannot be parsed ends the program with status 2."""
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        return _front().parse_args(arguments)
    parser = _front()
    parser.set_defaults(command="")
    if arguments and arguments[0] in COMMANDS:
        return _commands().parse_args(arguments)
    return parser.parse_args(arguments)


_EPILOG = """commands:
  homebody [FILE.gguf]     the window, with that model; without a display chat here; without
                           a terminal either, answer stdin
  homebody chat            chat in this terminal
  homebody ask TEXT        answer one request
  homebody plan TEXT       print what would be done for a request, and do nothing
  homebody models …        list, inspect, fit, search, get, found, remove, token
  homebody providers …     who can be asked elsewhere: list, add, remove, key, models
  homebody redact          print what comes on stdin with private things replaced
  homebody ledger …        list what ever left this machine; verify that nothing is missing
  homebody doctor          say how everything is, in plain sentences
  homebody engine …        packs for graphics cards: list, add, remove
  homebody backups …       copies of the conversations: list them, put one back
  homebody selftest        send one prompt through the whole app
  homebody updates         ask whether there is a newer version, and fetch nothing
  homebody schema [NAME]   print the JSON Schema of what --json prints

Only `models search`, `models get`, `providers models`, `updates`, `ask --remote` after your yes,
and their like in the window and in `chat` connect to anything."""


def _front() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="homebody",
        description="An assistant that stays home.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE.gguf", help="a model to use")
    parser.add_argument("--offline", action="store_true", help="connect to nothing")
    parser.add_argument("--version", action="version", version=f"homebody {__version__}")
    parser.set_defaults(command="", model=None)
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homebody")
    commands = parser.add_subparsers(dest="command", required=True)
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", metavar="M", help="a model's name, or the path of a GGUF file")
    model.add_argument(
        "--offline",
        action="store_true",
        help="connect to nothing",
    )
    skills = argparse.ArgumentParser(add_help=False)
    skills.add_argument("--no-skills", action="store_true", help="only talk")
    skills.add_argument(
        "--grant",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="let skills read and write in this folder, for this run; may be repeated",
    )
    commands.add_parser("chat", parents=[model, skills], help="chat in this terminal")
    ask = commands.add_parser("ask", parents=[model, skills], help="answer one request")
    ask.add_argument("text", metavar="TEXT")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument(
        "--yes", action="store_true", help="say yes, once, to whatever a step asks for"
    )
    ask.add_argument(
        "--remote",
        metavar="NAME",
        help="ask this provider: shows the exact bytes that would leave, and asks first",
    )
    ask.add_argument(
        "--consent",
        metavar="SHA256",
        help="with --remote: yes to the body that has this hash, and to no other",
    )
    plan = commands.add_parser("plan", help="print what would be done, and do nothing")
    wish = plan.add_mutually_exclusive_group(required=True)
    wish.add_argument("text", nargs="?", metavar="TEXT")
    wish.add_argument(
        "--jsonl",
        action="store_true",
        help='plan many: {"id", "text"} a line on stdin, one JSON object a line on stdout',
    )
    plan.set_defaults(model=None, offline=False)
    _models(commands.add_parser("models", help="find, fetch, fit and remove models"))
    _providers(commands.add_parser("providers", help="who can be asked elsewhere"))
    redact = commands.add_parser("redact", help="replace private things in what comes on stdin")
    redact.add_argument("--json", action="store_true", help="print one JSON object")
    redact.add_argument(
        "--model", action="store_true", help="look through it with the model here too"
    )
    redact.set_defaults(offline=False)
    ledger = commands.add_parser("ledger", help="what ever left this machine").add_subparsers(
        dest="action", required=True
    )
    for action, words in (("list", "list every connection"), ("verify", "is the chain whole?")):
        each = ledger.add_parser(action, help=words)
        each.add_argument("--json", action="store_true", help="print one JSON object")
    doctor = commands.add_parser("doctor", help="say how everything is")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    commands.add_parser("selftest", help="send one prompt through the whole app")
    engine = commands.add_parser("engine", help="packs for graphics cards").add_subparsers(
        dest="action", required=True
    )
    packs = engine.add_parser("list", help="which packs there are, and which are used")
    packs.add_argument("--json", action="store_true", help="print one JSON object")
    added = engine.add_parser("add", help="add a pack that was made for this version")
    added.add_argument("file", type=Path, metavar="FILE.zip")
    removed = engine.add_parser("remove", help="remove a pack")
    removed.add_argument("name", metavar="NAME")
    backups = commands.add_parser("backups", help="copies of the conversations").add_subparsers(
        dest="action", required=True
    )
    listed = backups.add_parser("list", help="which copies there are")
    restore = backups.add_parser("restore", help="put one back; what is there now is copied first")
    restore.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="the newest that this version opens, if none is named",
    )
    for each in (listed, restore):
        each.add_argument("--json", action="store_true", help="print one JSON object")
    updates = commands.add_parser("updates", help="ask whether there is a newer version")
    updates.add_argument("--json", action="store_true", help="print one JSON object")
    updates.add_argument("--offline", action="store_true", help="connect to nothing")
    schema = commands.add_parser("schema", help="print a JSON Schema")
    schema.add_argument("name", nargs="?", metavar="NAME")
    return parser


def _providers(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    listed = actions.add_parser("list", help="list them")
    listed.add_argument("--json", action="store_true", help="print one JSON object")
    add = actions.add_parser("add", help="add one, or change it")
    add.add_argument("name", metavar="NAME", help="what to call it")
    add.add_argument("url", metavar="URL", help="its address, such as https://api.example.org/v1")
    add.add_argument("model", metavar="MODEL", help="the model to ask there")
    add.add_argument(
        "--mine", action="store_true", help="a machine of yours: one yes is enough for it"
    )
    add.add_argument("--price-in", type=float, metavar="X", help="for a million tokens sent")
    add.add_argument("--price-out", type=float, metavar="X", help="for a million tokens back")
    add.add_argument("--currency", metavar="CODE", default="USD", help="of the prices")
    remove = actions.add_parser("remove", help="remove one, and forget its key")
    remove.add_argument("name", metavar="NAME")
    key = actions.add_parser("key", help="keep its key in the system's keyring")
    key.add_argument("name", metavar="NAME")
    key.add_argument("--forget", action="store_true", help="forget it")
    models = actions.add_parser("models", help="ask it which models it has")
    models.add_argument("name", metavar="NAME")
    for each in (remove, key, models):
        each.add_argument("--offline", action="store_true", help="connect to nothing")


def _models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    json = argparse.ArgumentParser(add_help=False)
    json.add_argument("--json", action="store_true", help="print one JSON object")
    online = argparse.ArgumentParser(add_help=False)
    online.add_argument("--offline", action="store_true", help="connect to nothing")
    actions.add_parser("list", parents=[json], help="models on this machine, and recommended ones")
    inspect = actions.add_parser(
        "inspect", parents=[json], help="say what a model file is, without loading it"
    )
    inspect.add_argument("file", metavar="FILE", help="a GGUF file, or a model's name")
    fit = actions.add_parser("fit", parents=[json], help="say what a model takes, and how it fits")
    fit.add_argument("model", metavar="M", help="a model's name, or the path of a GGUF file")
    fit.add_argument("--context", type=int, metavar="N", help="tokens of a conversation")
    search = actions.add_parser(
        "search", parents=[json, online], help="search Hugging Face for models"
    )
    search.add_argument("words", nargs="+", metavar="WORDS")
    get = actions.add_parser("get", parents=[json, online], help="fetch a model")
    get.add_argument(
        "model",
        metavar="M",
        help="a recommended model's name, OWNER/REPOSITORY, or OWNER/REPOSITORY/FILE.gguf",
    )
    actions.add_parser("found", parents=[json], help="models that other apps have on this machine")
    remove = actions.add_parser("remove", parents=[json], help="move a model to the bin")
    remove.add_argument("model", metavar="M", help="a model's name")
    remove.add_argument("--undo", action="store_true", help="take it out of the bin again")
    token = actions.add_parser(
        "token", parents=[json, online], help="keep a Hugging Face token in the system's keyring"
    )
    token.add_argument("--forget", action="store_true", help="forget it")
