"""Whether a model fits this machine, and how it would best be loaded now.

Weights and cache are computed from the file's header (`fit_layout`); what llama.cpp works in is
estimated (`quick`), or said by itself without loading anything (`measured`).
"""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from homebody.library.fit_layout import (
    BATCH,
    SEQUENCES,
    Layout,
    cells_for,
    layout_of,
)
from homebody.library.fit_words import said
from homebody.messages.fit import CacheType, FitPlan, FlashAttention, Place, Verdict
from homebody.messages.frames import Load, Measured

__all__ = ["Memories", "measured", "most_layers", "quick"]

_RESERVE = 500_000_000
_RESERVED_SHARE = 0.06
_LEAST_CONTEXT = 2048
"""Tokens; nobody is offered less."""
_STEP = 256
_TRIES = 3
"""Dry loads for one answer; the second is for the plan that came out of the first."""
_PROCESSOR = "CPU"
_NO_SUPPORT = "The GPU is not used: this llama.cpp was built without support for it."
_NOT_OFFERED = "The GPU is not used: its driver does not offer it to llama.cpp."


class Memories(Struct, frozen=True, kw_only=True):
    """What there is, in bytes. None is not known."""

    gpus: tuple[tuple[int, int], ...] = ()
    """(free, total) of each card that this build of llama.cpp can use, in its order."""
    processor_free: int | None = None
    processor_total: int | None = None
    desktop_reserve: int = _RESERVE
    """What is left alone of each memory at least; of a card 6 % where that is more."""

    @property
    def usable(self) -> tuple[int, ...]:
        """What a model may take of each card."""
        return tuple(
            max(0, free - max(self.desktop_reserve, round(total * _RESERVED_SHARE)))
            for free, total in self.gpus
        )

    @property
    def usable_of_processor(self) -> int | None:
        """What it may take of the computer's own memory."""
        free = self.processor_free
        return None if free is None else max(0, free - self.desktop_reserve)


class _Work(Struct, frozen=True):
    """What llama.cpp works in, in bytes: on a card that is used, and on the processor."""

    card: int
    processor: int


class _Wish(Struct, frozen=True, kw_only=True):
    """What was asked for, as far as this model can have it."""

    layout: Layout
    context: int
    gpu_layers: int
    cache_type: CacheType
    asked_cache: CacheType
    flash_attention: FlashAttention
    machine: Memories
    beside: int
    mapped: bool
    measured: Measured | None = None

    @property
    def flash(self) -> bool:
        return self.flash_attention != "off"

    @property
    def total(self) -> int:
        """How many layers there are, the output counted as one."""
        return len(self.layout.layers) + 1

    @property
    def most(self) -> int:
        """How many of them may be on GPUs."""
        if not self.machine.gpus:
            return 0
        return self.total if self.gpu_layers < 0 else min(self.gpu_layers, self.total)


class _Spread(Struct, frozen=True):
    """Where everything goes with so many layers on GPUs: weights, cache and work, in bytes."""

    gpu_layers: int
    cards: tuple[tuple[int, int, int], ...]
    processor: tuple[int, int, int]
    beside_processor: int
    """Of what runs beside the model; on the first card where layers are on one."""
    beside_card: int
    seldom: int
    """Of the processor's weights, those that may come and go: mapped, and hardly ever read."""

    @property
    def held(self) -> int:
        """What must stay in the computer's own memory."""
        return sum(self.processor) - self.seldom + self.beside_processor

    def fits_cards(self, machine: Memories) -> bool:
        """Say whether each card has room for its part."""
        needs = [sum(card) for card in self.cards]
        needs[:1] = [need + self.beside_card for need in needs[:1]]
        return all(need <= room for need, room in zip(needs, machine.usable, strict=True) if need)

    def fits_processor(self, machine: Memories) -> bool:
        """Say whether the computer's own memory has room for the rest."""
        room = machine.usable_of_processor
        return room is None or self.held <= room


def quick(
    path: Path,
    *,
    context: int,
    gpu_layers: int = -1,
    cache_type: CacheType = "f16",
    flash_attention: FlashAttention = "auto",
    machine: Memories,
    beside: int = 0,
    mapped: bool = True,
) -> FitPlan:
    """Return how a model would best be loaded, from its header alone, which is read once.

    `context` in tokens, 0: the usual one; `gpu_layers` -1: all that fit; `beside`: bytes of
    adapters and of what runs beside the model; `mapped`: whether the file is mapped. Any thread.
    `ModelProblem` if the file is no model that one can chat with; every other header has a plan.
    """
    return _plan(
        _wished(
            path, context, gpu_layers, cache_type, flash_attention, machine, beside, mapped=mapped
        )
    )


def most_layers(
    path: Path,
    *,
    context: int,
    cache_type: CacheType,
    flash_attention: FlashAttention,
    machine: Memories,
    beside: int,
) -> int:
    """Return how many layers fit the cards with just this context, whatever else is short.

    Arguments and errors as with `quick`. This is for loading: a plan may say what would fit better.
    """
    wish = _wished(path, context, -1, cache_type, flash_attention, machine, beside, mapped=True)
    return _best(wish, wish.context).gpu_layers


