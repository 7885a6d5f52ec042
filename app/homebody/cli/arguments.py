"""The command line: what can be written, and what it means."""

import argparse
from pathlib import Path

from homebody import __version__

__all__ = ["COMMANDS", "parse"]

COMMANDS = ("chat", "ask", "models", "doctor", "selftest", "schema")


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
  homebody [FILE.gguf]     chat here, with that model; without a terminal, answer stdin
  homebody chat            chat in this terminal
  homebody ask TEXT        answer one request
  homebody models …        look at model files: `inspect FILE` says what one is
  homebody doctor          say how everything is, in plain sentences
  homebody selftest        send one prompt through the whole app
  homebody schema [NAME]   print the JSON Schema of what --json prints

Nothing that Homebody does in this version uses a network."""


def _front() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="homebody",
        description="An assistant that stays home.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE.gguf", help="a model to use")
    parser.add_argument("--version", action="version", version=f"homebody {__version__}")
    parser.set_defaults(command="", model=None, offline=False)
    return parser


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homebody")
    commands = parser.add_subparsers(dest="command", required=True)
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", metavar="M", help="a model's name, or the path of a GGUF file")
    model.add_argument(
        "--offline",
        action="store_true",
        help="connect to nothing (always so in this version)",
    )
    commands.add_parser("chat", parents=[model], help="chat in this terminal")
    ask = commands.add_parser("ask", parents=[model], help="answer one request")
    ask.add_argument("text", metavar="TEXT")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument(
        "--no-skills", action="store_true", help="only talk (always so in this version)"
    )
    models = commands.add_parser("models", help="look at model files").add_subparsers(
        dest="action", required=True
    )
    inspect = models.add_parser("inspect", help="say what a model file is, without loading it")
    inspect.add_argument("file", metavar="FILE", help="a GGUF file, or a model's name")
    inspect.add_argument("--json", action="store_true", help="print one JSON object")
    doctor = commands.add_parser("doctor", help="say how everything is")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    commands.add_parser("selftest", help="send one prompt through the whole app")
    schema = commands.add_parser("schema", help="print a JSON Schema")
    schema.add_argument("name", nargs="?", metavar="NAME")
    return parser
