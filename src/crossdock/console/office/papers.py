"""Papers at the console: `/console/papers/47/label/2408010360000001.pdf`, the account's number first."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from crossdock.base.ids import AccountId
from crossdock.console import papers
from crossdock.console.office.who import PREFIX, reader
from crossdock.console.web import PageRequest
from crossdock.core.papers.errors import PaperUnknown

ENTRY: Final = None
"""Other pages lead here."""


@get(PREFIX + "/papers/{account_id:int}/{paper:str}/{file:str}")
async def paper(
    request: PageRequest, account_id: FromPath[int], paper: FromPath[str], file: FromPath[str]
) -> Response[bytes]:
    """Of the accounts and the places that one sees. Errors: PaperUnknown, those of papers.answer."""
    who = await reader(request)
    if who.scope.account_id not in (None, account_id):
        raise PaperUnknown(paper=paper)
    return await papers.answer(
        who.desk,
        request.app.state.press,
        account_id=AccountId(account_id),
        site_id=who.scope.site_id,
        paper=paper,
        file=file,
        options={name: str(value) for name, value in request.query_params.items()},
    )


HANDLERS: Final = [paper]
