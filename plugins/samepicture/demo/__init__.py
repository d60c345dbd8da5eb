"""Invents one integrated care system, for the demo and the tests: no real organisation or person."""
