"""Records whose words speak of harm: flagged while they are judged (privacy.harm), told at once, and looked at by a human."""

from __future__ import annotations

from enum import StrEnum


class Review(StrEnum):
    """What somebody who has looked says."""

    SHOWN = "shown"
    """May be published."""
    WITHHELD = "withheld"
    PASSED_ON = "passed_on"
    """To whoever is responsible for safeguarding; withheld too."""
