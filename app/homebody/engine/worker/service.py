"""Serving requests, one after another, on the engine's main thread.

Imports everything that is heavy; `main` has greeted the front end before.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from homebody.base.errors import EngineProblem, HomebodyError
from homebody.engine.worker.backends import load_backends
from homebody.engine.worker.generate import Session
from homebody.engine.worker.native import Native, build_name, is_gpu_build, system_info
from homebody.messages.frames import (
    Count,
    Counted,
    Embed,
    Embedded,
    Failed,
    FromEngine,
    Generate,
    Load,
    Loaded,
    Measure,
    Measured,
    Progress,
    Stop,
    ToEngine,
    Unload,
    Unloaded,
)

__all__ = ["Service"]


class Service:
    """Holds the loaded model, if any. `stopped(id)` says whether a request was called off."""

    def __init__(self, send: Callable[[FromEngine], None], stopped: Callable[[int], bool]) -> None:
        self._send, self._stopped = send, stopped
        self._session: Session | None = None

    def serve(self, request: ToEngine) -> None:
        """Serve one request; whatever goes wrong becomes a `failed` frame."""
        try:
            self._serve(request)
        except HomebodyError as problem:
            self._send(_failed(request.id, problem))
        except MemoryError:
            too_large = EngineProblem(
                "There is not enough memory for this.",
                "Choose a smaller model or context, or close other programs.",
                kind="memory",
            )
            self._send(_failed(request.id, too_large))

    def _serve(self, request: ToEngine) -> None:
        match request:
            case Load():
                self._load(request)
            case Measure():
                self._measure(request)
            case Unload():
                self._unload()
                self._send(Unloaded(id=request.id))
            case Generate():
                done = self._loaded().generate(
                    request, lambda: self._stopped(request.id), self._send
                )
                self._send(replace(done, peak_memory_bytes=peak_memory()))
            case Embed():
                native = self._loaded().native
                vectors = tuple(native.embed(text) for text in request.texts)
                self._send(Embedded(id=request.id, vectors=vectors))
            case Count():
                native = self._loaded().native
                counts = tuple(len(native.tokenize(t, special=False)) for t in request.texts)
                self._send(Counted(id=request.id, tokens=counts))
            case Stop():
                pass  # heeded by the reading thread

    def _loaded(self) -> Session:
        if self._session is None:
            raise EngineProblem("No model is loaded.", "Load a model first.", kind="no_model")
        if self._session.changed:
            path = self._session.native.path
            raise EngineProblem(
                f"The model file {path.name} changed since it was loaded.",
                "Load it again.",
                kind="model_changed",
            )
        return self._session

    def _unload(self) -> None:
        if self._session is not None:
            self._session.native.close()
            self._session = None

    def _open(self, request: int, load: Load, *, dry: bool) -> Native:
        """Load a model, in place of any other, and tell how far that has come."""
        self._unload()
        said = 0.0

        def on_progress(done: float) -> bool:
            nonlocal said
            if done - said >= 0.02:
                said = done
                self._send(Progress(id=request, what="load", done=done))
            return not self._stopped(request)

        return Native(
            Path(load.path),
            context=load.context,
            gpu_layers=load.gpu_layers,
            threads=load.threads,
            use_mmap=load.use_mmap,
            on_progress=on_progress,
            cache_type=load.cache_type,
            flash_attention=load.flash_attention,
            dry=dry,
        )

    def _measure(self, request: Measure) -> None:
        native = self._open(request.id, request.load, dry=True)
        report = native.report
        self._send(
            Measured(
                id=request.id,
                # Nothing but a state or two was allocated of the rest.
                compute=tuple(replace(each, weights=0, cache=0) for each in report.memory),
                cache=report.cache,
                layers=report.layers or native.layers + 1,
                gpu_layers=report.gpu_layers,
                context=native.context,
                cache_type=native.cache_type,
                flash_attention=report.flash_attention,
                gpu_build=is_gpu_build(),
            )
        )
        native.close()

    def _load(self, request: Load) -> None:
        started = time.perf_counter()
        native = self._open(request.id, request, dry=False)
        self._session = Session(native)
        backends = load_backends()
        self._send(
            Loaded(
                id=request.id,
                path=request.path,
                name=native.meta("general.name") or native.path.stem,
                description=native.description,
                architecture=native.meta("general.architecture"),
                parameters=native.parameters,
                size_bytes=native.size_bytes,
                context=native.context,
                trained_context=native.trained_context,
                layers=native.layers,
                gpu_layers=native.report.gpu_layers,
                devices=native.report.devices,
                has_template=bool(native.template),
                recurrent=native.recurrent,
                load_ms=(time.perf_counter() - started) * 1e3,
                build=build_name(),
                system=system_info(),
                gpu_build=is_gpu_build(),
                memory=native.report.memory,
                cache_type=native.cache_type,
                flash_attention=native.report.flash_attention,
                backends=backends.files,
                processor_choice=backends.choice,
                pack_problems=backends.problems,
            )
        )


def _failed(request: int, problem: HomebodyError) -> Failed:
    return Failed(
        id=request,
        kind=getattr(problem, "kind", "model"),
        message=problem.message,
        hint=problem.hint,
        prompt_tokens=getattr(problem, "tokens", None),
        context=getattr(problem, "context", None),
    )


def peak_memory() -> int | None:
    """Return the most memory (bytes) that this process ever held, if the system says so."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 if sys.platform == "linux" else kilobytes
