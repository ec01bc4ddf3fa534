"""What every test may ask for; each kind of fixture lives in its own file."""

pytest_plugins = ["tests.postgres", "tests.world"]
"""The fixtures of tests/postgres.py keep tests apart; tests/world.py gives them a house to ask."""
