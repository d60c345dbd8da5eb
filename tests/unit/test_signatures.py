"""Who may send by webhook: every refusal has its sentence, and none tells a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.signatures import (
    REPLAY_WINDOW_SECONDS,
    BadSecret,
    NotGenuine,
    StandardSignature,
    check_qualtrics,
    check_smartsurvey,
    check_surveymonkey,
    secrets_in,
)
from tests.stack import SECRET, signed

NOW = 1_800_000_000.0


def checked(headers: dict[str, str], chunks: list[bytes], secrets: list[bytes] | None = None) -> None:
    signature = StandardSignature(headers, secrets or [SECRET.encode()], NOW)
    for chunk in chunks:
        signature.update(chunk)
    signature.check()


@given(st.binary(max_size=2000), st.integers(1, 700))
def test_a_signed_body_passes_however_it_is_cut(body: bytes, size: int) -> None:
    checked(signed(body, at=NOW), [body[start : start + size] for start in range(0, len(body), size)])


@given(st.binary(min_size=1, max_size=200), st.integers(0, 199), st.integers(1, 255))
def test_one_changed_byte_is_refused(body: bytes, place: int, change: int) -> None:
    changed = bytearray(body)
    changed[place % len(body)] ^= change
    with pytest.raises(NotGenuine, match="does not fit"):
        checked(signed(body, at=NOW), [bytes(changed)])


def test_the_specifications_own_example() -> None:
    """Of the libraries of standardwebhooks.com."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    signature = StandardSignature(headers, secrets_in(secret, "SECRET"), 1614265330)
    signature.update(b'{"test": 2432232314}')
    signature.check()


@pytest.mark.parametrize("seconds", [-REPLAY_WINDOW_SECONDS - 1, REPLAY_WINDOW_SECONDS + 1, -3600, 3600])
def test_an_old_message_and_one_from_the_future_are_refused(seconds: int) -> None:
    with pytest.raises(NotGenuine, match="check your clock"):
        checked(signed(b"x", at=NOW + seconds), [b"x"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"webhook-id": None}, "webhook-id is missing"),
        ({"webhook-timestamp": None}, "webhook-timestamp is missing"),
        ({"webhook-signature": None}, "webhook-signature is missing"),
        ({"webhook-timestamp": "yesterday"}, "no number"),
        ({"webhook-timestamp": "²"}, "no number"),
        ({"webhook-timestamp": "9" * 400}, "no number"),
        ({"webhook-timestamp": "9" * 5000}, "no number"),
        ({"webhook-signature": ""}, "does not fit"),
        ({"webhook-signature": "v1a,AAAA"}, "does not fit"),
        ({"webhook-signature": "v1,é"}, "does not fit"),
        ({"webhook-id": "another"}, "does not fit"),
    ],
)
def test_refusals(change: dict[str, str | None], sentence: str) -> None:
    headers = {name: value for name, value in {**signed(b"x", at=NOW), **change}.items() if value is not None}
    with pytest.raises(NotGenuine, match=sentence) as refusal:
        checked(headers, [b"x"])
    assert SECRET not in str(refusal.value)


def test_a_body_is_no_time_however_the_message_is_parted() -> None:
    """An old message whose body begins as a time does would else be a new one with the rest of that body."""
    body = f"{NOW:.0f}.the rest".encode()
    old = signed(body, at=NOW - 86400)
    parted = {**old, "webhook-id": f"message.{old['webhook-timestamp']}", "webhook-timestamp": f"{NOW:.0f}"}
    with pytest.raises(NotGenuine, match="full stop"):
        checked(parted, [b"the rest"])


def test_two_secrets_while_one_is_replaced() -> None:
    both = secrets_in(f"{'n' * 32} {SECRET}", "SECRET")
    checked(signed(b"x", at=NOW), [b"x"], both)
    checked(signed(b"x", secret="n" * 32, at=NOW), [b"x"], both)


@pytest.mark.parametrize(
    ("value", "sentence"), [("", "is empty"), ("short", "fewer than"), ("whsec_***************************", "not base64")]
)
def test_bad_secrets(value: str, sentence: str) -> None:
    with pytest.raises(BadSecret, match=sentence) as mistake:
        secrets_in(value, "SAMEPICTURE_X")
    assert "SAMEPICTURE_X" in str(mistake.value)


def test_surveymonkey() -> None:
    body = json.dumps({"event_type": "response_completed", "object_id": "1"}).encode()
    made = base64.b64encode(hmac.new(b"client&" + SECRET.encode(), body, hashlib.sha1).digest()).decode()
    headers = {"sm-apikey": "client", "sm-signature": made}
    check_surveymonkey(headers, body, [SECRET.encode()])
    for wrong in ({**headers, "sm-apikey": "other"}, {"sm-signature": made}, {"sm-apikey": "client"}, {}):
        with pytest.raises(NotGenuine):
            check_surveymonkey(wrong, body, [SECRET.encode()])
    with pytest.raises(NotGenuine):
        check_surveymonkey(headers, body + b" ", [SECRET.encode()])


def test_qualtrics() -> None:
    message = json.dumps({"Status": "Complete", "SurveyID": "SV_1", "CompletedDate": "2026-10-22 12:31:40"})
    made = hmac.new(SECRET.encode(), message.encode(), hashlib.sha512).hexdigest()
    body = urlencode({"Topic": "surveyengine.completedResponse.SV_1", "HMAC": made, "MSG": message}).encode()
    check_qualtrics({}, body, [SECRET.encode()])
    for wrong in (
        body.replace(b"SV_1", b"SV_2"),
        urlencode({"MSG": message}).encode(),
        urlencode({"HMAC": made}).encode(),
        b"",
        b"\xff\xfe",
    ):
        with pytest.raises(NotGenuine):
            check_qualtrics({}, wrong, [SECRET.encode()])


def test_smartsurvey() -> None:
    made = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
    check_smartsurvey({"x-smartsurvey-signature": made}, b"{}", [SECRET.encode()])
    for wrong in ({"x-smartsurvey-signature": made[:-1] + "0"}, {}, {"x-smartsurvey-signature": ""}):
        with pytest.raises(NotGenuine):
            check_smartsurvey(wrong, b"{} ", [SECRET.encode()])


def test_the_tests_own_clock() -> None:
    assert abs(time.time() - int(signed(b"")["webhook-timestamp"])) < 5
