"""Evidence that can be recomputed: packs of what a report or a check rests on, and their verification."""
