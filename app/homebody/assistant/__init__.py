"""A turn, from request to reply."""
