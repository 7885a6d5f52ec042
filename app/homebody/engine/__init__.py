"""llama.cpp behind a pipe: the front end's client, the worker in a child, the script."""