def _wished(
    path: Path,
    context: int,
    gpu_layers: int,
    cache_type: CacheType,
    flash_attention: FlashAttention,
    machine: Memories,
    beside: int,
    *,
    mapped: bool,
) -> _Wish:
    """Return what was asked for, as far as the model in this file can have it."""
    layout = layout_of(path)
    return _Wish(
        layout=layout,
        context=layout.context(context),
        gpu_layers=gpu_layers,
        cache_type="f16" if flash_attention == "off" or not layout.blocks else cache_type,
        asked_cache=cache_type,
        flash_attention=flash_attention,
        machine=machine,
        beside=beside,
        mapped=mapped,
    )


def measured(
    path: Path,
    *,
    context: int,
    gpu_layers: int = -1,
    cache_type: CacheType = "f16",
    flash_attention: FlashAttention = "auto",
    machine: Memories,
    beside: int = 0,
    mapped: bool = True,
    dry: Callable[[Load], Measured],
) -> FitPlan:
    """Return the same, with what llama.cpp itself says of its work and its cache.

    A llama.cpp that has no GPU, or was built without support for it, is given none, whatever
    `machine` says.
    `dry` loads without loading (`engine.dry.dry_load`): once, or again where its answer changes
    the plan. Blocks for a second or so; raises what `dry` raises.
    """
    wish = _wished(
        path, context, gpu_layers, cache_type, flash_attention, machine, beside, mapped=mapped
    )
    plan = _plan(wish)
    unused = ""
    for _ in range(_TRIES):
        answer = dry(
            Load(
                id=0,
                path=str(path),
                context=plan.context,
                gpu_layers=plan.gpu_layers,
                cache_type=plan.cache_type,
                flash_attention=flash_attention,
            )
        )
        before = plan
        if not answer.gpu_build or (plan.gpu_layers and not answer.gpu_layers):
            unused = _NOT_OFFERED if answer.gpu_build else _NO_SUPPORT
            wish = replace(wish, machine=replace(machine, gpus=()))
        plan = _plan(replace(wish, cache_type=answer.cache_type, measured=answer))
        if (plan.gpu_layers, plan.context) == (before.gpu_layers, before.context):
            break
    if machine.gpus and unused:
        plan = replace(plan, hint=f"{unused} {plan.hint}".rstrip())
    return plan


# ---------------------------------------------------------------- the best of what is possible


def _plan(wish: _Wish) -> FitPlan:
    context, spread, fits = wish.context, _best(wish, wish.context), True
    if not spread.fits_processor(wish.machine):
        trimmed = _longest(wish, lambda each: each.fits_processor(wish.machine))
        fits = trimmed is not None
        if trimmed is not None:
            context, spread = trimmed, _best(wish, trimmed)
    verdict = _verdict(wish, spread, fits=fits)
    cards, machine = spread.cards, wish.machine
    plan = FitPlan(
        verdict=verdict,
        layers=wish.total,
        gpu_layers=spread.gpu_layers,
        context=context,
        asked_context=wish.context,
        cache_type=wish.cache_type,
        flash_attention=wish.flash_attention,
        gpu=Place(
            weights=sum(card[0] for card in cards),
            cache=sum(card[1] for card in cards),
            compute=sum(card[2] for card in cards),
            beside=spread.beside_card,
            free=sum(free for free, _ in machine.gpus),
            total=sum(total for _, total in machine.gpus),
        )
        if machine.gpus
        else None,
        processor=Place(
            weights=spread.processor[0],
            cache=spread.processor[1],
            compute=spread.processor[2],
            beside=spread.beside_processor,
            free=machine.processor_free,
            total=machine.processor_total,
        ),
        measured=wish.measured is not None,
        sentence="",
        hint="",
    )
    sentence, hint = said(
        plan,
        asked_layers=wish.gpu_layers,
        asked_cache=wish.asked_cache,
        usable=sum(machine.usable),
        held=spread.held,
        usable_of_processor=machine.usable_of_processor or 0,
        cards=len(machine.gpus),
        all_with=_all_with(wish) if verdict == "partly" else None,
        all_with_cache=verdict == "partly" and _all_with_cache(wish),
        trained=wish.layout.trained_context,
    )
    return replace(plan, sentence=sentence, hint=hint)


def _verdict(wish: _Wish, spread: _Spread, *, fits: bool) -> Verdict:
    if not fits:
        return "no"
    if spread.gpu_layers == wish.total:
        return "gpu"
    return "partly" if spread.gpu_layers else "processor"


def _best(wish: _Wish, context: int) -> _Spread:
    """Return the spread with the most layers on GPUs for which these have room."""
    low, high = 0, wish.most
    best = _spread(wish, context, 0)
    # Whole first: it is the usual answer.
    whole = _spread(wish, context, high)
    if whole.fits_cards(wish.machine):
        return whole
    while high - low > 1:
        middle = (low + high) // 2
        spread = _spread(wish, context, middle)
        if spread.fits_cards(wish.machine):
            low, best = middle, spread
        else:
            high = middle
    return best


