"""What can go wrong when a rule is changed."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class PlaceUnknown(NotFound):
    """There is no such place within reach."""


class RuleUnknown(NotFound):
    """Places of this kind have no such rule. Facts: name."""


class RuleUnfit(Invalid):
    """This cannot be what the rule says. Facts: name, value."""


class RuleChanged(Conflict):
    """The rule says something else by now: look at it again. Facts: name."""
