"""`python -m crossdock` is `crossdock`."""

from crossdock.cli import app

app()