def _longest(wish: _Wish, fits: Callable[[_Spread], bool]) -> int | None:
    """Return the longest context, up to the one asked for, whose best spread fits; or None."""
    low, high = _LEAST_CONTEXT // _STEP - 1, wish.context // _STEP + 1
    while high - low > 1:
        middle = (low + high) // 2
        if fits(_best(wish, middle * _STEP)):
            low = middle
        else:
            high = middle
    return low * _STEP if low * _STEP >= _LEAST_CONTEXT else None


def _all_with(wish: _Wish) -> int | None:
    """Return with which shorter context all layers would be on GPUs."""
    return _longest(wish, lambda spread: spread.gpu_layers == wish.total)


def _all_with_cache(wish: _Wish) -> bool:
    """Say whether a cache of half the size would bring all layers onto GPUs."""
    if wish.cache_type != "f16" or not wish.flash or not wish.layout.blocks:
        return False
    # What was measured holds for the cache that it was measured with.
    other = replace(wish, cache_type="q8_0", measured=None)
    return _best(other, wish.context).gpu_layers == wish.total


# ---------------------------------------------------------------- where everything goes


def _spread(wish: _Wish, context: int, gpu_layers: int) -> _Spread:
    layout, cells = wish.layout, cells_for(context)
    cards = [[0, 0] for _ in wish.machine.gpus]
    weights, cache = layout.input, 0
    stretch = _stretch(wish)
    first = wish.total - gpu_layers
    shares = list(accumulate(free for free, _ in wish.machine.gpus))
    for number in range(wish.total):
        place = None
        if number >= first:
            # As llama.cpp deals them out: by what is free on each card, in order.
            part = (number - first) / gpu_layers * shares[-1]
            place = cards[min(bisect_right(shares, part), len(cards) - 1)]
        if number == wish.total - 1:
            size, kept = layout.output + (layout.tied if place is not None else 0), 0
        else:
            layer = layout.layers[number]
            size = layer.weights
            kept = layout.cache_of(layer, cells, wish.cache_type, flash=wish.flash)
            kept = round(kept * stretch)
        if place is None:
            weights, cache = weights + size, cache + kept
        else:
            place[0] += size
            place[1] += kept
    work = _work(wish, cells, gpu_layers)
    return _Spread(
        gpu_layers=gpu_layers,
        cards=tuple((*card, work.card if any(card) else 0) for card in map(tuple, cards)),  # type: ignore[misc]
        processor=(weights, cache, work.processor),
        beside_processor=0 if gpu_layers else wish.beside,
        beside_card=wish.beside if gpu_layers else 0,
        # The rows of a few tokens; but the output, tied to it, reads all of it on the processor.
        seldom=layout.input if gpu_layers and wish.mapped else 0,
    )


def _stretch(wish: _Wish) -> float:
    """Return by how much llama.cpp's cache differs from ours: for kinds that we know less well."""
    answer = wish.measured
    if answer is None or not answer.cache:
        return 1.0
    cells = cells_for(answer.context)
    ours = sum(
        wish.layout.cache_of(layer, cells, answer.cache_type, flash=wish.flash)
        for layer in wish.layout.layers
    )
    return answer.cache / ours if ours else 1.0


def _work(wish: _Wish, cells: int, gpu_layers: int) -> _Work:
    estimated = _estimated(wish, cells, gpu_layers)
    answer = wish.measured
    if answer is None:
        return estimated
    on_cards = [device.compute for device in answer.compute if device.device != _PROCESSOR]
    processor = sum(device.compute for device in answer.compute if device.device == _PROCESSOR)
    # Masks grow with the cells; the rest is as it was measured.
    then = _estimated(wish, cells_for(answer.context), answer.gpu_layers)
    return _Work(
        card=max(0, max(on_cards) + estimated.card - then.card) if on_cards else estimated.card,
        processor=max(0, processor + estimated.processor - then.processor),
    )


def _estimated(wish: _Wish, cells: int, gpu_layers: int) -> _Work:
    layout = wish.layout
    if wish.flash:
        masks, scores = 2 * layout.masks * cells, 0
        steps = 4 * layout.width
    else:
        masks, scores = 4 * layout.masks * cells, layout.heads * cells
        steps = 4 * max(layout.width, scores + 6 * layout.embedding)
    logits = 4 * layout.vocabulary * SEQUENCES
    whole = BATCH * (steps + masks) + logits
    if not gpu_layers:
        return _Work(0, whole)
    # What the graph is fed with lies in the computer's memory and is copied to the cards.
    fed = BATCH * (4 * layout.embedding + masks) + logits
    if gpu_layers == wish.total:
        return _Work(whole, fed)
    # For long prompts the processor's weights are sent to a card, one tensor after another.
    return _Work(whole + layout.largest, max(whole, fed))
