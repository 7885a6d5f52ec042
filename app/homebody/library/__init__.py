"""Models: which there are, where they lie, what is known about them."""
