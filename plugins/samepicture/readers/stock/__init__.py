"""Readers that a feed.yml names as `reader.kind`: each module here is a kind, and offers `read` (see readers/__init__.py)."""
