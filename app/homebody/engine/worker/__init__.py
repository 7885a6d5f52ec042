"""The engine's process. The only place that imports llama_cpp, numpy and jinja2."""
