"""Codes, challenges and sessions as values."""

import hashlib
from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.login import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Challenge,
    LoginRules,
    Requested,
    Session,
    SignedIn,
    code_message,
    fingerprint,
    normalise_code,
    scrypt_digest,
)

RULES = LoginRules()
ADDRESS = ClientAddress.parse("192.0.2.7")
codes = st.text(CODE_ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
CHALLENGE = Challenge.issue(
    "some-challenge",
    Username("Bob"),
    code_id="code-1",
    otp_hash="right",
    salt="salt",
    address=ADDRESS,
    now=EPOCH,
    rules=RULES,
)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def test_the_alphabet_has_nothing_that_people_mistype() -> None:
    assert not set(CODE_ALPHABET) & set("0O1IL")
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET) == 31
    assert CODE_ALPHABET.upper() == CODE_ALPHABET


@given(code=codes, data=st.data())
def test_a_code_may_be_typed_in_any_case_with_blanks_and_dashes(code: str, data: st.DataObject) -> None:
    typed = data.draw(st.sampled_from(["", " ", "\t", "\u00a0"]))
    for character in code:
        typed += data.draw(st.sampled_from([character, character.lower()]))
        typed += data.draw(st.sampled_from(["", " ", "-", " - ", "\u2013", "\u2212", "\u200b", "\n"]))
    assert normalise_code(typed) == code


@given(typed=st.text())
def test_whatever_is_typed_can_be_compared(typed: str) -> None:
    assert normalise_code(normalise_code(typed)) == normalise_code(typed)
    fingerprint(typed)


def test_a_lone_surrogate_is_a_wrong_code_and_no_error() -> None:
    assert scrypt_digest(normalise_code("\ud800"), "salt") != scrypt_digest("K7M2PQ9X", "salt")


@pytest.mark.parametrize(("ttl", "words"), [(300, "valid for 5 min"), (90, "valid for 90 s")])
def test_the_message_is_one_short_line_that_says_what_to_do(ttl: int, words: str) -> None:
    message = code_message("K7M2PQ9X", ttl_seconds=ttl)
    assert len(message) <= 320
    assert message.isascii()
    assert "\n" not in message
    # CyTube escapes or formats these.
    assert not set(message) & set("<>&\"'*_`~|\\")
    # One word: what a double click or a long press takes is the whole code and nothing else.
    assert "K7M2PQ9X" in message.split()
    assert words in message
    assert "ignore this message" in message


def test_a_digest_is_scrypt_with_the_salt_of_its_own_challenge() -> None:
    expected = hashlib.scrypt(b"K7M2PQ9X", salt=b"salt", n=2**14, r=8, p=1, dklen=32).hex()
    assert scrypt_digest("K7M2PQ9X", "salt") == expected
    assert scrypt_digest("K7M2PQ9X", "other salt") != expected


def test_a_fresh_challenge_lives_for_its_time_and_has_three_attempts() -> None:
    assert (CHALLENGE.expires_at, CHALLENGE.attempts_remaining) == (at(300), 3)
    assert (CHALLENGE.request_ip, CHALLENGE.source) == ("192.0.2.7", "192.0.2.7")
    assert [CHALLENGE.is_open(at(second)) for second in (0, 299, 300)] == [True, True, False]


def test_attempts_are_spent_one_by_one_and_then_no_more() -> None:
    left, challenge = list[int](), CHALLENGE
    for _ in range(5):
        challenge = challenge.spend_attempt(EPOCH)
        left.append(challenge.attempts_remaining)
    assert left == [2, 1, 0, 0, 0]
    assert not challenge.is_open(EPOCH)


def test_a_closed_challenge_spends_nothing() -> None:
    used = CHALLENGE.use("me", code_id="code-1")
    assert used.spend_attempt(EPOCH) is used
    assert CHALLENGE.spend_attempt(at(300)) is CHALLENGE


def test_a_code_is_used_once() -> None:
    used = CHALLENGE.use("me", code_id="code-1")
    assert used == evolve(CHALLENGE, used_by="me")
    assert used.use("somebody else", code_id="code-1") is used
    assert not used.is_open(EPOCH)


def test_a_guess_that_was_admitted_counts_though_the_time_ran_out_meanwhile() -> None:
    last = CHALLENGE.spend_attempt(EPOCH).spend_attempt(EPOCH).spend_attempt(at(299))
    assert last.use("me", code_id="code-1").used_by == "me"


def test_a_guess_at_an_older_code_neither_uses_nor_withdraws_the_newer() -> None:
    newer = evolve(CHALLENGE, code_id="code-2")
    assert newer.use("me", code_id="code-1") is newer
    assert newer.withdraw(EPOCH, code_id="code-1") is newer


def test_a_withdrawn_challenge_is_closed() -> None:
    assert not CHALLENGE.withdraw(at(1), code_id="code-1").is_open(at(1))


def test_a_challenge_is_remembered_for_a_day_after_it_expired() -> None:
    assert [CHALLENGE.is_forgotten(at(300 + s)) for s in (0, 86_399, 86_400)] == [False, False, True]


def test_only_the_right_digest_verifies() -> None:
    assert CHALLENGE.verify("right")
    assert not any(CHALLENGE.verify(wrong) for wrong in ("", "righ", "right ", "Right", "räght"))


def test_nothing_secret_is_in_a_repr() -> None:
    session = Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=RULES)
    secret = "a-very-secret-text"
    for value in (
        evolve(CHALLENGE, otp_hash=secret, salt=secret),
        Requested(expires_in_seconds=300, challenge_token=secret),
        SignedIn(session=session, token=secret),
    ):
        assert secret not in repr(value)


def test_a_session_starts_with_its_full_time() -> None:
    assert Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=RULES) == Session(
        username=Username("Bob"), created_at=EPOCH, expires_at=at(12 * 3600), ip="192.0.2.7"
    )


def test_a_session_is_extended_only_when_less_than_three_quarters_remain() -> None:
    session = Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=RULES)
    assert session.extend(at(3 * 3600), rules=RULES) is session
    later = at(3 * 3600 + 1)
    assert session.extend(later, rules=RULES) == evolve(session, expires_at=later + timedelta(hours=12))


@given(pauses=st.lists(st.integers(1, 20 * 3600), max_size=80))
def test_no_session_outlives_its_most_days_nor_rises_from_the_dead(pauses: list[int]) -> None:
    session, now = Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=RULES), EPOCH
    for pause in pauses:
        now += timedelta(seconds=pause)
        extended = session.extend(now, rules=RULES)
        assert extended.is_alive(now) == session.is_alive(now)
        assert session.expires_at <= extended.expires_at <= EPOCH + timedelta(days=14)
        session = extended


def test_an_ended_session_is_not_extended() -> None:
    ended = Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=RULES).end(at(5))
    assert not ended.is_alive(at(5))
    assert ended.extend(at(6), rules=RULES) is ended


def test_a_session_longer_than_its_most_days_is_cut() -> None:
    rules = LoginRules(session_ttl_hours=100, session_max_days=1)
    session = Session.start(Username("Bob"), ADDRESS, now=EPOCH, rules=rules)
    assert session.expires_at == at(86_400)
