"""The database: embedded PostgreSQL, transactions, schema and migrations."""
