"""What can be wrong with a sheet of rows, or with an import of it."""

from crossdock.base.errors import Conflict, Invalid, NotFound


class SheetUnreadable(Invalid):
    """This is neither a CSV nor an XLSX file. Facts: why."""


class SheetTooLarge(Invalid):
    """The file is larger than one import takes: split it. Facts: bytes_max, rows_max or columns_max."""


class SheetEmpty(Invalid):
    """The file has no rows below its headings."""


class HeadingsInvalid(Invalid):
    """The headings do not fit what is imported. Facts: missing or repeated."""


class CellsInvalid(Invalid):
    """Cells of this row cannot be used. Facts: each column, with what is wrong."""


class RowRepeated(Conflict):
    """Another row of this file says something about the same. Facts: row."""


class RowWrong(Invalid):
    """Another row that belongs to the same cannot be used. Facts: row."""


class RowsDisagree(Invalid):
    """The rows of this order say different things. Facts: column."""


class NameUnknown(NotFound):
    """The account has nothing of this name. Facts: the column and what it says."""


class ImportUnknown(NotFound):
    """There is no such import. Facts: id."""


class ImportBusy(Conflict):
    """This import is in another state than that needs. Facts: id, state."""


class TooManyAtOnce(Invalid):
    """So many rows are too many for all or none, or so many passwords for one file. Facts: rows, rows_max."""


class ChangedSince(Conflict):
    """It was changed after the import. Facts: what."""
