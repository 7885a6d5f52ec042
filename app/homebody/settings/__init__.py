"""Every setting, declared once: type, default, title, help, bounds; kept as TOML.

Imports `base`.
"""
