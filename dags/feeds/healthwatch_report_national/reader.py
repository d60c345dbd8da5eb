"""Reads one report: a collected ZIP, or a page or PDF that somebody submits."""

from samepicture.readers.report import read

__all__ = ["read"]
