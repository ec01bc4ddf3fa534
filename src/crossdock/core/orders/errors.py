"""What can go wrong with an order."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class OrderUnknown(NotFound):
    """The account has no such order. Facts: number or id."""


class OrderNumberTaken(Conflict):
    """Another order of this account already carries this number. Facts: number."""


class ReferenceTaken(Conflict):
    """Another order of this company and type took this reference lately. Facts: reference."""


class StateForbids(Conflict):
    """The order's state does not allow this. Facts: id, number, state, wanted."""


class OrderEmpty(Conflict):
    """The order has no line. Facts: id."""


class OrderIdsExhausted(Conflict):
    """This company has given out all ten million order ids of the day."""


class LineUnknown(NotFound):
    """The order has no such line. Facts: line."""


class LineKeyTaken(Conflict):
    """The order has a line of this key for another product. Facts: line, sku."""


class QuantityInvalid(Invalid):
    """A quantity must be a whole number within what is left of the line. Facts: line, quantity, left."""


class UpdateForbidden(Conflict):
    """The order's state no longer allows that these are changed. Facts: id, number, state, fields."""


class WeightNotBigger(Conflict):
    """A parcel is only measured anew to more than it weighed. Facts: id, weight_g."""


class ReturnNotArrived(Conflict):
    """Goods that did not come in cannot be put on the shelf. Facts: id."""


class PieceUnknown(NotFound):
    """The order has no such parcel piece. Facts: id."""


class OrderOver(Conflict):
    """What has left, or never will, is not split into parcels any more. Facts: id, number, state."""


class PaymentForbids(Conflict):
    """The order's payment does not allow this. Facts: number, payment, wanted."""


class AmountInvalid(Invalid):
    """An amount must be above zero, below amount_max, with at most places_max decimal places."""


class ReferenceInvalid(Invalid):
    """A payment's reference must have 1 to characters_max characters."""


class PaymentReferenceTaken(Conflict):
    """Another payment of this order has this reference. Facts: number, reference."""


class RefundTooMuch(Conflict):
    """More would be given back than came. Facts: number, left."""


class NothingLeft(Conflict):
    """Nothing would be left of the order: refund it in full. Facts: number."""


class PiecesHandedOver(Conflict):
    """The goods were handed over: refund without pieces, or take the hand-over back first. Facts: number."""


class NumberAmbiguous(Conflict):
    """Several accounts have an order of this number: name one with --account. Facts: number."""


class SerialTaken(Conflict):
    """The order has another piece with this serial. Facts: serial."""
