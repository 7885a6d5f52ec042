"""The window: widgets that show frozen states and report intents, and a presenter without Qt.

`states` is what the two sides tell each other. A widget holds no logic, no store and no engine; a
presenter imports no Qt; `bridge` is the only thing that crosses threads.
"""
