"""What was asked and what was answered, step by step, and whether it was as it should be."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from msgspec import Struct

T = TypeVar("T")
ANSWER_CHARACTERS_MAX: Final = 500
"""Of an answer that was not as wanted, on the screen."""


class StepFailed(Exception):
    """An answer was not what the contract promises."""

    def __init__(self, *, wanted: Any, got: Any) -> None:
        super().__init__(f"wanted {wanted!r}, got {got!r}")


class Step(Struct, frozen=True, kw_only=True):
    title: str
    api: str
    call: str
    answer: str
    ms: float
    failure: str = ""


class Diary:
    def __init__(self, *, told: Callable[[Step], None] | None = None) -> None:
        self.steps: list[Step] = []
        self._told = told

    @property
    def failed(self) -> bool:
        return any(step.failure for step in self.steps)

    async def note(
        self, title: str, api: str, call: str, act: Callable[[], Awaitable[T]], say: Callable[[T], str]
    ) -> T:
        """Do one step and write it down; `say` checks the answer and puts it in a few words. Errors: StepFailed."""
        started = time.perf_counter()
        answer: T | None = None
        try:
            answer = await act()
            ms = (time.perf_counter() - started) * 1000
            self._write(Step(title=title, api=api, call=call, answer=say(answer), ms=ms))
            return answer
        except Exception as error:
            ms = (time.perf_counter() - started) * 1000
            why = f"{type(error).__name__}: {error}"
            if answer is not None:
                why += f"; the answer was {str(answer)[:ANSWER_CHARACTERS_MAX]}"
            self._write(Step(title=title, api=api, call=call, answer="", ms=ms, failure=why))
            raise StepFailed(wanted=title, got=why) from error

    def _write(self, step: Step) -> None:
        self.steps.append(step)
        if self._told is not None:
            self._told(step)


def expect(got: Any, wanted: Any) -> None:
    """Errors: StepFailed."""
    if got != wanted:
        raise StepFailed(wanted=wanted, got=got)
