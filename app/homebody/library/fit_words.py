"""What a plan says to a person."""

from homebody.messages.fit import CacheType, FitPlan

__all__ = ["said"]


def said(
    plan: FitPlan,
    *,
    asked_layers: int,
    asked_cache: CacheType,
    usable: int,
    held: int,
    usable_of_processor: int,
    cards: int,
    all_with: int | None,
    all_with_cache: bool,
    trained: int | None,
) -> tuple[str, str]:
    """Return the sentence and the hint for a plan.

    `usable`: bytes of the cards that a model may take; `usable_of_processor`: of the computer's
    own memory, of which `held` are needed;
    `all_with`: the context (tokens) with which all layers would be on GPUs; `all_with_cache`:
    whether a q8_0 cache would do that; `trained`: the context that the model was trained for.
    """
    if plan.verdict == "no":
        return _too_large(plan, held, usable_of_processor)
    sentence = _sentence(plan, asked_layers, usable, cards)
    hints = []
    if plan.context < plan.asked_context:
        sentence += f"; {plan.context:,} tokens of context are the most that fit"
        smaller = "a cache of type q8_0 takes half as much, or " if plan.cache_type == "f16" else ""
        hints.append(f"{plan.asked_context:,} tokens do not fit: {smaller}close other programs.")
    elif plan.verdict == "partly" and plan.gpu_layers != asked_layers:
        hints.append(_faster(plan, all_with, all_with_cache=all_with_cache))
    elif plan.verdict == "processor" and plan.gpu is not None and asked_layers:
        hints.append("Close what uses the GPU, or choose a smaller model; this will be slow.")
    if trained and plan.context > trained:
        hints.append(f"The model was trained for {trained:,} tokens; beyond them it loses its way.")
    if plan.cache_type != asked_cache:
        why = (
            "another type needs flash attention"
            if plan.flash_attention == "off"
            else "this model can have no other"
        )
        hints.append(f"The cache stays f16: {why}.")
    return sentence, " ".join(hints)


def _sentence(plan: FitPlan, asked_layers: int, usable: int, cards: int) -> str:
    gpu = "the GPU" if cards == 1 else f"{cards} GPUs"
    match plan.verdict:
        case "gpu":
            spare = usable - plan.gpu.needs if plan.gpu is not None else 0
            return f"all {plan.layers} layers on {gpu}, {_gb(spare)} to spare"
        case "partly":
            chosen = ", as the settings say" if plan.gpu_layers == asked_layers else ""
            some = f"{plan.gpu_layers} of {plan.layers} layers on {gpu}{chosen}"
            return f"{some}, the rest on the processor"
    free, needs = plan.processor.free, plan.processor.needs
    room = f"takes {_gb(needs)}" + ("" if free is None else f", {_gb(free)} free")
    if plan.gpu is None:
        return f"on the processor, {room}"
    why = "as the settings say" if not asked_layers else f"no layer fits on {gpu}"
    return f"on the processor, {why}; {room}"


def _too_large(plan: FitPlan, held: int, usable: int) -> tuple[str, str]:
    """Word that the computer's own memory is short: the cards hold no more than they can."""
    needs = f"needs {_gb(held)} of the computer's own memory, which has {_gb(usable)} to spare"
    if plan.gpu_layers == plan.layers:
        return f"{needs}; the rest fits the GPU", "Close other programs."
    if plan.gpu_layers:
        needs += f", beside {plan.gpu_layers} of {plan.layers} layers on the GPU"
    return needs, "Choose a smaller model, or the same one in a smaller quantisation."


def _faster(plan: FitPlan, all_with: int | None, *, all_with_cache: bool) -> str:
    if all_with_cache:
        return "With a cache of type q8_0 all layers would be on the GPU, and much faster."
    if all_with is not None and all_with < plan.context:
        return f"With a context of {all_with:,} tokens all layers would be on the GPU, and faster."
    return "A smaller model, or the same one in a smaller quantisation, would be much faster."


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 50_000_000 else f"{size / 1e6:,.0f} MB"
