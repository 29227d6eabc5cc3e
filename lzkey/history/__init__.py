"""What happened to a key before: its timeline, proved again with today's engine."""
