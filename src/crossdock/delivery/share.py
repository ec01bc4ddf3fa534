"""Who may send how many: a receiver that does not answer keeps nobody else waiting."""

from collections.abc import Container, Mapping, Sequence

from crossdock.base.ids import ReceiverId

IN_FLIGHT_MAX = 128
"""Callbacks that one process sends at a time."""
IN_FLIGHT_OF_RECEIVER_MAX = 8
"""To one receiver at a time; partners are small servers too."""
IN_FLIGHT_OF_FAILING_MAX = 1
"""To one that did not answer the last time: enough to see that it is back."""
IN_FLIGHT_TO_FAILING_MAX = 64
"""To all that did not answer, together: the other half is for those that do."""


def share(
    owing: Sequence[ReceiverId],
    *,
    busy: Mapping[ReceiverId, int],
    failing: Container[ReceiverId],
    free: int,
) -> dict[ReceiverId, int]:
    """Deal `free` sends out, one to each receiver in turn, the least busy first, then in the order of `owing`."""
    free_failing = IN_FLIGHT_TO_FAILING_MAX - sum(count for one, count in busy.items() if one in failing)
    dealt: dict[ReceiverId, int] = {}
    turn = sorted(owing, key=lambda one: busy.get(one, 0))
    while turn and free > 0:
        again = []
        for one in turn:
            fails = one in failing
            top = IN_FLIGHT_OF_FAILING_MAX if fails else IN_FLIGHT_OF_RECEIVER_MAX
            if busy.get(one, 0) + dealt.get(one, 0) >= top or (fails and free_failing <= 0):
                continue
            if free <= 0:
                break
            dealt[one] = dealt.get(one, 0) + 1
            free -= 1
            free_failing -= fails
            again.append(one)
        turn = again
    return dealt


def rotated(owing: Sequence[ReceiverId], after: ReceiverId | None) -> list[ReceiverId]:
    """The same receivers, beginning behind the one that was served last. `owing` ascends."""
    if after is None:
        return list(owing)
    return [one for one in owing if one > after] + [one for one in owing if one <= after]
