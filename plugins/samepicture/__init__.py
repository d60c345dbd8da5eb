"""Same Picture: one shared warehouse of patient experience and engagement for an NHS integrated care system."""
