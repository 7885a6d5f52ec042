"""The quiet line at the bottom of the window: the model, its card, and the last reply's figures."""

from typing import TYPE_CHECKING

from homebody.messages.turns import Turn
from homebody.ui.presenter.needs import Behind, WatchesGpus
from homebody.ui.presenter.stage import Stage
from homebody.ui.words import tr

if TYPE_CHECKING:  # loaded with the first reading
    from homebody.machine.gpus import GpuReading

__all__ = ["Strip"]


class Strip:
    """Figures that are not known are not there. Lives on the window's thread."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sampler: WatchesGpus | None = None
        self._model = self._memory = self._reply = ""
        self._visible = True
        self._closed = False
        self._words = ""

    def begin(self, behind: Behind) -> None:
        """Read the cards from now on, while the window can be seen."""
        self._stage.run("gpu", behind.watch_gpus, self._watch, lambda _: None)

    def _watch(self, sampler: WatchesGpus) -> None:
        if self._closed:
            return
        self._sampler = sampler
        sampler.watched = self._visible
        self._stage.background.stream(
            "gpu", sampler.watch, self._read, lambda: None, lambda _: None
        )

    def see(self, *, visible: bool) -> None:
        """Read nothing while nobody sees it."""
        self._visible = visible
        if self._sampler is not None:
            self._sampler.watched = visible

    def close(self) -> None:
        """Read no more."""
        self._closed = True
        if self._sampler is not None:
            self._sampler.close()

    def model(self, name: str, detail: str) -> None:
        """Tell which model answers, and where."""
        self._model = " · ".join(part for part in (name, detail) if part)
        self._show()

    def reply(self, turn: Turn | None) -> None:
        """Tell the figures of the last reply."""
        stats = turn.run.stats if turn is not None and turn.run is not None else None
        parts = []
        if stats is not None and stats.tokens_per_second is not None:
            parts.append(tr("{speed:.0f} tok/s").format(speed=stats.tokens_per_second))
        if stats is not None and stats.energy_joules is not None:
            parts.append(tr("{joules:,.0f} J").format(joules=stats.energy_joules))
        self._reply = " · ".join(parts)
        self._show()

    def _read(self, reading: "GpuReading") -> None:
        total = sum(gpu.memory_total for gpu in reading.gpus)
        taken = total - sum(gpu.memory_free for gpu in reading.gpus)
        self._memory = ""
        if total:
            words = tr("GPU memory {taken:.1f} of {total:.1f} GB")
            self._memory = words.format(taken=taken / 1e9, total=total / 1e9)
        self._show()

    def _show(self) -> None:
        words = "   ".join(part for part in (self._model, self._memory, self._reply) if part)
        if words != self._words:
            self._words = words
            self._stage.view.show_strip(words)
