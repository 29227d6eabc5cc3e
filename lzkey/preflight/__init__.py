"""`lzkey preflight`: whether the next change of the landing zone finds a usable key, and what it brings.

It asks and never changes anything.
"""
