"""What this machine is: processors, memory, GPUs. Readings only; unknown is None.

Imports no other room.
"""
