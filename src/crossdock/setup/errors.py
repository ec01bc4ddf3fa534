"""What is wrong with a setup file: where, which field, and what to do about it."""

import re

from msgspec import Struct

from crossdock.base import json
from crossdock.base.errors import SetupFailed

_BARE = re.compile(r"[A-Za-z0-9_-]+")
PROBLEMS_SHOWN_MAX = 20

Path = tuple[str | int, ...]
"""Where a value stands in the decoded file: `("account", 0, "shop", 1, "code")`."""


class Problem(Struct, frozen=True, kw_only=True):
    line: int
    """From 1; 0 when the whole file is meant."""
    field: str
    """Dotted, without positions: `account.shop.code`."""
    text: str
    """What is wrong, and what to do."""


class SetupFileWrong(SetupFailed):
    """The setup file cannot be applied; nothing was written."""

    def __init__(self, *, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__()

    @property
    def sentence(self) -> str:
        """One line for each problem, as `demo.toml:12: account.zone: ...`."""
        said = [super().sentence]
        for problem in self.problems[:PROBLEMS_SHOWN_MAX]:
            where = f"{self.file}:{problem.line}" if problem.line else self.file
            said.append(": ".join(part for part in (where, problem.field, problem.text) if part))
        if len(self.problems) > PROBLEMS_SHOWN_MAX:
            said.append(f"and {len(self.problems) - PROBLEMS_SHOWN_MAX} more")
        return "\n".join(said)


def dotted(path: Path) -> str:
    """Keys that TOML would quote are quoted, so that no terminal takes them for orders."""
    return ".".join(part if _BARE.fullmatch(part) else json.text(part) for part in path if isinstance(part, str))
