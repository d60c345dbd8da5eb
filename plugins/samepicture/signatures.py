"""Tells whether a webhook's message comes from whom it says, and is not an old one sent again.

`samepicture` is the open specification Standard Webhooks (standardwebhooks.com): headers
`webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`, a list of
`v1,<base64 of HMAC-SHA256 over id.timestamp.body>`. The survey platforms sign in ways of
their own (domain: A14) and only tell of news, so an old message sent again does no harm:
the source is asked once more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

REPLAY_WINDOW_SECONDS = 300
"""How far a message's time may be from ours: clocks differ, and messages travel. The specification's own tolerance."""
SECRET_LENGTH_MIN = 24
TIMESTAMP_LENGTH_MAX = 20
"""Digits; Python counts with no more than some, and a longer one is no time."""


class NotGenuine(Exception):
    """The message is refused; the sentence says what is wrong and never holds a secret."""


class BadSecret(Exception):
    """The secret that we are given can't be one; the sentence says which setting to mend."""


def secrets_in(value: str, variable: str) -> list[bytes]:
    """The secrets in a setting: several, parted by spaces, while one is replaced by the next.

    A `whsec_` before it means base64, as Standard Webhooks writes it. Raises BadSecret.
    """
    found = []
    for text in value.split():
        if len(text) < SECRET_LENGTH_MIN:
            raise BadSecret(f"{variable} holds a secret of fewer than {SECRET_LENGTH_MIN} characters: make a longer one.")
        try:
            found.append(base64.b64decode(text.removeprefix("whsec_"), validate=True) if text.startswith("whsec_") else text.encode())
        except binascii.Error:
            raise BadSecret(f"{variable} begins with whsec_ but is not base64 after it: copy it again.") from None
    if not found:
        raise BadSecret(f"{variable} is empty: set it to the secret that you agreed with the sender.")
    return found


class StandardSignature:
    """Checks a `samepicture` message while its body streams in."""

    def __init__(self, headers: Mapping[str, str], secrets: Iterable[bytes], now: float) -> None:
        """`now` in seconds since 1970. Raises NotGenuine where the headers alone show it."""
        try:
            message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
            self._claimed = [part.removeprefix("v1,") for part in headers["webhook-signature"].split() if part.startswith("v1,")]
        except KeyError as error:
            raise NotGenuine(f"The header {error.args[0]} is missing: sign the message as docs/sending.md says.") from None
        if "." in message_id:  # it parts what is signed: a body could be passed off as a time and another body
            raise NotGenuine("The header webhook-id has a full stop: choose ids without.")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIMESTAMP_LENGTH_MAX):
            raise NotGenuine("The header webhook-timestamp is no number: write the seconds since 1970.")
        if abs(int(timestamp) - now) > REPLAY_WINDOW_SECONDS:
            raise NotGenuine(
                f"The message is more than {REPLAY_WINDOW_SECONDS // 60} minutes old or from the future: check your clock, then sign and send it again."
            )
        head = f"{message_id}.{timestamp}.".encode()
        self._digests = [hmac.new(secret, head, hashlib.sha256) for secret in secrets]

    def update(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        for digest in self._digests:
            digest.update(chunk)

    def check(self) -> None:
        """After the last byte. Raises NotGenuine."""
        made = [base64.b64encode(digest.digest()).decode() for digest in self._digests]
        if not _one_matches(made, self._claimed):
            raise NotGenuine("The signature does not fit the message: check the secret, and that the bytes sent are the bytes signed.")


def check_surveymonkey(headers: Mapping[str, str], body: bytes, secrets: Iterable[bytes]) -> None:
    """`Sm-Signature` is the base64 of HMAC-SHA1 over the body, keyed with '<client id>&<secret>' (SurveyMonkey's API docs). Raises NotGenuine."""
    client = headers.get("sm-apikey", "").encode()
    made = [base64.b64encode(hmac.new(client + b"&" + secret, body, hashlib.sha1).digest()).decode() for secret in secrets]
    if not _one_matches(made, [headers.get("sm-signature", "")]):
        raise NotGenuine(
            "The signature does not fit the message: check that the setting holds the secret of the app that made the webhook."
        )


def check_qualtrics(_headers: Mapping[str, str], body: bytes, secrets: Iterable[bytes]) -> None:
    """The form's `HMAC` is the hex of HMAC-SHA512 over its `MSG`, keyed with the subscription's sharedKey. Raises NotGenuine."""
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    made = [hmac.new(secret, form.get("MSG", "").encode(), hashlib.sha512).hexdigest() for secret in secrets]
    if not form.get("MSG") or not _one_matches(made, [form.get("HMAC", "").lower()]):
        raise NotGenuine("The signature does not fit the message: create the subscription with the sharedKey that the setting holds.")


def check_smartsurvey(headers: Mapping[str, str], body: bytes, secrets: Iterable[bytes]) -> None:
    """`X-SmartSurvey-Signature` is the hex of HMAC-SHA256 over the body (docs.smartsurvey.io, 'Signed Webhooks'). Raises NotGenuine."""
    made = [hmac.new(secret, body, hashlib.sha256).hexdigest() for secret in secrets]
    if not _one_matches(made, [headers.get("x-smartsurvey-signature", "").lower()]):
        raise NotGenuine("The signature does not fit the message: check that the setting holds the webhook's Signature Key.")


def _one_matches(made: Iterable[str], claimed: Iterable[str]) -> bool:
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in made for other in claimed)
