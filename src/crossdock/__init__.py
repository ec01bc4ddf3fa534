"""Crossdock: one server from the warehouse shelf to the hand of the customer."""
