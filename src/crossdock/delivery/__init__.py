"""Callbacks: claim, compose, send, note, back off; in order per receiver and mailbox, at least once."""
