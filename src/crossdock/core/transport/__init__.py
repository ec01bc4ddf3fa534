"""Parcels under way: carriers' numbers, where they were seen, who signed, the pictures, and what the scale read."""
