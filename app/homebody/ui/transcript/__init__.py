"""The transcript: turns drawn by a handful of recycled widgets over an index of heights.

`heights` and `leaves` are plain Python: where rows stand, and what a Markdown text consists of as
it grows. `page` draws leaves into a text document, `body` shows one document, `turn` one turn, and
`view` all of them. Nothing that a model or a file wrote is ever loaded.
"""
