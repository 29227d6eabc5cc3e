"""What the engine is held against: a naive evaluator, strategies, and families small enough to enumerate."""
