"""Conversations on disk: turns, search, backups, export. The only room that knows SQL.

`from homebody.store.store import Store` costs about 100 ms; this package itself costs nothing.
"""
