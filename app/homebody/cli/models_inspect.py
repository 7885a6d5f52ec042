"""`homebody models inspect`: what a model file is, in plain sentences or as JSON."""

from collections.abc import Iterator
from types import SimpleNamespace

from homebody.base.paths import Home
from homebody.cli.terminal import harmless, to_json
from homebody.library.facts import inspect_file
from homebody.library.shelf import find_file
from homebody.messages.reports import InspectReport

__all__ = ["inspect"]

_WHAT = {
    "adapter": "an adapter: it changes a model and is none by itself",
    "projector": "the part of a model that sees or hears",
    "vocabulary": "a vocabulary without weights",
    "other": "measurements about a model",
}


def inspect(home: Home, options: SimpleNamespace) -> int:
    """Print what a file is. Returns the exit status."""
    report = inspect_file(find_file(home, options.file))
    print(to_json(report) if options.json else harmless("\n".join(_sentences(report))))
    return 0


def _sentences(report: InspectReport) -> Iterator[str]:
    yield f"{report.name or 'A file without a name'}: {_WHAT.get(report.kind) or _kind(report)}."
    yield _size(report)
    if report.layers is not None:
        yield _layers(report)
    if report.trained_context is not None:
        yield f"Context: trained for {report.trained_context:,} tokens."
    if report.vocabulary is not None:
        tied = {True: ", its weights also the output's", False: ", with an output of its own"}
        yield f"Vocabulary: {report.vocabulary:,} entries{tied.get(report.tied_output, '')}."  # type: ignore[arg-type]
    if report.template_sha256:
        yield f"Chat template: yes, SHA-256 {report.template_sha256}."
    elif report.kind == "model":
        yield "Chat template: none."
    yield f"Licence: {report.licence or 'not stated'}."
    if len(report.files) > 1:
        yield f"Files: {', '.join(report.files)}."
    yield report.problem or "Nothing is wrong with its header: it can be loaded."


def _kind(report: InspectReport) -> str:
    if report.experts:
        used = f", {report.experts_used} of them for a token" if report.experts_used else ""
        shape = f"a mixture of {report.experts} experts{used}"
    else:
        shape = "a dense model"
    how = {
        "recurrent": ", recurrent: its memory is a state that cannot go back",
        "hybrid": f", hybrid: {report.recurrent_layers} of its layers are recurrent",
    }.get(report.memory or "", "")
    architecture = report.architecture or "unknown"
    return f"{shape} of the architecture {architecture}{how}"


def _size(report: InspectReport) -> str:
    parts = [f"{report.bytes / 1e6:,.1f} MB"]
    if report.parameters:
        label = f" ({report.size_label})" if report.size_label else ""
        parts.append(f"{report.parameters:,} weights{label}")
    if report.quantisation:
        parts.append(f"{report.quantisation}, {report.bits_per_weight} bits a weight")
    if len(report.weights) > 1:
        parts.append(f"tensors: {', '.join(f'{w.tensors} {w.type}' for w in report.weights)}")
    return f"Size: {'; '.join(parts)}."


def _layers(report: InspectReport) -> str:
    line = f"Layers: {report.layers}"
    if report.embedding_length:
        line += f", {report.embedding_length:,} wide"
    if report.heads:
        line += f", {_numbers(report.heads)} heads"
        if report.kv_heads and report.kv_heads != report.heads:
            line += f" of which {_numbers(report.kv_heads)} keep keys and values"
    return f"{line}."


def _numbers(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{min(numbers)} to {max(numbers)}"
