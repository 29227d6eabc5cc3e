"""`lzkey explain`: every requirement with what was found, and each refused request in full."""
