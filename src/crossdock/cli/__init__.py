"""`crossdock` on the command line: a file for each group. A command is a screenful; what it does lives elsewhere."""

import typer

from crossdock.cli import (
    bulk,
    callbacks,
    cameras,
    cancels,
    evidence,
    lockers,
    notices,
    operators,
    orders,
    serving,
    signing,
    simulate,
    staff,
    users,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(serving.app)
app.add_typer(signing.app)
app.add_typer(evidence.app)
app.add_typer(bulk.app, name="bulk")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(cameras.app, name="camera")
app.add_typer(cancels.app, name="cancels")
app.add_typer(lockers.app, name="lockers")
app.add_typer(notices.app, name="notices")
app.add_typer(operators.app, name="operators")
app.add_typer(orders.app, name="orders")
app.add_typer(staff.app, name="staff")
app.add_typer(users.app, name="users")
app.add_typer(simulate.app, name="simulate")
