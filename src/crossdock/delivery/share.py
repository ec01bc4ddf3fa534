"""Who may send how many: a receiver that does not answer keeps nobody else waiting."""

from collections.abc import Container, Mapping, Sequence
from typing import Final

from crossdock.base.ids import ReceiverId
from crossdock.delivery.model import Outcome

IN_FLIGHT_MAX = 128
"""Callbacks that one process sends at a time."""
IN_FLIGHT_OF_RECEIVER_MAX = 8
"""To one receiver at a time; partners are small servers too."""
IN_FLIGHT_OF_FAILING_MAX = 1
"""To one that did not answer the last time: enough to see that it is back."""
IN_FLIGHT_TO_FAILING_MAX = 64
"""To all that did not answer, together: the other half is for those that do."""
REST_S: Final = 1.0
"""After a try that was not answered: one that refuses connections would be asked hundreds of times a second."""
AHEAD_S: Final = 0.5
"""What one send of a receiver takes with it is as much as it will have answered in this time."""
AHEAD_MAX: Final = 16
"""Callbacks that one send takes with it; a worker that is killed keeps them until its claim ends."""


class Manners:
    """How the receivers behaved towards this process the last time. Times are monotonic seconds."""

    def __init__(self, *, rest_s: float = REST_S) -> None:
        self._rest_s = rest_s
        self.failing: set[ReceiverId] = set()
        """Did not answer."""
        self._rests_until: dict[ReceiverId, float] = {}
        self._took_s: dict[ReceiverId, float] = {}

    def note(self, receiver_id: ReceiverId, outcome: Outcome, *, took_s: float, now: float) -> None:
        if outcome == "unreachable":
            self.failing.add(receiver_id)
            self._rests_until[receiver_id] = now + self._rest_s
            self._took_s.pop(receiver_id, None)
        else:
            self.failing.discard(receiver_id)
            self._rests_until.pop(receiver_id, None)
            self._took_s[receiver_id] = took_s

    def rests(self, receiver_id: ReceiverId, *, now: float) -> bool:
        """Whether it is left alone for the moment."""
        return now < self._rests_until.get(receiver_id, now)

    def ahead(self, receiver_id: ReceiverId) -> int:
        """How many callbacks one send takes with it: one to a receiver that is slow, failing or not known yet."""
        took_s = self._took_s.get(receiver_id)
        if took_s is None:
            return 1
        return max(1, min(AHEAD_MAX, int(AHEAD_S / max(took_s, AHEAD_S / AHEAD_MAX))))


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
