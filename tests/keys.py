"""Keys for tests, drawn by lot for each process: there is no key that somebody could copy from here."""

from __future__ import annotations

from samepicture.sealing import fresh_landing_key, fresh_pseudonym_key

PSEUDONYM_KEY = fresh_pseudonym_key()
LANDING_KEY = fresh_landing_key()
KEYS = {"SAMEPICTURE_PSEUDONYM_KEY": PSEUDONYM_KEY, "SAMEPICTURE_LANDING_KEY": LANDING_KEY}
"""As environment variables."""
