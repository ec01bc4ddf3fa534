"""Notices to buyers as texts in two languages, and the carriers that take them: e-mail, SMS, the log."""
