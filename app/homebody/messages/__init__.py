"""Values that every room shares, declared once: frames, conversations and turns, events, reports.

All are immutable msgspec structs without behaviour beyond small derived facts. The wire's codec,
the command line's JSON, `homebody schema` and the tests are made from them. Imports only `base`.
"""
