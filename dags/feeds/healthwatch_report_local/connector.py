"""Collects reports from the addresses in feed.yml."""

from samepicture.connectors.reports import fetch

__all__ = ["fetch"]
