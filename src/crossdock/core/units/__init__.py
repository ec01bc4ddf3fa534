"""Pieces with names of their own (serial numbers, IMEI, VIN), codes announced ahead, licence plates."""
