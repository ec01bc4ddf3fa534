"""What can go wrong with operators and their second factor."""

from crossdock.base.errors import Conflict, Denied, Invalid, NotFound


class OperatorUnknown(NotFound):
    """Nobody has this name; `crossdock operators list` shows everybody. Facts: username."""


class OperatorNameTaken(Conflict):
    """Somebody has this name already, an operator or one of a shop's or warehouse's people. Facts: username."""


class CodeWrong(Denied):
    """This code is not the one that is shown now."""


class CodeSpent(Denied):
    """This code was used before: wait for the next one."""


class SecondFactorSet(Conflict):
    """There is a second factor already: an operator has to reset it before another is set."""


class SecondFactorMissing(Denied):
    """No second factor was set up yet."""


class OperationSpent(Conflict):
    """This form did something else before: what it asks for now was not done. Facts: action."""


class ReasonTooShort(Invalid):
    """A few words on why are needed; they stand in the history. Facts: characters_min."""


class SupportOnlyLooks(Denied):
    """Support sees everything and changes nothing: ask an operator."""
