"""What came back: taken in, looked at piece by piece, and settled; and what came without a return."""
