"""How processes talk: frames on pipes, the keeper that owns a child, and the child's end of it.

Imports `messages` and `base`.
"""
