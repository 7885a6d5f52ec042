"""What the window does, in plain Python: no Qt here, so all of it can be tested without a screen.

Everything in this package runs on the window's thread. What takes time is handed to `Background`,
which brings the result back to that thread.
"""
