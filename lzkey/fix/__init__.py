"""`lzkey fix`: the repaired key policy, proved; put on a live key only when asked to."""
