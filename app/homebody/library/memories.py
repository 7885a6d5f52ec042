"""How much memory there is for a model now: on the cards, and the computer's own."""

from homebody.library.fit import Memories
from homebody.machine.gpus import GpuReading
from homebody.machine.readings import read_machine

__all__ = ["read_memories"]


def read_memories(reading: GpuReading, *, gpu_code: bool) -> Memories:
    """Return what is free for a model that takes the place of ours.

    `reading` was asked about the processes that hold ours: what they take is counted as free.
    `gpu_code`: whether this build of llama.cpp can use the cards at all.
    """
    machine = read_machine()
    return Memories(
        gpus=tuple(
            (min(gpu.memory_free + (gpu.own_memory or 0), gpu.memory_total), gpu.memory_total)
            for gpu in (reading.gpus if gpu_code else ())
        ),
        processor_free=machine.memory_available,
        processor_total=machine.memory_total,
    )
