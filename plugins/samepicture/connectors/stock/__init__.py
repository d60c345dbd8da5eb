"""Connectors that a feed.yml names as `connector.kind`: each module here is a kind, and offers `fetch` (see base.py)."""
