"""llama.cpp behind a pipe: the client in the front end, the worker in a child, the scripted engine."""
