"""Windows, seats, lock-outs and blocks as values."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.limits import (
    Block,
    BlockReason,
    KnownSource,
    LimitRules,
    LockOut,
    Offer,
    Seat,
    Seats,
    Window,
    block_length,
    for_strangers,
)
from playlist_core.errors import InvalidInput

RULES = LimitRules()
FREE = LockOut(username="bob", source="192.0.2.1", last_at=EPOCH)
pauses = st.lists(st.floats(min_value=0, max_value=400), max_size=60)


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


@given(pauses=pauses, limit=st.integers(1, 7), length=st.integers(1, 900))
def test_no_stretch_of_the_window_s_length_holds_more_than_the_limit(
    pauses: list[float], limit: int, length: int
) -> None:
    window, now, admitted = Window(), EPOCH, list[datetime]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        window, rest = window.admit(now, limit=limit, window_seconds=length)
        if rest is None:
            admitted.append(now)
    for end in admitted:
        assert sum(end - timedelta(seconds=length) < hit <= end for hit in admitted) <= limit
    assert len(window.hits) <= limit


@given(pauses=pauses, limit=st.integers(1, 7), length=st.integers(1, 900))
def test_a_refusal_says_when_there_is_room_again_and_is_not_counted(
    pauses: list[float], limit: int, length: int
) -> None:
    window, now = Window(), EPOCH
    for pause in pauses:
        now += timedelta(seconds=pause)
        after, rest = window.admit(now, limit=limit, window_seconds=length)
        if rest is not None:
            assert after is window
            assert 1 <= rest <= length
            later = now + timedelta(seconds=rest)
            assert window.admit(later, limit=limit, window_seconds=length)[1] is None
        window = after


def test_a_window_refuses_the_hit_after_the_last_one_allowed() -> None:
    window = Window()
    for second in range(5):
        window, rest = window.admit(at(second), limit=5, window_seconds=900)
        assert rest is None
    assert window.admit(at(10), limit=5, window_seconds=900) == (window, 890)
    assert window.admit(at(899.5), limit=5, window_seconds=900) == (window, 1)
    assert window.admit(at(900), limit=5, window_seconds=900)[1] is None


def test_hits_of_a_replica_whose_clock_is_ahead_do_not_break_the_window() -> None:
    window, _ = Window().admit(at(30), limit=2, window_seconds=60)
    window, _ = window.admit(at(0), limit=2, window_seconds=60)
    assert window.admit(at(1), limit=2, window_seconds=60) == (window, 59)


def test_a_refund_takes_back_the_hit_that_was_paid() -> None:
    window = Window((at(0), at(5), at(9)), at(909))
    assert window.refund(at(5)) == Window((at(0), at(9)), at(909))
    assert window.refund(at(8)) == Window((at(0), at(9)), at(909))
    assert Window((at(5), at(5)), at(905)).refund(at(5)) == Window((at(5),), at(905))
    assert window.refund(at(-1)) is window
    assert Window().refund(at(0)) == Window()


def test_a_window_may_be_swept_when_its_last_hit_has_left_it() -> None:
    window, _ = Window().admit(EPOCH, limit=1, window_seconds=900)
    assert [window.expired(at(second)) for second in (0, 899, 900)] == [False, False, True]
    assert Window().expired(EPOCH)


def test_two_of_five_are_kept_for_sources_that_are_known() -> None:
    assert [for_strangers(limit) for limit in (1, 2, 3, 5, 15)] == [1, 2, 2, 3, 9]


def test_three_sources_have_a_seat_and_the_fourth_waits_for_the_first() -> None:
    seats = Seats()
    for number in range(3):
        seats, rest = seats.take(f"192.0.2.{number}", at(number), until=at(number + 300))
        assert rest is None
    assert seats.take("192.0.2.9", at(10), until=at(310)) == (seats, 290)
    assert seats.take("192.0.2.1", at(10), until=at(310))[1] is None
    assert seats.take("192.0.2.9", at(300), until=at(600))[1] is None
    assert seats.leave("192.0.2.0").take("192.0.2.9", at(10), until=at(310))[1] is None


def test_a_source_has_one_seat_however_often_it_asks() -> None:
    seats = Seats()
    for second in range(9):
        seats, rest = seats.take("192.0.2.1", at(second), until=at(second + 300))
        assert rest is None
    assert seats == Seats((Seat("192.0.2.1", at(308)),))
    assert [seats.expired(at(second)) for second in (307, 308)] == [False, True]


def test_each_lock_out_lasts_twice_as_long_up_to_an_hour() -> None:
    lock, lasted = FREE, list[int]()
    for number in range(9):
        lock = lock.record(f"code {number}", EPOCH, rules=RULES)
        lasted.append(lock.rest(EPOCH))
    assert lasted == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_an_endless_attacker_makes_the_back_off_neither_slow_nor_longer() -> None:
    lock = LockOut(username="bob", source="192.0.2.1", last_at=EPOCH, lockouts=10**9)
    assert lock.record("code", EPOCH, rules=RULES).rest(EPOCH) == 3600


def test_a_code_is_held_against_its_source_once() -> None:
    once = FREE.record("code", EPOCH, rules=RULES)
    assert once.record("code", at(1), rules=RULES) is once


def test_a_forgiven_code_locks_nobody_out_any_more() -> None:
    forgiven = FREE.record("first", EPOCH, rules=RULES).forgive("second", at(1))
    assert forgiven.rest(at(1)) == 0
    assert forgiven.record("second", at(1), rules=RULES).rest(at(1)) == 0
    assert forgiven.record("third", at(1), rules=RULES).rest(at(1)) == 60


@pytest.mark.parametrize(("quiet_hours", "lasts"), [(23.9, 240), (24, 60)])
def test_the_back_off_starts_anew_after_a_day_of_quiet(quiet_hours: float, lasts: int) -> None:
    lock = FREE.record("first", EPOCH, rules=RULES).record("second", EPOCH, rules=RULES)
    later = at(quiet_hours * 3600)
    assert lock.record("third", later, rules=RULES).rest(later) == lasts
    assert lock.expired(later) == (lasts == 60)


def test_a_lock_that_still_holds_is_not_swept() -> None:
    lock = FREE.record(
        "code", EPOCH, rules=LimitRules(lockout_first_seconds=200_000, lockout_max_seconds=200_000)
    )
    assert [lock.expired(at(second)) for second in (86_400, 199_999, 200_000)] == [False, False, True]


@pytest.mark.parametrize("hours", [0, -1, 8761, 10**9])
def test_a_block_lasts_one_hour_to_one_year(hours: int) -> None:
    assert (block_length(1), block_length(8760)) == (timedelta(hours=1), timedelta(days=365))
    with pytest.raises(InvalidInput) as refused:
        block_length(hours)
    assert refused.value.details["field"] == "hours"


def test_a_block_ends_by_time_or_by_being_lifted() -> None:
    block = Block(
        ip="192.0.2.1",
        source="192.0.2.1",
        blocked_until=at(60),
        reason=BlockReason.ADMIN_ACTION,
        created_at=EPOCH,
    )
    assert [block.rest(at(second)) for second in (0, 59.1, 60)] == [60, 1, 0]
    assert block.lift(at(10)).expired(at(10))
    assert block.lift(at(70)) == block


def test_offers_and_known_sources_end() -> None:
    assert [Offer(ip="192.0.2.1", expires_at=at(5)).expired(at(s)) for s in (4, 5)] == [False, True]
    known = KnownSource(username="bob", source="192.0.2.1", expires_at=at(5))
    assert [known.expired(at(s)) for s in (4, 5)] == [False, True]
