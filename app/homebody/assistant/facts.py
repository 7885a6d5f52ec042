"""What a turn cost, in words: the line under a reply, and every measured fact behind it."""

from collections.abc import Iterator

from homebody.messages.offers import Offer
from homebody.messages.plans import Planned
from homebody.messages.turns import RunRecord, Stats, Turn

__all__ = ["cut_short", "details", "facts", "untold"]

_STOPPED_BECAUSE = {
    "end": "the model came to its end",
    "length": "the limit in the settings was reached",
    "stop_string": "a text that ends replies was written",
    "context": "the context was full",
    "stopped": "you stopped it",
}


def cut_short(run: RunRecord) -> str:
    """Return what ended a reply before its end, or nothing."""
    limit = "the limit in the settings is reached"
    if run.elsewhere:
        limit = "the model elsewhere came to its limit"
    reasons = {"context": "the context is full", "length": limit}
    return reasons.get(run.stop or "", "")


def facts(run: RunRecord | None, planned: Planned | None = None) -> str:
    """Return the line under a reply: time, speed, what left this machine, and what went amiss."""
    if run is None:
        return ""
    stats = run.stats
    parts = [run.elsewhere] if run.elsewhere else []
    if stats.total_ms is not None:
        parts.append(f"{stats.total_ms / 1e3:.1f} s")
    if stats.tokens_per_second:
        parts.append(f"{stats.tokens_per_second:.0f} tok/s")
    if stats.energy_joules is not None:
        parts.append(f"{stats.energy_joules:.0f} J")
    parts.append(f"{run.bytes_sent:,} bytes sent")
    if why := cut_short(run):
        parts.append(f"cut short: {why}")
    if count := _left_out(run):
        turns = "turn" if count == 1 else "turns"
        parts.append(f"{count} earlier {turns} left out: they no longer fit")
    if planned is not None and planned.planner == "none":
        parts.append("only answered: no plan could be made")
    return " · ".join(parts)


def untold(offer: Offer, reply: str) -> str:
    """Return what of an offer's problem the reply does not say already: mostly what to do."""
    words = offer.problem.split(" ")
    for count in range(len(words), 0, -1):
        told = " ".join(words[:count])
        if told.endswith(".") and told in reply:
            return " ".join(words[count:])
    return offer.problem


def details(turn: Turn) -> tuple[tuple[str, str], ...]:
    """Return every measured fact of a turn as (label, value); what nobody measured says so.

    Times are shown in this machine's time zone. For a turn that never reached a model there is
    little to say.
    """
    when = f"{turn.created.astimezone():%Y-%m-%d %H:%M:%S}"
    plan = () if turn.planned is None else (("Plan", _of_plan(turn.planned)),)
    if turn.run is None:
        return (*plan, ("When", when))
    return (*_of_run(turn.run), *plan, ("When", when))


def _of_plan(planned: Planned) -> str:
    if planned.planner == "none":
        return "none could be made, so the request was only answered"
    by = {"expert": "by the expert", "person": "as you named it", "named": "as you named it"}
    words = f"{by.get(planned.planner, f'by {planned.planner}')} in {planned.ms / 1e3:.2f} s"
    sure = planned.confidence
    return words if sure is None else f"{words}, right with {sure:.0%} likelihood"


def _of_run(run: RunRecord) -> Iterator[tuple[str, str]]:
    stats = run.stats
    yield "Model", run.model.name
    yield "Hash of its file", f"sha256 {run.model.sha256}" if run.model.sha256 else "not known yet"
    if run.elsewhere:
        yield "Written elsewhere", run.elsewhere
    yield "Seed", _number(run.seed, "{}")
    yield "Tokens of the prompt", _whole(stats.prompt_tokens)
    yield "Of these read anew", _whole(stats.evaluated_tokens)
    yield "Tokens written", _whole(stats.generated_tokens)
    yield "Time to the first word", _seconds(stats.ttft_ms)
    yield "Time in all", _seconds(stats.total_ms)
    yield "Speed", _number(stats.tokens_per_second, "{:.1f} tokens per second")
    yield "Most memory", _memory(stats.peak_memory_bytes)
    yield "Energy", _energy(stats)
    yield "Ended because", _STOPPED_BECAUSE.get(run.stop or "", run.stop or "not known")
    yield "Earlier turns left out", f"{_left_out(run):,}"
    yield "Bytes sent", f"{run.bytes_sent:,}"


def _left_out(run: RunRecord) -> int:
    return run.dropped_before + len(run.dropped)


def _number(value: float | None, words: str) -> str:
    return "not measured" if value is None else words.format(value)


def _whole(value: int | None) -> str:
    return _number(value, "{:,}")


def _seconds(milliseconds: float | None) -> str:
    return "not measured" if milliseconds is None else f"{milliseconds / 1e3:.2f} s"


def _energy(stats: Stats) -> str:
    """Return the energy and what it was measured of."""
    if stats.energy_joules is None or not stats.energy_of:
        return _number(stats.energy_joules, "{:.0f} J")
    of = " and ".join(f"the {counter}" for counter in stats.energy_of)
    return f"{stats.energy_joules:.0f} J, of {of}"


def _memory(size: int | None) -> str:
    if size is None:
        return "not measured"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
