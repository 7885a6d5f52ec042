"""Conversations on disk: turns, search, backups, export. The only room that knows SQL."""
