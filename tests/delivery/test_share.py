"""How sends are dealt out among receivers."""

from crossdock.base.ids import ReceiverId
from crossdock.delivery.share import (
    IN_FLIGHT_OF_FAILING_MAX,
    IN_FLIGHT_OF_RECEIVER_MAX,
    IN_FLIGHT_TO_FAILING_MAX,
    rotated,
    share,
)

A, B, C = ReceiverId(1), ReceiverId(2), ReceiverId(3)


def test_everybody_gets_one_before_anybody_gets_two() -> None:
    assert share([A, B, C], busy={}, failing=(), free=4) == {A: 2, B: 1, C: 1}


def test_nobody_gets_more_than_its_bound() -> None:
    top = IN_FLIGHT_OF_RECEIVER_MAX
    assert share([A], busy={}, failing=(), free=top - 1) == {A: top - 1}
    assert share([A], busy={}, failing=(), free=top + 1) == {A: top}
    assert share([A], busy={A: top - 1}, failing=(), free=100) == {A: 1}
    assert share([A], busy={A: top}, failing=(), free=100) == {}


def test_the_least_busy_comes_first() -> None:
    assert share([A, B], busy={A: 3, B: 1}, failing=(), free=1) == {B: 1}


def test_one_that_does_not_answer_gets_one_send_to_show_that_it_is_back() -> None:
    assert share([A, B], busy={}, failing={A}, free=5) == {A: IN_FLIGHT_OF_FAILING_MAX, B: 4}
    assert share([A], busy={A: IN_FLIGHT_OF_FAILING_MAX}, failing={A}, free=5) == {}


def test_all_that_do_not_answer_leave_half_of_the_sends_to_the_others() -> None:
    dead = [ReceiverId(number) for number in range(10, 10 + 2 * IN_FLIGHT_TO_FAILING_MAX)]
    under = share(dead[: IN_FLIGHT_TO_FAILING_MAX - 1], busy={}, failing=set(dead), free=1_000)
    assert sum(under.values()) == IN_FLIGHT_TO_FAILING_MAX - 1

    dealt = share([*dead, A], busy={}, failing=set(dead), free=1_000)
    assert sum(count for one, count in dealt.items() if one != A) == IN_FLIGHT_TO_FAILING_MAX
    assert dealt[A] == IN_FLIGHT_OF_RECEIVER_MAX

    busy = dict.fromkeys(dead[:IN_FLIGHT_TO_FAILING_MAX], 1)
    assert share([dead[-1], A], busy=busy, failing=set(dead), free=1) == {A: 1}


def test_nothing_free_or_nothing_owed_is_nothing() -> None:
    assert share([A], busy={}, failing=(), free=0) == {}
    assert share([], busy={}, failing=(), free=9) == {}


def test_the_round_goes_on_behind_the_last_one_served() -> None:
    assert rotated([A, B, C], None) == [A, B, C]
    assert rotated([A, B, C], A) == [B, C, A]
    assert rotated([A, C], B) == [C, A]
    assert rotated([A, B], C) == [A, B]
