"""What this machine is: processors, memory, GPUs, energy. Readings only; unknown is None."""
