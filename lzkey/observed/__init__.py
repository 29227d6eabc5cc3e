"""What AWS tells of deliveries: put beside what is proved, never in its place."""
