"""What every test may ask for; each kind of fixture lives in its own file."""

pytest_plugins = ["tests.postgres"]
