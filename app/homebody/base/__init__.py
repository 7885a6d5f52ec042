"""What every room may stand on: errors, paths, clock, ids, log, safe file writing. Imports no other room."""
