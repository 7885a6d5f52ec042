"""What every room may stand on: errors, paths, clock, ids, log, safe writing.

Imports no other room.
"""
