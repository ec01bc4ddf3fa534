"""The pieces for the few statements whose filters are dynamic. Names are quoted, values stay parameters."""

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder

__all__ = ["SQL", "Composable", "Composed", "Identifier", "Literal", "Placeholder"]
